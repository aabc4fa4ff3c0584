//! The suite over a real server, and what only a server can do.

use super::super::suite::{self, Bench};
use tokio::time::Instant;

use super::connection::Mode;
use super::*;
use crate::domain::{Agreement, Clock, Consent};
use crate::postgres::Quoted;
use crate::postgres::testing::{Bouncer, Client, Cluster, Database};

mod access;
mod carry;
mod crash;
mod mark;

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
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());

    let (lane, lease) = (suite::LANE, suite::LEASE);
    let wanted = claim::Wanted { run, lane, lease, settle_equals: true, begin: 0 };
    let claim = wanted.fill(claim::CLAIM);
    let explain =
        Sql::fill("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {claim}", &[("claim", &claim.into())]);
    let explain = Sql::all([claim::BY_KEYS, explain]);
    let plan = store.write(&explain, Again::Never).await.unwrap();
    let plan: Value = plan[0].json("QUERY PLAN").unwrap().unwrap();
    let top = &plan[0]["Plan"];
    let pages = ["Shared Hit Blocks", "Shared Read Blocks"].map(|part| top[part].as_u64().unwrap());
    assert!(pages.iter().sum::<u64>() < 300, "{plan:#}");
}
