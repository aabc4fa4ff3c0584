//! Steps of two owners in any order: one alert is never under way twice, and what was delivered
//! stays so.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::*;

/// What an owner does next.
#[derive(Debug, Clone)]
enum Step {
    Begin,
    Claim { over: bool, settle: bool },
    Intend { over: bool },
    Finish(u8),
    GiveBack(u8),
    Reap,
    End,
    Discard(u8),
}

fn step() -> impl Strategy<Value = (bool, Step)> {
    let step = prop_oneof![
        2 => Just(Step::Begin),
        6 => any::<(bool, bool)>().prop_map(|(over, settle)| Step::Claim { over, settle }),
        6 => any::<bool>().prop_map(|over| Step::Intend { over }),
        4 => (0..5u8).prop_map(Step::Finish),
        1 => (0..5u8).prop_map(Step::GiveBack),
        2 => Just(Step::Reap),
        1 => Just(Step::End),
        1 => (0..6u8).prop_map(Step::Discard),
    ];
    (any::<bool>(), step)
}

/// Six rows of three alerts, named for the round so that rounds are apart.
fn rows(round: usize) -> Vec<Frozen> {
    let mut rows: Vec<_> = (0..6u8).map(|n| row(&format!("{round}-{n}"), n % 3, 0)).collect();
    for row in &mut rows {
        row.fingerprint[1] = round as u8;
    }
    rows
}

struct Worker<S> {
    store: S,
    run: Option<Uuid>,
    claim: Option<Claim>,
    attempts: Vec<Attempt>,
}

fn fate(n: u8) -> Fate {
    [delivered(), rejected(), released(Duration::ZERO), unsure(), skipped()][usize::from(n)].clone()
}

impl<S: Store> Worker<S> {
    async fn take(&mut self, step: &Step, rows: &[Frozen]) {
        let lease = |over: bool| if over { NO_LEASE } else { LEASE };
        let store = &mut self.store;
        match step {
            Step::Begin => self.run = Some(begin_as(store, elsewhere(), rows).await),
            Step::Claim { over, settle } => {
                let Some(run) = self.run else { return };
                let claimed = store.claim(run, LANE, lease(*over), *settle).await.unwrap();
                if let Claimed::Item(claim) = claimed {
                    self.claim = Some(claim);
                }
            }
            Step::Intend { over } => {
                let Some(claim) = &self.claim else { return };
                let made = store.intend(claim, &intent(lease(*over))).await.unwrap();
                if let Some(attempt) = made
                    && !self.attempts.contains(&attempt)
                {
                    self.attempts.push(attempt);
                }
            }
            Step::Finish(n) => {
                let Some(attempt) = self.attempts.pop() else { return };
                store.finish(&attempt, &fate(*n), &answer(200)).await.unwrap();
            }
            Step::GiveBack(n) => {
                let Some(claim) = self.claim.take() else { return };
                store.give_back(&claim, &fate(*n)).await.unwrap();
            }
            Step::Reap => drop(store.reap(&me()).await.unwrap()),
            Step::End => {
                let Some(run) = self.run.take() else { return };
                over(store, run).await;
            }
            Step::Discard(n) => {
                let row = &rows[usize::from(*n)..=usize::from(*n)];
                store.discard(row, "closed", "sato").await.unwrap();
            }
        }
    }
}

pub(in super::super) async fn no_order_of_steps_doubles_a_row<B: Bench>() {
    let bench = B::new().await;
    let mut runner = TestRunner::default();
    let mut watcher = bench.store().await;
    for round in 0..24 {
        let steps = prop::collection::vec(step(), 30..60).new_tree(&mut runner).unwrap().current();
        let rows = rows(round);
        let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
        let mut workers = Vec::new();
        for _ in 0..2 {
            let store = bench.store().await;
            workers.push(Worker { store, run: None, claim: None, attempts: Vec::new() });
        }
        let mut delivered = BTreeSet::new();
        for (n, (second, step)) in steps.iter().enumerate() {
            workers[usize::from(*second)].take(step, &rows).await;
            let told = || format!("round {round} after {:?}", &steps[..=n]);
            let items = watcher.items(&ids, &me()).await.unwrap();
            let mut under_way = BTreeSet::new();
            for (id, item) in &items {
                use ItemState::{Claimed, Delivered, Sending, Unsure};
                if matches!(item.state, Claimed | Sending | Unsure) {
                    let row = rows.iter().find(|row| row.id == *id).unwrap();
                    assert!(under_way.insert(row.fingerprint), "{}", told());
                }
                if delivered.contains(id) {
                    assert_eq!(item.state, Delivered, "{}", told());
                }
                if item.state == Delivered {
                    delivered.insert(id.clone());
                }
            }
            // Of the attempts that their workers may still send, no two are of one alert.
            let mut may_send = BTreeSet::new();
            for worker in &mut workers {
                for attempt in &worker.attempts {
                    if worker.store.still_ours(attempt, Duration::ZERO).await.unwrap() {
                        let row = rows.iter().find(|row| row.id == attempt.claim.id).unwrap();
                        assert!(may_send.insert(row.fingerprint), "{}", told());
                    }
                }
            }
        }
    }
}
