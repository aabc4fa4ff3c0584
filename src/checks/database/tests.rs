//! The whole group against real servers. What is seen of the whole server (locks, slots, sessions) is
//! tested on a server of its own, since the shared one is busy with other tests.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::Instant;

use super::test_support::thresholds;
use super::{CHECKS, DatabaseInput, DatabaseReport, gather};
use crate::config::{Origin, Thresholds};
use crate::dlq::settled::LocalPlace;
use crate::dlq::table::testing::table;
use crate::domain::{Check, Clock, EnvName, Judgement, Reach, ReasonCode, Redactor, Source, State};
use crate::postgres::Target;
use crate::postgres::testing::{
    Bouncer, Client, Cluster, DEAD_LETTERS, Database, PASSWORD, free_port,
};

const ALL: [Source; 4] = [Source::Database, Source::Connections, Source::Locks, Source::Dlq];

struct Ask {
    wanted: BTreeSet<Source>,
    thresholds: Thresholds,
    within: Duration,
}

impl Default for Ask {
    fn default() -> Self {
        Self { wanted: ALL.into(), thresholds: thresholds(), within: Duration::from_secs(8) }
    }
}

impl Ask {
    async fn of(self, target: Result<&Target, Judgement>) -> DatabaseReport {
        let clock = Clock::fixed("2026-11-21T18:55:00Z".parse().unwrap());
        gather(DatabaseInput {
            target: target.map(|target| (target, &Origin::Flag("--test"))),
            table: &table(),
            ledger: LocalPlace { env: &EnvName::prod(), state_dir: None, clock },
            thresholds: &self.thresholds,
            wanted: &self.wanted,
            clock,
            redactor: &Redactor::default(),
            deadline: Instant::now() + self.within,
            ping: None,
        })
        .await
    }
}

async fn ask(target: &Target) -> DatabaseReport {
    Ask::default().of(Ok(target)).await
}

fn check<'a>(report: &'a DatabaseReport, name: &str) -> &'a Check {
    report.checks.iter().find(|check| check.name == name).unwrap()
}

fn said(report: &DatabaseReport, name: &str) -> (State, ReasonCode) {
    let check = check(report, name);
    (check.state, check.reason.code)
}

fn names(report: &DatabaseReport) -> Vec<(Source, &str)> {
    report.checks.iter().map(|check| (check.source, check.name.as_str())).collect()
}

#[tokio::test]
async fn without_a_credential_everything_is_unknown_for_that_reason() {
    let why = Judgement::unknown(ReasonCode::NoCredential, "set SUPABASE_DB_URL");
    let report = Ask::default().of(Err(why)).await;
    assert_eq!(names(&report), CHECKS);
    for check in &report.checks {
        assert_eq!((check.state, check.reason.code), (State::Unknown, ReasonCode::NoCredential));
        assert_eq!(check.reach, Reach::NotTried);
    }
    assert_eq!(report.dead_letters, None);
}

#[tokio::test]
async fn a_server_that_refuses_is_red_once_and_the_rest_was_not_tried() {
    let target = Target { port: free_port(), ..Cluster::shared().target("postgres") };
    let report = ask(&target).await;
    assert_eq!(names(&report), CHECKS);
    assert_eq!(said(&report, "connect"), (State::Red, ReasonCode::Refused));
    for check in &report.checks[1..] {
        assert_eq!((check.state, check.reason.code), (State::Unknown, ReasonCode::NotTried));
        assert_eq!(check.reach, Reach::NotReached);
        assert!(check.reason.text.contains("the connection failed"), "{}", check.reason.text);
    }
}

#[tokio::test]
async fn a_refused_password_is_the_reason_of_every_check() {
    let target =
        Target { password: Some("a-wrong-one".into()), ..Cluster::shared().target("postgres") };
    let report = ask(&target).await;
    for check in &report.checks {
        assert_eq!((check.state, check.reason.code), (State::Unknown, ReasonCode::Unauthorized));
        assert!(!check.reason.text.contains("a-wrong-one"), "{}", check.reason.text);
        assert!(check.reason.text.ends_with("(URL from --test)"), "{}", check.reason.text);
    }
}

#[tokio::test]
async fn a_server_without_a_connection_to_spare_measures_its_connections() {
    let database = Database::new().await;
    let target = database.role("ALTER ROLE {role} CONNECTION LIMIT 0").await;
    let report = ask(&target).await;
    assert_eq!(said(&report, "connect"), (State::Red, ReasonCode::Saturated));
    assert_eq!(said(&report, "connections"), (State::Red, ReasonCode::Saturated));
    assert_eq!(said(&report, "blocked"), (State::Unknown, ReasonCode::NotTried));
    assert_eq!(check(&report, "connect").evidence["sqlstate"], "53300");
}

