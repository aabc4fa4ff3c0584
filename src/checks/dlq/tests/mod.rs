//! The questions against a real table.

mod ledger;

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::{Day, DeadLetterFacts, Hour, P0, Reader, Span, judge_day, judge_hour, judge_p0};
use crate::checks::database::test_support::thresholds;
use crate::config::DlqTable;
use crate::dlq::settled::LocalPlace;
use crate::dlq::table::testing::table;
use crate::domain::{Clock, EnvName, Judgement, ReasonCode, State};
use crate::postgres::testing::{Client, Database, session};
use crate::postgres::{Session, Target};

fn verdict(judgement: &Judgement) -> (State, ReasonCode) {
    (judgement.state, judgement.reason.code)
}

/// What the three questions bring back, or why not.
struct Answers {
    p0: Result<P0, Judgement>,
    day: Result<Day, Judgement>,
    hour: Result<Hour, Judgement>,
    start: Option<DateTime<Utc>>,
    caveats: usize,
}

async fn ask(session: &mut Session, table: &DlqTable) -> Answers {
    ask_with(session, table, None).await
}

async fn ask_with(session: &mut Session, table: &DlqTable, state_dir: Option<&Path>) -> Answers {
    let clock = Clock::fixed(DateTime::UNIX_EPOCH);
    let ledger = LocalPlace { env: &EnvName::prod(), state_dir, clock };
    let mut reader = Reader::look(session, table, &ledger).await;
    let p0 = reader.p0(session).await;
    let day = reader.day(session).await;
    let hour = reader.hour(session).await;
    let start = reader.start(session).await.unwrap_or_default();
    Answers { p0, day, hour, start, caveats: reader.caveats().count() }
}

async fn ask_as(target: &Target, table: &DlqTable) -> Answers {
    ask(&mut session(target).await, table).await
}

impl Answers {
    /// The one reason for which nothing could be read.
    fn refusal(self) -> (State, ReasonCode, String) {
        let [p0, day, hour] = [self.p0.err(), self.day.err(), self.hour.err()].map(Option::unwrap);
        assert_eq!(verdict(&p0), verdict(&day));
        assert_eq!(verdict(&p0), verdict(&hour));
        (p0.state, p0.reason.code, p0.reason.text)
    }

    fn is_filtered(&self) -> bool {
        self.p0.as_ref().unwrap().filtered
    }
}

/// Inserts a row; `ago` in minutes.
fn row(ago: u32, channel: &str, severity: &str, http: &str, told: bool, status: &str) -> String {
    format!(
        "INSERT INTO admin.notification_failures
           (attempted_at, channel, severity, http_status, fallback_email_sent, status, error_message)
         VALUES (now() - interval '{ago} minutes', '{channel}', '{severity}', {http}, {told},
                 '{status}', 'POST https://discord.com/api/webhooks/1/secret failed');"
    )
}

#[tokio::test]
async fn the_table_is_not_there() {
    let database = Database::new().await;
    let (state, code, text) = ask_as(&database.target, &table()).await.refusal();
    assert_eq!((state, code), (State::Unknown, ReasonCode::NoTable));
    assert!(text.contains("schema admin"), "{text}");

    database.run("CREATE SCHEMA admin").await;
    let (_, code, text) = ask_as(&database.target, &table()).await.refusal();
    assert_eq!(code, ReasonCode::NoTable);
    assert!(text.contains("admin.notification_failures"), "{text}");
}

#[tokio::test]
async fn the_role_has_no_right() {
    let database = Database::with_dead_letters().await;
    let role = database.role("SELECT 1").await;
    for (grant, word) in [
        ("SELECT 1", "USAGE"),
        ("GRANT USAGE ON SCHEMA admin TO {role}", "attempted_at"),
        (
            "GRANT SELECT (attempted_at, status, http_status, severity)
             ON admin.notification_failures TO {role}",
            "fallback_email_sent",
        ),
    ] {
        database.run(&grant.replace("{role}", &role.user)).await;
        let refusal = ask_as(&role, &table()).await.p0.unwrap_err();
        assert_eq!(verdict(&refusal), (State::Unknown, ReasonCode::NoPermission));
        assert!(refusal.reason.text.contains(word), "{}", refusal.reason.text);
    }
    // The hour needs less, so it is answered.
    assert!(ask_as(&role, &table()).await.hour.is_ok());
}

#[tokio::test]
async fn a_column_is_missing() {
    let database = Database::with_dead_letters().await;
    database.run("ALTER TABLE admin.notification_failures DROP COLUMN fallback_email_sent").await;
    let answers = ask_as(&database.target, &table()).await;
    let refusal = answers.day.unwrap_err();
    assert_eq!(verdict(&refusal), (State::Unknown, ReasonCode::NoColumn));
    assert!(refusal.reason.text.contains("fallback_email_sent"), "{}", refusal.reason.text);
    assert!(answers.hour.is_ok());

    let bare = Database::with_dead_letters().await;
    bare.run("ALTER TABLE admin.notification_failures DROP COLUMN channel").await;
    let day = ask_as(&bare.target, &table()).await.day.unwrap();
    assert!(day.by_channel.is_empty());
}

