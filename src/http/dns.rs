//! Names to addresses, for the API client and the probes alike.
//!
//! `localhost` and what ends in it never leave the machine (RFC 6761 §6.3); every other name goes to
//! the system's resolver, on a thread of the runtime's blocking pool. That look-up cannot be cut
//! short: a deadline stops the wait, not the thread, so the program has to end its runtime without
//! waiting for it.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::domain::loopback::is_localhost;

/// A name that has no address.
#[derive(Debug, thiserror::Error)]
#[error("{host} does not resolve")]
pub struct NameError {
    /// The name.
    pub host: String,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// The addresses of `host`, in the order in which they are to be tried; never empty.
///
/// # Errors
/// The name has no address, or the resolver does not answer.
pub async fn lookup(host: &str, port: u16) -> Result<Vec<SocketAddr>, NameError> {
    if is_localhost(host) {
        return Ok(vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]);
    }
    let failed = |source| NameError { host: host.to_owned(), source };
    let found: Vec<_> = tokio::net::lookup_host((host, port)).await.map_err(failed)?.collect();
    if found.is_empty() { Err(failed(io::ErrorKind::NotFound.into())) } else { Ok(found) }
}

/// [`lookup`] as reqwest asks for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // Port 0: reqwest puts in the one of the URL.
            let found = lookup(name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_never_asks_a_resolver() {
        for name in ["localhost", "LOCALHOST.", "api.parky.localhost"] {
            let found = lookup(name, 80).await.unwrap();
            assert_eq!(
                found,
                ["127.0.0.1:80", "[::1]:80"].map(|address| address.parse::<SocketAddr>().unwrap()),
                "{name}"
            );
        }
    }

    #[tokio::test]
    async fn a_name_that_cannot_exist_is_an_error_with_the_name() {
        // A label of more than 63 characters: no resolver has to be asked.
        let name = format!("{}.example", "a".repeat(64));
        let error = lookup(&name, 80).await.unwrap_err();
        assert!(error.to_string().contains(&name));
    }
}
