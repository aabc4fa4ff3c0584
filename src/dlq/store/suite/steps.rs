//! The steps of one row: the state machine, fences, leases, runs.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::dlq::item::Event;

/// What a worker holds of a row in some state.
struct Held {
    name: String,
    alert: u8,
    claim: Claim,
    attempt: Attempt,
}

/// Brings a new row into `state`.
async fn put(store: &mut impl Store, state: ItemState, alert: u8) -> Held {
    let name = format!("row-{alert}");
    let run = begin(store, &[row(&name, alert, 0)]).await;
    let claim = Claim {
        id: id(&name),
        run,
        lane: LANE.to_owned(),
        fence: 0,
        payload_sha: row(&name, alert, 0).payload_sha,
    };
    let mut held = Held { name, alert, attempt: Attempt { claim: claim.clone(), id: -1 }, claim };
    let fate = match state {
        ItemState::Open => return held,
        ItemState::Discarded => {
            let rows = [row(&held.name, alert, 0)];
            assert_eq!(store.discard(&rows, "closed", "sato").await.unwrap(), [id(&held.name)]);
            return held;
        }
        ItemState::Claimed | ItemState::Sending => None,
        ItemState::Unsure => Some(unsure()),
        ItemState::Delivered => Some(delivered()),
        ItemState::Rejected => Some(rejected()),
        ItemState::Skipped => Some(skipped()),
    };
    // A claim can be claimed once its lease is over.
    held.claim = super::claim(store, run, NO_LEASE).await;
    held.attempt.claim = held.claim.clone();
    if state != ItemState::Claimed {
        held.attempt = intend(store, &held.claim, LEASE).await;
    }
    if let Some(fate) = fate {
        assert_eq!(store.finish(&held.attempt, &fate, &answer(200)).await.unwrap(), done());
    }
    held
}

/// Lets `event` happen to a row, by the step that stands for it.
async fn happen(store: &mut impl Store, event: Event, state: ItemState, held: &Held) {
    let fate = match event {
        Event::Claim => {
            let run = begin(store, &[row(&held.name, held.alert, 0)]).await;
            store.claim(run, LANE, LEASE, false).await.unwrap();
            return;
        }
        Event::Intend => {
            let attempt = store.intend(&held.claim, &intent(LEASE)).await.unwrap();
            // The same fence finds its own intent again, and makes no second one.
            assert_eq!(attempt.is_some(), matches!(state, ItemState::Claimed | ItemState::Sending));
            let attempts = store.attempts(&id(&held.name)).await.unwrap().len();
            assert!(attempts <= 1, "{attempts}");
            return;
        }
        Event::Discard => {
            let rows = [row(&held.name, held.alert, 0)];
            store.discard(&rows, "another reason", "abe").await.unwrap();
            return;
        }
        Event::Reopen => {
            store.resolve(&id(&held.name), None, "abe").await.unwrap();
            return;
        }
        Event::Edit => {
            begin(store, &[row(&held.name, held.alert, 9)]).await;
            return;
        }
        Event::Skip if state == ItemState::Open => {
            let equal = format!("equal-of-{}", held.alert);
            let attempt = sending(store, me(), row(&equal, held.alert, 0)).await;
            store.finish(&attempt, &delivered(), &answer(200)).await.unwrap();
            return;
        }
        Event::Deliver => delivered(),
        Event::Reject => rejected(),
        Event::Release => released(Duration::ZERO),
        Event::Doubt => unsure(),
        Event::Skip => skipped(),
    };
    if state == ItemState::Claimed {
        store.give_back(&held.claim, &fate).await.unwrap();
    } else {
        store.finish(&held.attempt, &fate, &answer(200)).await.unwrap();
    }
}

pub(in super::super) async fn every_event_finds_its_states_only<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let mut alert = 0;
    for event in Event::ALL {
        for state in ItemState::ALL {
            alert += 1;
            let held = put(&mut store, state, alert).await;
            let before = item(&mut store, &held.name).await;
            // A claim whose lease is over holds nobody up.
            let shown = if state == ItemState::Claimed { ItemState::Open } else { state };
            assert_eq!(before.state, shown, "{event:?}");
            happen(&mut store, event, state, &held).await;
            let after = item(&mut store, &held.name).await;
            if event.from().contains(&state) {
                assert_eq!(after.state, event.to(), "{event:?} of {state}");
            } else if (event, state) == (Event::Edit, ItemState::Open) {
                assert_eq!(after.state, state, "an open row's payload may change as it likes");
            } else {
                assert_eq!(after, before, "{event:?} of {state}");
            }
        }
    }
}

