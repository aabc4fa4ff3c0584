//! Webhook addresses in the texts of the table: an older sender wrote them into its errors. Pure.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex_lite::Regex;

use crate::domain::Caveat;

/// Whoever holds the last part of such an address can post, edit and delete.
static WEBHOOK: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a constant pattern, run by a test")]
    Regex::new(r"(?i)(/webhooks/[0-9]+/)[A-Za-z0-9_-]+").expect("a valid pattern")
});

/// `text` without the tokens of webhooks. [`Cow::Owned`] where there was one.
pub fn withhold(text: &str) -> Cow<'_, str> {
    // Most texts hold none, and the search for the pattern is slow.
    let near = text.as_bytes().windows(9).any(|part| part.eq_ignore_ascii_case(b"webhooks/"));
    if near { WEBHOOK.replace_all(text, "${1}***") } else { Cow::Borrowed(text) }
}

/// That webhooks of these channels have to be renewed.
pub fn rotate<'a>(channels: impl IntoIterator<Item = &'a str>) -> Option<Caveat> {
    let names: Vec<_> = channels.into_iter().map(|channel| format!("#{channel}")).collect();
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        let text = format!(
            "the table holds the address of a webhook (hidden here) in rows of {names}: whoever reads \
             the table can post with it; renew it in Discord"
        );
        Caveat::new("rotate-webhook", text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_and_everything_else_stays() {
        for (text, clean) in [
            (
                "POST https://discord.com/api/v10/Webhooks/14/ab-C_1?wait=true failed",
                "POST https://discord.com/api/v10/Webhooks/14/***?wait=true failed",
            ),
            ("/webhooks/1/a and /webhooks/2/b", "/webhooks/1/*** and /webhooks/2/***"),
        ] {
            let cleaned = withhold(text);
            assert!(matches!(&cleaned, Cow::Owned(c) if c == clean), "{cleaned}");
        }
        for text in ["", "webhooks/", "/webhooks/abc/def", "決済webhooks/1/2", "503"] {
            assert!(matches!(withhold(text), Cow::Borrowed(t) if t == text), "{text}");
        }
    }

    #[test]
    fn the_channels_are_named() {
        assert_eq!(rotate([]), None);
        let caveat = rotate(["p0-alerts", "p1-ops"]).unwrap();
        assert!(caveat.text.contains("#p0-alerts, #p1-ops"), "{}", caveat.text);
    }
}