#[tokio::test]
async fn row_security_is_seen_through_views_too() {
    let database = Database::with_dead_letters().await;
    database.run(&row(5, "p0-alerts", "P0", "503", false, "failed")).await;
    let role = database
        .role(
            "ALTER TABLE admin.notification_failures ENABLE ROW LEVEL SECURITY;
             CREATE ROLE {role}_owner; GRANT USAGE ON SCHEMA admin TO {role}_owner;
             GRANT SELECT ON admin.notification_failures TO {role}_owner;
             CREATE VIEW admin.plain AS SELECT * FROM admin.notification_failures;
             CREATE VIEW admin.over AS SELECT * FROM admin.plain;
             CREATE VIEW admin.invoker WITH (security_invoker = true)
               AS SELECT * FROM admin.notification_failures;
             CREATE VIEW admin.owned AS SELECT * FROM admin.notification_failures;
             ALTER VIEW admin.owned OWNER TO {role}_owner;
             GRANT USAGE ON SCHEMA admin TO {role};
             GRANT SELECT ON ALL TABLES IN SCHEMA admin TO {role}",
        )
        .await;
    for (name, filtered, untold) in [
        ("notification_failures", true, 0),
        ("plain", false, 1),
        ("over", false, 1),
        ("invoker", true, 0),
        ("owned", true, 0),
    ] {
        let table = DlqTable { table: name.to_owned(), ..table() };
        let answers = ask_as(&role, &table).await;
        assert_eq!(answers.is_filtered(), filtered, "{name}");
        assert_eq!(answers.caveats, usize::from(filtered), "{name}");
        assert_eq!(answers.p0.unwrap().untold, untold, "{name}");
    }
    let owner = ask_as(&database.target, &table()).await;
    assert!(!owner.is_filtered());
    assert_eq!(owner.p0.unwrap().untold, 1);
}

#[tokio::test]
async fn a_locked_table_is_unknown_and_asked_once() {
    let database = Database::with_dead_letters().await;
    let mut holder = Client::open(&database.target).await;
    holder.run("BEGIN; ALTER TABLE admin.notification_failures ADD COLUMN x int").await;
    let began = tokio::time::Instant::now();
    let answers = ask_as(&database.target, &table()).await;
    assert!(began.elapsed() < std::time::Duration::from_secs(3));
    let second = answers.day.as_ref().unwrap_err().reason.text.clone();
    let (state, code, _) = answers.refusal();
    assert_eq!((state, code), (State::Unknown, ReasonCode::Locked));
    assert!(second.starts_with("not tried"), "{second}");
}

#[tokio::test]
async fn no_word_counts_as_open() {
    let database = Database::with_dead_letters().await;
    let nothing = DlqTable { open_status: vec![], ..table() };
    let (state, code, _) = ask_as(&database.target, &nothing).await.refusal();
    assert_eq!((state, code), (State::Unknown, ReasonCode::BadConfig));
}

#[tokio::test]
async fn names_and_words_from_the_configuration_are_only_that() {
    let database = Database::new().await;
    let (schema, name) = (r#"sch"ema'); DROP TABLE x; --"#, r"{open} \' table");
    let quoted = |s: &str| s.replace('"', "\"\"");
    database
        .run(&format!(
            r#"CREATE SCHEMA "{0}"; CREATE TABLE "{0}"."{1}" (attempted_at timestamptz,
               channel text, severity text, http_status int, fallback_email_sent bool, status text);
               INSERT INTO "{0}"."{1}" VALUES (now(), 'c', 'P1', 500, false, E'it''s \\ {{open}}')"#,
            quoted(schema),
            quoted(name)
        ))
        .await;
    let hostile = DlqTable {
        schema: schema.to_owned(),
        table: name.to_owned(),
        open_status: vec![r"it's \ {open}".to_owned(), "') OR true --".to_owned()],
        ..table()
    };
    let day = ask_as(&database.target, &hostile).await.day.unwrap();
    assert_eq!((day.open, day.rows), (1, 1));
}

#[tokio::test]
async fn names_are_not_cut_to_what_the_server_keeps() {
    let database = Database::new().await;
    let kept = "x".repeat(63);
    database.run(&format!("CREATE SCHEMA admin; CREATE TABLE admin.{kept} ()")).await;
    let longer = DlqTable { table: "x".repeat(64), ..table() };
    let (_, code, _) = ask_as(&database.target, &longer).await.refusal();
    assert_eq!(code, ReasonCode::NoTable);
}

