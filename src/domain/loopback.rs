//! What never leaves this machine: one rule for the configuration, the credentials and the resolver.

use std::net::IpAddr;

use url::Url;

/// Whether a URL is of this very machine: `127.0.0.0/8`, `::1`, `localhost` and names under it, by its
/// own words and without asking a resolver.
pub fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(is_loopback_host)
}

/// The same for the host of a URL, with or without the brackets of IPv6.
pub fn is_loopback_host(host: &str) -> bool {
    match literal_ip(host) {
        Some(ip) => ip.to_canonical().is_loopback(),
        None => is_localhost(host),
    }
}

/// The address that a host is written as, if it is one.
pub(crate) fn literal_ip(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// `localhost` and what ends in it (RFC 6761 §6.3).
pub(crate) fn is_localhost(host: &str) -> bool {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_by_its_own_words() {
        let loopback = |url: &str| is_loopback(&url.parse().unwrap());
        for url in ["http://127.0.0.9:1", "http://[::1]", "http://localhost", "http://x.localhost"]
        {
            assert!(loopback(url), "{url}");
        }
        for url in ["http://10.0.0.1", "http://localhost.parky.co.jp", "http://notlocalhost"] {
            assert!(!loopback(url), "{url}");
        }
        assert!(loopback("http://[::ffff:127.0.0.1]"));
    }
}
