//! The suite over a state file, and what only a file can do.

use super::super::suite::{self, Bench};
use super::*;

struct OnDisk(tempfile::TempDir);

async fn open(directory: &std::path::Path) -> LocalStore {
    let state = State::open(directory).await.unwrap();
    LocalStore::new(state, EnvName::prod(), Clock::system())
}

impl Bench for OnDisk {
    type Store = LocalStore;

    async fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn store(&self) -> LocalStore {
        open(self.0.path()).await
    }

    async fn age(&self, id: &str, by: Duration) {
        let mut state = State::open(self.0.path()).await.unwrap();
        sqlx::query(
            "UPDATE replay_item SET updated_at = updated_at - ?2, not_before = not_before - ?2,
               lease_until = lease_until - ?2 WHERE failure_id = ?1",
        )
        .bind(id)
        .bind(i64::try_from(by.as_micros()).unwrap())
        .execute(state.connection())
        .await
        .unwrap();
    }
}

suite::cases!(OnDisk);

#[tokio::test]
async fn environments_are_apart() {
    let directory = tempfile::tempdir().unwrap();
    let mut prod = open(directory.path()).await;
    let state = State::open(directory.path()).await.unwrap();
    let mut dev = LocalStore::new(state, "dev".parse().unwrap(), Clock::system());
    let attempt = suite::sending(&mut prod, suite::me(), suite::row("a", 1, 0)).await;
    prod.finish(&attempt, &suite::unsure(), &AttemptEnd::default()).await.unwrap();
    assert_eq!(dev.items(&[suite::id("a")], &suite::me()).await.unwrap(), []);
    assert_eq!(dev.in_doubt(&suite::me()).await.unwrap(), []);
    assert_eq!(dev.runs(9, &suite::me()).await.unwrap(), []);
    suite::sending(&mut dev, suite::me(), suite::row("a", 1, 0)).await;
    assert_eq!(dev.reap(&suite::me()).await.unwrap(), 0);
}

#[tokio::test]
async fn what_was_recorded_survives_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = open(directory.path()).await;
    suite::sending(&mut store, suite::gone(), suite::row("a", 1, 0)).await;
    // No goodbye, as after a kill.
    std::mem::forget(store);
    let mut store = open(directory.path()).await;
    assert_eq!(store.reap(&suite::me()).await.unwrap(), 1);
    assert_eq!(store.in_doubt(&suite::me()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn ten_thousand_rows_begin_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = open(directory.path()).await;
    let rows: Vec<_> = (0..10_000)
        .map(|n: u32| {
            let mut row = suite::row(&format!("row-{n}"), 0, 0);
            row.fingerprint[..4].copy_from_slice(&n.to_be_bytes());
            row
        })
        .collect();
    let began = std::time::Instant::now();
    let run = suite::begin(&mut store, &rows).await;
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    assert_eq!(suite::claim(&mut store, run, suite::LEASE).await.id, suite::id("row-0"));
}
