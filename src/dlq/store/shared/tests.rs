//! The suite over a real server, and what only a server can do.

use std::time::Duration;

use super::super::suite::{self, Bench};
use super::*;
use crate::domain::{Agreement, Clock, Consent};
use crate::postgres::Quoted;
use crate::postgres::testing::{Bouncer, Client, Cluster, Database};

struct OnServer(Database);

#[expect(clippy::disallowed_methods, reason = "no prompt in a test")]
pub(super) fn consent() -> Consent {
    Consent::given("dlq init", "sato", Agreement::Named("prod".to_owned()), Clock::system().now())
}

fn team() -> TeamTable {
    TeamTable {
        schema: "admin".to_owned(),
        table: "notification_failures".to_owned(),
        status_column: "status".to_owned(),
    }
}

async fn open(target: &Target) -> Opened {
    SharedStore::open(target.clone(), Redactor::default(), EnvName::prod(), team()).await.unwrap()
}

async fn initialised() -> Database {
    let database = Database::with_dead_letters().await;
    let mut store = open(&database.target).await.store;
    store.init(&consent(), &[], None).await.unwrap();
    database
}

impl Bench for OnServer {
    type Store = SharedStore;

    async fn new() -> Self {
        Self(initialised().await)
    }

    async fn store(&self) -> SharedStore {
        open(&self.0.target).await.store
    }

    async fn age(&self, id: &str, by: Duration) {
        let seconds = by.as_secs();
        self.0
            .run(&format!(
                "UPDATE parky_ops.replay_item SET updated_at = updated_at - interval '{seconds} s',
                   not_before = not_before - interval '{seconds} s',
                   lease_until = lease_until - interval '{seconds} s' WHERE failure_id = '{id}'"
            ))
            .await;
    }
}

suite::cases!(OnServer);

fn schema_only(role_grants: &str) -> String {
    format!("GRANT USAGE ON SCHEMA admin TO {{role}}; {role_grants}")
}

#[tokio::test]
async fn a_role_without_rights_is_told_so_and_nothing_raises() {
    let database = Database::with_dead_letters().await;
    let reader = schema_only("GRANT SELECT ON admin.notification_failures TO {role}");
    let target = database.role(&reader).await;
    let mut opened = open(&target).await;
    assert_eq!(
        opened.access,
        Access {
            schema: Schema::Missing,
            stamped: None,
            delivered_status: None,
            may_write: false,
            may_create_schema: false,
            may_update_table: false,
            read_only_server: false,
        }
    );
    let refused = opened.store.init(&consent(), &[], None).await.unwrap_err();
    let sqlstate = match &refused {
        StoreError::Shared(error) => error.sqlstate(),
        other => panic!("{other}"),
    };
    assert_eq!(sqlstate, Some("42501"));
    assert!(!refused.may_have_happened());
    let begun = opened.store.begin(&suite::run_of(suite::me(), &[])).await;
    assert!(matches!(begun, Err(StoreError::NoSchema)));
    assert!(matches!(opened.store.known(9).await, Err(StoreError::NoSchema)));

    // The schema is there, but hidden from the role.
    open(&database.target).await.store.init(&consent(), &[], None).await.unwrap();
    let access = open(&target).await.access;
    assert_eq!((access.schema, access.may_write), (Schema::Hidden, false));
    // The team's admin granted reading only.
    let role = target.user.clone();
    database
        .run(&format!(
            "GRANT USAGE ON SCHEMA parky_ops TO {role};
             GRANT SELECT ON ALL TABLES IN SCHEMA parky_ops TO {role}"
        ))
        .await;
    let mut opened = open(&target).await;
    assert_eq!(opened.access.schema, Schema::Ours { version: SCHEMA_VERSION });
    assert!(!opened.access.may_write);
    assert_eq!(opened.store.known(9).await.unwrap(), []);
    let begun = opened.store.begin(&suite::run_of(suite::me(), &[])).await;
    assert!(matches!(begun, Err(StoreError::Shared(_))), "{begun:?}");
}