#[tokio::test]
async fn figures_of_a_filled_table() {
    let database = Database::with_dead_letters().await;
    let rows = [
        row(5, "#p0-alerts", "P0", "503", false, "failed"),
        row(10, "p0-alerts", "P0", "503", true, "failed"),
        row(15, "p1-ops", "P1", "NULL", false, "failed"),
        row(20, "p1-ops", "P1", "404", false, "delivered"),
        // A quiet hour lies before the run above and after these.
        row(90, "p2-deploys", "P2", "429", false, "failed"),
        row(60 * 30, "p0-alerts", "P0", "500", false, "failed"),
        row(60 * 31, "p0-alerts", "P0", "500", true, "failed"),
        row(60 * 32, "p0-alerts", "P0", "500", false, "delivered"),
    ];
    database.run(&rows.concat()).await;
    let Answers { p0, day, hour, start, caveats } = ask_as(&database.target, &table()).await;
    let (p0, day, hour) = (p0.unwrap(), day.unwrap(), hour.unwrap());
    let map = |entries: &[(&str, u64)]| -> BTreeMap<String, u64> {
        entries.iter().map(|(key, n)| ((*key).to_owned(), *n)).collect()
    };

    assert_eq!((p0.untold, p0.told, p0.untold_older, p0.told_older), (1, 1, 1, 1));
    assert_eq!((day.rows, day.open, day.p0_untold, day.p0_told), (5, 4, 1, 1));
    assert_eq!(day.by_channel, map(&[("p0-alerts", 2), ("p1-ops", 1), ("p2-deploys", 1)]));
    assert_eq!(day.by_severity, map(&[("P0", 2), ("P1", 1), ("P2", 1)]));
    assert_eq!(hour.open_by_status(), map(&[("503", 2), ("none", 1)]));
    assert_eq!(caveats, 0);

    let Span { first_at, last_at } = hour.span;
    let minutes = (last_at.unwrap() - first_at.unwrap()).num_minutes();
    assert_eq!(minutes, 15, "all rows of the hour, the delivered one too");
    assert_eq!((day.span.last_at.unwrap() - start.unwrap()).num_minutes(), 10);

    let facts = DeadLetterFacts::of(Some(&p0), Some(&day), Some(&hour)).unwrap();
    assert_eq!((facts.untold_p0, facts.told_p0, facts.open_24h), (1, 1, Some(4)));
    let less = DeadLetterFacts::of(None, Some(&day), None).unwrap();
    assert_eq!((less.untold_p0, less.last_hour), (1, None));
    assert_eq!(DeadLetterFacts::of(None, None, Some(&hour)), None);
    for judgement in [judge_p0(&p0), judge_day(&day), judge_hour(&hour, &thresholds())] {
        let whole = serde_json::to_string(&judgement).unwrap();
        assert!(!whole.contains("webhooks"), "{whole}");
    }
}

#[tokio::test]
async fn a_run_that_ended_an_hour_ago_is_no_start() {
    for (minutes_ago, start) in [
        (&[70, 80][..], None),
        (&[50, 105, 160], Some(160)),
        (&[50, 115, 160], Some(50)),
        (&[0, 59, 118, 178], Some(118)),
        (&[], None),
    ] {
        let database = Database::with_dead_letters().await;
        let rows: String = minutes_ago
            .iter()
            .map(|ago| row(*ago, "c", "P1", "503", false, "failed"))
            .chain([row(30, "c", "P1", "503", false, "delivered")])
            .collect();
        database.run(&rows).await;
        let Answers { day, start: found, .. } = ask_as(&database.target, &table()).await;
        let day = day.unwrap();
        let newest = minutes_ago.first().copied().unwrap_or_default();
        let found =
            found.map(|at| (day.span.last_at.unwrap() - at).num_minutes() + i64::from(newest));
        assert_eq!(found, start, "{minutes_ago:?}");
    }
}

#[tokio::test]
async fn other_kinds_of_tables_and_types_do() {
    let database = Database::new().await;
    database
        .run(
            "CREATE SCHEMA admin;
             CREATE TYPE sev AS ENUM ('P0', 'P1'); CREATE TYPE st AS ENUM ('failed', 'gone');
             CREATE TABLE admin.parts (attempted_at timestamptz, channel varchar(20), severity sev,
               http_status smallint, fallback_email_sent bool, status st)
               PARTITION BY RANGE (attempted_at);
             CREATE TABLE admin.part PARTITION OF admin.parts DEFAULT;
             INSERT INTO admin.parts VALUES (now(), ' #c ', 'P0', 503, NULL, 'failed'),
               (now(), NULL, NULL, NULL, NULL, NULL);
             CREATE VIEW admin.v AS SELECT * FROM admin.parts;
             CREATE MATERIALIZED VIEW admin.m AS SELECT * FROM admin.parts;
             CREATE TABLE admin.words AS SELECT attempted_at::timestamp, channel,
               severity::text, http_status::text, fallback_email_sent, status::text
               FROM admin.parts",
        )
        .await;
    let mut session = database.session().await;
    for name in ["parts", "v", "m", "words"] {
        let table = DlqTable { table: name.to_owned(), ..table() };
        let Answers { p0, day, hour, .. } = ask(&mut session, &table).await;
        let (day, hour) = (day.unwrap(), hour.unwrap());
        assert_eq!(p0.unwrap().untold, 1, "{name}");
        assert_eq!((day.rows, day.open), (2, 1), "{name}");
        assert_eq!(day.by_channel.get("c"), Some(&1), "{name}");
        assert_eq!(hour.open_by_status().get("503"), Some(&1), "{name}");
    }
}
