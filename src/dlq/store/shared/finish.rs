//! How an attempt, a claim or a doubt ends.
//!
//! Each end names its fence and finds its own earlier commit again, so that it may be asked once
//! more after a lost answer. The team's row is marked in the transaction of the delivery; where the
//! mark is refused, the delivery is recorded without it and a caveat says so.

use super::super::ending::{Ending, duplicate_of, resolved, words};
use super::super::{Attempt, AttemptEnd, Claim, Fate, Finished, Receipt, StoreError};
use super::{Again, SharedStore};
use crate::dlq::FailureId;
use crate::dlq::item::{Event, ItemState};
use crate::domain::Caveat;
use crate::postgres::{Quoted, Row, Sql};

/// `ended` also takes the end of an attempt that was thought to be unsure.
const FINISH: &str = "
WITH moved AS (
  UPDATE parky_ops.replay_item
  SET state = {to}, run_id = CASE WHEN {to} = 'open' THEN NULL ELSE run_id END,
      lease_until = NULL, not_before = clock_timestamp() + {not_before},
      message_id = coalesce({message}, message_id), channel_id = coalesce({channel}, channel_id),
      reason = {reason}, updated_at = clock_timestamp()
  WHERE failure_id = {id} AND fence = {fence} AND run_id = {run} AND state IN {from}
  RETURNING fingerprint),
ended AS (
  UPDATE parky_ops.replay_attempt
  SET ended_at = clock_timestamp(), outcome = {outcome}, http_status = {http_status},
      discord_code = {code}, retry_after = extract(epoch FROM {retry_after}),
      message_id = {message}, note = {note}, moved = EXISTS (SELECT 1 FROM moved)
  WHERE failure_id = {id} AND fence = {fence} AND run_id = {run}
    AND (ended_at IS NULL OR outcome = 'unsure' AND {outcome} <> 'unsure')
  RETURNING id),
equals AS (
  UPDATE parky_ops.replay_item e
  SET state = {skipped}, reason = {duplicate}, not_before = NULL, updated_at = clock_timestamp()
  FROM moved
  WHERE {settle} AND e.fingerprint = moved.fingerprint AND e.failure_id <> {id}
    AND e.state = 'open'
  RETURNING e.failure_id)
SELECT EXISTS (SELECT 1 FROM moved) AS moved,
       coalesce((SELECT a.moved AND a.outcome = {outcome} FROM parky_ops.replay_attempt a
                 WHERE a.failure_id = {id} AND a.fence = {fence} AND a.run_id = {run}), false)
         AS before,
       (SELECT json_agg(failure_id) FROM (
          SELECT failure_id FROM equals
          UNION ALL
          SELECT o.failure_id FROM parky_ops.replay_item o
          WHERE o.fingerprint = (SELECT m.fingerprint FROM parky_ops.replay_item m
                                 WHERE m.failure_id = {id})
            AND o.state = {skipped} AND o.reason = {duplicate} AND {settle}) all_equals)::text
         AS equals";

/// Undoes the transaction unless the row is delivered under this fence: a mark without a delivery
/// would be a lie.
const DELIVERED_HERE: &str = "
SELECT 1 / count(*) AS one FROM parky_ops.replay_item
WHERE failure_id = {id} AND fence = {fence} AND state = {to}";

pub(super) async fn finish(
    store: &mut SharedStore,
    attempt: &Attempt,
    fate: &Fate,
    end: &AttemptEnd,
) -> Result<Finished, StoreError> {
    let Attempt { claim, .. } = attempt;
    let ending = Ending::of(fate);
    conclude(store, claim, &ending, ending.event.from(), end).await
}

