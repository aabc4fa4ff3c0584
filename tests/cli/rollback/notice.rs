//! What the team's channel, the ledger, the spool and the journal have of a rollback.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use parky_ops::sandbox::discord::{
    ChannelStandIn, DiscordFacts, DiscordStandIn, GUILD_ID, Mishap, Odd, Posted,
};
use parky_ops::sandbox::server::{Canned, Stage};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::*;
use crate::harness::{Run, state_texts};

/// A worker on Cloudflare, and a Discord in which prod has `#p1-ops` and dev has `#p2-deploys`.
pub(super) struct NoticeSite {
    pub(super) cloudflare: CloudflareSite,
    pub(super) discord: DiscordStandIn,
}

impl NoticeSite {
    pub(super) fn new() -> Self {
        Self::of(three())
    }

    fn of(cloudflare: CloudflareSite) -> Self {
        let stage: Arc<Stage> = Stage::start().unwrap();
        let discord = DiscordStandIn::start(&stage, &DiscordFacts::new(Utc::now())).unwrap();
        let site = Self { cloudflare, discord };
        let script = format!("prod = \"{SCRIPT}\"");
        site.cloudflare
            .site
            .edit(|config| config.replace(&script, &format!("{script}, dev = \"{SCRIPT}\"")));
        let set = |key: &str, value: &str| site.cloudflare.site.set(key, &format!("{value:?}"));
        set("urls.discord", &site.discord.url());
        set("env.dev.cloudflare_account", ACCOUNT_ID);
        for (env, name) in [("prod", "p1-ops"), ("dev", "p2-deploys")] {
            let channel = site.channel(name);
            set(&format!("env.{env}.discord_guild"), GUILD_ID);
            set(&format!("env.{env}.webhooks.{name}"), channel.webhook_url().expose_secret());
            set(&format!("channels.{name}.id"), &channel.id());
        }
        site
    }

    fn channel(&self, name: &str) -> ChannelStandIn<'_> {
        self.discord.channel(name).unwrap()
    }

    fn ops(&self) -> ChannelStandIn<'_> {
        self.channel("p1-ops")
    }

    fn told(&self) -> Vec<Posted> {
        self.discord.messages("p1-ops")
    }

    fn state_dir(&self) -> PathBuf {
        self.cloudflare.site.home().join("state")
    }

    pub(super) fn run(&self, words: &str) -> Run {
        self.cloudflare.run(words).var("PARKY_OPS_STATE_DIR", self.state_dir())
    }

    /// The first column of what the local state answers.
    fn texts(&self, sql: &str) -> Vec<String> {
        state_texts(&self.state_dir().join("state.db"), sql)
    }

    fn sends(&self) -> Vec<String> {
        self.texts("SELECT kind || ' ' || lane || ' ' || coalesce(fate, '-') FROM send ORDER BY id")
    }

    fn spool(&self) -> Vec<String> {
        self.texts("SELECT channel || ' ' || state || ' ' || body FROM spool ORDER BY id")
    }

    fn journal(&self) -> Vec<String> {
        self.texts("SELECT kind || ' ' || json_extract(data, '$.result') FROM journal ORDER BY seq")
    }
}

/// `started result`, as `delivered spooled`.
pub(super) fn ends(done: &Done) -> String {
    let notice = &done.data()["notice"];
    let word = |end: &str| notice[end]["state"].as_str().unwrap().to_owned();
    format!("{} {}", word("started"), word("result"))
}

