//! The URL of a webhook, as people paste it, taken apart. Pure.
//!
//! The URL is a secret: who holds it can post, edit and delete. Its parts are kept, never the text,
//! and requests are built from them below the configured base. The form without a version, which
//! Discord's own dialog copies, would mean API version 6, where waits are in milliseconds.

use std::fmt;

use secrecy::SecretString;
use url::Url;

use super::snowflake::Snowflake;
use crate::domain::loopback::is_loopback;

const HOSTS: [&str; 6] = [
    "discord.com",
    "discordapp.com",
    "ptb.discord.com",
    "ptb.discordapp.com",
    "canary.discord.com",
    "canary.discordapp.com",
];

/// A webhook. `Debug` and `Display` show its id only: `webhooks/1400…0001/***`.
#[derive(Clone)]
pub struct WebhookUrl {
    id: String,
    token: SecretString,
    thread_id: Option<String>,
}

/// Why a text is no webhook of Discord. Says nothing of the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookUrlError {
    /// Not an absolute URL.
    #[error("this is no URL: https://discord.com/api/webhooks/ID/TOKEN is expected")]
    NotUrl,
    /// Neither https, nor http on this machine.
    #[error("a webhook is not sent over plain http to another machine")]
    PlainHttp,
    /// Neither Discord's host nor that of the configured base URL.
    #[error("this URL is for another host than Discord's")]
    OtherHost,
    /// Not the path of a webhook.
    #[error("this is no webhook: …/webhooks/ID/TOKEN is expected")]
    NotWebhook,
    /// The endpoint for Slack's or GitHub's format.
    #[error("this webhook takes another format: leave out /slack or /github at its end")]
    OtherFormat,
    /// A `thread_id` that is no id.
    #[error("the thread_id of this webhook is no id")]
    BadThread,
}

impl WebhookUrl {
    /// Takes `text` apart. Its host must be Discord's, or that of `api_base` (a stand-in, for which
    /// http on loopback will do). Of the query only `thread_id` is kept.
    ///
    /// # Errors
    /// The text is no such URL; the error never shows it.
    pub fn parse(text: &str, api_base: &Url) -> Result<Self, WebhookUrlError> {
        let url = Url::parse(text.trim()).map_err(|_| WebhookUrlError::NotUrl)?;
        let secure =
            |url: &Url| url.scheme() == "https" || url.scheme() == "http" && is_loopback(url);
        if !secure(&url) || !secure(api_base) {
            return Err(match url.scheme() {
                "http" | "https" => WebhookUrlError::PlainHttp,
                _ => WebhookUrlError::NotUrl,
            });
        }
        let host = url.host_str().unwrap_or_default().trim_end_matches('.');
        let discord = HOSTS.contains(&host) && url.scheme() == "https" && url.port().is_none();
        if !url.username().is_empty()
            || url.password().is_some()
            || !(discord || url.origin() == api_base.origin())
        {
            return Err(WebhookUrlError::OtherHost);
        }
        let (id, token) = parts(&url, api_base)?;
        let thread_id = match url.query_pairs().find(|(key, _)| key == "thread_id") {
            Some((_, id)) if id.parse::<Snowflake>().is_err() => {
                return Err(WebhookUrlError::BadThread);
            }
            found => found.map(|(_, id)| id.into_owned()),
        };
        Ok(Self { id, token: token.into(), thread_id })
    }

    /// The webhook's id: no secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The last digits of the id, by which a person knows it again: `…0001`.
    pub fn last_digits(&self) -> String {
        let from = self.id.len().saturating_sub(4);
        format!("…{}", self.id.get(from..).unwrap_or_default())
    }

    /// The webhook's token, which is all that it takes to post.
    pub fn token(&self) -> &SecretString {
        &self.token
    }

    /// The thread to post into.
    pub fn thread_id(&self) -> Option<&str> {
        self.thread_id.as_deref()
    }
}

/// The id and the token in the path of `url`.
fn parts(url: &Url, api_base: &Url) -> Result<(String, String), WebhookUrlError> {
    let segments: Vec<&str> = segments(url);
    let Some(at) = segments.iter().rposition(|segment| *segment == "webhooks") else {
        return Err(WebhookUrlError::NotWebhook);
    };
    let (before, after) = segments.split_at(at);
    let base = self::segments(api_base);
    if ![&["api"][..], unversioned(&base)].contains(&unversioned(before)) {
        return Err(WebhookUrlError::NotWebhook);
    }
    match after {
        [_, _, _, "slack" | "github"] => Err(WebhookUrlError::OtherFormat),
        [_, id, token] if is_id(id) && is_token(token) => {
            Ok(((*id).to_owned(), (*token).to_owned()))
        }
        _ => Err(WebhookUrlError::NotWebhook),
    }
}

fn segments(url: &Url) -> Vec<&str> {
    let mut segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    while segments.last().is_some_and(|last| last.is_empty()) {
        segments.pop();
    }
    segments
}

/// A path without the version of the API at its end.
fn unversioned<'a, 'b>(path: &'a [&'b str]) -> &'a [&'b str] {
    let is_version = |segment: &str| {
        segment.strip_prefix('v').is_some_and(|digits| digits.parse::<u8>().is_ok())
    };
    match path {
        [before @ .., last] if is_version(last) => before,
        _ => path,
    }
}

fn is_id(text: &str) -> bool {
    text.parse().is_ok_and(|id: Snowflake| id.0 > 0)
}

