//! Posting, and everything that is refused.

use super::*;
use crate::sandbox::database::{DatabaseFacts, DeadLetter};
use crate::sandbox::discord::draft::check;
use crate::sandbox::discord::mentions::Sender;
use crate::sandbox::plain_client::get;
use crate::sandbox::scenario::Scenario;

#[test]
fn a_webhook_that_is_gone_or_has_another_token_is_refused() {
    let discord = start();
    let p0 = discord.p0();
    let wrong = format!("{}/webhooks/{}/not-the-token", discord.url(), p0.webhook_id());
    assert_eq!(code(&send("POST", &wrong, &format!("{AGENT}{JSON}"), "{}").unwrap()), (401, 50027));
    p0.revoke();
    assert_eq!(code(&p0.say("x")), (404, 10015));
    assert_eq!(code(&p0.ask("GET", "", "")), (404, 10015));
    assert_eq!((p0.uses_of_dead(), discord.all_messages().len()), (2, 0));
    assert_eq!(code(&discord.channel("p1-ops").unwrap().say("")), (400, 50006));
    p0.restore();
    assert_eq!(p0.say("x").status, 200);
    let unknown = format!("{}/webhooks/12/token", discord.url());
    assert_eq!(code(&send("GET", &unknown, AGENT, "").unwrap()), (404, 10015));
}

#[test]
fn who_names_no_agent_or_a_browser_is_stopped_on_the_way() {
    let discord = start();
    let url = discord.p0().hook();
    assert_eq!(code(&get(&url).unwrap()), (403, 40333));
    let browser = "user-agent: Mozilla/5.0 (X11; Linux x86_64)\r\n";
    assert_eq!(code(&send("GET", &url, browser, "").unwrap()), (403, 40333));
    assert_eq!(send("GET", &url, "user-agent: curl/8.5.0\r\n", "").unwrap().status, 200);
    assert_eq!(discord.invalid_requests(), 2);
}

#[test]
fn what_is_no_message_is_refused_with_its_code() {
    let discord = start();
    let p0 = discord.p0();
    for body in [json!({}), json!({ "content": "  ", "embeds": [] }), json!({ "content": null })] {
        assert_eq!(code(&p0.post(&body)), (400, 50006), "{body}");
    }
    assert_eq!(code(&p0.ask("POST", "", "{\"content\": ")), (400, 50109));
    let form = send("POST", &p0.hook(), AGENT, "{\"content\": \"x\"}").unwrap();
    assert_eq!(code(&form), (400, 50006), "JSON that is sent as form data");
    assert_eq!(code(&p0.post(&json!({ "content": "x", "thread_name": "y" }))), (400, 220_003));
    let nowhere = p0.ask("POST", "?thread_id=12", "{\"content\": \"x\"}");
    assert_eq!(code(&nowhere), (404, 10003));
    assert!(discord.all_messages().is_empty());
}

/// Path and code of each error, as a client flattens them.
fn flat(tree: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, below) in tree.as_object().unwrap() {
        match below.as_array() {
            Some(errors) => {
                let codes = errors.iter().map(|error| error["code"].as_str().unwrap());
                found.extend(codes.map(|code| format!("{path}: {code}")));
            }
            None => found.extend(flat(below, format!("{path}.{name}").trim_start_matches('.'))),
        }
    }
    found
}