fn reason(done: &Done, end: &str) -> String {
    done.data()["notice"][end]["reason"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn prod_is_told_in_p1_ops_when_it_begins_and_how_it_ends() {
    let site = NoticeSite::new();
    let done = site.run(AGREED).arg("--reason").arg("503s").var("PARKY_OPS_OPERATOR", "aiko");
    let done = done.exits(0);
    assert_eq!((said(&done), ends(&done)), ("sent live".into(), "delivered delivered".into()));
    let told = site.told();
    assert_eq!((told.len(), site.discord.all_messages().len()), (2, 2));
    let (began, ended) = (&told[0].content, &told[1].content);
    for words in
        ["【ロールバック開始】prod / worker `public`", "`@14 (", "`@13 (", "503s", "aiko", "JST"]
    {
        assert!(began.contains(words), "{words} in {began}");
    }
    let undo = format!("取り消し: `parky-ops rollback worker public --to {}`", id(14));
    for words in ["【ロールバック完了】", "検証: 未実施", undo.as_str()] {
        assert!(ended.contains(words), "{words} in {ended}");
    }
    assert!(told.iter().all(|message| message.pinged.is_empty() && message.flags == 0));
    let notice = done.data()["notice"].clone();
    assert_eq!(
        (&notice["channel"], &notice["result"]["message_id"]),
        (&json!("p1-ops"), &json!(told[1].id))
    );
    assert!(notice["result"]["link"].as_str().unwrap().ends_with(&told[1].id), "{notice:#}");

    assert_eq!(site.sends(), ["rollback p1-ops delivered"; 2]);
    assert_eq!(site.journal(), ["rollback started", "rollback live"]);
    assert_eq!(done.data()["journal"], json!({"started": 1, "result": 2}));
    let line = site.texts("SELECT actor || ': ' || text FROM journal WHERE seq = 2").remove(0);
    assert!(line.starts_with("aiko: rollback of public ended: live: @14 ("), "{line}");
    assert!(line.ends_with(", by api (503s)"), "{line}");
    let data = site.texts("SELECT data FROM journal WHERE seq = 2").remove(0);
    let data: Value = serde_json::from_str(&data).unwrap();
    assert_eq!((&data["target"], &data["method"]), (&json!("public"), &json!("api")));
    assert_eq!((&data["from"]["number"], &data["to"]["number"]), (&json!(14), &json!(13)));
}

#[test]
fn dev_is_told_in_p2_deploys_without_a_sound() {
    let site = NoticeSite::new();
    let done =
        site.run("--env dev rollback worker public --yes --verify 0 --json --lang en").exits(0);
    assert_eq!(ends(&done), "delivered delivered");
    let told = site.discord.messages("p2-deploys");
    assert_eq!((told.len(), site.told().len()), (2, 0));
    assert!(told[0].content.starts_with("[rollback begins] dev / worker"), "{told:#?}");
    assert!(told.iter().all(|message| message.flags == 4096));
    assert_eq!(site.texts("SELECT DISTINCT env FROM journal"), ["dev"]);
}

#[test]
fn a_webhook_of_another_environment_is_not_used() {
    let site = NoticeSite::new();
    let dev = site.channel("p2-deploys").webhook_url();
    // Prod has none; dev has one of that name; and dev does not take one that is nobody's.
    site.cloudflare.site.remove("env.prod.webhooks.p1-ops");
    site.cloudflare.site.set("env.dev.webhooks.p1-ops", &format!("{:?}", dev.expose_secret()));
    assert_eq!(ends(&site.run(AGREED).exits(0)), "spooled spooled");
    site.cloudflare.site.remove("env.dev.webhooks.p2-deploys");
    site.cloudflare.site.remove("env.dev.discord_guild");
    let run = site.run("--env dev rollback worker public --yes --verify 0 --json --to @12");
    let done = run.var("DISCORD_WEBHOOK_P2_DEPLOYS", dev.expose_secret()).exits(0);
    assert_eq!(ends(&done), "spooled spooled");
    assert!(reason(&done, "result").contains("not tied to dev"), "{}", reason(&done, "result"));
    assert_eq!(site.discord.server().requests().len(), 0);
}

#[test]
fn no_notify_tells_nobody_and_still_writes_the_journal() {
    let site = NoticeSite::new();
    let done = site.run(&format!("{AGREED} --no-notify")).exits(0);
    assert_eq!(
        (ends(&done), reason(&done, "result")),
        ("skipped skipped".into(), "--no-notify".into())
    );
    assert_eq!(
        (site.discord.server().requests().len(), done.json()["caveats"].clone()),
        (0, json!([]))
    );
    assert_eq!(site.journal(), ["rollback started", "rollback live"]);
}

#[test]
fn the_card_says_who_will_be_told() {
    let site = NoticeSite::new();
    let plan = |words: &str| {
        let done = site.run(&format!("rollback worker public --dry-run --json {words}")).exits(0);
        done.hides(site.ops().webhook_url().expose_secret());
        done.data()["plan"].clone()
    };
    let told = plan("");
    let digits = site.ops().webhook_id();
    let digits = format!("…{}", &digits[digits.len() - 4..]);
    assert_eq!(
        told["notice"],
        json!({"channel": "p1-ops", "webhook": digits, "guild": GUILD_ID, "off": null})
    );
    assert!(told["changes"].to_string().contains("#p1-ops is told"), "{told:#}");
    assert!(
        plan("--no-notify")["changes"].to_string().contains("no channel is told (--no-notify)")
    );
    site.cloudflare.site.remove("env.prod.webhooks.p1-ops");
    let warned = plan("")["warnings"].to_string();
    assert!(warned.contains("#p1-ops cannot be told"), "{warned}");
    assert!(warned.contains("DISCORD_WEBHOOK_P1_OPS"), "it says what to set: {warned}");
    assert_eq!(site.discord.server().requests().len(), 0, "a plan asks Discord nothing");
    let both = site.run("rollback worker public --notify --no-notify --dry-run").exits(2);
    both.stderr_says("cannot be used with");
}

#[test]
fn without_a_webhook_the_notice_is_kept_and_the_rollback_goes_on() {
    let site = NoticeSite::new();
    site.cloudflare.site.remove("env.prod.webhooks.p1-ops");
    let done = site.run(AGREED).exits(0);
    assert_eq!((said(&done), ends(&done)), ("sent live".into(), "spooled spooled".into()));
    let spool = site.spool();
    assert_eq!((spool.len(), done.data()["notice"]["result"]["spool"].clone()), (2, json!(2)));
    assert!(spool[0].starts_with("p1-ops waiting {"), "{spool:?}");
    assert!(spool[1].contains("ロールバック完了"), "{spool:?}");
    let told: Vec<_> = done.json()["caveats"].as_array().unwrap().clone();
    assert_eq!(told.iter().filter(|caveat| caveat["code"] == "not-told").count(), 2);
    let text = site.run("rollback worker public --confirm public --verify 0").exits(0);
    text.stderr_says("kept in the spool");
    assert_eq!(site.sends(), [""; 0], "nothing left");
}

#[test]
fn a_webhook_of_another_server_or_channel_is_not_posted_to() {
    let site = NoticeSite::new();
    site.ops().move_webhook(1_500_000_000_000_000_000);
    let done = site.run(AGREED).exits(0);
    assert_eq!((said(&done), ends(&done)), ("sent live".into(), "spooled spooled".into()));
    assert!(reason(&done, "result").contains("of server 15"), "{}", reason(&done, "result"));
    assert_eq!(site.discord.server().requests().len(), 1, "it is looked at once");
    let site = NoticeSite::new();
    assert!(site.ops().point_webhook_at("p0-alerts"));
    assert_eq!(ends(&site.run(AGREED).exits(0)), "spooled spooled");
    assert_eq!(site.discord.all_messages().len(), 0);
}

#[test]
fn a_dead_webhook_is_called_once() {
    let site = NoticeSite::new();
    site.ops().revoke();
    assert_eq!(ends(&site.run(AGREED).exits(0)), "spooled spooled");
    assert_eq!(site.ops().uses_of_dead(), 1);
}

#[test]
fn a_discord_that_is_down_neither_fails_nor_holds_the_rollback_up() {
    let site = NoticeSite::new();
    site.ops().meet_when_looked_at(&Mishap::Answer(Canned::html(503)), 99);
    let done = site.run(AGREED).exits(0);
    assert_eq!((said(&done), ends(&done)), ("sent live".into(), "spooled spooled".into()));
    assert_eq!(site.discord.all_messages().len(), 0);
}

#[test]
fn a_discord_that_hangs_costs_a_moment_each_at_the_end() {
    for at_look in [true, false] {
        let site = NoticeSite::new();
        match at_look {
            true => site.ops().meet_when_looked_at(&Mishap::HangBeforeAccept, 99),
            false => site.ops().always_meet(&Mishap::HangBeforeAccept),
        }
        let baseline = site.run(&format!("{AGREED} --no-notify")).exits(0).took;
        let done = site.run(&format!("{AGREED} --to @12")).exits(0);
        let expected = if at_look { "spooled spooled" } else { "unsure unsure" };
        assert_eq!((said(&done), ends(&done)), ("sent live".into(), expected.into()));
        // Two seconds for each message, with threefold slack.
        let more = done.took.saturating_sub(baseline);
        assert!(more < Duration::from_secs(12), "{more:?}");
    }
}

#[test]
fn what_may_have_arrived_is_unsure_and_never_sent_again() {
    for mishap in
        [Mishap::ResetAfterAccept, Mishap::BadGatewayAfterAccept, Mishap::ErrorBeforeAccept]
    {
        let site = NoticeSite::new();
        let stored = !matches!(mishap, Mishap::ErrorBeforeAccept);
        site.ops().meet(&mishap, 1);
        let done = site.run(AGREED).exits(0);
        assert_eq!((said(&done), ends(&done)), ("sent live".into(), "unsure delivered".into()));
        assert_eq!(site.told().len(), 1 + usize::from(stored), "{mishap:?}");
        assert_eq!(site.sends(), ["rollback p1-ops unsure", "rollback p1-ops delivered"]);
        assert_eq!(site.spool(), [""; 0], "it is not offered again");
        let caveats = done.json()["caveats"].to_string();
        assert!(caveats.contains("is not known, look there"), "{caveats}");
    }
}

#[test]
fn a_429_is_waited_for_where_it_is_short_and_kept_where_it_is_not() {
    let site = NoticeSite::new();
    site.ops().meet(&Mishap::Limited(Odd::Float), 1);
    assert_eq!(ends(&site.run(AGREED).exits(0)), "delivered delivered");
    assert_eq!(
        site.sends(),
        ["released", "delivered", "delivered"].map(|fate| format!("rollback p1-ops {fate}"))
    );
    site.ops().always_meet(&Mishap::Limited(Odd::Hour));
    let done = site.run(&format!("{AGREED} --to @12")).exits(0);
    assert_eq!((said(&done), ends(&done)), ("sent live".into(), "spooled spooled".into()));
}

#[test]
fn a_notice_keeps_to_what_the_channel_has_left_of_its_minute() {
    let site = NoticeSite::new();
    let _ = site.run(&format!("{AGREED} --no-notify")).exits(0);
    // The ledger is born with the first notice; thirty posts of a replay stand in it.
    assert_eq!(ends(&site.run(&format!("{AGREED} --to @12")).exits(0)), "delivered delivered");
    let now = Utc::now().timestamp_micros();
    site.texts(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 28)
         INSERT INTO send (env, kind, subject, lane, payload_sha, intent_at)
         SELECT 'prod', 'replay', i, 'p1-ops', printf('%064d', i), {now} - i FROM n"
    ));
    let done = site.run(&format!("{AGREED} --to @14")).exits(0);
    assert_eq!((said(&done), ends(&done)), ("sent live".into(), "spooled spooled".into()));
    assert!(reason(&done, "result").contains("share of 60 s"), "{}", reason(&done, "result"));
    assert_eq!(site.told().len(), 2);
}

