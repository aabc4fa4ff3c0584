//! What a copy on disk must not hold: Cloudflare takes some secrets out of headers and URLs by guess,
//! and leaves query values and log lines as they are.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex_lite::Regex;

const NAMES: &str =
    "cookie|authoriz|secret|token|jwt|passw|api[-_]?key|private[-_]?key|access[-_]?key";

static PATTERNS: LazyLock<[(Regex, &str); 3]> = LazyLock::new(|| {
    let pattern = |text: String| {
        #[expect(clippy::expect_used, reason = "a constant pattern, run by a test")]
        Regex::new(&text).expect("a valid pattern")
    };
    [
        // A field of the event.
        (
            pattern(format!(r#"(?i)("[^"\\]*(?:{NAMES})[^"\\]*"\s*:\s*")(?:[^"\\]|\\.)*""#)),
            "${1}REDACTED\"",
        ),
        // A field of a structured log line, which is JSON inside a string.
        (
            pattern(format!(r#"(?i)(\\"[^"\\]*(?:{NAMES})[^"\\]*\\"\s*:\s*\\")[^"\\]*\\""#)),
            "${1}REDACTED\\\"",
        ),
        // A parameter of a URL.
        (
            pattern(format!(
                r#"(?i)([?&][^=&#"\s\\]*(?:{NAMES}|key|auth|sig|code)[^=&#"\s\\]*=)[^&#"\s\\]+"#
            )),
            "${1}REDACTED",
        ),
    ]
});

/// `json` without the values that are named like secrets; still JSON.
pub(super) fn scrub(json: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(json);
    for (pattern, with) in PATTERNS.iter() {
        if pattern.is_match(&out) {
            out = Cow::Owned(pattern.replace_all(&out, *with).into_owned());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_like_a_secret_goes_and_the_rest_stays_json() {
        let json = r#"{"headers":{"x-api-key":"abc\"def","Set-Cookie":"s=1","host":"a"},"url":"https://x/y?q=1&access_token=t.o-k&code=9#f","logs":["{\"level\":\"info\",\"refreshToken\":\"zzz\",\"n\":1}"],"big":12345678901234567890}"#;
        let wanted = r#"{"headers":{"x-api-key":"REDACTED","Set-Cookie":"REDACTED","host":"a"},"url":"https://x/y?q=1&access_token=REDACTED&code=REDACTED#f","logs":["{\"level\":\"info\",\"refreshToken\":\"REDACTED\",\"n\":1}"],"big":12345678901234567890}"#;
        assert_eq!(scrub(json), wanted);
        assert!(serde_json::from_str::<serde_json::Value>(&scrub(json)).is_ok());
    }

    #[test]
    fn ordinary_events_stay() {
        let json = r#"{"outcome":"ok","event":{"request":{"url":"https://x/y?near=shibuya"}},"author":"a"}"#;
        assert!(matches!(scrub(json), Cow::Borrowed(_)));
    }
}
