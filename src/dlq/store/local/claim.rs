//! Claim and intent: who may send which row.

use std::collections::HashSet;
use std::time::Duration;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, query, query_scalar};
use uuid::Uuid;

use super::super::ending::{REPEAT, duplicate_of};
use super::super::{Attempt, Claim, Claimed, Intent};
use super::{At, id, json, unreadable, wait};
use crate::dlq::FailureId;
use crate::dlq::item::Event;
use crate::domain::{hex, sha_of_hex};

/// What is to be claimed.
pub(super) struct Wanted<'a> {
    pub(super) run: Uuid,
    pub(super) lane: &'a str,
    pub(super) lease: Duration,
    pub(super) settle_equals: bool,
    /// The place in the selection below which everything has come to an end.
    pub(super) begin: i64,
}

/// The first row of the lane that may be claimed: environment, run, lane, where the selection begins,
/// now, states. CROSS JOIN: the selection in its order, then its items, whatever the planner thinks.
macro_rules! next {
    () => {
        "FROM replay_selection s
         CROSS JOIN replay_item i ON i.env = ?1 AND i.failure_id = s.failure_id
         WHERE s.run_id = ?2 AND s.lane = ?3 AND s.ord >= ?4
           AND i.state IN (SELECT value FROM json_each(?6))
           AND (i.state = 'open' OR i.lease_until <= ?5)
           AND (i.not_before IS NULL OR i.not_before <= ?5)
           AND NOT EXISTS (
             SELECT 1 FROM replay_item e
             WHERE e.env = ?1 AND e.fingerprint = i.fingerprint AND e.failure_id <> i.failure_id
               AND e.state IN ('claimed', 'sending', 'unsure'))
         ORDER BY s.ord LIMIT 1"
    };
}

/// The first place of the lane that has not come to an end.
macro_rules! first {
    () => {
        "SELECT s.ord FROM replay_selection s
         CROSS JOIN replay_item i ON i.env = ?1 AND i.failure_id = s.failure_id
         WHERE s.run_id = ?2 AND s.lane = ?3 AND s.ord >= ?4
           AND i.state IN ('open', 'claimed', 'sending', 'unsure')
         ORDER BY s.ord LIMIT 1"
    };
}

