//! Who posts to a channel.

use super::*;
use crate::dlq::store::LaneTaken;

pub(in super::super) async fn a_lane_is_of_one_run_at_a_time<B: Bench>() {
    let bench = B::new().await;
    let (mut store, mut other) = (bench.store().await, bench.store().await);
    let rows = [row("a", 1, 0), row("b", 2, 0)];
    let first = begin_as(&mut store, elsewhere(), &rows).await;
    let second = begin(&mut other, &rows).await;
    assert_eq!(store.take_lane(first, LANE, LEASE).await.unwrap(), LaneTaken::Mine);
    assert_eq!(store.take_lane(first, LANE, LEASE).await.unwrap(), LaneTaken::Mine, "renewed");
    let claim = claim(&mut store, first, LEASE).await;
    let attempt = intend(&mut store, &claim, LEASE).await;
    store.finish(&attempt, &delivered(), &answer(200)).await.unwrap();

    let held = match other.take_lane(second, LANE, LEASE).await.unwrap() {
        LaneTaken::Held(holder) => holder,
        LaneTaken::Mine => panic!("the lane was taken from its holder"),
    };
    assert_eq!((held.run, held.operator.as_str(), held.host.as_str()), (first, "abe", "elsewhere"));
    assert_eq!((held.selected, held.done), (2, 1));
    assert!(held.lease > LEASE / 2 && held.lease <= LEASE, "{:?}", held.lease);

    assert_eq!(other.take_lane(second, "p0-incident", LEASE).await.unwrap(), LaneTaken::Mine);
    other.leave_lane(second, LANE).await.unwrap();
    let still = other.take_lane(second, LANE, LEASE).await.unwrap();
    assert!(matches!(still, LaneTaken::Held(_)), "only its holder lets a lane go");
    store.leave_lane(first, LANE).await.unwrap();
    assert_eq!(other.take_lane(second, LANE, NO_LEASE).await.unwrap(), LaneTaken::Mine);
    let late = store.take_lane(first, LANE, LEASE).await.unwrap();
    assert_eq!(late, LaneTaken::Mine, "a lease that is over holds nothing");
}

/// What the pace of all runs together is divided by.
pub(in super::super) async fn a_run_hears_of_those_that_are_alive<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let counts = serde_json::json!({});
    let mine = begin(&mut store, &[row("a", 1, 0)]).await;
    assert_eq!(store.beat(mine, &me(), &counts).await.unwrap(), 0);
    let theirs = begin_as(&mut store, elsewhere(), &[row("b", 2, 0)]).await;
    begin_as(&mut store, gone(), &[row("c", 3, 0)]).await;
    assert_eq!(store.beat(mine, &me(), &counts).await.unwrap(), 1, "the dead do not count");
    let mut other = bench.store().await;
    assert_eq!(
        other.beat(theirs, &elsewhere(), &counts).await.unwrap(),
        2,
        "unless nobody can tell"
    );
    over(&mut store, theirs).await;
    assert_eq!(store.beat(mine, &me(), &counts).await.unwrap(), 0);
}
