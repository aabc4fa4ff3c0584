//! The bot: nonces, history, threads, reactions, and the rights that each needs.

use super::*;
use crate::sandbox::plain_client::get_as;

impl DiscordStandIn {
    fn create(&self, body: &Value) -> Reply {
        self.bot("POST", &self.messages_path(), body)
    }

    fn messages_path(&self) -> String {
        format!("/channels/{}/messages", self.p0().id())
    }

    fn history(&self, query: &str) -> Vec<Value> {
        let reply = self.bot("GET", &format!("{}{query}", self.messages_path()), &Value::Null);
        reply.json().as_array().expect("a list").clone()
    }
}

fn texts(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["content"].as_str().unwrap()).collect()
}

#[test]
fn only_the_bots_own_token_in_its_own_scheme_is_taken() {
    let discord = start();
    let url = format!("{}/users/@me", discord.url());
    let ask = |headers: &str| code(&send("GET", &url, &format!("{AGENT}{headers}"), "").unwrap());
    assert_eq!(ask(""), (401, 0));
    assert_eq!(ask("authorization: Bot wrong\r\n"), (401, 0));
    let bearer = format!("authorization: Bearer {}\r\n", discord.token().expose_secret());
    assert_eq!(ask(&bearer), (401, 0));
    assert_eq!(get_as(discord.token(), &url).status, 403, "without an agent");
    assert_eq!(discord.bot("GET", "/users/@me", &Value::Null).json()["bot"], true);
    discord.revoke_bot();
    assert_eq!(code(&discord.bot("GET", "/users/@me", &Value::Null)), (401, 0));
}

#[test]
fn rights_that_are_missing_are_refused_or_leave_things_empty() {
    let discord = start();
    discord.p0().say("theirs");
    discord.create(&json!({ "content": "mine" }));
    let id = discord.messages(P0)[0].id.clone();
    let path = discord.messages_path();
    let all = BotRights::ALL;

    discord.set_bot(BotRights { message_content: false, ..all });
    assert_eq!(texts(&discord.history("")), ["mine", ""]);
    discord.set_bot(BotRights { read_history: false, ..all });
    assert!(discord.history("").is_empty());
    discord.set_bot(BotRights { view: false, ..all });
    assert_eq!(code(&discord.create(&json!({ "content": "x" }))), (403, 50001));
    discord.set_bot(BotRights { send: false, ..all });
    assert_eq!(code(&discord.create(&json!({ "content": "x" }))), (403, 50013));
    discord.set_bot(BotRights { create_threads: false, add_reactions: false, ..all });
    let thread = discord.bot("POST", &format!("{path}/{id}/threads"), &json!({ "name": "x" }));
    assert_eq!(code(&thread), (403, 50013));
    let eyes = format!("{path}/{id}/reactions/%F0%9F%91%80/@me");
    assert_eq!(code(&discord.bot("PUT", &eyes, &Value::Null)), (403, 50013));
    assert!(discord.react(&id, "👀", 7));
    assert_eq!(discord.bot("PUT", &eyes, &Value::Null).status, 204, "joining in is allowed");
    let nowhere = discord.bot("GET", "/channels/12/messages", &Value::Null);
    assert_eq!(code(&nowhere), (404, 10003));
}

#[test]
fn an_enforced_nonce_gives_the_first_message_back_whatever_is_said() {
    let discord = start();
    let say = |content: &str, enforce: bool| {
        let body = json!({ "content": content, "nonce": "n-1", "enforce_nonce": enforce });
        discord.create(&body)
    };
    let first = say("one", true).json();
    let second = say("two", true).json();
    assert_eq!((&first["id"], &second["content"]), (&second["id"], &json!("one")));
    assert_ne!(say("three", false).json()["id"], first["id"]);
    let long = json!({ "content": "x", "nonce": "n".repeat(26), "enforce_nonce": true });
    assert_eq!(code(&discord.create(&long)), (400, 50035));
    assert_eq!(discord.messages(P0).len(), 2);
    let by_webhook = json!({ "content": "x", "nonce": "n-1", "enforce_nonce": true });
    assert_eq!(discord.p0().post(&by_webhook).json()["content"], "x", "a webhook knows none");
}