#[test]
fn without_a_ledger_nothing_is_told_and_the_rollback_goes_on() {
    let site = NoticeSite::new();
    let file = site.cloudflare.site.home().join("a-file");
    std::fs::write(&file, "").unwrap();
    for (place, version) in [(file.join("state"), 13), ("/proc/sys/state".into(), 12)] {
        let run = site.run(&format!("{AGREED} --to @{version}"));
        let done = run.var("PARKY_OPS_STATE_DIR", &place).exits(0);
        assert_eq!((said(&done), ends(&done)), ("sent live".into(), "skipped skipped".into()));
        assert!(reason(&done, "result").contains("without a ledger"), "{:#}", done.data());
        let codes: Vec<_> = done.json()["caveats"].as_array().unwrap().clone();
        let has = |code: &str| codes.iter().any(|caveat| caveat["code"] == code);
        assert!(has("not-told") && has("no-journal"), "{codes:?}");
        assert_eq!(done.data()["journal"], json!({"started": null, "result": null}));
    }
    assert_eq!(site.discord.all_messages().len(), 0);
}

#[test]
fn on_a_full_disk_nothing_is_told_and_the_rollback_goes_on() {
    let site = NoticeSite::new();
    let done = site.run(AGREED).with_room_for(16);
    assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
    assert_eq!((said(&done), ends(&done)), ("sent live".into(), "skipped skipped".into()));
    assert_eq!((site.discord.all_messages().len(), site.cloudflare.live()), (0, vec![13]));
}

