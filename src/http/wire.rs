//! Builds the reqwest client of one API. The only place that does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::redirect;
use rustls::RootCertStore;
use tower::util::MapResultLayer;
use url::Url;

use super::dns::Resolver;
use super::error::{Fault, Unreachable};
use super::tls::{Roots, TlsFault, client_config};
use crate::domain::loopback::is_loopback;

/// How long a connection may take, TLS included; below every group's deadline, so that a silent
/// network shows as "no connection" and not as "no answer".
const CONNECT: Duration = Duration::from_secs(4);

type Connection<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A client for the one host of `base`, that notes in `connected` when it has got through.
pub(super) async fn build(
    base: &Url,
    roots: &Roots,
    connected: Arc<AtomicBool>,
) -> Result<reqwest::Client, Fault> {
    let fault = |fault| Fault::Unreachable(Unreachable::Tls(fault));
    let roots = match base.scheme() {
        "https" => roots.load().await.map_err(fault)?,
        _ => Arc::new(RootCertStore::empty()),
    };
    let tls =
        client_config(roots, &["h2", "http/1.1"]).map_err(|error| fault(TlsFault::from(&error)))?;
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Resolver)
        .connector_layer(MapResultLayer::new(move |outcome: Connection<_>| {
            connected.fetch_or(outcome.is_ok(), Ordering::Relaxed);
            outcome
        }))
        .connect_timeout(CONNECT)
        // A token must not follow wherever an answer points.
        .redirect(redirect::Policy::none())
        // What may be repeated is decided in `Api`, where the method is known.
        .retry(reqwest::retry::never())
        .gzip(true);
    if is_loopback(base) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| fault(TlsFault::other(&error)))
}