#[tokio::test]
async fn a_server_that_says_nothing_does_not_hold_the_group_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let target = Target { port, ..Cluster::shared().target("postgres") };
    let thresholds = Thresholds { db_connect_red_ms: 300, ..thresholds() };
    let began = Instant::now();
    let report = Ask { thresholds, ..Ask::default() }.of(Ok(&target)).await;
    assert_eq!(said(&report, "connect"), (State::Red, ReasonCode::Timeout));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn out_of_time_is_unknown() {
    let target = Database::new().await.target;
    let report = Ask { within: Duration::ZERO, ..Ask::default() }.of(Ok(&target)).await;
    assert_eq!(names(&report), CHECKS);
    assert_eq!(said(&report, "connect"), (State::Unknown, ReasonCode::Deadline));
}

#[tokio::test]
async fn only_what_is_wanted_is_reported() {
    let target = Database::new().await.target;
    let wanted = [Source::Locks, Source::Connections].into();
    let report = Ask { wanted, ..Ask::default() }.of(Ok(&target)).await;
    assert_eq!(names(&report), [(Source::Connections, "connections"), (Source::Locks, "blocked")]);
}

#[tokio::test]
async fn the_dead_letters_say_when_it_began() {
    let database = Database::with_dead_letters().await;
    database
        .run(
            "INSERT INTO admin.notification_failures
               (attempted_at, channel, severity, http_status, fallback_email_sent)
             VALUES ('2026-11-20T00:00:00Z', 'p0-alerts', 'P1', 503, false),
                    (now() - interval '30 minutes', 'p0-alerts', 'P0', 503, false),
                    (now() - interval '10 minutes', 'p0-alerts', 'P0', NULL, true)",
        )
        .await;
    let report = ask(&database.target).await;
    assert_eq!(said(&report, "p0"), (State::Red, ReasonCode::UntoldP0));
    assert_eq!(said(&report, "last-24h"), (State::Red, ReasonCode::UntoldP0));
    assert_eq!(said(&report, "last-hour"), (State::Yellow, ReasonCode::Undelivered));
    let facts = report.dead_letters.as_ref().unwrap();
    assert_eq!((facts.untold_p0, facts.told_p0), (1, 1));
    let start = facts.first_open_after_quiet_hour.unwrap();
    let first_at = &check(&report, "p0").evidence["first_at"];
    assert_eq!(*first_at, start.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
}

#[tokio::test]
async fn the_group_can_run_on_a_task_of_its_own() {
    let target = Database::new().await.target;
    let report = tokio::spawn(async move { ask(&target).await }).await.unwrap();
    assert_eq!(names(&report), CHECKS);
}

#[tokio::test]
async fn a_read_only_database_is_red_and_a_read_only_role_hides_it() {
    let database = Database::new().await;
    let role = database.role("SELECT 1").await;
    let name = &role.database;
    database.run(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    assert_eq!(said(&ask(&database.target).await, "read-only"), (State::Red, ReasonCode::ReadOnly));

    let user = &role.user;
    let mut admin = Client::open(&Cluster::shared().target("postgres")).await;
    admin.run(&format!("ALTER ROLE {user} SET default_transaction_read_only = on")).await;
    let report = ask(&role).await;
    assert_eq!(said(&report, "read-only"), (State::Unknown, ReasonCode::LimitedView));
}

/// A server of its own with the dead-letter table, a role without rights and one that monitors.
async fn own_server(settings: &str) -> (Cluster, Target, Target, Target) {
    let cluster = Cluster::start(settings, None);
    let admin = cluster.target("postgres");
    let mut client = Client::open(&admin).await;
    client.run(DEAD_LETTERS).await;
    client
        .run(&format!(
            "CREATE ROLE app LOGIN PASSWORD '{PASSWORD}';
             CREATE ROLE monitor LOGIN PASSWORD '{PASSWORD}';
             GRANT pg_monitor TO monitor;
             CREATE TABLE work (id int PRIMARY KEY, v int);
             INSERT INTO work SELECT g, 0 FROM generate_series(1, 20) g"
        ))
        .await;
    let of = |user: &str| Target { user: user.to_owned(), ..admin.clone() };
    let (app, monitor) = (of("app"), of("monitor"));
    (cluster, admin, app, monitor)
}

#[tokio::test]
async fn a_quiet_server_is_green_directly_and_through_a_pooler() {
    let (cluster, admin, app, monitor) = own_server("").await;
    let report = ask(&admin).await;
    assert_eq!(names(&report), CHECKS);
    for check in &report.checks {
        assert_eq!(check.state, State::Green, "{check:?}");
        assert_eq!(check.measured_at.to_rfc3339(), "2026-11-21T18:55:00+00:00");
    }
    assert_eq!(report.caveats, []);
    assert!(report.dead_letters.is_some());

    let bouncer = Bouncer::start(cluster.port, 2);
    let through = ask(&Target { port: bouncer.port, ..admin.clone() }).await;
    assert!(through.checks.iter().all(|check| check.state == State::Green), "{through:?}");

    let seen = ask(&monitor).await;
    assert_eq!(said(&seen, "statements"), (State::Green, ReasonCode::Ok));

    let limited = ask(&app).await;
    for name in ["statements", "idle-in-transaction"] {
        assert_eq!(said(&limited, name), (State::Unknown, ReasonCode::LimitedView));
    }
    for name in ["connect", "query", "read-only", "slots", "xid", "connections", "blocked"] {
        assert_eq!(said(&limited, name), (State::Green, ReasonCode::Ok), "{name}");
    }
    for name in ["last-24h", "p0", "last-hour"] {
        assert_eq!(said(&limited, name), (State::Unknown, ReasonCode::NoPermission));
    }

    let mut client = Client::open(&admin).await;
    client.run("SELECT pg_create_physical_replication_slot('left_behind', true)").await;
    let report = ask(&app).await;
    assert_eq!(said(&report, "slots"), (State::Yellow, ReasonCode::SlotRetains));
    assert_eq!(check(&report, "slots").evidence["name"], "left_behind");
}

#[tokio::test]
async fn a_standby_is_said_to_be_one() {
    let (primary, ..) = own_server("").await;
    let standby = primary.standby();
    drop(Client::open(&standby.target("postgres")).await);
    let report = ask(&standby.target("postgres")).await;
    for check in &report.checks {
        assert_eq!(check.state, State::Green, "{check:?}");
    }
    assert_eq!(check(&report, "read-only").evidence["standby"], true);
    assert_eq!(report.caveats[0].code, "standby");
}

/// Asks until as many sessions are blocked as will be.
async fn until_blocked(target: &Target, n: u64) -> DatabaseReport {
    let began = Instant::now();
    loop {
        let report = ask(target).await;
        if check(&report, "blocked").evidence["blocked"] == n {
            return report;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", check(&report, "blocked"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn who_blocks_whom() {
    let (_cluster, admin, app, monitor) = own_server("").await;
    let mut holder = Client::open(&admin).await;
    holder.run("BEGIN; UPDATE work SET v = 1 WHERE id = 1").await;
    let open = async || Client::open(&admin).await;
    let first = open()
        .await
        .run_in_background("BEGIN; UPDATE work SET v = 2 WHERE id IN (1, 2); SELECT pg_sleep(60)");
    let report = until_blocked(&app, 1).await;
    assert_eq!(said(&report, "blocked"), (State::Yellow, ReasonCode::Blocked));

    // Behind the first: the table lock that a look at row locks alone does not see.
    let alter = open().await.run_in_background("ALTER TABLE work ADD COLUMN w int");
    until_blocked(&app, 2).await;
    let readers = [
        open().await.run_in_background("SELECT count(*) FROM work"),
        open().await.run_in_background("SELECT count(*) FROM work"),
        open().await.run_in_background("SELECT count(*) FROM work"),
    ];
    for target in [&app, &monitor] {
        let report = until_blocked(target, 5).await;
        assert_eq!(said(&report, "blocked"), (State::Red, ReasonCode::Blocked));
        let evidence = &check(&report, "blocked").evidence;
        assert_eq!(evidence["root_blocks"], 5, "{evidence:?}");
        assert!(evidence["depth"].as_u64().unwrap() >= 2, "{evidence:?}");
        assert!(evidence["longest_wait_s"].as_f64().is_some(), "{evidence:?}");
        assert_eq!(evidence["root_app"], "a client");
    }

    // The holder sits in its transaction and blocks: red once that is long.
    let now = Thresholds {
        idle_in_transaction_yellow_min: 0,
        idle_in_transaction_red_min: 0,
        statement_yellow_s: 0,
        statement_red_s: 100,
        ..thresholds()
    };
    let report = Ask { thresholds: now, ..Ask::default() }.of(Ok(&monitor)).await;
    assert_eq!(said(&report, "idle-in-transaction"), (State::Red, ReasonCode::IdleInTransaction));
    assert_eq!(said(&report, "statements"), (State::Yellow, ReasonCode::LongStatement));
    for name in ["idle-in-transaction", "statements"] {
        let seconds = check(&report, name).evidence["longest_s"].as_f64().unwrap();
        assert!((0.0..100.0).contains(&seconds), "{name}: {seconds}");
    }

    holder.run("ROLLBACK").await;
    for task in readers.into_iter().chain([first, alter]) {
        task.abort();
    }
}
