//! Is this host up, and if not, which step fails: name, connection, TLS, first byte or body?
//!
//! Reads only: one `GET` over HTTP/1.1, sent as a user's would be but straight to the host, never
//! through a proxy and never along a redirect. Done by hand because an HTTP library tells neither
//! the time of each step nor the dates of a certificate that it refuses. Judging is the caller's.

mod attempt;
mod certificate;
mod connect;
mod error;
mod exchange;
#[cfg(test)]
mod tests;

use std::time::Duration;

use futures_util::future::join3;
use tokio::time::{Instant, sleep_until};
use url::{Host, Url};

use crate::http::{Roots, dns};

use attempt::ms_since;
use error::within;

pub use attempt::Attempt;
pub use certificate::Certificate;
pub use error::{ProbeError, Step};

/// How far apart the starts of [`three_tries`] are: one lost packet must not page anyone.
const APART: Duration = Duration::from_millis(500);

/// A host that did not answer for so long is slow, and not only asked in haste.
const FAIR: Duration = Duration::from_secs(1);

/// Asks `url` once; every step ends by `deadline`.
pub async fn probe(url: &Url, deadline: Instant, roots: &Roots) -> Attempt {
    let mut attempt = Attempt::default();
    let began = Instant::now();
    attempt.error = steps(url, deadline, roots, &mut attempt).await.err();
    attempt.total_ms = ms_since(began);
    attempt
}

/// Asks `url` three times at once, the starts half a second apart, each within `timeout` and all by
/// `until`. A try that `until` leaves less than a second is not counted if it ran out of time: that
/// says more of our haste than of the host.
pub async fn three_tries(
    url: &Url,
    timeout: Duration,
    until: Instant,
    roots: &Roots,
) -> Vec<Attempt> {
    let now = Instant::now();
    let one = |nth: u32| async move {
        let start = now + APART * nth;
        if start >= until {
            return None;
        }
        sleep_until(start).await;
        let deadline = until.min(start + timeout);
        let attempt = Box::pin(probe(url, deadline, roots)).await;
        let hasty = deadline - start < FAIR.min(timeout);
        let out_of_time = matches!(attempt.error, Some(ProbeError::Timeout(_)));
        (!(hasty && out_of_time)).then_some(attempt)
    };
    let (first, second, third) = join3(one(0), one(1), one(2)).await;
    [first, second, third].into_iter().flatten().collect()
}

async fn steps(
    url: &Url,
    deadline: Instant,
    roots: &Roots,
    attempt: &mut Attempt,
) -> Result<(), ProbeError> {
    let Some((host, port)) = url.host().zip(url.port_or_known_default()) else {
        return Err(ProbeError::BadUrl);
    };
    let addresses = match &host {
        Host::Ipv4(ip) => vec![(*ip, port).into()],
        Host::Ipv6(ip) => vec![(*ip, port).into()],
        Host::Domain(name) => {
            let began = Instant::now();
            let found = async { dns::lookup(name, port).await.map_err(|_| ProbeError::Dns) };
            let found = within(deadline, Step::Dns, found).await?;
            attempt.dns_ms = Some(ms_since(began));
            found
        }
    };

    let began = Instant::now();
    let race = connect::fastest(connect::alternate(addresses));
    let stream = within(deadline, Step::Connect, race).await?;
    attempt.connect_ms = Some(ms_since(began));
    attempt.address = stream.peer_addr().ok();

    match url.scheme() {
        "http" => exchange::get(stream, url, deadline, attempt).await,
        "https" => {
            // Before the clock of the handshake starts: this is our own disk, not their server.
            let store = within(deadline, Step::Tls, async { Ok(roots.load().await?) }).await?;
            let recorder = certificate::Recorder::new(store)?;
            let began = Instant::now();
            let shaken = within(deadline, Step::Tls, recorder.handshake(&host, stream)).await;
            attempt.certificate = recorder.certificate();
            let stream = shaken?;
            attempt.tls_ms = Some(ms_since(began));
            exchange::get(stream, url, deadline, attempt).await
        }
        _ => Err(ProbeError::BadUrl),
    }
}
