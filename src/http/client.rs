//! Hands out the APIs of one run.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::api::Api;
use super::log::RequestLog;
use super::service::Service;
use super::shared::Shared;
use super::stream::Links;
use super::tls::Roots;
use crate::domain::{Clock, Redactor};

/// What all APIs of one run share. Cheap to clone, and free until the first request.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

impl Client {
    /// A client that trusts `roots`, cleans every text through `redactor` and reports each request
    /// to `log`.
    pub fn new(
        roots: Roots,
        redactor: Redactor,
        clock: Clock,
        log: Option<Arc<dyn RequestLog>>,
    ) -> Self {
        Self { shared: Arc::new(Shared { roots, redactor, clock, log }) }
    }

    /// The API of `service` at `base`. Connections are kept and reused for as long as the result or
    /// a clone of it lives.
    pub fn api(&self, service: Service, base: Url, token: Option<SecretString>) -> Api {
        if let Some(token) = &token {
            self.shared.redactor.learn(token.expose_secret());
        }
        Api::new(Arc::clone(&self.shared), service, base, token)
    }

    /// What cleans every text of this client: for secrets that travel in a path.
    pub fn redactor(&self) -> &Redactor {
        &self.shared.redactor
    }

    /// Fetches what the answers of `service` at `base` point to, without its token.
    pub fn links(&self, service: Service, base: &Url) -> Links {
        Links::new(Arc::clone(&self.shared), service, base)
    }

    /// The certificates that this client trusts, to be shared with the probes.
    pub fn roots(&self) -> &Roots {
        &self.shared.roots
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("http::Client")
    }
}
