//! The suite over a real server, and what only a server can do.

use std::time::Duration;

use super::super::suite::{self, Bench};
use super::*;
use crate::domain::{Agreement, Clock, Consent};
use crate::postgres::testing::Database;

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