async fn conclude(
    store: &mut SharedStore,
    claim: &Claim,
    ending: &Ending<'_>,
    from: &[ItemState],
    end: &AttemptEnd,
) -> Result<Finished, StoreError> {
    let not_before = ending.not_before.map_or_else(Quoted::null, Quoted::interval);
    let retry_after = end.retry_after.map_or_else(|| none("interval"), Quoted::interval);
    let values = [
        ("id", &Quoted::literal(claim.id.as_str())),
        ("run", &Quoted::uuid(&claim.run)),
        ("fence", &Quoted::int(claim.fence)),
        ("from", &Quoted::list(words(from))),
        ("to", &Quoted::literal(ending.event.to().word())),
        ("outcome", &Quoted::literal(ending.outcome)),
        ("reason", &Quoted::text_or_null(ending.reason)),
        ("message", &Quoted::text_or_null(ending.message_id)),
        ("channel", &Quoted::text_or_null(ending.channel_id)),
        ("not_before", &not_before),
        ("http_status", &end.http_status.map_or_else(Quoted::null, Quoted::int)),
        ("code", &end.code.map_or_else(Quoted::null, Quoted::int)),
        ("retry_after", &retry_after),
        ("note", &Quoted::literal(&end.note)),
        ("settle", &Quoted::bool(ending.settle_equals)),
        ("skipped", &Quoted::literal(Event::Skip.to().word())),
        ("duplicate", &Quoted::literal(&duplicate_of(&claim.id))),
    ];
    let plain = Sql::fill(FINISH, &values);
    let guard = Sql::fill(DELIVERED_HERE, &values);
    let rows = store.with_mark(&claim.id, ending.event, plain, guard).await?;
    let Some(row) = rows.first() else { return Ok(Finished::TakenOver) };
    let yes = |column| Ok::<_, StoreError>(row.bool(column)?.unwrap_or_default());
    if yes("moved")? || yes("before")? {
        let equals: Vec<String> = row.json("equals")?.unwrap_or_default();
        Ok(Finished::Done(equals.into_iter().map(FailureId::new).collect()))
    } else {
        Ok(Finished::TakenOver)
    }
}

/// A `NULL` of this type.
fn none(kind: &'static str) -> Quoted {
    Sql::fill("NULL::{kind}", &[("kind", &Sql::constant(kind).into())]).into()
}

impl SharedStore {
    /// Runs `change`; where it is a delivery, with the mark of the team's row. `guard` fails where
    /// the change did not happen, so that the mark is undone with it.
    async fn with_mark(
        &mut self,
        id: &FailureId,
        event: Event,
        change: Sql,
        guard: Sql,
    ) -> Result<Vec<Row>, StoreError> {
        let mark = match (&self.mark, event) {
            (Some(mark), Event::Deliver) => mark.sql(id),
            _ => None,
        };
        let Some(mark) = mark else { return self.write(&change, Again::Safe).await };
        let both = Sql::all([change.clone(), Sql::all([guard, mark])]);
        let refused = match self.write(&both, Again::Safe).await {
            Err(StoreError::Shared(error)) if error.sqlstate().is_some() => error,
            other => return other,
        };
        let rows = self.write(&change, Again::Safe).await?;
        if refused.sqlstate() != Some("22012") {
            let text =
                format!("{} is delivered, but its row could not be marked: {refused}", id.as_str());
            self.caveats.push(Caveat::new("not-marked", text));
        }
        Ok(rows)
    }
}

const GIVE_BACK: &str = "
WITH moved AS (
  UPDATE parky_ops.replay_item
  SET state = {to}, run_id = CASE WHEN {to} = 'open' THEN NULL ELSE run_id END,
      lease_until = NULL, not_before = clock_timestamp() + {not_before}, reason = {reason},
      updated_at = clock_timestamp()
  WHERE failure_id = {id} AND fence = {fence} AND run_id = {run} AND state = {claimed}
    AND state IN {from}
  RETURNING failure_id)
SELECT 1 AS one FROM moved
UNION ALL
SELECT 1 FROM parky_ops.replay_item
WHERE failure_id = {id} AND fence = {fence} AND state = {to} AND reason IS NOT DISTINCT FROM {reason}
  AND {to} <> 'delivered'
  AND NOT EXISTS (SELECT 1 FROM parky_ops.replay_attempt
                  WHERE failure_id = {id} AND fence = {fence})";

