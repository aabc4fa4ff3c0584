//! What every store must do, run over each of them: [`cases!`] makes a test of each case.

mod equals;
mod lanes;
mod many;
mod random;
mod records;
mod steps;

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::{
    Attempt, AttemptEnd, Claim, Claimed, Fate, Finished, Frozen, Intent, Item, NewRun, Owner, Store,
};
use crate::dlq::{FailureId, ItemState};

pub(super) use equals::*;
pub(super) use lanes::*;
pub(super) use many::*;
pub(super) use random::*;
pub(super) use records::*;
pub(super) use steps::*;

/// A place that stores can be opened in, as processes open them.
pub(super) trait Bench {
    type Store: Store;

    async fn new() -> Self;

    /// Another connection to the same place.
    async fn store(&self) -> Self::Store;

    /// Makes everything that happened to a row so much older.
    async fn age(&self, id: &str, by: Duration);
}

macro_rules! cases {
    ($bench:ty) => {
        $crate::dlq::store::suite::cases!($bench:
            every_event_finds_its_states_only,
            an_older_fence_changes_nothing,
            an_end_is_found_again,
            a_claim_that_is_over_is_anybody_s,
            a_dead_owner_holds_nothing,
            a_wait_is_waited_for,
            a_selection_is_frozen_once,
            a_rejected_row_with_another_payload_is_open_again,
            an_unsure_row_is_open_again_only_on_demand,
            the_end_of_a_run_frees_what_it_holds,
            an_equal_that_is_under_way_is_passed_over,
            equals_are_skipped_on_delivery,
            an_equal_of_the_last_day_is_not_sent_again,
            of_equals_claimed_at_once_one_is_claimed,
            a_lane_is_of_one_run_at_a_time,
            a_run_hears_of_those_that_are_alive,
            a_digest_takes_what_is_free,
            receipts_settle_what_is_in_doubt,
            an_operator_s_word_settles_doubt,
            what_is_discarded_stays_so,
            the_audit_tells_all,
            hostile_words_are_only_words,
            five_workers_take_each_row_once,
            no_order_of_steps_doubles_a_row,
        );
    };
    ($bench:ty: $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::dlq::store::suite::$case::<$bench>().await;
            }
        )+
    };
}
pub(super) use cases;

pub(super) const LANE: &str = "p1-ops";
pub(super) const LEASE: Duration = Duration::from_secs(60);
/// Over as soon as it is given.
pub(super) const NO_LEASE: Duration = Duration::ZERO;

/// This process.
pub(super) fn me() -> Owner {
    Owner::of_this_process("sato", "0.1.0")
}

/// A process of this machine that is gone.
pub(super) fn gone() -> Owner {
    Owner { boot_id: "an earlier boot".to_owned(), operator: "mori".to_owned(), ..me() }
}

/// A process of which nothing can be told.
pub(super) fn elsewhere() -> Owner {
    Owner { host: "elsewhere".to_owned(), operator: "abe".to_owned(), ..me() }
}

pub(super) fn id(name: impl Into<String>) -> FailureId {
    FailureId::new(name)
}

/// A row whose fingerprint depends on `alert`, and whose payload on that and `edition`.
pub(super) fn row(name: &str, alert: u8, edition: u8) -> Frozen {
    let mut payload_sha = [alert; 32];
    payload_sha[0] = edition;
    Frozen { id: id(name), lane: LANE.to_owned(), fingerprint: [alert; 32], payload_sha }
}

pub(super) fn run_of(owner: Owner, rows: &[Frozen]) -> NewRun {
    NewRun {
        run: Uuid::new_v4(),
        owner,
        plan_id: "plan-1".to_owned(),
        filter: json!({"since": "24h"}),
        options: json!({"rate": "polite"}),
        rows: rows.to_vec(),
        resend_unsure: false,
    }
}

/// Begins a run of this process.
pub(super) async fn begin(store: &mut impl Store, rows: &[Frozen]) -> Uuid {
    begin_as(store, me(), rows).await
}

pub(super) async fn begin_as(store: &mut impl Store, owner: Owner, rows: &[Frozen]) -> Uuid {
    let run = run_of(owner, rows);
    store.begin(&run).await.unwrap();
    run.run
}

pub(super) async fn claim(store: &mut impl Store, run: Uuid, lease: Duration) -> Claim {
    match store.claim(run, LANE, lease, true).await.unwrap() {
        Claimed::Item(claim) => claim,
        other => panic!("nothing was claimed: {other:?}"),
    }
}

pub(super) fn intent(lease: Duration) -> Intent {
    Intent { ping: "none", payload_sha: [7; 32], lease }
}

pub(super) async fn intend(store: &mut impl Store, claim: &Claim, lease: Duration) -> Attempt {
    store.intend(claim, &intent(lease)).await.unwrap().unwrap()
}

/// Begins, claims and intends one row.
pub(super) async fn sending(store: &mut impl Store, owner: Owner, row: Frozen) -> Attempt {
    sending_for(store, owner, row, LEASE).await
}

pub(super) async fn sending_for(
    store: &mut impl Store,
    owner: Owner,
    row: Frozen,
    lease: Duration,
) -> Attempt {
    let run = begin_as(store, owner, &[row]).await;
    let claim = claim(store, run, LEASE).await;
    intend(store, &claim, lease).await
}

pub(super) fn delivered() -> Fate {
    Fate::Delivered {
        message_id: Some("1400".to_owned()),
        channel_id: Some("77".to_owned()),
        settle_equals: true,
    }
}

pub(super) fn unsure() -> Fate {
    Fate::Unsure("no answer".to_owned())
}

pub(super) fn rejected() -> Fate {
    Fate::Rejected("embeds.0.title: BASE_TYPE_MAX_LENGTH".to_owned())
}

pub(super) fn skipped() -> Fate {
    Fate::Skipped("too old".to_owned())
}

pub(super) fn released(not_before: Duration) -> Fate {
    Fate::Released { reason: "429".to_owned(), not_before }
}

pub(super) fn answer(http_status: u16) -> AttemptEnd {
    AttemptEnd {
        http_status: Some(http_status),
        code: Some(50035),
        retry_after: Some(Duration::from_millis(1500)),
        note: "as it was answered".to_owned(),
    }
}

pub(super) fn done() -> Finished {
    Finished::Done(Vec::new())
}

pub(super) async fn item(store: &mut impl Store, name: &str) -> Item {
    let mut items = store.items(&[id(name)], &me()).await.unwrap();
    assert_eq!(items.len(), 1, "{name}");
    items.remove(0).1
}

pub(super) async fn state(store: &mut impl Store, name: &str) -> ItemState {
    item(store, name).await.state
}

/// Settles a run whose owner does no more.
pub(super) async fn over(store: &mut impl Store, run: Uuid) {
    store.end(run, "done", &json!({"delivered": 1})).await.unwrap();
}
