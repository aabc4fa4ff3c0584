//! What is kept: an operator's word, discarded rows, the audit.

use std::time::Duration;

use super::*;

pub(in super::super) async fn an_operator_s_word_settles_doubt<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    assert!(!store.resolve(&id("unknown"), Some("1"), "sato").await.unwrap());
    let held = sending(&mut store, elsewhere(), row("held", 1, 0)).await;
    assert!(!store.resolve(&id("held"), None, "sato").await.unwrap(), "somebody is at it");
    assert!(store.still_ours(&held, Duration::ZERO).await.unwrap());

    for (n, word) in [(2, Some("1400")), (3, None)] {
        let name = format!("row-{n}");
        sending_for(&mut store, elsewhere(), row(&name, n, 0), NO_LEASE).await;
        if n == 3 {
            store.reap(&me()).await.unwrap();
        }
        assert!(store.resolve(&id(&name), word, "sato").await.unwrap());
        let item = item(&mut store, &name).await;
        assert_eq!(item.message_id.as_deref(), word);
        assert!(item.reason.unwrap().contains("sato"));
        let attempt = store.attempts(&id(&name)).await.unwrap().remove(0);
        assert!(attempt.ended_at.is_some());
        assert!(attempt.note.unwrap().contains("sato"));
    }
    assert_eq!(state(&mut store, "row-2").await, ItemState::Delivered);
    assert_eq!(state(&mut store, "row-3").await, ItemState::Open);
    assert!(!store.resolve(&id("row-2"), None, "sato").await.unwrap(), "delivered stays so");
}

pub(in super::super) async fn what_is_discarded_stays_so<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let attempt = sending(&mut store, me(), row("delivered", 1, 0)).await;
    store.finish(&attempt, &delivered(), &answer(200)).await.unwrap();
    sending(&mut store, me(), row("sending", 2, 0)).await;
    begin(&mut store, &[row("open", 3, 0)]).await;
    let rows =
        [row("delivered", 1, 0), row("sending", 2, 0), row("open", 3, 0), row("unknown", 4, 0)];
    let mut settled = store.discard(&rows, "incident closed", "sato").await.unwrap();
    settled.sort();
    assert_eq!(settled, [id("open"), id("unknown")]);
    let unknown = item(&mut store, "unknown").await;
    assert_eq!(unknown.state, ItemState::Discarded);
    assert_eq!(unknown.reason.as_deref(), Some("incident closed (sato)"));
    let run = begin(&mut store, &rows[2..]).await;
    assert_eq!(store.claim(run, LANE, LEASE, true).await.unwrap(), Claimed::Nothing);
    assert_eq!(store.discard(&[], "none", "sato").await.unwrap(), []);
}