/// Takes the next row in one statement, which is a transaction of its own; where that row is a
/// duplicate, or there is none, nothing happens, and [`claim`] tells. Its time is from before the wait
/// for other processes: nobody's lease seems to be over early, and ours is shorter by that wait.
const TAKE_NEXT: &str = concat!(
    "
UPDATE replay_item SET state = ?8, run_id = ?2, fence = fence + 1, lease_until = ?7,
  not_before = NULL, updated_at = ?5
WHERE env = ?1 AND failure_id = (
  SELECT n.failure_id FROM (
    SELECT i.failure_id, i.fingerprint ",
    next!(),
    ") n
  WHERE NOT (?9 AND EXISTS (
    SELECT 1 FROM replay_item d
    WHERE d.env = ?1 AND d.fingerprint = n.fingerprint AND d.failure_id <> n.failure_id
      AND d.state = 'delivered' AND d.updated_at > ?10)))
RETURNING failure_id, fence, payload_sha, (
  ",
    first!(),
    ") AS first"
);

/// The claim of a row that is no duplicate, and where the next look may begin. At `at` there is no
/// transaction.
pub(super) async fn take_next(
    at: &mut At<'_>,
    wanted: &Wanted<'_>,
) -> Result<Option<(Claim, i64)>, sqlx::Error> {
    // All of its rows, though there is one: the statement is on the disk when it has told its last.
    let rows = query(TAKE_NEXT)
        .bind(at.env)
        .bind(wanted.run.to_string())
        .bind(wanted.lane)
        .bind(wanted.begin)
        .bind(at.micros())
        .bind(json(Event::Claim.from()))
        .bind(at.after(wanted.lease))
        .bind(Event::Claim.to().word())
        .bind(wanted.settle_equals)
        .bind(at.before(REPEAT))
        .fetch_all(&mut *at.connection)
        .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let claim = Claim {
        id: id(row)?,
        run: wanted.run,
        lane: wanted.lane.to_owned(),
        fence: row.try_get("fence")?,
        payload_sha: sha(row)?,
    };
    Ok(Some((claim, row.try_get::<Option<i64>, _>("first")?.unwrap_or(wanted.begin))))
}

/// The claim, and where the next look may begin.
pub(super) async fn claim(
    at: &mut At<'_>,
    wanted: &Wanted<'_>,
) -> Result<(Claimed, i64), sqlx::Error> {
    let begin = first(at, wanted).await?.unwrap_or(wanted.begin);
    let next =
        query(concat!("SELECT i.failure_id, i.fence, i.payload_sha, i.fingerprint ", next!()))
            .bind(at.env)
            .bind(wanted.run.to_string())
            .bind(wanted.lane)
            .bind(begin)
            .bind(at.micros())
            .bind(json(Event::Claim.from()))
            .fetch_optional(&mut *at.connection)
            .await?;
    let Some(row) = next else { return Ok((later(at, wanted, begin).await?, begin)) };
    let id = id(&row)?;
    let equal = match wanted.settle_equals {
        true => delivered_equal(at, &id, row.try_get("fingerprint")?).await?,
        false => None,
    };
    if let Some(equal) = equal {
        let reason = duplicate_of(&equal);
        take(at, &id, wanted.run, Event::Skip, None, Some(reason)).await?;
        return Ok((Claimed::Duplicates(vec![(id, equal)]), begin));
    }
    take(at, &id, wanted.run, Event::Claim, Some(wanted.lease), None).await?;
    let claim = Claim {
        id,
        run: wanted.run,
        lane: wanted.lane.to_owned(),
        fence: row.try_get::<i64, _>("fence")? + 1,
        payload_sha: sha(&row)?,
    };
    Ok((Claimed::Item(claim), begin))
}

fn sha(row: &SqliteRow) -> Result<[u8; 32], sqlx::Error> {
    sha_of_hex(&row.try_get::<String, _>("payload_sha")?).ok_or_else(|| unreadable("payload_sha"))
}

async fn first(at: &mut At<'_>, wanted: &Wanted<'_>) -> Result<Option<i64>, sqlx::Error> {
    query_scalar(first!())
        .bind(at.env)
        .bind(wanted.run.to_string())
        .bind(wanted.lane)
        .bind(wanted.begin)
        .fetch_optional(&mut *at.connection)
        .await
}

async fn delivered_equal(
    at: &mut At<'_>,
    id: &FailureId,
    fingerprint: String,
) -> Result<Option<FailureId>, sqlx::Error> {
    let equal: Option<String> = query_scalar(
        "SELECT failure_id FROM replay_item
         WHERE env = ?1 AND fingerprint = ?2 AND failure_id <> ?3 AND state = 'delivered'
           AND updated_at > ?4
         ORDER BY updated_at DESC LIMIT 1",
    )
    .bind(at.env)
    .bind(fingerprint)
    .bind(id.as_str())
    .bind(at.before(REPEAT))
    .fetch_optional(&mut *at.connection)
    .await?;
    Ok(equal.map(FailureId::new))
}

async fn take(
    at: &mut At<'_>,
    id: &FailureId,
    run: Uuid,
    event: Event,
    lease: Option<Duration>,
    reason: Option<String>,
) -> Result<(), sqlx::Error> {
    query(
        "UPDATE replay_item SET state = ?3, run_id = ?4, fence = fence + 1, lease_until = ?5,
           not_before = NULL, reason = coalesce(?6, reason), updated_at = ?7
         WHERE env = ?1 AND failure_id = ?2",
    )
    .bind(at.env)
    .bind(id.as_str())
    .bind(event.to().word())
    .bind(run.to_string())
    .bind(lease.map(|lease| at.after(lease)))
    .bind(reason)
    .bind(at.micros())
    .execute(&mut *at.connection)
    .await
    .map(drop)
}

/// How long until something of the lane may be claimed: a wait of its own, a lease of somebody
/// else's, or an equal that is being sent.
async fn later(at: &mut At<'_>, wanted: &Wanted<'_>, begin: i64) -> Result<Claimed, sqlx::Error> {
    let until: Option<i64> = query_scalar(
        "SELECT min(until) FROM (
           SELECT max(coalesce(i.not_before, 0), coalesce((
             SELECT max(e.lease_until) FROM replay_item e
             WHERE e.env = ?1 AND e.fingerprint = i.fingerprint AND e.failure_id <> i.failure_id
               AND e.state IN ('claimed', 'sending')), 0)) AS until
           FROM replay_selection s
           CROSS JOIN replay_item i ON i.env = ?1 AND i.failure_id = s.failure_id
           WHERE s.run_id = ?2 AND s.lane = ?3 AND s.ord >= ?4 AND i.state = 'open'
             AND NOT EXISTS (
               SELECT 1 FROM replay_item e
               WHERE e.env = ?1 AND e.fingerprint = i.fingerprint AND e.failure_id <> i.failure_id
                 AND (e.state = 'unsure' OR e.state = 'sending' AND e.lease_until <= ?5))
           UNION ALL
           SELECT i.lease_until FROM replay_selection s
           CROSS JOIN replay_item i ON i.env = ?1 AND i.failure_id = s.failure_id
           WHERE s.run_id = ?2 AND s.lane = ?3 AND s.ord >= ?4 AND i.state = 'claimed')",
    )
    .bind(at.env)
    .bind(wanted.run.to_string())
    .bind(wanted.lane)
    .bind(begin)
    .bind(at.micros())
    .fetch_one(&mut *at.connection)
    .await?;
    Ok(until.map_or(Claimed::Nothing, |until| Claimed::Later(wait(until, at.now))))
}

/// Each fence has one attempt at most, so an intent that was made already is found again.
pub(super) async fn intend(
    at: &mut At<'_>,
    claim: &Claim,
    intent: &Intent,
) -> Result<Option<Attempt>, sqlx::Error> {
    let moved = query(
        "UPDATE replay_item SET state = ?5, attempts = attempts + 1, reason = NULL,
           lease_until = ?6, updated_at = ?7
         WHERE env = ?1 AND failure_id = ?2 AND fence = ?3 AND run_id = ?4
           AND state IN (SELECT value FROM json_each(?8))",
    )
    .bind(at.env)
    .bind(claim.id.as_str())
    .bind(claim.fence)
    .bind(claim.run.to_string())
    .bind(Event::Intend.to().word())
    .bind(at.after(intent.lease))
    .bind(at.micros())
    .bind(json(Event::Intend.from()))
    .execute(&mut *at.connection)
    .await?;
    if moved.rows_affected() > 0 {
        return Ok(Some(record(at, claim.clone(), intent).await?));
    }
    let known: Option<i64> = query_scalar(
        "SELECT a.id FROM replay_attempt a
         JOIN replay_item i ON i.env = a.env AND i.failure_id = a.failure_id AND i.fence = a.fence
         WHERE a.env = ?1 AND a.failure_id = ?2 AND a.fence = ?3 AND a.run_id = ?4
           AND a.ended_at IS NULL AND i.state = ?5",
    )
    .bind(at.env)
    .bind(claim.id.as_str())
    .bind(claim.fence)
    .bind(claim.run.to_string())
    .bind(Event::Intend.to().word())
    .fetch_optional(&mut *at.connection)
    .await?;
    Ok(known.map(|id| Attempt { claim: claim.clone(), id }))
}

async fn record(at: &mut At<'_>, claim: Claim, intent: &Intent) -> Result<Attempt, sqlx::Error> {
    let made = query(
        "INSERT INTO replay_attempt (env, failure_id, run_id, fence, intent_at, ping, payload_sha)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(at.env)
    .bind(claim.id.as_str())
    .bind(claim.run.to_string())
    .bind(claim.fence)
    .bind(at.micros())
    .bind(intent.ping)
    .bind(hex(&intent.payload_sha))
    .execute(&mut *at.connection)
    .await?;
    Ok(Attempt { claim, id: made.last_insert_rowid() })
}

pub(super) async fn still_ours(
    at: &mut At<'_>,
    attempt: &Attempt,
    left: Duration,
) -> Result<bool, sqlx::Error> {
    let found = query(
        "SELECT 1 FROM replay_item
         WHERE env = ?1 AND failure_id = ?2 AND fence = ?3 AND run_id = ?4 AND state = ?5
           AND lease_until >= ?6",
    )
    .bind(at.env)
    .bind(attempt.claim.id.as_str())
    .bind(attempt.claim.fence)
    .bind(attempt.claim.run.to_string())
    .bind(Event::Intend.to().word())
    .bind(at.after(left))
    .fetch_optional(&mut *at.connection)
    .await?;
    Ok(found.is_some())
}

/// One time for all intents: it tells the one message that they share.
pub(super) async fn intend_many(
    at: &mut At<'_>,
    run: Uuid,
    ids: &[FailureId],
    intent: &Intent,
) -> Result<Vec<Attempt>, sqlx::Error> {
    let mut seen = HashSet::new();
    let mut attempts = Vec::new();
    for id in ids.iter().filter(|id| seen.insert(*id)) {
        let free = query(
            "SELECT i.lane, i.fence, i.payload_sha FROM replay_item i
             WHERE i.env = ?1 AND i.failure_id = ?2
               AND i.state IN (SELECT value FROM json_each(?4))
               AND (i.state = 'open' OR i.lease_until <= ?3)
               AND NOT EXISTS (
                 SELECT 1 FROM replay_item e
                 WHERE e.env = ?1 AND e.fingerprint = i.fingerprint
                   AND e.failure_id <> i.failure_id
                   AND e.state IN ('claimed', 'sending', 'unsure'))",
        )
        .bind(at.env)
        .bind(id.as_str())
        .bind(at.micros())
        .bind(json(Event::Claim.from()))
        .fetch_optional(&mut *at.connection)
        .await?;
        let Some(row) = free else { continue };
        take(at, id, run, Event::Claim, Some(intent.lease), None).await?;
        let claim = Claim {
            id: id.clone(),
            run,
            lane: row.try_get("lane")?,
            fence: row.try_get::<i64, _>("fence")? + 1,
            payload_sha: sha(&row)?,
        };
        attempts.extend(intend(at, &claim, intent).await?);
    }
    Ok(attempts)
}