#[test]
fn history_is_newest_first_and_pages_forward_from_after() {
    let discord = start();
    for nth in 0..5 {
        discord.p0().say(&nth.to_string());
    }
    discord.channel("p1-ops").unwrap().say("elsewhere");
    let ids: Vec<_> = discord.messages(P0).into_iter().map(|one| one.id).collect();
    assert_eq!(texts(&discord.history("?limit=2")), ["4", "3"]);
    assert_eq!(texts(&discord.history(&format!("?limit=2&after={}", ids[0]))), ["2", "1"]);
    assert_eq!(texts(&discord.history(&format!("?before={}", ids[2]))), ["1", "0"]);
    assert_eq!(discord.history("?after=0&limit=100").len(), 5);
    for limit in [0, 101] {
        let path = format!("{}?limit={limit}", discord.messages_path());
        assert_eq!(code(&discord.bot("GET", &path, &Value::Null)), (400, 50035));
    }
}

#[test]
fn a_thread_is_made_once_and_the_webhook_may_post_into_it() {
    let discord = start();
    let p0 = discord.p0();
    let id = p0.say("alert").json()["id"].as_str().unwrap().to_owned();
    let path = format!("{}/{id}/threads", discord.messages_path());
    let start = |body: Value| discord.bot("POST", &path, &body);
    assert_eq!(code(&start(json!({ "name": "x".repeat(101) }))), (400, 50035));
    assert_eq!(code(&start(json!({ "name": "x", "auto_archive_duration": 61 }))), (400, 50035));
    let made = start(json!({ "name": "[P0] 決済", "auto_archive_duration": 1440 }));
    assert_eq!((made.status, &made.json()["id"]), (201, &json!(id)));
    assert_eq!(code(&start(json!({ "name": "x" }))), (400, 160_004));
    let no_message = format!("{}/12/threads", discord.messages_path());
    assert_eq!(code(&discord.bot("POST", &no_message, &json!({ "name": "x" }))), (404, 10008));

    let inside = format!("?wait=true&thread_id={id}");
    let posted = p0.ask("POST", &inside, "{\"content\": \"update\"}").json();
    assert_eq!(posted["channel_id"], id);
    let own = format!("/messages/{}", posted["id"].as_str().unwrap());
    assert_eq!(code(&p0.ask("GET", &own, "")), (404, 10008), "the thread has to be named");
    assert_eq!(p0.ask("GET", &format!("{own}?thread_id={id}"), "").status, 200);
    let by_bot = format!("/channels/{id}/messages");
    assert_eq!(discord.bot("POST", &by_bot, &json!({ "content": "mine" })).status, 200);
    let threads: Vec<_> = discord.messages(P0).into_iter().map(|one| one.thread).collect();
    assert_eq!(threads, [None, Some(id.clone()), Some(id)]);
}

#[test]
fn reactions_are_put_once_and_listed_by_kind() {
    let discord = start();
    let id = discord.p0().say("alert").json()["id"].as_str().unwrap().to_owned();
    let path = format!("{}/{id}/reactions", discord.messages_path());
    let put = |emoji: &str| discord.bot("PUT", &format!("{path}/{emoji}/@me"), &Value::Null);
    assert_eq!(code(&put(":eyes:")), (400, 10014));
    assert_eq!([put("%F0%9F%91%80").status, put("%F0%9F%91%80").status], [204, 204]);
    assert!(discord.react(&id, "👀", 7) && !discord.react("12", "👀", 7));
    let who = |query: &str| {
        let url = format!("{path}/%F0%9F%91%80{query}");
        discord.bot("GET", &url, &Value::Null).json().as_array().unwrap().clone()
    };
    assert_eq!(who("").iter().map(|user| user["bot"] == true).collect::<Vec<_>>(), [false, true]);
    assert_eq!(who("?after=7").len(), 1);
    assert_eq!(who("?limit=1")[0]["id"], "7");
    assert!(who("?type=1").is_empty());
    assert_eq!(discord.messages(P0)[0].reactions.len(), 2);
}

#[test]
fn the_bot_pings_everybody_by_default_if_it_may() {
    let discord = start();
    let pinged = || discord.messages(P0).last().unwrap().pinged.clone();
    discord.create(&json!({ "content": "@here <@12>" }));
    assert_eq!(pinged(), ["here", "user:12"]);
    discord.set_bot(BotRights { mention_everyone: false, ..BotRights::ALL });
    discord.create(&json!({ "content": "@here <@12>" }));
    assert_eq!(pinged(), ["user:12"]);
}