pub(in super::super) async fn an_older_fence_changes_nothing<B: Bench>() {
    let bench = B::new().await;
    let (mut store, mut other) = (bench.store().await, bench.store().await);
    let rows = [row("a", 1, 0)];

    let run = begin(&mut store, &rows).await;
    let old = claim(&mut store, run, NO_LEASE).await;
    let second = begin_as(&mut other, elsewhere(), &rows).await;
    let new = claim(&mut other, second, NO_LEASE).await;
    assert!(new.fence > old.fence);
    assert_eq!(store.intend(&old, &intent(LEASE)).await.unwrap(), None);
    assert_eq!(store.give_back(&old, &skipped()).await.unwrap(), Finished::TakenOver);
    assert_eq!(state(&mut store, "a").await, ItemState::Open);

    // An intent whose lease ran out, taken for not delivered, and sent by somebody else.
    let late = intend(&mut other, &new, NO_LEASE).await;
    assert!(!other.still_ours(&late, Duration::from_secs(1)).await.unwrap());
    store.reap(&me()).await.unwrap();
    assert!(store.resolve(&id("a"), None, "sato").await.unwrap());
    let third = begin(&mut store, &rows).await;
    let again = claim(&mut store, third, LEASE).await;
    let current = intend(&mut store, &again, LEASE).await;
    assert!(store.still_ours(&current, LEASE / 2).await.unwrap());
    assert!(!store.still_ours(&current, LEASE * 2).await.unwrap());
    assert!(!other.still_ours(&late, Duration::ZERO).await.unwrap());
    let before = item(&mut store, "a").await;
    for fate in [delivered(), rejected(), released(Duration::ZERO), unsure(), skipped()] {
        let end = other.finish(&late, &fate, &answer(200)).await.unwrap();
        assert_eq!(end, Finished::TakenOver, "{fate:?}");
    }
    assert_eq!(item(&mut store, "a").await, before);
    assert_eq!(store.finish(&current, &delivered(), &answer(200)).await.unwrap(), done());
    assert_eq!(state(&mut other, "a").await, ItemState::Delivered);
}

pub(in super::super) async fn an_end_is_found_again<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    for (alert, fate) in
        [delivered(), rejected(), released(LEASE), unsure(), skipped()].into_iter().enumerate()
    {
        let name = format!("row-{alert}");
        let equal = format!("equal-{alert}");
        let alert = alert as u8;
        begin(&mut store, &[row(&equal, alert, 0)]).await;
        let attempt = sending(&mut store, me(), row(&name, alert, 0)).await;
        let first = store.finish(&attempt, &fate, &answer(200)).await.unwrap();
        let before = item(&mut store, &name).await;
        let again = store.finish(&attempt, &fate, &answer(200)).await.unwrap();
        assert_eq!(again, first, "{fate:?}");
        let equals = if fate == delivered() { vec![id(&equal)] } else { vec![] };
        assert_eq!(first, Finished::Done(equals));
        assert_eq!(item(&mut store, &name).await, before, "{fate:?}");
        assert_eq!(store.attempts(&id(&name)).await.unwrap().len(), 1);
    }
    // A later certainty replaces a doubt, under the same fence.
    let attempt = sending(&mut store, me(), row("late", 99, 0)).await;
    store.finish(&attempt, &unsure(), &AttemptEnd::default()).await.unwrap();
    assert_eq!(store.finish(&attempt, &delivered(), &answer(200)).await.unwrap(), done());
    let attempts = store.attempts(&id("late")).await.unwrap();
    assert_eq!(attempts[0].outcome.as_deref(), Some("delivered"));
}

