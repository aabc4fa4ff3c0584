//! Hosts and base URLs as people write them, and which of them are on this machine or its network.
//! Pure: no name is looked up.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Url;

use super::model::Host;
use crate::domain::loopback::{is_localhost, is_loopback, literal_ip};
use crate::domain::text::is_deceptive;

/// Reads a host of the inventory: a bare name (https), a name with a port, or a whole URL.
///
/// # Errors
/// Says what is wrong, without repeating the value.
pub fn host(written: &str) -> Result<Host, String> {
    let whole =
        if written.contains("://") { written.to_owned() } else { format!("https://{written}") };
    let url = plain_url(written, &whole)?;
    if url.path() != "/" {
        return Err("names a path; write the host only, the probe asks for /healthz".to_owned());
    }
    Ok(Host { name: written.to_owned(), url })
}

/// Reads the base URL of an API or the root of a page; it ends without a slash unless it is `/`.
///
/// # Errors
/// Says what is wrong, without repeating the value.
pub fn base_url(written: &str) -> Result<Url, String> {
    let mut url = plain_url(written, written)?;
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

fn plain_url(written: &str, whole: &str) -> Result<Url, String> {
    if written.is_empty() {
        return Err("is empty".to_owned());
    }
    // The parser drops line breaks and tabs without a word.
    if written.contains(|c: char| c.is_whitespace() || is_deceptive(c)) {
        return Err("holds a blank or an invisible character".to_owned());
    }
    let url = Url::parse(whole).map_err(|why| format!("is not a URL or a host name: {why}"))?;
    if !url.username().is_empty() || url.password().is_some() || written.contains('@') {
        return Err("holds a user or password; a URL here must not".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("holds a query or fragment; a URL here must not".to_owned());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err("is plain http; that is allowed to this machine only, use https".to_owned()),
        _ => Err("is neither https nor http".to_owned()),
    }
}

/// Whether a URL is of this machine, its network or no place in public: what a checkout may not
/// send a probe to.
pub(crate) fn is_internal(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return true };
    match literal_ip(host) {
        Some(IpAddr::V4(v4)) => is_internal_v4(v4),
        Some(IpAddr::V6(v6)) => is_internal_v6(v6),
        None => {
            let name = host.trim_end_matches('.').to_ascii_lowercase();
            // A single word is completed by the network's own search list.
            is_localhost(host)
                || !name.contains('.')
                || name.ends_with(".local")
                || name.ends_with(".internal")
        }
    }
}

fn is_internal_v4(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    let carrier_grade_nat = a == 100 && (b & 0b1100_0000) == 64;
    let this_network = a == 0;
    let benchmarking = a == 198 && (b & 0b1111_1110) == 18;
    let reserved = a >= 240;
    ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_multicast()
        || carrier_grade_nat
        || this_network
        || benchmarking
        || reserved
}

fn is_internal_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    let low = Ipv4Addr::from((u32::from(s[6]) << 16) | u32::from(s[7]));
    // Mapped, compatible, NAT64 and 6to4 addresses carry one of IPv4.
    let embedded = match s {
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(low),
        [0x2002, high, below, ..] => {
            Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(below)))
        }
        _ => None,
    };
    let site_local = (s[0] & 0xffc0) == 0xfec0;
    ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || ip.is_unique_local()
        || ip.is_unicast_link_local()
        || site_local
        || embedded.is_some_and(is_internal_v4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_cannot_be_probed_are_refused() {
        for (written, why) in [
            ("", "empty"),
            ("api .example.jp", "blank"),
            ("api.example.jp\n", "blank"),
            ("api\u{202e}.example.jp", "invisible"),
            ("http://api.example.jp", "plain http"),
            ("http://localhost.example.jp", "plain http"),
            ("http://[::ffff:8.8.8.8]", "plain http"),
            ("ftp://api.example.jp", "neither"),
            ("https://user:pw@api.example.jp", "user or password"),
            ("user@api.example.jp", "user or password"),
            ("https://@api.example.jp", "user or password"),
            ("https://api.example.jp?x=1", "query"),
            ("https://api.example.jp#x", "query"),
            ("api.example.jp/base", "path"),
            ("https://", "not a URL"),
            ("api.example.jp:99999", "not a URL"),
        ] {
            let error = host(written).unwrap_err();
            assert!(error.contains(why), "{written:?}: {error}");
        }
    }

    #[test]
    fn bare_names_are_https_and_ports_stay() {
        for (written, url) in [
            ("api.example.jp", "https://api.example.jp/"),
            ("API.example.jp:8443", "https://api.example.jp:8443/"),
            ("https://api.example.jp:8443", "https://api.example.jp:8443/"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("http://[::1]:8080", "http://[::1]:8080/"),
            ("http://api.localhost:8080/", "http://api.localhost:8080/"),
        ] {
            assert_eq!(host(written).unwrap().url.as_str(), url, "{written}");
        }
    }

    #[test]
    fn base_urls_keep_their_path_and_lose_the_last_slash() {
        let base = |s| base_url(s).map(String::from);
        assert_eq!(base("https://x.example/client/v4/").unwrap(), "https://x.example/client/v4");
        assert_eq!(base("http://127.9.9.9:1").unwrap(), "http://127.9.9.9:1/");
        assert!(base("x.example").is_err());
        assert!(base("http://10.0.0.1/").is_err());
    }

    #[test]
    fn addresses_of_the_inside_in_every_spelling() {
        for inside in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "intranet",
            "printer.local",
            "metadata.google.internal",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd12::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:10.0.0.1]",
            "[::7f00:1]",
            "[64:ff9b::10.0.0.1]",
            "[2002:7f00:1::]",
        ] {
            let url = Url::parse(&format!("https://{inside}/")).unwrap();
            assert!(is_internal(&url), "{inside}");
        }
        for outside in [
            "parky.co.jp",
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "[2606:4700::1111]",
            "[::ffff:8.8.8.8]",
            "[64:ff9b::8.8.8.8]",
        ] {
            let url = Url::parse(&format!("https://{outside}/")).unwrap();
            assert!(!is_internal(&url), "{outside}");
        }
    }
}