#[test]
fn words_of_strangers_take_no_effect_in_the_channel() {
    const HOSTILE: &str =
        "@everyone [click](https://evil.example) `<@1400000000000000001>` \u{1b}[2J\u{202e}# x";
    let release = |number, hours| Release {
        message: HOSTILE,
        author: "<@&1>@here [a](http://b)",
        ..release(number, hours)
    };
    let site =
        NoticeSite::of(CloudflareSite::of_releases(vec![release(14, 1), release(13, 20)], None));
    let done =
        site.run(AGREED).arg("--reason").arg(HOSTILE).var("PARKY_OPS_OPERATOR", HOSTILE).exits(0);
    assert_eq!(ends(&done), "delivered delivered");
    for message in site.told() {
        assert_eq!(message.pinged, [""; 0]);
        for sign in ["@everyone", "@here", "](", "<@", "\u{1b}", "\u{202e}"] {
            assert!(!message.content.contains(sign), "{sign:?} in {}", message.content);
        }
    }
    let journal = site.texts("SELECT text || data FROM journal").concat();
    assert!(!journal.contains(['\u{1b}', '\u{202e}']), "{journal}");
}

#[test]
fn ctrl_c_after_the_request_still_tells_how_it_ended() {
    let site = NoticeSite::new();
    site.cloudflare.fault("/deployments", Fault::new(Act::OwnThenHang).on(Method::POST));
    let child = site.run(AGREED).command().spawn().unwrap();
    let pid = Pid::from_child(&child);
    let begun = std::time::Instant::now();
    while site.cloudflare.posts() == 0 || site.told().is_empty() {
        assert!(begun.elapsed().as_secs() < 40, "nothing left");
        std::thread::sleep(Duration::from_millis(10));
    }
    kill_process(pid, Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["data"]["state"], "live");
    let told = site.told();
    assert_eq!(told.len(), 2, "{:#}", document["data"]["notice"]);
    assert!(told[1].content.contains("正常かは未確認"), "{}", told[1].content);
    assert_eq!(site.journal(), ["rollback started", "rollback live"]);
}