pub(super) async fn give_back(
    store: &mut SharedStore,
    claim: &Claim,
    fate: &Fate,
) -> Result<Finished, StoreError> {
    let ending = Ending::of(fate);
    let not_before = ending.not_before.map_or_else(Quoted::null, Quoted::interval);
    let values = [
        ("id", &Quoted::literal(claim.id.as_str())),
        ("run", &Quoted::uuid(&claim.run)),
        ("fence", &Quoted::int(claim.fence)),
        ("claimed", &Quoted::literal(Event::Claim.to().word())),
        ("from", &Quoted::list(words(ending.event.from()))),
        ("to", &Quoted::literal(ending.event.to().word())),
        ("reason", &Quoted::text_or_null(ending.reason)),
        ("not_before", &not_before),
    ];
    let rows = store.write(&Sql::fill(GIVE_BACK, &values), Again::Safe).await?;
    Ok(if rows.is_empty() { Finished::TakenOver } else { Finished::Done(Vec::new()) })
}

const FINISH_MANY: &str = "
WITH ours AS MATERIALIZED (
  SELECT * FROM unnest({ids}, {fences}) AS t (failure_id, fence)),
held AS MATERIALIZED (
  SELECT i.failure_id, i.fence FROM parky_ops.replay_item i JOIN ours USING (failure_id, fence)
  WHERE i.run_id = {run} AND i.state IN {from} ORDER BY i.failure_id FOR UPDATE OF i),
moved AS (
  UPDATE parky_ops.replay_item i
  SET state = {to}, run_id = CASE WHEN {to} = 'open' THEN NULL ELSE i.run_id END,
      lease_until = NULL, not_before = clock_timestamp() + {not_before},
      message_id = coalesce({message}, i.message_id),
      channel_id = coalesce({channel}, i.channel_id), reason = {reason},
      updated_at = clock_timestamp()
  FROM held WHERE i.failure_id = held.failure_id
  RETURNING i.failure_id)
UPDATE parky_ops.replay_attempt a
SET ended_at = clock_timestamp(), outcome = {outcome}, http_status = {http_status},
    discord_code = {code}, retry_after = extract(epoch FROM {retry_after}),
    message_id = {message}, note = {note},
    moved = EXISTS (SELECT 1 FROM moved WHERE moved.failure_id = a.failure_id)
FROM ours
WHERE a.failure_id = ours.failure_id AND a.fence = ours.fence AND a.run_id = {run}
  AND (a.ended_at IS NULL OR a.outcome = 'unsure' AND {outcome} <> 'unsure')";

pub(super) async fn finish_many(
    store: &mut SharedStore,
    attempts: &[Attempt],
    fate: &Fate,
    end: &AttemptEnd,
) -> Result<(), StoreError> {
    let Some(first) = attempts.first() else { return Ok(()) };
    let ending = Ending::of(fate);
    let not_before = ending.not_before.map_or_else(Quoted::null, Quoted::interval);
    let retry_after = end.retry_after.map_or_else(|| none("interval"), Quoted::interval);
    let values = [
        ("ids", &Quoted::texts(attempts.iter().map(|attempt| attempt.claim.id.as_str()))),
        ("fences", &Quoted::ints(attempts.iter().map(|attempt| attempt.claim.fence))),
        ("run", &Quoted::uuid(&first.claim.run)),
        ("from", &Quoted::list(words(ending.event.from()))),
        ("to", &Quoted::literal(ending.event.to().word())),
        ("outcome", &Quoted::literal(ending.outcome)),
        ("reason", &Quoted::text_or_null(ending.reason)),
        ("message", &Quoted::text_or_null(ending.message_id)),
        ("channel", &Quoted::text_or_null(ending.channel_id)),
        ("not_before", &not_before),
        ("http_status", &end.http_status.map_or_else(Quoted::null, Quoted::int)),
        ("code", &end.code.map_or_else(Quoted::null, Quoted::int)),
        ("retry_after", &retry_after),
        ("note", &Quoted::literal(&end.note)),
    ];
    store.write(&Sql::fill(FINISH_MANY, &values), Again::Safe).await.map(drop)
}