pub(in super::super) async fn a_claim_that_is_over_is_anybody_s<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let rows = [row("claimed", 1, 0), row("sending", 2, 0)];
    let run = begin_as(&mut store, elsewhere(), &rows).await;
    claim(&mut store, run, NO_LEASE).await;
    // The first is anybody's at once; its own run would claim it again. So the second is sent first.
    let two = begin_as(&mut store, elsewhere(), &rows[1..]).await;
    let second = claim(&mut store, two, LEASE).await;
    intend(&mut store, &second, NO_LEASE).await;
    assert_eq!(state(&mut store, "sending").await, ItemState::Unsure, "nobody will tell any more");
    assert_eq!(store.reap(&me()).await.unwrap(), 1);
    assert_eq!(store.reap(&me()).await.unwrap(), 0, "once");
    assert_eq!(state(&mut store, "claimed").await, ItemState::Open);
    let kept = item(&mut store, "sending").await;
    assert_eq!(kept.state, ItemState::Unsure);
    assert!(kept.reason.is_some());

    // What has its lease stays, whoever looks.
    let run = begin_as(&mut store, elsewhere(), &rows[..1]).await;
    let held = claim(&mut store, run, LEASE).await;
    intend(&mut store, &held, LEASE).await;
    assert_eq!(store.reap(&me()).await.unwrap(), 0);
    assert_eq!(state(&mut store, "claimed").await, ItemState::Sending);
}

pub(in super::super) async fn a_dead_owner_holds_nothing<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let sent = sending(&mut store, gone(), row("sending", 1, 0)).await;
    let run = begin_as(&mut store, gone(), &[row("claimed", 2, 0)]).await;
    claim(&mut store, run, LEASE).await;
    assert_eq!(store.take_lane(run, LANE, LEASE).await.unwrap(), super::super::LaneTaken::Mine);
    assert_eq!(state(&mut store, "sending").await, ItemState::Unsure, "before the reaper, too");
    assert_eq!(store.in_doubt(&me()).await.unwrap().len(), 1);
    assert!(store.runs(9, &me()).await.unwrap().iter().all(|run| run.dead));

    assert_eq!(store.reap(&me()).await.unwrap(), 1);
    assert_eq!(state(&mut store, "claimed").await, ItemState::Open);
    let mine = begin(&mut store, &[]).await;
    assert_eq!(store.take_lane(mine, LANE, LEASE).await.unwrap(), super::super::LaneTaken::Mine);
    // It was not dead after all: its end is taken, as nobody else has touched the row.
    assert_eq!(store.finish(&sent, &delivered(), &answer(200)).await.unwrap(), done());

    let kept = sending(&mut store, elsewhere(), row("elsewhere", 3, 0)).await;
    assert_eq!(store.reap(&me()).await.unwrap(), 0, "its lease alone tells");
    assert!(store.still_ours(&kept, Duration::ZERO).await.unwrap());
}

pub(in super::super) async fn a_wait_is_waited_for<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let run = begin(&mut store, &[row("a", 1, 0), row("b", 2, 0)]).await;
    let first = claim(&mut store, run, LEASE).await;
    let attempt = intend(&mut store, &first, LEASE).await;
    let fate = released(Duration::from_secs(40));
    assert_eq!(store.finish(&attempt, &fate, &answer(429)).await.unwrap(), done());
    let second = claim(&mut store, run, LEASE).await;
    assert_eq!(second.id, id("b"), "the one that waits is passed over");
    let held = intend(&mut store, &second, LEASE).await;
    let wait = match store.claim(run, LANE, LEASE, true).await.unwrap() {
        Claimed::Later(wait) => wait,
        other => panic!("{other:?}"),
    };
    assert!(wait > Duration::from_secs(20) && wait <= Duration::from_secs(40), "{wait:?}");
    store.finish(&held, &delivered(), &answer(200)).await.unwrap();
    bench.age("a", Duration::from_secs(41)).await;
    assert_eq!(claim(&mut store, run, LEASE).await.id, id("a"));
    // Somebody else's claim is waited for, too.
    let other = begin(&mut store, &[row("a", 1, 0)]).await;
    let later = store.claim(other, LANE, LEASE, true).await.unwrap();
    assert!(matches!(later, Claimed::Later(wait) if wait > LEASE / 2), "{later:?}");
    assert_eq!(store.claim(run, "no such lane", LEASE, true).await.unwrap(), Claimed::Nothing);
    assert_eq!(store.claim(Uuid::new_v4(), LANE, LEASE, true).await.unwrap(), Claimed::Nothing);
}

