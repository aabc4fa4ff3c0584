//! A message that has passed every limit of Discord's that can be checked here. Pure.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::canonical::canonical;
use super::field::Violation;
use super::{field, limits, mentions};

/// Shows the message without a push or desktop notification.
const QUIET: u64 = 1 << 12;
/// The flags that an edit may set: no link previews, and the second form of components.
const FLAGS_OF_EDIT: u64 = 1 << 2 | limits::COMPONENTS_V2;
/// What an edit may change. Discord ignores or refuses the rest.
const PARTS_OF_EDIT: [&str; 6] =
    ["content", "embeds", "components", "poll", "flags", "allowed_mentions"];

/// Whom a message may ping, whatever its own text and `allowed_mentions` ask for.
#[derive(Debug, Clone, PartialEq)]
pub enum Mentions {
    /// Nobody.
    Nobody,
    /// `@everyone` and `@here`, where the content holds them.
    Everyone,
    /// As this `allowed_mentions` object says.
    As(Value),
}

/// The body of a message, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    body: Value,
}

impl Message {
    /// Checks `body` against every limit. Its `allowed_mentions` are replaced by `mentions`, and a
    /// `nonce` is taken out: one that is used again would swallow the message.
    ///
    /// # Errors
    /// Everything that Discord would refuse.
    pub fn check(body: Value, mentions: Mentions) -> Result<Self, Vec<Violation>> {
        let mut found = limits::violations(&body);
        let allowed = match mentions {
            Mentions::Nobody => json!({"parse": []}),
            Mentions::Everyone => json!({"parse": ["everyone"]}),
            Mentions::As(asked) => {
                found.extend(mentions::violations(&asked));
                asked
            }
        };
        match body {
            Value::Object(mut body) if found.is_empty() => {
                body.retain(|key, _| !matches!(key.as_str(), "nonce" | "enforce_nonce"));
                body.insert("allowed_mentions".to_owned(), allowed);
                Ok(Self { body: Value::Object(body) })
            }
            _ => Err(found),
        }
    }

    /// With or without a push and desktop notification.
    #[must_use]
    pub fn quiet(mut self, quiet: bool) -> Self {
        let flags = self.flags();
        let flags = if quiet { flags | QUIET } else { flags & !QUIET };
        if let Value::Object(body) = &mut self.body {
            match flags {
                0 => body.shift_remove("flags"),
                flags => body.insert("flags".to_owned(), flags.into()),
            };
        }
        self
    }

    /// What is sent.
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// The SHA-256 of the canonical text of what is sent.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(canonical(&self.body)).into()
    }

    /// A URL that several embeds share: Discord shows only the first of them.
    pub fn repeated_embed_url(&self) -> Option<&str> {
        let embeds = self.body.get("embeds")?.as_array()?;
        let urls: Vec<&str> =
            embeds.iter().filter_map(|embed| embed.get("url")?.as_str()).collect();
        let again =
            urls.iter().enumerate().find(|(at, url)| urls.iter().take(*at).any(|u| u == *url));
        again.map(|(_, url)| *url)
    }

    /// Whether there are components, which a webhook drops unless told otherwise.
    pub(super) fn has_components(&self) -> bool {
        field::is_filled(self.body.get("components"))
    }

    /// What of it an edit sends. It always holds `allowed_mentions`: without them the text would be
    /// read for mentions anew.
    pub(super) fn body_of_edit(&self) -> Value {
        let mut body: Map<String, Value> = PARTS_OF_EDIT
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), self.body.get(*key)?.clone())))
            .collect();
        match self.flags() & FLAGS_OF_EDIT {
            0 => body.shift_remove("flags"),
            flags => body.insert("flags".to_owned(), flags.into()),
        };
        Value::Object(body)
    }

    fn flags(&self) -> u64 {
        self.body.get("flags").and_then(Value::as_u64).unwrap_or(0)
    }
}
