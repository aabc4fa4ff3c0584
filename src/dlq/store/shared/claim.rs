//! Claim and intent: who may send which row.

use std::time::Duration;

use uuid::Uuid;

use super::super::ending::{REPEAT, words};
use super::super::{Attempt, Claim, Claimed, Intent, StoreError};
use super::items::{id, missing};
use super::{Again, SharedStore};
use crate::dlq::FailureId;
use crate::dlq::item::Event;
use crate::domain::sha_of_hex;
use crate::postgres::{PgError, Quoted, Row, Sql};

/// Statistics know nothing of rows that were frozen a moment ago, so the planner is told to walk the
/// keys; otherwise it may read a whole table for one row.
pub(super) const BY_KEYS: Sql = Sql::constant(
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; \
     SET LOCAL enable_seqscan = off; SET LOCAL jit = off",
);

/// The first row of the lane that may be claimed; one whose equal was delivered lately is skipped
/// instead. The team's table takes no part. `first` is where the next look may begin.
pub(super) const CLAIM: &str = "
WITH next AS MATERIALIZED (
  SELECT i.failure_id, equal.failure_id AS equal
  FROM parky_ops.replay_selection s
  JOIN parky_ops.replay_item i USING (failure_id)
  LEFT JOIN LATERAL (
    SELECT d.failure_id FROM parky_ops.replay_item d
    WHERE {settle} AND d.fingerprint = i.fingerprint AND d.failure_id <> i.failure_id
      AND d.state = 'delivered' AND d.updated_at > clock_timestamp() - {repeat}
    ORDER BY d.updated_at DESC LIMIT 1) equal ON true
  WHERE s.run_id = {run} AND s.lane = {lane} AND s.ord >= {begin}
    AND i.state IN {from} AND (i.state = 'open' OR i.lease_until <= clock_timestamp())
    AND (i.not_before IS NULL OR i.not_before <= clock_timestamp())
    AND NOT EXISTS (
      SELECT 1 FROM parky_ops.replay_item e
      WHERE e.fingerprint = i.fingerprint AND e.failure_id <> i.failure_id
        AND e.state IN ('claimed', 'sending', 'unsure'))
  ORDER BY s.ord LIMIT 1 FOR UPDATE OF i SKIP LOCKED)
UPDATE parky_ops.replay_item i
SET state = CASE WHEN n.equal IS NULL THEN {claimed} ELSE {skipped} END,
    reason = CASE WHEN n.equal IS NULL THEN i.reason ELSE 'duplicate of ' || n.equal END,
    run_id = {run}, fence = i.fence + 1,
    lease_until = CASE WHEN n.equal IS NULL THEN clock_timestamp() + {lease} END,
    not_before = NULL, updated_at = clock_timestamp()
FROM next n WHERE i.failure_id = n.failure_id
RETURNING i.failure_id, i.fence, encode(i.payload_sha, 'hex') AS payload_sha, n.equal,
  (SELECT s.ord FROM parky_ops.replay_selection s
   JOIN parky_ops.replay_item f USING (failure_id)
   WHERE s.run_id = {run} AND s.lane = {lane} AND s.ord >= {begin}
     AND f.state IN ('open', 'claimed', 'sending', 'unsure')
   ORDER BY s.ord LIMIT 1) AS first";

/// How long until something of the lane may be claimed: a wait of its own, a lease of somebody
/// else's, or an equal that is being sent.
const WAIT: &str = "
SELECT extract(epoch FROM min(until) - clock_timestamp())::float8 AS wait
FROM (
  SELECT greatest(i.not_before, clock_timestamp(), (
           SELECT max(e.lease_until) FROM parky_ops.replay_item e
           WHERE e.fingerprint = i.fingerprint AND e.failure_id <> i.failure_id
             AND e.state IN ('claimed', 'sending'))) AS until
  FROM parky_ops.replay_selection s
  JOIN parky_ops.replay_item i USING (failure_id)
  WHERE s.run_id = {run} AND s.lane = {lane} AND s.ord >= {begin} AND i.state = 'open'
    AND NOT EXISTS (
      SELECT 1 FROM parky_ops.replay_item e
      WHERE e.fingerprint = i.fingerprint AND e.failure_id <> i.failure_id
        AND (e.state = 'unsure' OR e.state = 'sending' AND e.lease_until <= clock_timestamp()))
  UNION ALL
  SELECT greatest(i.lease_until, clock_timestamp())
  FROM parky_ops.replay_selection s
  JOIN parky_ops.replay_item i USING (failure_id)
  WHERE s.run_id = {run} AND s.lane = {lane} AND s.ord >= {begin} AND i.state = 'claimed') w";