pub(in super::super) async fn a_selection_is_frozen_once<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let rows = [row("b", 1, 0), row("a", 2, 0), row("b", 1, 0)];
    let run = run_of(me(), &rows);
    let standing = store.begin(&run).await.unwrap();
    let names: Vec<_> = standing.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(names, ["b", "a"], "in the order of sending, each once");
    assert!(standing.iter().all(|(_, item)| item.state == ItemState::Open && item.attempts == 0));

    let attempt = sending(&mut store, me(), row("c", 3, 0)).await;
    store.finish(&attempt, &unsure(), &AttemptEnd::default()).await.unwrap();
    // The answer to `begin` was lost, and it is asked again with everything changed in between.
    let more =
        NewRun { rows: vec![row("c", 3, 0), row("b", 1, 5)], resend_unsure: true, ..run.clone() };
    let standing = store.begin(&more).await.unwrap();
    assert_eq!(standing.len(), 2);
    assert_eq!(state(&mut store, "c").await, ItemState::Unsure);
    assert_eq!(claim(&mut store, run.run, LEASE).await.payload_sha, row("b", 1, 0).payload_sha);
    assert_eq!(store.runs(9, &me()).await.unwrap().len(), 2);
}

pub(in super::super) async fn a_rejected_row_with_another_payload_is_open_again<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let attempt = sending(&mut store, me(), row("a", 1, 0)).await;
    store.finish(&attempt, &rejected(), &answer(400)).await.unwrap();
    let standing = store.begin(&run_of(me(), &[row("a", 1, 0)])).await.unwrap();
    assert_eq!(standing[0].1.state, ItemState::Rejected, "the same payload is as bad as it was");
    let edited = run_of(me(), &[row("a", 2, 1)]);
    let standing = store.begin(&edited).await.unwrap();
    assert_eq!((standing[0].1.state, &standing[0].1.reason), (ItemState::Open, &None));
    let claim = claim(&mut store, edited.run, LEASE).await;
    assert_eq!(claim.payload_sha, row("a", 2, 1).payload_sha);
}

pub(in super::super) async fn an_unsure_row_is_open_again_only_on_demand<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let attempt = sending(&mut store, me(), row("a", 1, 0)).await;
    store.finish(&attempt, &unsure(), &AttemptEnd::default()).await.unwrap();
    let run = run_of(me(), &[row("a", 1, 0)]);
    assert_eq!(store.begin(&run).await.unwrap()[0].1.state, ItemState::Unsure);
    assert_eq!(store.claim(run.run, LANE, LEASE, true).await.unwrap(), Claimed::Nothing);
    let again = NewRun { resend_unsure: true, ..run_of(me(), &[row("a", 1, 0)]) };
    assert_eq!(store.begin(&again).await.unwrap()[0].1.state, ItemState::Open);
    assert!(claim(&mut store, again.run, LEASE).await.fence > attempt.claim.fence);
    assert_eq!(store.attempts(&id("a")).await.unwrap().len(), 1);
}

pub(in super::super) async fn the_end_of_a_run_frees_what_it_holds<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let run = begin(&mut store, &[row("sending", 1, 0), row("claimed", 2, 0)]).await;
    let first = claim(&mut store, run, LEASE).await;
    intend(&mut store, &first, LEASE).await;
    claim(&mut store, run, LEASE).await;
    store.take_lane(run, LANE, LEASE).await.unwrap();
    let alive = store.beat(run, &me(), &json!({"delivered": 3})).await.unwrap();
    assert_eq!(alive, 0);
    let running = store.runs(1, &me()).await.unwrap().remove(0);
    assert_eq!((running.counts, running.ended_at), (json!({"delivered": 3}), None));

    store.end(run, "stopped", &json!({"delivered": 4})).await.unwrap();
    store.end(run, "again", &json!({})).await.unwrap();
    assert_eq!(state(&mut store, "claimed").await, ItemState::Open);
    assert_eq!(state(&mut store, "sending").await, ItemState::Sending, "it may still arrive");
    let ended = store.runs(1, &me()).await.unwrap().remove(0);
    assert_eq!(ended.ended_how.as_deref(), Some("stopped"));
    assert_eq!((ended.counts, ended.dead), (json!({"delivered": 4}), false));
    let other = begin(&mut store, &[]).await;
    let lane = store.take_lane(other, LANE, LEASE).await.unwrap();
    assert_eq!(lane, super::super::LaneTaken::Mine);
}
