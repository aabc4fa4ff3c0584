//! What a message must look like before Discord takes it: every limit that its documentation gives,
//! and the words it finds for what is wrong.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde_json::Value;
use url::Url;

use super::mentions::{Allowed, Sender};
use super::refusal::{FormError, Refusal};

/// A message that may be stored.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Draft {
    pub(super) username: Option<String>,
    pub(super) content: String,
    pub(super) embeds: Vec<Value>,
    pub(super) components: Vec<Value>,
    pub(super) flags: u64,
    pub(super) allowed: Option<Allowed>,
    /// Of a bot: the nonce, and whether it is to be enforced.
    pub(super) nonce: Option<(String, bool)>,
    /// Whether a new thread is asked for, which only a forum has.
    pub(super) in_new_thread: bool,
}

/// Suppress embeds, suppress notifications, components v2: the others are not for a webhook to set.
const FLAGS: u64 = 4 | SILENT | 32_768;
/// Shows a mention and wakes nobody.
pub(super) const SILENT: u64 = 4096;
const CONTENT: usize = 2000;
const EMBEDS: usize = 10;
const FIELDS: usize = 25;
const SUM: usize = 6000;
const URL: usize = 2048;

/// Reads a body, given with `content_type`.
pub(super) fn read(
    body: &[u8],
    content_type: Option<&str>,
    sender: Sender,
) -> Result<Draft, Refusal> {
    if !content_type.is_some_and(|given| given.starts_with("application/json")) {
        // It is looked at as a form, in which none of our members are.
        return Err(Refusal::EMPTY);
    }
    let body: Value = serde_json::from_slice(body).map_err(|_| Refusal::NO_JSON)?;
    check(&body, sender)
}

/// Judges a message.
pub(super) fn check(body: &Value, sender: Sender) -> Result<Draft, Refusal> {
    if !body.is_object() {
        let said = "Only dictionaries may be used in a DictType";
        return Err(Refusal::form(&[], "DICT_TYPE_CONVERT", said));
    }
    let mut form = Form::default();
    let at = At(Vec::new());
    let draft = Draft {
        username: form.username(body, &at),
        content: form.text(body, &at, "content", 0, CONTENT).unwrap_or_default(),
        embeds: form.embeds(body, &at),
        components: form.list(body, &at, "components", usize::MAX),
        flags: form.whole(body, &at, "flags", u64::MAX).unwrap_or(0) & FLAGS,
        allowed: form.allowed(body, &at),
        nonce: (sender == Sender::Bot).then(|| form.nonce(body, &at)).flatten(),
        in_new_thread: body.get("thread_name").is_some_and(Value::is_string),
    };
    if !form.0.is_empty() {
        return Err(Refusal::Form(form.0));
    }
    let nothing =
        draft.content.is_empty() && draft.embeds.is_empty() && draft.components.is_empty();
    if nothing { Err(Refusal::EMPTY) } else { Ok(draft) }
}

/// A place in the body.
#[derive(Debug, Clone)]
struct At(Vec<String>);

impl At {
    fn below(&self, name: &impl ToString) -> Self {
        let mut path = self.0.clone();
        path.push(name.to_string());
        Self(path)
    }
}

/// What is wrong so far.
#[derive(Debug, Default)]
struct Form(Vec<FormError>);

impl Form {
    fn wrong(&mut self, at: &At, code: &'static str, message: impl Into<String>) {
        self.0.push(FormError { path: at.0.clone(), code, message: message.into() });
    }

    fn required(&mut self, at: &At) {
        self.wrong(at, "BASE_TYPE_REQUIRED", "This field is required");
    }

    /// A text, trimmed, of `least` to `most` code points.
    fn text(
        &mut self,
        of: &Value,
        at: &At,
        name: &str,
        least: usize,
        most: usize,
    ) -> Option<String> {
        let at = at.below(&name);
        let text = match present(of, name) {
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            Some(other) => {
                self.wrong(
                    &at,
                    "STRING_TYPE_CONVERT",
                    format!("Could not interpret \"{other}\" as string."),
                );
                return None;
            }
            None if least > 0 => {
                self.required(&at);
                return None;
            }
            None => return None,
        };
        let length = text.chars().count();
        if length == 0 && least > 0 {
            self.required(&at);
        } else if length > most {
            self.wrong(&at, "BASE_TYPE_MAX_LENGTH", format!("Must be {most} or fewer in length."));
        }
        Some(text)
    }

