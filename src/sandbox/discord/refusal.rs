//! What Discord says when it does not do what it is asked: in the shape of v10, and in the old one
//! of a URL that names no version.

use std::time::Duration;

use serde_json::{Map, Value, json};

/// Which shape an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// `/api/v10`.
    Ten,
    /// `/api`, which still means version 6: milliseconds, and errors without codes.
    Unnamed,
}

/// On whose account a request was too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitScope {
    /// A bucket of the caller's own.
    User,
    /// The whole bot or address.
    Global,
    /// The channel, whoever posts there.
    Shared,
}

impl LimitScope {
    /// As `X-RateLimit-Scope` says it.
    pub fn word(self) -> &'static str {
        match self {
            LimitScope::User => "user",
            LimitScope::Global => "global",
            LimitScope::Shared => "shared",
        }
    }
}

/// A request that hit a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// Whose limit.
    pub scope: LimitScope,
    /// Until there is room again.
    pub wait: Duration,
}

impl From<TooMany> for Refusal {
    fn from(too_many: TooMany) -> Self {
        Refusal::Limited(too_many)
    }
}

/// One thing that is wrong in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FormError {
    /// Names and positions from the body's root.
    pub(super) path: Vec<String>,
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A status with Discord's own code.
    Coded { status: u16, code: u32, message: &'static str },
    /// 50035 with what is wrong where.
    Form(Vec<FormError>),
    /// 429.
    Limited(TooMany),
    /// 429 of the proxy in front: the address is shut out.
    Banned,
}

const fn coded(status: u16, code: u32, message: &'static str) -> Refusal {
    Refusal::Coded { status, code, message }
}

impl Refusal {
    pub(super) const NO_ROUTE: Self = coded(404, 0, "404: Not Found");
    pub(super) const WRONG_METHOD: Self = coded(405, 0, "405: Method Not Allowed");
    pub(super) const UNAUTHORIZED: Self = coded(401, 0, "401: Unauthorized");
    pub(super) const NETWORK: Self = coded(403, 40333, "internal network error");
    pub(super) const UNKNOWN_CHANNEL: Self = coded(404, 10003, "Unknown Channel");
    pub(super) const UNKNOWN_MESSAGE: Self = coded(404, 10008, "Unknown Message");
    pub(super) const UNKNOWN_EMOJI: Self = coded(400, 10014, "Unknown Emoji");
    pub(super) const UNKNOWN_WEBHOOK: Self = coded(404, 10015, "Unknown Webhook");
    pub(super) const MISSING_ACCESS: Self = coded(403, 50001, "Missing Access");
    pub(super) const EMPTY: Self = coded(400, 50006, "Cannot send an empty message");
    pub(super) const MISSING_PERMISSIONS: Self = coded(403, 50013, "Missing Permissions");
    pub(super) const WRONG_TOKEN: Self = coded(401, 50027, "Invalid Webhook Token");
    pub(super) const NO_JSON: Self = coded(400, 50109, "The request body contains invalid JSON.");
    pub(super) const HAS_THREAD: Self =
        coded(400, 160_004, "A thread has already been created for this message");
    pub(super) const NO_FORUM: Self =
        coded(400, 220_003, "Webhooks can only create threads in forum channels");

    pub(super) fn form(path: &[&str], code: &'static str, message: impl Into<String>) -> Self {
        let path = path.iter().map(|&part| part.to_owned()).collect();
        Refusal::Form(vec![FormError { path, code, message: message.into() }])
    }

    pub(super) fn status(&self) -> u16 {
        match self {
            Refusal::Coded { status, .. } => *status,
            Refusal::Form(_) => 400,
            Refusal::Limited(_) | Refusal::Banned => 429,
        }
    }

    /// The body, and its type.
    pub(super) fn body(&self, version: Version) -> (&'static str, String) {
        let body = match self {
            Refusal::Coded { code, message, .. } => json!({ "message": message, "code": code }),
            Refusal::Form(errors) => form(errors, version),
            Refusal::Limited(too_many) => limited(*too_many, version),
            Refusal::Banned => return ("text/html; charset=UTF-8", "error code: 1015".to_owned()),
        };
        ("application/json", body.to_string())
    }