pub(super) async fn absorb(
    store: &mut SharedStore,
    receipts: &[Receipt],
) -> Result<u64, StoreError> {
    let mut moved = 0;
    for receipt in receipts {
        if !is_in_doubt(store, receipt).await? {
            continue;
        }
        let ending = Ending::of(&receipt.fate);
        let claim = Claim {
            id: receipt.id.clone(),
            run: receipt.run,
            lane: String::new(),
            fence: receipt.fence,
            payload_sha: [0; 32],
        };
        let from = ending.absorbed_from();
        if conclude(store, &claim, &ending, from, &receipt.end).await? != Finished::TakenOver {
            moved += 1;
        }
    }
    Ok(moved)
}

const IN_DOUBT: &str = "
SELECT 1 AS one FROM parky_ops.replay_item
WHERE failure_id = {id} AND fence = {fence} AND run_id = {run} AND state IN {from}";

/// Most receipts are known already; a look costs no write.
async fn is_in_doubt(store: &mut SharedStore, receipt: &Receipt) -> Result<bool, StoreError> {
    let values = [
        ("id", &Quoted::literal(receipt.id.as_str())),
        ("fence", &Quoted::int(receipt.fence)),
        ("run", &Quoted::uuid(&receipt.run)),
        ("from", &Quoted::list(words(Ending::of(&receipt.fate).absorbed_from()))),
    ];
    Ok(!store.read(&Sql::fill(IN_DOUBT, &values)).await?.is_empty())
}

/// A `sending` row whose lease is not over is somebody's who is at it, and not in doubt.
const RESOLVE: &str = "
WITH moved AS (
  UPDATE parky_ops.replay_item
  SET state = {to}, run_id = CASE WHEN {to} = 'open' THEN NULL ELSE run_id END,
      lease_until = NULL, not_before = NULL, message_id = coalesce({message}, message_id),
      reason = {reason}, updated_at = clock_timestamp()
  WHERE failure_id = {id}
    AND (state = {unsure} OR state = {sending} AND lease_until <= clock_timestamp())
  RETURNING failure_id, fence),
ended AS (
  UPDATE parky_ops.replay_attempt a
  SET ended_at = clock_timestamp(), outcome = {outcome}, message_id = {message}, note = {reason}
  FROM moved WHERE a.failure_id = moved.failure_id AND a.fence = moved.fence AND ended_at IS NULL)
SELECT failure_id FROM moved
UNION ALL
SELECT failure_id FROM parky_ops.replay_item
WHERE failure_id = {id} AND state = {to} AND reason = {reason}";

const RESOLVED_HERE: &str = "
SELECT 1 / count(*) AS one FROM parky_ops.replay_item
WHERE failure_id = {id} AND state = {to} AND reason = {reason}";

pub(super) async fn resolve(
    store: &mut SharedStore,
    id: &FailureId,
    delivered: Option<&str>,
    by: &str,
) -> Result<bool, StoreError> {
    let (event, outcome) = match delivered {
        Some(_) => (Event::Deliver, "delivered"),
        None => (Event::Reopen, "released"),
    };
    let values = [
        ("id", &Quoted::literal(id.as_str())),
        ("to", &Quoted::literal(event.to().word())),
        ("outcome", &Quoted::literal(outcome)),
        ("unsure", &Quoted::literal(Event::Doubt.to().word())),
        ("sending", &Quoted::literal(Event::Intend.to().word())),
        ("message", &Quoted::text_or_null(delivered)),
        ("reason", &Quoted::literal(&resolved(by, delivered.is_some()))),
    ];
    let (plain, guard) = (Sql::fill(RESOLVE, &values), Sql::fill(RESOLVED_HERE, &values));
    Ok(!store.with_mark(id, event, plain, guard).await?.is_empty())
}
