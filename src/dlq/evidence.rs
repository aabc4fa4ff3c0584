//! Whether the producer's own attempt may have arrived: what its HTTP status and its error tell. Pure.
//!
//! Discord stores nothing that it refuses; an answer of 500 or 504, or none at all, says nothing on
//! what it stored before.

use serde::Serialize;

/// How sure it is that a dead letter was not delivered at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Evidence {
    /// Discord refused it.
    #[serde(rename = "not-delivered")]
    No,
    /// No byte of it left, as it seems, or Discord's edge turned it away.
    #[serde(rename = "almost-surely-not")]
    AlmostSurelyNo,
    /// A gateway could not reach Discord.
    #[serde(rename = "probably-not")]
    ProbablyNo,
    /// It may stand in the channel.
    #[serde(rename = "maybe")]
    Maybe,
}

impl Evidence {
    /// All of them, the surest first.
    pub const ALL: [Self; 4] = [Self::No, Self::AlmostSurelyNo, Self::ProbablyNo, Self::Maybe];

    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::No => "not-delivered",
            Self::AlmostSurelyNo => "almost-surely-not",
            Self::ProbablyNo => "probably-not",
            Self::Maybe => "maybe",
        }
    }

    /// The same for a person.
    pub const fn text(self) -> &'static str {
        match self {
            Self::No => "Discord refused it, so it was not delivered",
            Self::AlmostSurelyNo => "almost surely not delivered",
            Self::ProbablyNo => "probably not delivered",
            Self::Maybe => "may have been delivered: no answer tells",
        }
    }

    /// What the producer's attempt tells; `http_status` is `None` where nothing answered.
    pub fn of(http_status: Option<i32>, error: &str) -> Self {
        match http_status {
            // A request that timed out on the server's side may have been read.
            Some(408) => Self::Maybe,
            Some(400..=499) => Self::No,
            Some(503) => Self::AlmostSurelyNo,
            Some(502) => Self::ProbablyNo,
            None | Some(0) if never_left(error) => Self::AlmostSurelyNo,
            _ => Self::Maybe,
        }
    }
}

/// Whether the error names a step before the first byte of the request, and none after it.
fn never_left(error: &str) -> bool {
    // A webhook's address holds random letters.
    let words: Vec<_> = error.split_whitespace().filter(|word| !word.contains("://")).collect();
    let text = words.join(" ").to_lowercase();
    let any = |phrases: &[&str], words: &[&str]| {
        phrases.iter().any(|phrase| text.contains(phrase))
            || text.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
    };
    any(&BEFORE, &["refused", "dns", "tls", "ssl"])
        && !any(
            &AFTER,
            &["eof", "closed", "body", "read", "reading", "write", "writing", "response"],
        )
}

/// A plain "connection timed out" is not among them: the system says so of a connection that stood,
/// too.
const BEFORE: [&str; 18] = [
    "connect error",
    "error trying to connect",
    "econnrefused",
    "connect timeout",
    "connect timed out",
    "connecttimeout",
    "connect etimedout",
    "enotfound",
    "eai_again",
    "failed to lookup",
    "name resolution",
    "name or service",
    "could not resolve",
    "no such host",
    "no route to host",
    "unreachable",
    "certificate",
    "handshake",
];

const AFTER: [&str; 8] = [
    "reset",
    "close_notify",
    "broken pipe",
    "epipe",
    "hang up",
    "hung up",
    "aborted",
    "incomplete",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_the_answer() {
        use Evidence::{AlmostSurelyNo, Maybe, No, ProbablyNo};
        for (statuses, expected) in [
            (&[429, 400, 401, 403, 404, 413][..], No),
            (&[503], AlmostSurelyNo),
            (&[502], ProbablyNo),
            (&[500, 504, 520, 524, 408, 200, 204, 301, 0, -1], Maybe),
        ] {
            for status in statuses {
                assert_eq!(Evidence::of(Some(*status), ""), expected, "{status}");
            }
        }
        assert_eq!(Evidence::of(None, ""), Maybe);
    }

    #[test]
    fn without_an_answer_the_error_tells_whether_a_byte_left() {
        for error in [
            "connect error: Connection refused (os error 111)",
            "error trying to connect: tcp connect error",
            "client error (Connect): dns error: failed to lookup address information",
            "getaddrinfo ENOTFOUND discord.com",
            "connect ETIMEDOUT 162.159.128.233:443",
            "Connect timeout after 5000 ms",
            "TLS handshake failed: certificate has expired",
            "No route to host",
        ] {
            assert_eq!(Evidence::of(None, error), Evidence::AlmostSurelyNo, "{error}");
            assert_eq!(Evidence::of(Some(0), error), Evidence::AlmostSurelyNo, "{error}");
        }
        for error in [
            "request timed out after 30 s",
            "Connection timed out (os error 110)",
            "connection reset by peer",
            "peer closed connection without sending TLS close_notify",
            "connection error: unexpected EOF during TLS read",
            "socket hang up",
            // The token of a webhook proves nothing.
            "POST https://discord.com/api/webhooks/1/ab-dns-tls-refused timed out",
            "The operation was aborted",
            "決済",
        ] {
            assert_eq!(Evidence::of(None, error), Evidence::Maybe, "{error}");
        }
        // An answer is believed over the words.
        assert_eq!(Evidence::of(Some(500), "connection refused"), Evidence::Maybe);
    }

    #[test]
    fn words_are_those_of_the_json() {
        for class in Evidence::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.word());
        }
    }
}