#[test]
fn each_limit_is_named_with_the_place_where_it_is_passed() {
    let discord = start();
    let p0 = discord.p0();
    let long = |count: usize| "あ".repeat(count);
    let embed = |embed: Value| json!({ "embeds": [embed] });
    let field =
        |name: String, value: String| json!({ "fields": [{ "name": name, "value": value }] });
    let url = format!("https://{}.example", long(2048));
    for (body, error) in [
        (json!({ "content": long(2001) }), "content: BASE_TYPE_MAX_LENGTH"),
        (json!({ "content": ["x"] }), "content: STRING_TYPE_CONVERT"),
        (json!("text"), ": DICT_TYPE_CONVERT"),
        (json!({ "embeds": { "title": "x" } }), "embeds: LIST_TYPE_CONVERT"),
        (json!({ "embeds": ["x"] }), "embeds.0: MODEL_TYPE_CONVERT"),
        (json!({ "embeds": vec![json!({ "title": "x" }); 11] }), "embeds: BASE_TYPE_MAX_LENGTH"),
        (embed(json!({})), "embeds.0.description: BASE_TYPE_REQUIRED"),
        (embed(json!({ "title": long(257) })), "embeds.0.title: BASE_TYPE_MAX_LENGTH"),
        (embed(json!({ "description": long(4097) })), "embeds.0.description: BASE_TYPE_MAX_LENGTH"),
        (embed(json!({ "title": "x", "color": "#E74C3C" })), "embeds.0.color: NUMBER_TYPE_COERCE"),
        (embed(json!({ "title": "x", "color": 16_777_216 })), "embeds.0.color: NUMBER_TYPE_MAX"),
        (embed(json!({ "title": "x", "color": -1 })), "embeds.0.color: NUMBER_TYPE_MIN"),
        (
            embed(json!({ "title": "x", "timestamp": "2026/11/21 18:12" })),
            "embeds.0.timestamp: DATE_TIME_TYPE_PARSE",
        ),
        (embed(json!({ "title": "x", "url": "ftp://x" })), "embeds.0.url: URL_TYPE_INVALID_SCHEME"),
        (embed(json!({ "title": "x", "url": "x" })), "embeds.0.url: URL_TYPE_INVALID_URL"),
        (embed(json!({ "image": { "url": url } })), "embeds.0.image.url: BASE_TYPE_MAX_LENGTH"),
        (
            embed(json!({ "footer": { "text": long(2049) } })),
            "embeds.0.footer.text: BASE_TYPE_MAX_LENGTH",
        ),
        (
            embed(json!({ "author": { "name": long(257) } })),
            "embeds.0.author.name: BASE_TYPE_MAX_LENGTH",
        ),
        (embed(field(String::new(), long(1))), "embeds.0.fields.0.name: BASE_TYPE_REQUIRED"),
        (embed(field(long(1), long(1025))), "embeds.0.fields.0.value: BASE_TYPE_MAX_LENGTH"),
        (
            json!({ "embeds": vec![json!({ "description": long(3001) }); 2] }),
            "embeds: MAX_EMBED_SIZE_EXCEEDED",
        ),
        (
            json!({ "content": "x", "username": "My Discord" }),
            "username: USERNAME_INVALID_CONTAINS",
        ),
        (json!({ "content": "x", "username": long(81) }), "username: BASE_TYPE_MAX_LENGTH"),
        (
            json!({ "content": "x", "allowed_mentions": { "parse": ["here"] } }),
            "allowed_mentions.parse.0: BASE_TYPE_CHOICES",
        ),
        (
            json!({ "content": "x", "allowed_mentions": { "parse": ["users"], "users": ["1"] } }),
            "allowed_mentions: MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        ),
    ] {
        let reply = p0.post(&body);
        assert_eq!(code(&reply), (400, 50035), "{error}");
        let errors = flat(&reply.json()["errors"], "");
        assert!(errors.iter().any(|known| known == error), "{error} in {errors:?}");
    }
    assert!(discord.all_messages().is_empty());
}

#[test]
fn of_old_an_error_is_a_list_of_names() {
    let discord = start();
    let url = discord.p0().webhook_url();
    let body = json!({ "embeds": [{ "title": "x".repeat(257) }] }).to_string();
    let reply = send("POST", url.expose_secret(), &format!("{AGENT}{JSON}"), &body).unwrap();
    assert_eq!((reply.status, reply.json()), (400, json!({ "embeds": ["0"] })));
}

#[test]
fn what_is_full_to_the_brim_is_taken() {
    let discord = start();
    let reply = discord.p0().post(&json!({
        "content": format!(" {} ", "あ".repeat(2000)),
        "username": "x".repeat(80),
        "embeds": [{ "title": "あ".repeat(256), "color": 16_777_215,
            "timestamp": "2026-11-21T18:12:00.000+09:00", "url": "https://parky.example/x" }],
    }));
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(discord.messages(P0)[0].content.chars().count(), 2000);
}

#[test]
fn a_post_is_stored_with_wait_or_without() {
    let discord = start();
    let p0 = discord.p0();
    let made = p0.say("one").json();
    assert_eq!(made["channel_id"], p0.id());
    assert_eq!(made["webhook_id"], p0.webhook_id());
    assert_eq!(p0.ask("POST", "", "{\"content\": \"two\"}").status, 204);
    let posted = discord.messages(P0);
    assert_eq!(posted.iter().map(|one| one.content.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(made["id"], posted[0].id);
    let id: i64 = posted[0].id.parse().unwrap();
    let ms = (id >> 22) + 1_420_070_400_000;
    assert_eq!(ms, posted[0].at.timestamp_millis(), "an id tells its time");
    assert!(posted[0].at >= now());
    assert!(discord.messages("p1-ops").is_empty());
}

#[test]
fn it_reads_edits_and_deletes_its_own_messages_only() {
    let discord = start();
    let p0 = discord.p0();
    let theirs = p0.post_as_other("theirs").unwrap();
    let mine = p0.say("mine").json()["id"].as_str().unwrap().to_owned();
    for method in ["GET", "PATCH", "DELETE"] {
        let reply = p0.ask(method, &format!("/messages/{theirs}"), "{\"content\": \"x\"}");
        assert_eq!(code(&reply), (404, 10008), "{method}");
    }
    let mine = format!("/messages/{mine}");
    assert_eq!(p0.ask("GET", &mine, "").json()["content"], "mine");
    let edited = p0.ask("PATCH", &mine, "{\"content\": \"better @everyone\"}").json();
    assert_eq!(edited["content"], "better @everyone");
    let posted = discord.messages(P0);
    assert!(posted[1].edited.is_some() && posted[1].pinged.is_empty());
    assert_eq!(code(&p0.ask("PATCH", &mine, "{\"content\": \"\"}")), (400, 50006));
    assert_eq!(p0.ask("DELETE", &mine, "").status, 204);
    assert_eq!(code(&p0.ask("GET", &mine, "")), (404, 10008));
    assert_eq!(discord.messages(P0).len(), 1);
}

#[test]
fn a_webhook_tells_where_it_posts_to_and_may_be_moved() {
    let discord = start();
    let p0 = discord.p0();
    let seen = || {
        let webhook = p0.ask("GET", "", "").json();
        (webhook["guild_id"].as_str().unwrap().to_owned(), webhook["channel_id"].clone())
    };
    assert_eq!(seen(), (GUILD_ID.to_owned(), json!(p0.id())));
    assert!(p0.point_webhook_at("p1-ops") && !p0.point_webhook_at("nowhere"));
    assert_eq!(seen().1, discord.channel("p1-ops").unwrap().id());
    p0.move_webhook(77_000_000);
    assert_eq!(seen().0, "77000000");
    p0.say("x");
    assert_eq!((discord.messages(P0).len(), discord.messages("elsewhere").len()), (0, 1));
}

#[test]
fn whom_a_message_pings_is_remembered() {
    let discord = start();
    let p0 = discord.p0();
    let text = "@everyone <@12>";
    for (more, pinged) in [
        (json!({}), vec!["user:12"]),
        (json!({ "allowed_mentions": { "parse": [] } }), vec![]),
        (json!({ "allowed_mentions": { "parse": ["everyone"] } }), vec!["everyone"]),
        (json!({ "allowed_mentions": { "parse": ["everyone"] }, "flags": 4096 }), vec![]),
        (
            json!({ "content": "", "embeds": [{ "title": text }],
            "allowed_mentions": { "parse": ["everyone", "users"] } }),
            vec![],
        ),
    ] {
        let mut body = json!({ "content": text });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(p0.post(&body).status, 200);
        assert_eq!(discord.messages(P0).last().unwrap().pinged, pinged, "{more}");
    }
}

/// The open rows of a scenario whose payload Discord would not take, by title.
fn refused(scenario: Scenario) -> (usize, Vec<String>) {
    let rows: Vec<DeadLetter> = match scenario.facts(now()).database {
        DatabaseFacts::Serves(rows) => rows,
        DatabaseFacts::Refuses | DatabaseFacts::BadPassword => Vec::new(),
    };
    let open: Vec<_> = rows.into_iter().filter(|row| row.status == "failed").collect();
    let taken = |row: &DeadLetter| {
        row.payload.as_ref().is_some_and(|body| check(body, Sender::Webhook).is_ok())
    };
    let refused = open.iter().filter(|row| !taken(row)).filter_map(|row| row.title.clone());
    (open.len(), refused.collect())
}

#[test]
fn every_lost_alert_can_be_delivered() {
    assert_eq!(refused(Scenario::BadDeploy), (40, Vec::new()));
}

#[test]
fn of_the_dead_letters_exactly_the_bad_payloads_are_refused() {
    let (_, mut titles) = refused(Scenario::DeadLetters);
    titles.retain(|title| !title.ends_with("長い題"));
    titles.sort();
    let expected = [
        "color is too great",
        "color is text",
        "content of 2001",
        "date in another format",
        "eleven embeds",
        "embed is empty",
        "embeds holds null",
        "embeds is an object",
        "embeds of 6002 in all",
        "field without a name",
        "payload is JSON null",
        "payload is SQL NULL",
        "payload is a number",
        "payload is a string of JSON",
        "payload is a string of a string",
        "payload is a string of text",
        "payload is an array",
        "payload is an empty object",
        "title of 257",
        "username of discord",
    ];
    let mut expected = expected.map(str::to_owned);
    expected.sort();
    assert_eq!(titles, expected);
}