#[test]
fn ctrl_c_while_discord_hangs_keeps_what_it_would_have_told() {
    let site = NoticeSite::new();
    site.ops().meet_when_looked_at(&Mishap::HangBeforeAccept, 99);
    site.cloudflare.fault("/deployments", Fault::new(Act::OwnThenHang).on(Method::POST));
    let child = site.run(AGREED).command().spawn().unwrap();
    let pid = Pid::from_child(&child);
    let begun = std::time::Instant::now();
    while site.cloudflare.posts() == 0 {
        assert!(begun.elapsed().as_secs() < 40, "nothing left");
        std::thread::sleep(Duration::from_millis(10));
    }
    kill_process(pid, Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["data"]["notice"]["result"]["state"], "spooled", "{document:#}");
    assert_eq!(site.spool().len(), 2);
}

#[test]
fn nothing_is_told_of_what_was_not_begun() {
    let site = NoticeSite::new();
    site.cloudflare.stand_in.colleague_deploys_after(1, SCRIPT, 12);
    let done = site.run(AGREED).exits(1);
    assert_eq!((said(&done), ends(&done)), ("none not_live".into(), "skipped skipped".into()));
    assert_eq!(site.discord.all_messages().len(), 0);
    assert_eq!(site.journal(), ["rollback not_live"], "an attempt all the same");
}

#[test]
fn a_refusal_is_told_too() {
    let site = NoticeSite::new();
    let body = parky_ops::sandbox::cloudflare::error_body(10000, "Authentication error");
    site.cloudflare.fault("/deployments", on_post(Act::Answer(Canned::json(403, &body))));
    let done = site.run(AGREED).exits(1);
    assert_eq!(
        (said(&done), ends(&done)),
        ("refused not_live".into(), "delivered delivered".into())
    );
    let ended = site.told()[1].content.clone();
    assert!(
        ended.starts_with("【ロールバック失敗】") && ended.contains("拒否: forbidden"),
        "{ended}"
    );
    assert!(!ended.contains("取り消し"), "there is nothing to undo: {ended}");
}

#[test]
fn the_script_tells_it_unless_ours_is_asked_for() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = NoticeSite::new();
    let path = site.cloudflare.site.home().join("rollback.sh");
    std::fs::write(&path, "#!/bin/sh\ntrue\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    site.cloudflare.site.set("rollback.script", &format!("{:?}", path.display().to_string()));
    let via = format!("{AGREED} --via script");
    let done = site.run(&via).exits(1);
    assert_eq!(ends(&done), "skipped skipped");
    assert_eq!(site.discord.server().requests().len(), 0);
    let card = site.run(&format!("{via} --dry-run")).exits(0).data()["plan"].to_string();
    assert!(card.contains("the script tells it; --notify for a notice of ours"), "{card}");
    let done = site.run(&format!("{via} --notify")).exits(1);
    assert_eq!(ends(&done), "delivered delivered");
    assert!(
        site.told()[0].content.contains("方法: スクリプト `rollback.sh`"),
        "{:#?}",
        site.told()
    );
    let methods = "SELECT DISTINCT json_extract(data, '$.method') FROM journal";
    assert_eq!(site.texts(methods), ["script"]);
}

#[test]
fn pages_are_told_as_workers_are() {
    let cloudflare = super::pages::pages();
    let site = NoticeSite::of(cloudflare);
    let done = site.run("rollback pages web --confirm web --json --reason OGP").exits(0);
    assert_eq!(ends(&done), "delivered delivered");
    let told = site.told();
    assert!(told[0].content.contains("prod / Pages `web`"), "{}", told[0].content);
    assert!(told[0].content.contains("理由: `OGP`"), "{}", told[0].content);
    assert!(told[1].content.contains("parky-ops rollback pages web --to "), "{}", told[1].content);
}