/// What is to be claimed.
pub(super) struct Wanted<'a> {
    pub(super) run: Uuid,
    pub(super) lane: &'a str,
    pub(super) lease: Duration,
    pub(super) settle_equals: bool,
    /// The place in the selection below which everything has come to an end.
    pub(super) begin: i64,
}

impl Wanted<'_> {
    pub(super) fn fill(&self, template: &'static str) -> Sql {
        let values = [
            ("run", &Quoted::uuid(&self.run)),
            ("lane", &Quoted::literal(self.lane)),
            ("begin", &Quoted::int(self.begin)),
            ("settle", &Quoted::bool(self.settle_equals)),
            ("repeat", &Quoted::interval(REPEAT)),
            ("lease", &Quoted::interval(self.lease)),
            ("from", &Quoted::list(words(Event::Claim.from()))),
            ("claimed", &Quoted::literal(Event::Claim.to().word())),
            ("skipped", &Quoted::literal(Event::Skip.to().word())),
        ];
        Sql::fill(template, &values)
    }
}

pub(super) async fn claim(
    store: &mut SharedStore,
    run: Uuid,
    lane: &str,
    lease: Duration,
    settle_equals: bool,
) -> Result<Claimed, StoreError> {
    let place = (run, lane.to_owned());
    let begin = store.begins.get(&place).copied().unwrap_or_default();
    let wanted = Wanted { run, lane, lease, settle_equals, begin };
    let message = Sql::all([BY_KEYS, wanted.fill(CLAIM)]);
    // A claim of which no answer came is not asked again here: it would be a second one.
    let rows = store.write(&message, Again::Never).await?;
    let Some(row) = rows.first() else {
        let message = Sql::all([BY_KEYS, wanted.fill(WAIT)]);
        let rows = store.read(&message).await?;
        let wait = rows.first().map(|row| row.float("wait")).transpose()?.flatten();
        return Ok(match wait {
            Some(wait) => Claimed::Later(Duration::from_secs_f64(wait.max(0.0))),
            None => Claimed::Nothing,
        });
    };
    if let Some(first) = row.int("first")? {
        store.begins.insert(place, first);
    }
    let id = id(row)?;
    if let Some(equal) = row.text("equal")? {
        return Ok(Claimed::Duplicates(vec![(id, FailureId::new(equal))]));
    }
    Ok(Claimed::Item(Claim {
        id,
        run,
        lane: lane.to_owned(),
        fence: row.int("fence")?.ok_or_else(|| missing("fence"))?,
        payload_sha: sha(row)?,
    }))
}

fn sha(row: &Row) -> Result<[u8; 32], PgError> {
    let hex = row.text("payload_sha")?.unwrap_or_default();
    sha_of_hex(&hex).ok_or_else(|| PgError::unreadable("payload_sha", "a SHA-256"))
}

/// Each fence has one attempt at most, so an intent whose answer was lost is found again.
const INTEND: &str = "
WITH moved AS (
  UPDATE parky_ops.replay_item
  SET state = {sending}, attempts = attempts + 1, reason = NULL,
      lease_until = clock_timestamp() + {lease}, updated_at = clock_timestamp()
  WHERE failure_id = {id} AND fence = {fence} AND run_id = {run} AND state IN {from}
  RETURNING failure_id, run_id, fence),
made AS (
  INSERT INTO parky_ops.replay_attempt (failure_id, run_id, fence, intent_at, ping, payload_sha)
  SELECT failure_id, run_id, fence, clock_timestamp(), {ping}, {sha} FROM moved
  RETURNING id)
SELECT id FROM made
UNION ALL
SELECT a.id FROM parky_ops.replay_attempt a JOIN parky_ops.replay_item i USING (failure_id, fence)
WHERE a.failure_id = {id} AND a.fence = {fence} AND a.run_id = {run} AND a.ended_at IS NULL
  AND i.state = {sending}";