#[tokio::test]
async fn init_grants_what_a_responder_needs_and_no_more() {
    let database = Database::with_dead_letters().await;
    let target = database.role(&schema_only("")).await;
    let mut admin = open(&database.target).await;
    assert!(admin.access.may_create_schema && admin.access.may_update_table);
    for _ in 0..2 {
        let grants = [target.user.clone()];
        admin.store.init(&consent(), &grants, Some("delivered")).await.unwrap();
    }
    let mut opened = open(&target).await;
    assert!(opened.access.may_write && !opened.access.may_create_schema);
    assert!(!opened.access.may_update_table);
    assert_eq!(opened.access.stamped.as_deref(), Some("prod"));
    assert_eq!(opened.access.delivered_status.as_deref(), Some("delivered"));
    let store = &mut opened.store;
    let attempt = suite::sending(store, suite::me(), suite::row("a", 1, 0)).await;
    store.take_lane(attempt.claim.run, suite::LANE, suite::LEASE).await.unwrap();
    store.finish(&attempt, &suite::delivered(), &suite::answer(200)).await.unwrap();
    suite::over(store, attempt.claim.run).await;
    assert_eq!(store.reap(&suite::me()).await.unwrap(), 0);
    let erased = Sql::constant("DELETE FROM parky_ops.replay_attempt");
    assert!(store.ask(&erased, Mode::Write, STEP_LIMIT, Again::Never).await.is_err());
}

#[tokio::test]
async fn a_newer_schema_is_read_and_not_written() {
    let database = initialised().await;
    let mut before = open(&database.target).await.store;
    suite::begin(&mut before, &[suite::row("a", 1, 0)]).await;
    for version in ["2", "soon"] {
        database
            .run(&format!(
                "UPDATE parky_ops.meta SET value = '{version}' WHERE key = 'schema_version'"
            ))
            .await;
        let Opened { mut store, access } = open(&database.target).await;
        assert!(matches!(access.schema, Schema::Newer { .. }));
        assert_eq!(suite::state(&mut store, "a").await, ItemState::Open);
        let begun = store.begin(&suite::run_of(suite::me(), &[])).await;
        assert!(matches!(begun, Err(StoreError::Newer { known: 1, .. })), "{begun:?}");
        let init = store.init(&consent(), &[], None).await;
        assert!(matches!(init, Err(StoreError::Newer { .. })), "{init:?}");
    }
    database.run("UPDATE parky_ops.meta SET value = '2' WHERE key = 'schema_version'").await;
    // The printed SQL refuses by itself.
    let sql = schema_sql(&EnvName::prod(), &[], None);
    let sql = Sql::made(sql.trim_end().trim_end_matches(';'));
    let refused = before.ask(&sql, Mode::Write, STEP_LIMIT, Again::Never).await;
    assert!(refused.unwrap_err().to_string().contains("version 2"));
}

#[tokio::test]
async fn the_schema_of_another_environment_is_not_written() {
    let database = initialised().await;
    let dev: EnvName = "dev".parse().unwrap();
    let opened =
        SharedStore::open(database.target.clone(), Redactor::default(), dev.clone(), team()).await;
    let Opened { mut store, access } = opened.unwrap();
    assert_eq!(access.stamped.as_deref(), Some("prod"));
    assert_eq!(store.known(9).await.unwrap(), []);
    for refused in [
        store.begin(&suite::run_of(suite::me(), &[])).await.map(drop),
        store.init(&consent(), &[], None).await,
        store.reap(&suite::me()).await.map(drop),
    ] {
        assert!(matches!(refused, Err(StoreError::OtherEnv { .. })), "{refused:?}");
    }
    let sql = schema_sql(&dev, &[], None);
    let sql = Sql::made(sql.trim_end().trim_end_matches(';'));
    let refused = store.ask(&sql, Mode::Write, STEP_LIMIT, Again::Never).await;
    assert!(refused.unwrap_err().to_string().contains("stamped for prod"));
}

#[tokio::test]
async fn a_standby_takes_no_writes() {
    let primary = Cluster::start("wal_level = replica", None);
    let mut opened = open(&primary.target("postgres")).await;
    assert!(!opened.access.read_only_server);
    opened.store.init(&consent(), &[], None).await.unwrap();
    let standby = primary.standby();
    assert!(open(&standby.target("postgres")).await.access.read_only_server);
}

/// A mark as the configuration would make it.
fn mark(id: &FailureId) -> Option<Sql> {
    let id = Quoted::literal(id.as_str());
    Some(Sql::fill(
        "UPDATE admin.notification_failures SET status = 'delivered' WHERE id = {id}::bigint",
        &[("id", &id)],
    ))
}