fn is_token(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (1..=200).contains(&text.len()) && text.bytes().all(fits)
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.id.get(..4), self.id.len().checked_sub(4).and_then(|at| self.id.get(at..))) {
            (Some(first), Some(last)) if self.id.len() > 9 => {
                write!(f, "webhooks/{first}…{last}/***")
            }
            _ => write!(f, "webhooks/{}/***", self.id),
        }
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const TOKEN: &str = "abcDEF-ghi_0123456789";

    fn parse(text: &str) -> Result<WebhookUrl, WebhookUrlError> {
        WebhookUrl::parse(text, &"https://discord.com/api/v10".parse().unwrap())
    }

    #[test]
    fn what_is_refused_is_never_shown() {
        let url = |before: &str, after: &str| {
            format!("{before}/webhooks/1400000000000000001/{TOKEN}{after}")
        };
        let api = "https://discord.com/api";
        for (text, why) in [
            (TOKEN.to_owned(), WebhookUrlError::NotUrl),
            (url("discord.com/api", ""), WebhookUrlError::NotUrl),
            (url("ftp://discord.com/api", ""), WebhookUrlError::NotUrl),
            (url("http://discord.com/api", ""), WebhookUrlError::PlainHttp),
            (url("https://discord.com.evil.example/api", ""), WebhookUrlError::OtherHost),
            (url("https://evil.example/discord.com/api", ""), WebhookUrlError::OtherHost),
            (url("https://discord.com@evil.example/api", ""), WebhookUrlError::OtherHost),
            (url("https://x:y@discord.com/api", ""), WebhookUrlError::OtherHost),
            (url("https://discord.com:8443/api", ""), WebhookUrlError::OtherHost),
            (url("http://127.0.0.1:9/api", ""), WebhookUrlError::OtherHost),
            (url("https://dіscord.com/api", ""), WebhookUrlError::OtherHost),
            (url(api, "/slack"), WebhookUrlError::OtherFormat),
            (url(api, "/github"), WebhookUrlError::OtherFormat),
            (url(api, "/messages/1"), WebhookUrlError::NotWebhook),
            (url("https://discord.com/other", ""), WebhookUrlError::NotWebhook),
            (url("https://discord.com", ""), WebhookUrlError::NotWebhook),
            (url("https://discord.com/api/vX", ""), WebhookUrlError::NotWebhook),
            (format!("{api}/webhooks/x/{TOKEN}"), WebhookUrlError::NotWebhook),
            (format!("{api}/webhooks/0/{TOKEN}"), WebhookUrlError::NotWebhook),
            (format!("{api}/webhooks/1/{TOKEN}%2F.."), WebhookUrlError::NotWebhook),
            (format!("{api}/webhooks/1/"), WebhookUrlError::NotWebhook),
            (url(api, "?thread_id=x"), WebhookUrlError::BadThread),
            (url(api, "?thread_id="), WebhookUrlError::BadThread),
        ] {
            let error = parse(&text).unwrap_err();
            assert_eq!(error, why, "{text}");
            assert!(!format!("{error} {error:?}").contains(TOKEN));
        }
    }

    #[test]
    fn every_form_that_people_paste() {
        let mut texts: Vec<String> = HOSTS
            .iter()
            .flat_map(|host| {
                ["", "/v6", "/v10"].map(|version| format!("https://{host}/api{version}"))
            })
            .map(|base| format!("{base}/webhooks/1400000000000000001/{TOKEN}"))
            .collect();
        texts.push(format!(" https://Discord.com/api/webhooks/1400000000000000001/{TOKEN}/\n"));
        texts
            .push(format!("https://discord.com/api/webhooks/1400000000000000001/{TOKEN}?wait=0#x"));
        for text in texts {
            let webhook = parse(&text).unwrap();
            assert_eq!(webhook.id(), "1400000000000000001");
            assert_eq!(webhook.token().expose_secret(), TOKEN);
            assert_eq!((webhook.thread_id(), &*webhook.last_digits()), (None, "…0001"));
            assert_eq!(webhook.to_string(), "webhooks/1400…0001/***");
            assert_eq!(format!("{webhook:?}"), webhook.to_string());
        }
        let threaded = format!("https://discord.com/api/webhooks/1/{TOKEN}?wait=true&thread_id=23");
        let threaded = parse(&threaded).unwrap();
        assert_eq!((threaded.thread_id(), &*threaded.to_string()), (Some("23"), "webhooks/1/***"));
    }

    #[test]
    fn a_stand_in_is_reached_at_its_own_base_only() {
        let base = "http://127.0.0.1:8080/discord/api/v10".parse().unwrap();
        for path in ["discord/api/v10", "discord/api", "api", "api/v10"] {
            let text = format!("http://127.0.0.1:8080/{path}/webhooks/1/{TOKEN}");
            assert!(WebhookUrl::parse(&text, &base).is_ok(), "{path}");
        }
        for (text, why) in [
            ("http://127.0.0.1:8081/api/webhooks/1/t", WebhookUrlError::OtherHost),
            ("https://127.0.0.1:8080/api/webhooks/1/t", WebhookUrlError::OtherHost),
            ("http://127.0.0.1:8080/other/webhooks/1/t", WebhookUrlError::NotWebhook),
            ("http://10.0.0.1:8080/api/webhooks/1/t", WebhookUrlError::PlainHttp),
        ] {
            assert_eq!(WebhookUrl::parse(text, &base).unwrap_err(), why, "{text}");
        }
        let open = "http://10.0.0.1/api/v10".parse().unwrap();
        let text = format!("https://discord.com/api/webhooks/1/{TOKEN}");
        assert_eq!(WebhookUrl::parse(&text, &open).unwrap_err(), WebhookUrlError::PlainHttp);
    }
}
