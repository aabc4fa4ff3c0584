//! Rows that are the same alert.

use std::time::Duration;

use futures_util::future::join_all;

use super::*;

pub(in super::super) async fn an_equal_that_is_under_way_is_passed_over<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let rows = [row("a", 1, 0), row("b", 1, 0), row("c", 2, 0)];
    let run = begin(&mut store, &rows).await;
    let first = claim(&mut store, run, LEASE).await;
    assert_eq!(first.id, id("a"));
    let third = claim(&mut store, run, LEASE).await;
    assert_eq!(third.id, id("c"), "b waits for a");
    let attempt = intend(&mut store, &first, LEASE).await;
    let later = store.claim(run, LANE, LEASE, true).await.unwrap();
    assert!(matches!(later, Claimed::Later(_)), "{later:?}");
    store.give_back(&third, &skipped()).await.unwrap();

    store.finish(&attempt, &unsure(), &AttemptEnd::default()).await.unwrap();
    let never = store.claim(run, LANE, LEASE, true).await.unwrap();
    assert_eq!(never, Claimed::Nothing, "an unsure equal does not end by itself");
    assert_eq!(state(&mut store, "b").await, ItemState::Open);

    store.finish(&attempt, &rejected(), &answer(400)).await.unwrap();
    assert_eq!(state(&mut store, "a").await, ItemState::Unsure, "a rejection is no word on doubt");
    assert!(store.resolve(&id("a"), None, "sato").await.unwrap());
    assert_eq!(claim(&mut store, run, LEASE).await.id, id("a"), "and a is first again");
}

pub(in super::super) async fn equals_are_skipped_on_delivery<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let rows = [row("a", 1, 0), row("b", 1, 0), row("c", 1, 0), row("d", 2, 0)];
    let run = begin(&mut store, &rows).await;
    let discarded = store.discard(&rows[2..3], "closed", "sato").await.unwrap();
    assert_eq!(discarded, [id("c")]);
    let first = claim(&mut store, run, LEASE).await;
    let attempt = intend(&mut store, &first, LEASE).await;
    let end = store.finish(&attempt, &delivered(), &answer(200)).await.unwrap();
    assert_eq!(end, Finished::Done(vec![id("b")]));
    let b = item(&mut store, "b").await;
    assert_eq!(b.state, ItemState::Skipped);
    assert_eq!(b.reason.as_deref(), Some("duplicate of a"));
    assert_eq!(state(&mut store, "c").await, ItemState::Discarded);
    assert_eq!(state(&mut store, "d").await, ItemState::Open);
    let a = item(&mut store, "a").await;
    assert_eq!(
        (a.message_id.as_deref(), a.channel_id.as_deref(), a.attempts),
        (Some("1400"), Some("77"), 1)
    );

    // On demand the equals are sent all the same.
    let rows = [row("e", 3, 0), row("f", 3, 0)];
    let run = begin(&mut store, &rows).await;
    let first = claim(&mut store, run, LEASE).await;
    let attempt = intend(&mut store, &first, LEASE).await;
    let fate = Fate::Delivered { message_id: None, channel_id: None, settle_equals: false };
    assert_eq!(store.finish(&attempt, &fate, &answer(200)).await.unwrap(), done());
    match store.claim(run, LANE, LEASE, false).await.unwrap() {
        Claimed::Item(claim) => assert_eq!(claim.id, id("f")),
        other => panic!("{other:?}"),
    }
}

pub(in super::super) async fn an_equal_of_the_last_day_is_not_sent_again<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let attempt = sending(&mut store, me(), row("yesterday", 1, 0)).await;
    store.finish(&attempt, &delivered(), &answer(200)).await.unwrap();

    let run = begin(&mut store, &[row("today", 1, 0), row("other", 2, 0)]).await;
    let claimed = store.claim(run, LANE, LEASE, true).await.unwrap();
    assert_eq!(claimed, Claimed::Duplicates(vec![(id("today"), id("yesterday"))]));
    let today = item(&mut store, "today").await;
    assert_eq!(today.state, ItemState::Skipped);
    assert_eq!(today.reason.as_deref(), Some("duplicate of yesterday"));
    assert_eq!(claim(&mut store, run, LEASE).await.id, id("other"));

    bench.age("yesterday", Duration::from_secs(24 * 3600 + 60)).await;
    let run = begin(&mut store, &[row("tomorrow", 1, 0)]).await;
    assert_eq!(claim(&mut store, run, LEASE).await.id, id("tomorrow"));
}

pub(in super::super) async fn of_equals_claimed_at_once_one_is_claimed<B: Bench>() {
    let bench = B::new().await;
    let mut stores = Vec::new();
    for _ in 0..5 {
        stores.push(bench.store().await);
    }
    for round in 0..8 {
        let mut runs = Vec::new();
        for (n, store) in stores.iter_mut().enumerate() {
            runs.push(begin(store, &[row(&format!("{round}-{n}"), round, 0)]).await);
        }
        let claims =
            stores.iter_mut().zip(&runs).map(|(store, run)| store.claim(*run, LANE, LEASE, true));
        let claims = join_all(claims).await;
        let claimed = claims.iter().filter(|claim| matches!(claim, Ok(Claimed::Item(_)))).count();
        let passed = claims.iter().filter(|claim| matches!(claim, Ok(Claimed::Later(_)))).count();
        assert_eq!((claimed, passed), (1, 4), "{claims:?}");
    }
}