async fn status(database: &Database, id: &str) -> String {
    let sql = Sql::fill(
        "SELECT status FROM admin.notification_failures WHERE id = {id}::bigint",
        &[("id", &Quoted::literal(id))],
    );
    let row = database.session().await.read_one(&sql).await.unwrap();
    row.text("status").unwrap().unwrap()
}

const THREE: &str = "INSERT INTO admin.notification_failures (channel, severity)
                     VALUES ('p1-ops', 'P1'), ('p1-ops', 'P1'), ('p1-ops', 'P1')";

#[tokio::test]
async fn the_team_s_row_is_marked_with_the_delivery_alone() {
    let database = initialised().await;
    database.run(THREE).await;
    let mut store = open(&database.target).await.store.marking(mark);
    let attempt = suite::sending(&mut store, suite::me(), suite::row("1", 1, 0)).await;
    store.finish(&attempt, &suite::rejected(), &suite::answer(400)).await.unwrap();
    assert_eq!(status(&database, "1").await, "failed");

    let attempt = suite::sending(&mut store, suite::me(), suite::row("2", 2, 0)).await;
    let stale = Attempt {
        claim: Claim { fence: attempt.claim.fence - 1, ..attempt.claim.clone() },
        ..attempt.clone()
    };
    let over = store.finish(&stale, &suite::delivered(), &suite::answer(200)).await.unwrap();
    assert_eq!(over, Finished::TakenOver);
    assert_eq!(status(&database, "2").await, "failed", "no mark without a delivery");
    for _ in 0..2 {
        let end = store.finish(&attempt, &suite::delivered(), &suite::answer(200)).await.unwrap();
        assert_eq!(end, suite::done());
        assert_eq!(status(&database, "2").await, "delivered");
    }
    let attempt = suite::sending(&mut store, suite::me(), suite::row("3", 3, 0)).await;
    store.finish(&attempt, &suite::unsure(), &AttemptEnd::default()).await.unwrap();
    assert!(store.resolve(&suite::id("3"), Some("1400"), "sato").await.unwrap());
    assert_eq!(status(&database, "3").await, "delivered");
    assert_eq!(store.caveats(), []);
}

#[tokio::test]
async fn a_mark_that_is_refused_does_not_lose_the_delivery() {
    let database = initialised().await;
    database.run(THREE).await;
    database
        .run(
            "ALTER TABLE admin.notification_failures
             ADD CHECK (status IN ('failed', 'ignored'))",
        )
        .await;
    let mut store = open(&database.target).await.store.marking(mark);
    let attempt = suite::sending(&mut store, suite::me(), suite::row("1", 1, 0)).await;
    let end = store.finish(&attempt, &suite::delivered(), &suite::answer(200)).await.unwrap();
    assert_eq!(end, suite::done());
    assert_eq!(suite::state(&mut store, "1").await, ItemState::Delivered);
    assert_eq!(status(&database, "1").await, "failed");
    let caveats = store.caveats();
    assert_eq!(caveats.len(), 1);
    assert!(caveats[0].text.contains("could not be marked"), "{caveats:?}");
    assert_eq!(store.caveats(), [], "told once");

    // A role that may not update the team's table.
    let role = database.role(&schema_only("")).await;
    store.init(&consent(), &[role.user.clone()], None).await.unwrap();
    let mut store = open(&role).await.store.marking(mark);
    let attempt = suite::sending(&mut store, suite::me(), suite::row("2", 2, 0)).await;
    store.finish(&attempt, &suite::delivered(), &suite::answer(200)).await.unwrap();
    assert_eq!(suite::state(&mut store, "2").await, ItemState::Delivered);
    assert_eq!(store.caveats().len(), 1);
}

