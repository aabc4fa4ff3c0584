//! Several rows at once: digests, receipts, workers.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use super::*;
use crate::dlq::store::Receipt;

pub(in super::super) async fn a_digest_takes_what_is_free<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let rows = [
        row("a", 1, 0),
        row("b", 2, 0),
        row("equal of b", 2, 0),
        row("busy", 3, 0),
        row("e", 4, 0),
    ];
    let run = begin(&mut store, &rows).await;
    sending(&mut store, me(), row("busy", 3, 0)).await;
    sending(&mut store, me(), row("equal of e", 4, 0)).await;
    let ids = ["e", "equal of b", "b", "busy", "a", "unknown", "a"].map(id);
    let attempts = store.intend_many(run, &ids, &intent(LEASE)).await.unwrap();
    let taken: Vec<_> = attempts.iter().map(|attempt| attempt.claim.id.as_str()).collect();
    assert_eq!(taken, ["equal of b", "a"], "the first of equals, and nothing that is under way");
    for attempt in &attempts {
        assert!(store.still_ours(attempt, LEASE / 2).await.unwrap());
    }
    assert_eq!(store.recent().await.unwrap().len(), 3, "one message, and two of others");

    let fate = Fate::Skipped("digest 1500".to_owned());
    store.finish_many(&attempts, &fate, &answer(200)).await.unwrap();
    store.finish_many(&attempts, &fate, &answer(200)).await.unwrap();
    for name in ["a", "equal of b"] {
        let item = item(&mut store, name).await;
        assert_eq!((item.state, item.reason.as_deref()), (ItemState::Skipped, Some("digest 1500")));
    }
    assert_eq!(state(&mut store, "e").await, ItemState::Open);
    let ended = store.attempts(&id("a")).await.unwrap();
    assert_eq!(ended[0].outcome.as_deref(), Some("skipped"));
    assert_eq!(store.intend_many(run, &[], &intent(LEASE)).await.unwrap(), []);
    store.finish_many(&[], &fate, &answer(200)).await.unwrap();
}

pub(in super::super) async fn receipts_settle_what_is_in_doubt<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let mut receipts = Vec::new();
    let fates =
        [delivered(), rejected(), released(Duration::ZERO), skipped(), unsure(), delivered()];
    for (n, fate) in fates.into_iter().enumerate() {
        let name = format!("row-{n}");
        let attempt = sending_for(&mut store, me(), row(&name, n as u8, 0), NO_LEASE).await;
        receipts.push(Receipt {
            id: id(&name),
            run: attempt.claim.run,
            fence: attempt.claim.fence,
            fate,
            end: answer(200),
        });
    }
    // One receipt comes before the reaper, the others after it.
    assert_eq!(store.absorb(&receipts[5..]).await.unwrap(), 1);
    assert_eq!(store.reap(&me()).await.unwrap(), 5);
    // The doubt of a receipt tells nothing new of an unsure row.
    assert_eq!(store.absorb(&receipts).await.unwrap(), 4);
    assert_eq!(store.absorb(&receipts).await.unwrap(), 0, "once");
    use ItemState::{Delivered, Open, Rejected, Skipped, Unsure};
    for (n, wanted) in
        [Delivered, Rejected, Open, Skipped, Unsure, Delivered].into_iter().enumerate()
    {
        assert_eq!(state(&mut store, &format!("row-{n}")).await, wanted, "{n}");
    }
    assert_eq!(item(&mut store, "row-0").await.message_id.as_deref(), Some("1400"));
    let attempts = store.attempts(&id("row-0")).await.unwrap();
    assert_eq!(attempts[0].outcome.as_deref(), Some("delivered"));

    // A receipt of an older fence, and of a row that is not known.
    let stale = Receipt { fence: receipts[4].fence - 1, fate: delivered(), ..receipts[4].clone() };
    let unknown = Receipt { id: id("unknown"), ..receipts[4].clone() };
    assert_eq!(store.absorb(&[stale, unknown]).await.unwrap(), 0);
    assert_eq!(state(&mut store, "row-4").await, Unsure);
}

pub(in super::super) async fn five_workers_take_each_row_once<B: Bench>() {
    let bench = B::new().await;
    let names: Vec<_> = (0..200).map(|n| format!("row-{n:03}")).collect();
    let rows: Vec<_> = (0..200).zip(&names).map(|(n, name)| row(name, n as u8, 0)).collect();
    let mut workers = Vec::new();
    for _ in 0..5 {
        let mut store = bench.store().await;
        let run = begin(&mut store, &rows).await;
        workers.push(async move {
            let mut taken = Vec::new();
            loop {
                match store.claim(run, LANE, LEASE, true).await.unwrap() {
                    Claimed::Item(claim) => {
                        let attempt = intend(&mut store, &claim, LEASE).await;
                        let end = store.finish(&attempt, &delivered(), &answer(200)).await.unwrap();
                        assert_eq!(end, done());
                        taken.push(claim.id);
                    }
                    Claimed::Later(_) => tokio::task::yield_now().await,
                    Claimed::Nothing => return taken,
                    Claimed::Duplicates(rows) => panic!("no two are equal: {rows:?}"),
                }
            }
        });
    }
    let mut times: BTreeMap<_, u32> = BTreeMap::new();
    for id in join_all(workers).await.into_iter().flatten() {
        *times.entry(id).or_default() += 1;
    }
    assert_eq!(times.len(), 200);
    assert!(times.values().all(|times| *times == 1), "{times:?}");
    let mut store = bench.store().await;
    for name in &names {
        assert_eq!(item(&mut store, name).await.attempts, 1, "{name}");
    }
}