    fn list(&mut self, of: &Value, at: &At, name: &str, most: usize) -> Vec<Value> {
        match present(of, name) {
            Some(Value::Array(items)) => {
                if items.len() > most {
                    let said = format!("Must be {most} or fewer in length.");
                    self.wrong(&at.below(&name), "BASE_TYPE_MAX_LENGTH", said);
                }
                items.clone()
            }
            Some(_) => {
                let said = "Only iterables may be used in a ListType";
                self.wrong(&at.below(&name), "LIST_TYPE_CONVERT", said);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn whole(&mut self, of: &Value, at: &At, name: &str, most: u64) -> Option<u64> {
        let given = present(of, name)?;
        let number = match given {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        match number.map(u64::try_from) {
            Some(Ok(number)) if number <= most => Some(number),
            Some(Ok(_)) => {
                let said = format!("int value should be less than or equal to {most}.");
                self.wrong(&at.below(&name), "NUMBER_TYPE_MAX", said);
                None
            }
            Some(Err(_)) => {
                let said = "int value should be greater than or equal to 0.";
                self.wrong(&at.below(&name), "NUMBER_TYPE_MIN", said);
                None
            }
            None => {
                let said = format!("Value {given} is not int.");
                self.wrong(&at.below(&name), "NUMBER_TYPE_COERCE", said);
                None
            }
        }
    }

    fn username(&mut self, body: &Value, at: &At) -> Option<String> {
        present(body, "username")?;
        let name = self.text(body, at, "username", 1, 80)?;
        for word in ["discord", "clyde"] {
            if name.to_lowercase().contains(word) {
                let said = format!("Username cannot contain \"{word}\"");
                self.wrong(&at.below(&"username"), "USERNAME_INVALID_CONTAINS", said);
            }
        }
        Some(name)
    }

    fn embeds(&mut self, body: &Value, at: &At) -> Vec<Value> {
        let embeds = self.list(body, at, "embeds", EMBEDS);
        let at = at.below(&"embeds");
        let mut sum = 0;
        for (nth, embed) in embeds.iter().enumerate() {
            sum += self.embed(embed, &at.below(&nth));
        }
        if sum > SUM {
            let said = format!("Embed size exceeds maximum size of {SUM}");
            self.wrong(&at, "MAX_EMBED_SIZE_EXCEEDED", said);
        }
        embeds
    }

    /// Judges an embed; returns how much of the sum it takes.
    fn embed(&mut self, embed: &Value, at: &At) -> usize {
        let Some(members) = embed.as_object() else {
            self.wrong(at, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType");
            return 0;
        };
        if members.values().all(Value::is_null) {
            self.required(&at.below(&"description"));
        }
        let mut texts = vec![
            self.text(embed, at, "title", 0, 256),
            self.text(embed, at, "description", 0, 4096),
        ];
        self.whole(embed, at, "color", 0x00FF_FFFF);
        self.moment(embed, at);
        self.address(embed, at);
        if let Some(footer) = present(embed, "footer") {
            texts.push(self.text(footer, &at.below(&"footer"), "text", 1, 2048));
        }
        if let Some(author) = present(embed, "author") {
            texts.push(self.text(author, &at.below(&"author"), "name", 1, 256));
            self.address(author, &at.below(&"author"));
        }
        for part in ["image", "thumbnail"] {
            if let Some(inner) = present(embed, part) {
                self.address(inner, &at.below(&part));
            }
        }
        let fields = self.list(embed, at, "fields", FIELDS);
        let at = at.below(&"fields");
        for (nth, field) in fields.iter().enumerate() {
            texts.push(self.text(field, &at.below(&nth), "name", 1, 256));
            texts.push(self.text(field, &at.below(&nth), "value", 1, 1024));
        }
        texts.iter().flatten().map(|text| text.chars().count()).sum()
    }

    fn moment(&mut self, embed: &Value, at: &At) {
        let Some(given) = present(embed, "timestamp") else { return };
        let given = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
        let local = |form| NaiveDateTime::parse_from_str(&given, form).is_ok();
        let fits = DateTime::parse_from_rfc3339(&given).is_ok()
            || local("%Y-%m-%dT%H:%M:%S%.f")
            || local("%Y-%m-%d %H:%M:%S%.f")
            || NaiveDate::parse_from_str(&given, "%Y-%m-%d").is_ok();
        if !fits {
            let said = format!("Could not parse {given}. Should be ISO8601.");
            self.wrong(&at.below(&"timestamp"), "DATE_TIME_TYPE_PARSE", said);
        }
    }

    fn address(&mut self, of: &Value, at: &At) {
        let Some(given) = self.text(of, at, "url", 0, URL).filter(|given| !given.is_empty()) else {
            return;
        };
        let at = at.below(&"url");
        match Url::parse(&given) {
            Ok(url) if ["http", "https", "attachment"].contains(&url.scheme()) => {}
            Ok(url) => {
                let said = format!(
                    "Scheme \"{}\" is not supported. Scheme must be one of ('http', 'https').",
                    url.scheme()
                );
                self.wrong(&at, "URL_TYPE_INVALID_SCHEME", said);
            }
            Err(_) => self.wrong(&at, "URL_TYPE_INVALID_URL", "Not a well formed URL."),
        }
    }

    fn allowed(&mut self, body: &Value, at: &At) -> Option<Allowed> {
        let member = present(body, "allowed_mentions")?;
        let at = at.below(&"allowed_mentions");
        for name in ["users", "roles"] {
            self.list(member, &at, name, 100);
        }
        for (nth, word) in self.list(member, &at, "parse", usize::MAX).iter().enumerate() {
            if !["users", "roles", "everyone"].iter().any(|known| word == known) {
                let said = "Value must be one of ('users', 'roles', 'everyone').";
                self.wrong(&at.below(&"parse").below(&nth), "BASE_TYPE_CHOICES", said);
            }
        }
        let allowed = Allowed::read(member);
        for (word, list) in [("users", &allowed.users), ("roles", &allowed.roles)] {
            if !list.is_empty() && allowed.parse.iter().any(|known| known == word) {
                let said =
                    format!("parse:[\"{word}\"] and {word}: [ids...] are mutually exclusive.");
                self.wrong(&at, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", said);
            }
        }
        Some(allowed)
    }

    fn nonce(&mut self, body: &Value, at: &At) -> Option<(String, bool)> {
        let nonce = self.text(body, at, "nonce", 0, 25)?;
        let enforced = body.get("enforce_nonce").and_then(Value::as_bool).unwrap_or(false);
        Some((nonce, enforced))
    }
}

/// A member that is there and not null.
fn present<'a>(of: &'a Value, name: &str) -> Option<&'a Value> {
    of.get(name).filter(|member| !member.is_null())
}