pub(super) async fn intend(
    store: &mut SharedStore,
    claim: &Claim,
    intent: &Intent,
) -> Result<Option<Attempt>, StoreError> {
    let values = [
        ("id", &Quoted::literal(claim.id.as_str())),
        ("run", &Quoted::uuid(&claim.run)),
        ("fence", &Quoted::int(claim.fence)),
        ("lease", &Quoted::interval(intent.lease)),
        ("ping", &Quoted::literal(intent.ping)),
        ("sha", &Quoted::bytes(&intent.payload_sha)),
        ("from", &Quoted::list(words(Event::Intend.from()))),
        ("sending", &Quoted::literal(Event::Intend.to().word())),
    ];
    let rows = store.write(&Sql::fill(INTEND, &values), Again::Safe).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let id = row.int("id")?.ok_or_else(|| missing("id"))?;
    Ok(Some(Attempt { claim: claim.clone(), id }))
}

const STILL_OURS: &str = "
SELECT 1 AS one FROM parky_ops.replay_item
WHERE failure_id = {id} AND fence = {fence} AND run_id = {run} AND state = {sending}
  AND lease_until - clock_timestamp() >= {left}";

pub(super) async fn still_ours(
    store: &mut SharedStore,
    attempt: &Attempt,
    left: Duration,
) -> Result<bool, StoreError> {
    let values = [
        ("id", &Quoted::literal(attempt.claim.id.as_str())),
        ("run", &Quoted::uuid(&attempt.claim.run)),
        ("fence", &Quoted::int(attempt.claim.fence)),
        ("sending", &Quoted::literal(Event::Intend.to().word())),
        ("left", &Quoted::interval(left)),
    ];
    Ok(!store.read(&Sql::fill(STILL_OURS, &values)).await?.is_empty())
}

/// One time for all intents: it tells the one message that they share.
const INTEND_MANY: &str = "
WITH free AS MATERIALIZED (
  SELECT i.failure_id, i.fingerprint, t.ord
  FROM unnest({ids}) WITH ORDINALITY AS t (failure_id, ord)
  JOIN parky_ops.replay_item i USING (failure_id)
  WHERE i.state IN {from} AND (i.state = 'open' OR i.lease_until <= clock_timestamp())
    AND NOT EXISTS (
      SELECT 1 FROM parky_ops.replay_item e
      WHERE e.fingerprint = i.fingerprint AND e.failure_id <> i.failure_id
        AND e.state IN ('claimed', 'sending', 'unsure'))
  ORDER BY i.failure_id FOR UPDATE OF i SKIP LOCKED),
chosen AS (
  SELECT DISTINCT ON (fingerprint) failure_id, ord FROM free ORDER BY fingerprint, ord),
moved AS (
  UPDATE parky_ops.replay_item i
  SET state = {sending}, run_id = {run}, fence = i.fence + 1, attempts = i.attempts + 1,
      reason = NULL, not_before = NULL, lease_until = clock_timestamp() + {lease},
      updated_at = clock_timestamp()
  FROM chosen c WHERE i.failure_id = c.failure_id
  RETURNING i.failure_id, i.lane, i.fence, i.payload_sha, c.ord),
made AS (
  INSERT INTO parky_ops.replay_attempt (failure_id, run_id, fence, intent_at, ping, payload_sha)
  SELECT failure_id, {run}, fence, statement_timestamp(), {ping}, {sha} FROM moved
  RETURNING id, failure_id)
SELECT made.id, failure_id, lane, fence, encode(payload_sha, 'hex') AS payload_sha
FROM made JOIN moved USING (failure_id) ORDER BY ord";

pub(super) async fn intend_many(
    store: &mut SharedStore,
    run: Uuid,
    ids: &[FailureId],
    intent: &Intent,
) -> Result<Vec<Attempt>, StoreError> {
    let mut seen = std::collections::HashSet::new();
    let ids = ids.iter().filter(|id| seen.insert(*id)).map(FailureId::as_str);
    let values = [
        ("ids", &Quoted::texts(ids)),
        ("run", &Quoted::uuid(&run)),
        ("lease", &Quoted::interval(intent.lease)),
        ("ping", &Quoted::literal(intent.ping)),
        ("sha", &Quoted::bytes(&intent.payload_sha)),
        ("from", &Quoted::list(words(Event::Claim.from()))),
        ("sending", &Quoted::literal(Event::Intend.to().word())),
    ];
    let rows = store.write(&Sql::fill(INTEND_MANY, &values), Again::Never).await?;
    let attempt = |row: &Row| {
        let int = |column| row.int(column)?.ok_or_else(|| missing(column));
        let claim = Claim {
            id: id(row)?,
            run,
            lane: row.text("lane")?.unwrap_or_default(),
            fence: int("fence")?,
            payload_sha: sha(row)?,
        };
        Ok(Attempt { claim, id: int("id")? })
    };
    rows.iter().map(attempt).collect()
}