#[tokio::test]
async fn an_equal_that_is_claimed_in_the_same_moment_marks_nothing() {
    let database = initialised().await;
    let mut store = open(&database.target).await.store;
    let rows = [suite::row("a", 1, 0), suite::row("b", 1, 0), suite::row("c", 2, 0)];
    let run = suite::begin(&mut store, &rows[1..]).await;
    suite::begin(&mut store, &rows[..1]).await;
    // Somebody's claim of `a` that is not committed yet is not seen, but waited for.
    let mut other = Client::open(&database.target).await;
    other
        .run(
            "BEGIN; UPDATE parky_ops.replay_item SET state = 'claimed', fence = fence + 1,
               lease_until = clock_timestamp() + interval '1 min' WHERE failure_id = 'a'",
        )
        .await;
    let committed = async {
        // Our claim waits for that one's lock.
        let waiting = Sql::constant(
            "SELECT 1 AS one FROM pg_stat_activity WHERE wait_event_type = 'Lock'
               AND datname = current_database()",
        );
        let mut watcher = database.session().await;
        while watcher.read(&waiting).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        other.run("COMMIT").await;
    };
    let (claimed, ()) = tokio::join!(store.claim(run, suite::LANE, suite::LEASE, true), committed);
    let Claimed::Item(claim) = claimed.unwrap() else { panic!("c was free") };
    assert_eq!(claim.id, suite::id("c"));
    let b = suite::item(&mut store, "b").await;
    assert_eq!((b.state, b.attempts, b.reason), (ItemState::Open, 0, None));
}

#[tokio::test]
async fn a_database_that_restarts_during_a_run_loses_nothing() {
    let mut cluster = Cluster::start("", None);
    let target = cluster.target("postgres");
    let mut store = open(&target).await.store;
    store.init(&consent(), &[], None).await.unwrap();
    let rows = [suite::row("a", 1, 0), suite::row("b", 2, 0)];
    let run = suite::begin(&mut store, &rows).await;
    let claim = suite::claim(&mut store, run, suite::LEASE).await;
    let attempt = suite::intend(&mut store, &claim, suite::LEASE).await;
    cluster.restart();
    let end = store.finish(&attempt, &suite::delivered(), &suite::answer(200)).await.unwrap();
    assert_eq!(end, suite::done());

    let claim = suite::claim(&mut store, run, suite::LEASE).await;
    cluster.restart();
    // The intent's answer may be lost; asked again, it is the same one.
    let attempt = suite::intend(&mut store, &claim, suite::LEASE).await;
    let again = suite::intend(&mut store, &claim, suite::LEASE).await;
    assert_eq!(attempt, again);
    assert_eq!(suite::item(&mut store, "b").await.attempts, 1);

    cluster.stop();
    let gone = store.finish(&attempt, &suite::delivered(), &suite::answer(200)).await;
    assert!(matches!(gone, Err(StoreError::Shared(_))), "{gone:?}");
    cluster.begin_again();
    let end = store.finish(&attempt, &suite::delivered(), &suite::answer(200)).await.unwrap();
    assert_eq!(end, suite::done());
}

struct BehindPooler(Database, Bouncer);

impl Bench for BehindPooler {
    type Store = SharedStore;

    async fn new() -> Self {
        let database = initialised().await;
        let bouncer = Bouncer::start(database.target.port, 2);
        Self(database, bouncer)
    }

    async fn store(&self) -> SharedStore {
        let target = Target { port: self.1.port, ..self.0.target.clone() };
        open(&target).await.store
    }

    async fn age(&self, _: &str, _: Duration) {}
}

mod behind_a_transaction_pooler {
    use super::*;

    suite::cases!(BehindPooler:
        every_event_finds_its_states_only,
        five_workers_take_each_row_once,
        of_equals_claimed_at_once_one_is_claimed,
    );
}

#[tokio::test]
async fn ten_thousand_rows_are_claimed_by_their_keys() {
    let database = initialised().await;
    database
        .run(
            "INSERT INTO parky_ops.replay_item (failure_id, lane, state, fingerprint, payload_sha)
             SELECT 'old-' || n, 'p1-ops', 'delivered', sha256(n::text::bytea), sha256('x')
             FROM generate_series(1, 200000) n",
        )
        .await;
    let mut store = open(&database.target).await.store;
    let rows: Vec<_> = (0..10_000)
        .map(|n: u32| {
            let mut row = suite::row(&format!("row-{n}"), 0, 0);
            row.fingerprint[..4].copy_from_slice(&n.to_be_bytes());
            row
        })
        .collect();
    let began = Instant::now();
    let run = suite::begin(&mut store, &rows).await;
    let begun = began.elapsed();
    assert!(begun < Duration::from_secs(6), "{begun:?}");
    let began = Instant::now();
    for _ in 0..100 {
        suite::claim(&mut store, run, suite::LEASE).await;
    }
    let claimed = began.elapsed() / 100;
    assert!(claimed < Duration::from_millis(9), "{claimed:?}");
}
