//! What a local ledger settled, taken over.

use super::super::super::carry::{Carried, CarryError, carry_over};
use super::super::super::local::LocalStore;
use super::*;
use crate::state::State;

struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn store_of(&self, table: &str) -> LocalStore {
        let state = State::open(self.0.path()).await.unwrap();
        LocalStore::new(state, EnvName::prod(), Clock::system()).of_table(table)
    }

    async fn store(&self) -> LocalStore {
        self.store_of("admin.notification_failures").await
    }
}

/// Brings a row to this end, in any store.
async fn ended(store: &mut impl Store, name: &str, alert: u8, fate: Fate) {
    let attempt = suite::sending(store, suite::me(), suite::row(name, alert, 0)).await;
    store.finish(&attempt, &fate, &suite::answer(200)).await.unwrap();
    suite::over(store, attempt.claim.run).await;
}

async fn carried(local: &mut LocalStore, shared: &mut SharedStore) -> Carried {
    carry_over(local, shared, &suite::me()).await.unwrap()
}

#[tokio::test]
async fn each_end_is_taken_over_once() {
    let database = initialised().await;
    let mut shared = open(&database.target).await.store;
    let machine = Machine::new();
    let mut local = machine.store().await;
    ended(&mut local, "delivered", 1, suite::delivered()).await;
    ended(&mut local, "unsure", 2, suite::unsure()).await;
    ended(&mut local, "rejected", 3, suite::rejected()).await;
    ended(&mut local, "skipped", 4, suite::skipped()).await;
    ended(&mut local, "open", 5, suite::released(Duration::ZERO)).await;
    local.discard(&[suite::row("discarded", 6, 0)], "old", "sato").await.unwrap();
    // What a dead process was sending is in doubt.
    suite::sending(&mut local, suite::gone(), suite::row("torn", 7, 0)).await;

    let done = carried(&mut local, &mut shared).await;
    let expected = Carried { delivered: 1, settled: 3, unsure: 2, ..Carried::default() };
    assert_eq!(done, expected);
    assert_eq!(carried(&mut local, &mut shared).await, Carried::default());
    for (name, state) in [
        ("delivered", ItemState::Delivered),
        ("unsure", ItemState::Unsure),
        ("rejected", ItemState::Rejected),
        ("skipped", ItemState::Skipped),
        ("discarded", ItemState::Discarded),
        ("torn", ItemState::Unsure),
    ] {
        assert_eq!(suite::state(&mut shared, name).await, state, "{name}");
    }
    let delivered = suite::item(&mut shared, "delivered").await;
    assert_eq!(delivered.message_id.as_deref(), Some("1400"));
    assert_eq!(shared.items(&[suite::id("open")], &suite::me()).await.unwrap(), []);
    // The window of what is in doubt is known, and who sent it.
    let doubts = shared.in_doubt(&suite::me()).await.unwrap();
    assert_eq!(doubts.len(), 2);
    for doubt in doubts {
        assert!(!doubt.attempt.expect("an attempt").operator.is_empty());
    }
    assert!(shared.resolve(&suite::id("torn"), None, "sato").await.unwrap());
    assert_eq!(carried(&mut local, &mut shared).await, Carried::default(), "a word of here stays");
    let runs = shared.runs(9, &suite::me()).await.unwrap();
    assert!(!runs.is_empty() && runs.iter().all(|run| run.ended_at.is_some()), "{runs:?}");
}

#[tokio::test]
async fn what_changes_here_later_is_told_later() {
    let database = initialised().await;
    let mut shared = open(&database.target).await.store;
    let machine = Machine::new();
    let mut local = machine.store().await;
    ended(&mut local, "a", 1, suite::unsure()).await;
    assert_eq!(carried(&mut local, &mut shared).await.unsure, 1);
    assert!(local.resolve(&suite::id("a"), Some("1400"), "sato").await.unwrap());
    assert_eq!(carried(&mut local, &mut shared).await.delivered, 1);
    assert_eq!(suite::state(&mut shared, "a").await, ItemState::Delivered);
}

#[tokio::test]
async fn whoever_holds_a_row_that_was_delivered_does_not_send_it() {
    let database = initialised().await;
    let mut shared = open(&database.target).await.store;
    let machine = Machine::new();
    let mut local = machine.store().await;
    for (n, name) in (1..).zip(["claimed", "sending", "twice", "doubted"]) {
        ended(&mut local, name, n, suite::delivered()).await;
    }
    let run =
        suite::begin_as(&mut shared, suite::elsewhere(), &[suite::row("claimed", 1, 0)]).await;
    let claim = suite::claim(&mut shared, run, suite::LEASE).await;
    suite::sending(&mut shared, suite::elsewhere(), suite::row("sending", 2, 0)).await;
    let elsewhere = Fate::Delivered {
        message_id: Some("another".to_owned()),
        channel_id: None,
        settle_equals: false,
    };
    ended(&mut shared, "twice", 3, elsewhere).await;
    ended(&mut shared, "doubted", 4, suite::unsure()).await;

    let done = carried(&mut local, &mut shared).await;
    assert_eq!(done, Carried { delivered: 2, twice: 1, later: 1, ..Carried::default() });
    let intent = suite::intent(suite::LEASE);
    assert_eq!(shared.intend(&claim, &intent).await.unwrap(), None, "its claim is gone");
    assert_eq!(suite::state(&mut shared, "doubted").await, ItemState::Delivered);
    // Told again until nobody is at it any more.
    assert_eq!(carried(&mut local, &mut shared).await, Carried { later: 1, ..Carried::default() });
}

#[tokio::test]
async fn rows_of_another_table_stay_where_they_are() {
    let database = initialised().await;
    let mut shared = open(&database.target).await.store;
    let machine = Machine::new();
    ended(&mut machine.store_of("other.failures").await, "a", 1, suite::delivered()).await;
    ended(&mut machine.store().await, "b", 2, suite::delivered()).await;
    assert_eq!(carried(&mut machine.store().await, &mut shared).await.rows(), 1);
    assert_eq!(shared.items(&[suite::id("a")], &suite::me()).await.unwrap(), []);
}

#[tokio::test]
async fn a_run_with_the_local_ledger_comes_first() {
    let database = initialised().await;
    let mut shared = open(&database.target).await.store;
    let machine = Machine::new();
    let mut local = machine.store().await;
    let run = suite::begin(&mut local, &[suite::row("a", 1, 0)]).await;
    let refused = carry_over(&mut local, &mut shared, &suite::me()).await.unwrap_err();
    assert!(matches!(refused, CarryError::Running(_)), "{refused}");
    suite::over(&mut local, run).await;
    assert_eq!(carried(&mut local, &mut shared).await, Carried::default());
}

#[tokio::test]
async fn hostile_words_are_carried_over_as_words() {
    let database = initialised().await;
    let mut shared = open(&database.target).await.store;
    let machine = Machine::new();
    let mut local = machine.store().await;
    let name = "a'; DROP SCHEMA parky_ops CASCADE; --{run}\\\"";
    ended(&mut local, name, 1, Fate::Rejected(name.to_owned())).await;
    assert_eq!(carried(&mut local, &mut shared).await.rows(), 1);
}
