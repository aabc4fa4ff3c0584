//! Whom a message would ping, by the documented rules: pure.

use serde_json::Value;

/// Who posts; the defaults differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    Webhook,
    Bot,
}

/// What `allowed_mentions` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Allowed {
    pub(super) parse: Vec<String>,
    pub(super) users: Vec<String>,
    pub(super) roles: Vec<String>,
}

impl Allowed {
    /// What is in a member that has been checked.
    pub(super) fn read(member: &Value) -> Self {
        let list = |name: &str| {
            let items = member.get(name).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
        };
        Self { parse: list("parse"), users: list("users"), roles: list("roles") }
    }

    /// Where a message says nothing on it: a webhook pings users only, a bot whomever it can.
    fn by_default(sender: Sender) -> Self {
        let parse: &[&str] = match sender {
            Sender::Webhook => &["users"],
            Sender::Bot => &["users", "roles", "everyone"],
        };
        Self { parse: parse.iter().map(|&word| word.to_owned()).collect(), ..Self::default() }
    }

    fn parses(&self, word: &str) -> bool {
        self.parse.iter().any(|known| known == word)
    }
}

/// `everyone`, `here`, `user:ID`, `role:ID`: who is pinged by `content`. Embeds never ping.
pub(super) fn pinged(content: &str, allowed: Option<&Allowed>, sender: Sender) -> Vec<String> {
    let default;
    let allowed = match allowed {
        Some(allowed) => allowed,
        None => {
            default = Allowed::by_default(sender);
            &default
        }
    };
    let mut found = Vec::new();
    if allowed.parses("everyone") {
        let words = ["everyone", "here"].into_iter();
        found.extend(words.filter(|word| content.contains(&format!("@{word}"))).map(str::to_owned));
    }
    for (kind, id) in named(content) {
        let (word, list) =
            if kind == "role" { ("roles", &allowed.roles) } else { ("users", &allowed.users) };
        let one = format!("{kind}:{id}");
        if (allowed.parses(word) || list.iter().any(|known| known == id)) && !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

/// `<@ID>`, `<@!ID>` and `<@&ID>`.
fn named(content: &str) -> impl Iterator<Item = (&'static str, &str)> {
    content.split("<@").skip(1).filter_map(|rest| {
        let (inner, _) = rest.split_once('>')?;
        let (kind, id) = match inner.strip_prefix('&') {
            Some(id) => ("role", id),
            None => ("user", inner.strip_prefix('!').unwrap_or(inner)),
        };
        let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        digits.then_some((kind, id))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "@everyone @here <@1> <@!2> <@&3> <@x> <@";

    fn with(allowed: &Value) -> Vec<String> {
        pinged(TEXT, Some(&Allowed::read(allowed)), Sender::Webhook)
    }

    #[test]
    fn an_empty_list_pings_nobody() {
        assert!(with(&json!({ "parse": [] })).is_empty());
        assert!(with(&json!({})).is_empty());
    }

    #[test]
    fn by_default_a_webhook_pings_users_and_a_bot_everybody() {
        assert_eq!(pinged(TEXT, None, Sender::Webhook), ["user:1", "user:2"]);
        let all = ["everyone", "here", "user:1", "user:2", "role:3"];
        assert_eq!(pinged(TEXT, None, Sender::Bot), all);
    }

    #[test]
    fn what_is_allowed_is_pinged_if_it_is_in_the_text() {
        assert_eq!(with(&json!({ "parse": ["everyone"] })), ["everyone", "here"]);
        assert_eq!(with(&json!({ "parse": ["roles"], "users": ["2", "9"] })), ["user:2", "role:3"]);
        let allowed = Allowed::read(&json!({ "parse": ["everyone", "users", "roles"] }));
        assert!(pinged("nobody", Some(&allowed), Sender::Bot).is_empty());
    }
}
