//! The limits of a message: <https://docs.discord.com/developers/resources/message>. Pure.
//!
//! Lengths are counted in code points after trimming, as Discord does. Where Discord's own reading is
//! not documented, the wider one is taken: an answer of 400 costs less than an alert that was held
//! back for nothing.

use serde_json::{Map, Value};

use super::embeds;
use super::field::{Found, Violations as _, given, is_filled, kind, list, text, url};

/// The second form of components, which excludes content, embeds and polls.
pub(super) const COMPONENTS_V2: u64 = 1 << 15;
/// No link previews, no push, and the second form of components: all that a webhook may set.
const FLAGS: u64 = 1 << 2 | 1 << 12 | COMPONENTS_V2;

const CONTENT: usize = 2000;
const NAME: usize = 80;
const THREAD_NAME: usize = 100;

/// What Discord would refuse of `body`, its `allowed_mentions` apart.
pub(super) fn violations(body: &Value) -> Found {
    let mut found = Found::new();
    let Some(body) = body.as_object() else {
        found.add("", "not-an-object", &format!("has to be an object, and is {}", kind(body)));
        return found;
    };
    text(body, "content", "", (0, CONTENT), &mut found);
    username(body, &mut found);
    url(body, "avatar_url", "", &mut found);
    if given(body, "thread_name").is_some() {
        text(body, "thread_name", "", (1, THREAD_NAME), &mut found);
    }
    embeds::check(body, &mut found);
    list(body, "components", &mut found);
    if given(body, "poll").is_some_and(|poll| !poll.is_object()) {
        found.add("poll", "not-an-object", "has to be an object");
    }
    if given(body, "tts").is_some_and(|tts| !tts.is_boolean()) {
        found.add("tts", "not-a-boolean", "has to be true or false");
    }
    if is_filled(body.get("attachments")) {
        found.add("attachments", "no-files", "names files, which are not stored with the message");
    }
    let has_text = given(body, "content")
        .is_some_and(|content| content.as_str().is_none_or(|text| !text.trim().is_empty()));
    let has_others = ["embeds", "components", "poll"].iter().any(|key| is_filled(body.get(*key)));
    if !has_text && !has_others {
        let text = "has neither content nor embeds, components or a poll";
        found.add("", "empty-message", text);
    }
    flags(body, &mut found);
    found
}

fn username(body: &Map<String, Value>, found: &mut Found) {
    let Some(name) = given(body, "username") else { return };
    text(body, "username", "", (1, NAME), found);
    let name = name.as_str().unwrap_or_default().to_lowercase();
    if let Some(word) = ["discord", "clyde"].iter().find(|word| name.contains(**word)) {
        found.add("username", "bad-name", &format!("may not contain \"{word}\""));
    }
}

fn flags(body: &Map<String, Value>, found: &mut Found) {
    let Some(flags) = given(body, "flags") else { return };
    let Some(flags) = flags.as_u64() else {
        return found.add("flags", "not-a-number", "has to be a whole number");
    };
    if flags & !FLAGS != 0 {
        found.add("flags", "bad-flags", "may hold 4, 4096 and 32768 only");
    }
    if flags & COMPONENTS_V2 != 0 {
        for key in ["content", "embeds", "poll"].into_iter().filter(|key| is_filled(body.get(*key)))
        {
            found.add(key, "not-with-flag", "is not allowed with flag 32768 (components)");
        }
    }
}