    /// The headers that only a refusal has.
    pub(super) fn headers(&self, version: Version) -> Vec<(&'static str, String)> {
        match self {
            Refusal::Limited(TooMany { wait, scope }) => {
                let mut headers = vec![
                    ("retry-after", retry_after(*wait, version).to_string()),
                    ("x-ratelimit-scope", scope.word().to_owned()),
                ];
                if *scope == LimitScope::Global {
                    headers.push(("x-ratelimit-global", "true".to_owned()));
                }
                headers
            }
            Refusal::Banned => vec![("retry-after", "600".to_owned())],
            Refusal::Coded { .. } | Refusal::Form(_) => Vec::new(),
        }
    }
}

/// Whole seconds rounded up; of old, milliseconds.
fn retry_after(wait: Duration, version: Version) -> u128 {
    match version {
        Version::Ten => wait.as_millis().div_ceil(1000),
        Version::Unnamed => wait.as_millis(),
    }
}

fn limited(TooMany { wait, scope }: TooMany, version: Version) -> Value {
    let wait = match version {
        Version::Ten => json!((wait.as_secs_f64() * 1000.0).ceil() / 1000.0),
        Version::Unnamed => json!(retry_after(wait, version) as u64),
    };
    let message = match scope {
        LimitScope::Shared => "The resource is being rate limited.",
        LimitScope::User | LimitScope::Global => "You are being rate limited.",
    };
    json!({ "message": message, "retry_after": wait, "global": scope == LimitScope::Global })
}

fn form(errors: &[FormError], version: Version) -> Value {
    match version {
        Version::Ten => {
            let mut tree = Map::new();
            for error in errors {
                graft(&mut tree, &error.path, error);
            }
            json!({ "code": 50035, "message": "Invalid Form Body", "errors": tree })
        }
        Version::Unnamed => {
            let mut flat = Map::new();
            for error in errors {
                let mut path = error.path.iter();
                let name = path.next().map_or("_misc", String::as_str);
                // Below the first name only the next one is told, and not what is wrong there.
                let said = path.next().unwrap_or(&error.message);
                let list = flat.entry(name).or_insert_with(|| json!([]));
                if let Some(list) = list.as_array_mut()
                    && !list.iter().any(|known| known == said)
                {
                    list.push(json!(said));
                }
            }
            Value::Object(flat)
        }
    }
}

/// Hangs an error into the tree, below the names of its path.
fn graft(tree: &mut Map<String, Value>, path: &[String], error: &FormError) {
    match path.split_first() {
        Some((name, rest)) => {
            let below = tree.entry(name.as_str()).or_insert_with(|| json!({}));
            if let Some(below) = below.as_object_mut() {
                graft(below, rest, error);
            }
        }
        None => {
            let leaf = json!({ "code": error.code, "message": error.message });
            let leaves = tree.entry("_errors").or_insert_with(|| json!([]));
            if let Some(leaves) = leaves.as_array_mut() {
                leaves.push(leaf);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors() -> Refusal {
        let error = |path: &[&str], code, message: &str| FormError {
            path: path.iter().map(|&part| part.to_owned()).collect(),
            code,
            message: message.to_owned(),
        };
        Refusal::Form(vec![
            error(&["embeds", "0", "title"], "BASE_TYPE_MAX_LENGTH", "Too long"),
            error(&["embeds", "0", "color"], "NUMBER_TYPE_COERCE", "No int"),
            error(&["content"], "BASE_TYPE_MAX_LENGTH", "Too long"),
        ])
    }

    #[test]
    fn errors_of_a_form_are_a_tree_and_of_old_a_list_of_names() {
        let (_, body) = errors().body(Version::Ten);
        let body: Value = serde_json::from_str(&body).unwrap();
        let title = &body["errors"]["embeds"]["0"]["title"]["_errors"][0];
        assert_eq!(
            (&body["code"], &title["code"]),
            (&json!(50035), &json!("BASE_TYPE_MAX_LENGTH"))
        );
        let (_, body) = errors().body(Version::Unnamed);
        assert_eq!(body, r#"{"embeds":["0"],"content":["Too long"]}"#);
    }

    #[test]
    fn a_wait_is_seconds_and_of_old_milliseconds() {
        let refusal = Refusal::Limited(TooMany {
            wait: Duration::from_micros(1_234_500),
            scope: LimitScope::Shared,
        });
        let said = |version| {
            let body: Value = serde_json::from_str(&refusal.body(version).1).unwrap();
            (body["retry_after"].clone(), refusal.headers(version)[0].1.clone())
        };
        assert_eq!(said(Version::Ten), (json!(1.235), "2".to_owned()));
        assert_eq!(said(Version::Unnamed), (json!(1234), "1234".to_owned()));
    }
}