pub(in super::super) async fn the_audit_tells_all<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    assert_eq!(store.items(&[], &me()).await.unwrap(), []);
    assert_eq!(store.items(&[id("unknown")], &me()).await.unwrap(), []);
    assert_eq!(store.attempts(&id("unknown")).await.unwrap(), []);
    assert_eq!(store.known(9).await.unwrap(), []);
    assert_eq!(store.runs(9, &me()).await.unwrap(), []);
    assert_eq!(store.recent().await.unwrap(), []);
    assert_eq!(store.in_doubt(&me()).await.unwrap(), []);

    let attempt = sending(&mut store, me(), row("limited", 1, 0)).await;
    store.finish(&attempt, &released(Duration::ZERO), &answer(429)).await.unwrap();
    assert_eq!(store.recent().await.unwrap(), [], "it was not taken");
    let claim = claim(&mut store, attempt.claim.run, LEASE).await;
    let second = intend(&mut store, &claim, LEASE).await;
    store.finish(&second, &delivered(), &answer(200)).await.unwrap();
    let attempts = store.attempts(&id("limited")).await.unwrap();
    let outcomes: Vec<_> =
        attempts.iter().map(|attempt| (attempt.outcome.as_deref(), attempt.http_status)).collect();
    assert_eq!(outcomes, [(Some("released"), Some(429)), (Some("delivered"), Some(200))]);
    let last = &attempts[1];
    assert_eq!((last.run, last.operator.as_str()), (attempt.claim.run, "sato"));
    assert_eq!((last.code, last.message_id.as_deref()), (Some(50035), Some("1400")));
    assert_eq!(
        (last.ping.as_deref(), last.note.as_deref()),
        (Some("none"), Some("as it was answered"))
    );
    assert!(last.ended_at.unwrap() >= last.intent_at && last.intent_at >= attempts[0].intent_at);

    sending_for(&mut store, elsewhere(), row("older", 2, 0), NO_LEASE).await;
    let newer = sending(&mut store, me(), row("newer", 3, 0)).await;
    store.finish(&newer, &unsure(), &AttemptEnd::default()).await.unwrap();
    let doubts = store.in_doubt(&me()).await.unwrap();
    let names: Vec<_> = doubts.iter().map(|doubt| doubt.id.as_str()).collect();
    assert_eq!(names, ["older", "newer"]);
    assert_eq!(doubts[0].attempt.as_ref().unwrap().operator, "abe");
    assert_eq!(doubts[0].attempt.as_ref().unwrap().ended_at, None);

    begin(&mut store, &[row("open", 4, 0)]).await;
    let known = store.known(9).await.unwrap();
    assert_eq!(
        known,
        [
            (id("newer"), ItemState::Unsure),
            (id("older"), ItemState::Sending),
            (id("limited"), ItemState::Delivered)
        ]
    );
    assert_eq!(store.known(1).await.unwrap().len(), 1);
    let recent = store.recent().await.unwrap();
    assert_eq!(recent.len(), 3);
    assert!(recent.iter().all(|post| post.lane == LANE && post.age < Duration::from_secs(60)));

    let runs = store.runs(9, &me()).await.unwrap();
    assert_eq!(runs.len(), 4);
    assert_eq!((runs[0].plan_id.as_str(), runs[0].selected, runs[0].dead), ("plan-1", 1, false));
    assert_eq!(runs[3].owner, me());
    assert_eq!(store.runs(2, &me()).await.unwrap(), runs[..2]);
}

pub(in super::super) async fn hostile_words_are_only_words<B: Bench>() {
    let bench = B::new().await;
    let mut store = bench.store().await;
    let name = r#"'; DROP TABLE parky_ops.replay_item; -- \ "{run}" {id} $1 ?1 決済"#;
    let mut hostile = row(name, 1, 0);
    hostile.lane = name.to_owned();
    let mut run = run_of(Owner { operator: name.to_owned(), ..me() }, &[hostile.clone()]);
    run.filter = json!({ name: [name, "\u{0}"] });
    store.begin(&run).await.unwrap();
    assert!(matches!(
        store.take_lane(run.run, name, LEASE).await.unwrap(),
        super::super::LaneTaken::Mine
    ));
    let Claimed::Item(claim) = store.claim(run.run, name, LEASE, true).await.unwrap() else {
        panic!("not claimed");
    };
    assert_eq!((claim.id.as_str(), claim.lane.as_str()), (name, name));
    let attempt = intend(&mut store, &claim, LEASE).await;
    let end = AttemptEnd { note: name.to_owned(), ..answer(400) };
    let fate = Fate::Rejected(name.to_owned());
    assert_eq!(store.finish(&attempt, &fate, &end).await.unwrap(), done());
    assert_eq!(item(&mut store, name).await.reason.as_deref(), Some(name));
    let attempts = store.attempts(&id(name)).await.unwrap();
    assert_eq!((attempts[0].operator.as_str(), attempts[0].note.as_deref()), (name, Some(name)));
    assert_eq!(store.discard(&[hostile], name, name).await.unwrap(), [id(name)]);
}
