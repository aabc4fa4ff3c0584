//! The limit that Discord shows with each answer. Pure.
//!
//! Rules: <https://docs.discord.com/developers/topics/rate-limits>. The name of a bucket leaves out the
//! resource: all webhooks show the same one, and each has its own.

use std::time::Duration;

use chrono::DateTime;
use reqwest::header::HeaderMap;

/// One limit, as the answer to one request showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// How many requests it allows.
    pub limit: u32,
    /// How many of them are left.
    pub remaining: u32,
    /// How long until it is full again, from the moment of the answer.
    pub reset_after: Duration,
    /// Discord's name for it.
    pub name: Option<String>,
}

impl Bucket {
    /// The bucket in the `X-RateLimit-*` headers; `None` where they do not name one whole.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        Some(Self {
            limit: number(headers, "x-ratelimit-limit")?,
            remaining: number(headers, "x-ratelimit-remaining")?,
            reset_after: seconds(headers, "x-ratelimit-reset-after").or_else(|| reset(headers))?,
            name: text(headers, "x-ratelimit-bucket").map(|name| name.chars().take(64).collect()),
        })
    }
}

/// A header's text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A header that holds seconds, whole or decimal; `None` for what is no length of time. Those too
/// long for a `Duration` are as long as one can be.
pub(super) fn seconds(headers: &HeaderMap, name: &str) -> Option<Duration> {
    duration(text(headers, name)?.parse().ok()?)
}

/// `seconds` as a length of time, if it is one.
pub(super) fn duration(seconds: f64) -> Option<Duration> {
    let is_length = seconds >= 0.0;
    is_length.then(|| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u32> {
    text(headers, name)?.parse().ok()
}

/// `X-RateLimit-Reset` is a time on Discord's clock, so it is measured from the `Date` of the same
/// answer, not from this machine's.
fn reset(headers: &HeaderMap) -> Option<Duration> {
    let at: f64 = text(headers, "x-ratelimit-reset")?.parse().ok()?;
    let date = DateTime::parse_from_rfc2822(text(headers, "date")?).ok()?.timestamp();
    duration((at - f64::from(u32::try_from(date).ok()?)).max(0.0))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn bucket(headers: &[(&str, &str)]) -> Option<Bucket> {
        let header = |(name, value): &(&str, &str)| {
            let name = HeaderName::from_bytes(format!("x-ratelimit-{name}").as_bytes()).unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        };
        let mut headers: HeaderMap = headers.iter().map(header).collect();
        headers.insert("date", HeaderValue::from_static("Sat, 21 Nov 2026 18:12:00 GMT"));
        Bucket::from_headers(&headers)
    }

    #[test]
    fn headers_that_name_no_bucket() {
        for (limit, remaining, reset) in [
            ("x", "1", "1"),
            ("5", "-1", "1"),
            ("5", "1", "soon"),
            ("5", "1", "-1"),
            ("5", "1", "NaN"),
        ] {
            let headers = [("limit", limit), ("remaining", remaining), ("reset-after", reset)];
            assert_eq!(bucket(&headers), None, "{headers:?}");
        }
        assert_eq!(bucket(&[("limit", "5"), ("reset-after", "1")]), None);
        assert_eq!(bucket(&[]), None);
    }

    #[test]
    fn the_length_is_preferred_to_the_time() {
        let both = [
            ("limit", "5"),
            ("remaining", "0"),
            ("reset-after", "0.35"),
            ("reset", "1"),
            ("bucket", "abc"),
        ];
        let expected = Bucket {
            limit: 5,
            remaining: 0,
            reset_after: Duration::from_millis(350),
            name: Some("abc".into()),
        };
        assert_eq!(bucket(&both), Some(expected));

        let time = |reset| bucket(&[("limit", "5"), ("remaining", "4"), ("reset", reset)]);
        assert_eq!(time("1795284722.5").unwrap().reset_after, Duration::from_millis(2500));
        assert_eq!(time("1").unwrap().reset_after, Duration::ZERO);
    }

    #[test]
    fn a_length_without_end_is_the_longest_there_is() {
        let headers = [("limit", "5"), ("remaining", "0"), ("reset-after", "1e300")];
        assert_eq!(bucket(&headers).unwrap().reset_after, Duration::MAX);
    }
}
