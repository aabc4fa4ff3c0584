//! What the shared store has not heard of.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, query};

use super::super::handover::{LocalAttempt, LocalRow};
use super::super::{ALIVE, Owner};
use super::items::{owner, state};
use super::{At, id, time, time_or_null, unreadable, uuid};
use crate::dlq::FailureId;

/// A run of this file that goes on, if there is one; `me` tells the dead.
pub(super) async fn at_work(at: &mut At<'_>, me: &Owner) -> Result<Option<Owner>, sqlx::Error> {
    let rows = query("SELECT * FROM replay_run WHERE env = ? AND ended_at IS NULL")
        .bind(at.env)
        .fetch_all(&mut *at.connection)
        .await?;
    for row in &rows {
        let Some(owner) = owner(row)? else { continue };
        let goes_on = match owner.is_dead(me) {
            Some(dead) => !dead,
            None => time(row, "heartbeat_at")?.timestamp_micros() > at.before(ALIVE),
        };
        if goes_on {
            return Ok(Some(owner));
        }
    }
    Ok(None)
}

/// Rows that came to an end, or are in doubt, and of which the shared store has not heard, or not of
/// their last change: those after `since`, the oldest change first. Rows of another table stay here.
pub(super) async fn untold(
    at: &mut At<'_>,
    since: Option<&(DateTime<Utc>, FailureId)>,
    limit: u32,
) -> Result<Vec<LocalRow>, sqlx::Error> {
    let (after, key) = match since {
        Some((after, id)) => (after.timestamp_micros(), id.as_str()),
        None => (i64::MIN, ""),
    };
    let rows = query(
        "SELECT i.failure_id, i.lane, i.state, i.fingerprint, i.payload_sha, i.message_id,
                i.channel_id, i.reason, i.attempts, i.updated_at,
                a.intent_at, a.ended_at, a.outcome, a.http_status, a.code,
                a.message_id AS a_message_id, a.ping, a.note,
                r.run_id, r.operator, r.host, r.boot_id, r.pid, r.pid_started, r.version,
                r.started_at, r.ended_at AS run_ended_at, r.plan_id
         FROM replay_item i
         LEFT JOIN replay_attempt a ON a.id = (
           SELECT max(l.id) FROM replay_attempt l
           WHERE l.env = i.env AND l.failure_id = i.failure_id)
         LEFT JOIN replay_run r ON r.run_id = a.run_id
         WHERE i.env = ?1 AND i.source IN ('', ?2)
           AND i.state IN ('delivered', 'rejected', 'skipped', 'discarded', 'unsure')
           AND i.carried IS NOT i.updated_at AND (i.updated_at, i.failure_id) > (?3, ?4)
         ORDER BY i.updated_at, i.failure_id LIMIT ?5",
    )
    .bind(at.env)
    .bind(at.source)
    .bind(after)
    .bind(key)
    .bind(limit)
    .fetch_all(&mut *at.connection)
    .await?;
    rows.iter().map(row).collect()
}

fn row(row: &SqliteRow) -> Result<LocalRow, sqlx::Error> {
    Ok(LocalRow {
        id: id(row)?,
        lane: row.try_get("lane")?,
        state: state(row)?,
        fingerprint: row.try_get("fingerprint")?,
        payload_sha: row.try_get("payload_sha")?,
        message_id: row.try_get("message_id")?,
        channel_id: row.try_get("channel_id")?,
        reason: row.try_get("reason")?,
        attempts: row.try_get("attempts")?,
        updated_at: time(row, "updated_at")?,
        attempt: attempt(row)?,
    })
}

fn attempt(row: &SqliteRow) -> Result<Option<LocalAttempt>, sqlx::Error> {
    let Some(owner) = owner(row)? else { return Ok(None) };
    Ok(Some(LocalAttempt {
        run_id: uuid(row, "run_id")?,
        owner,
        started_at: time(row, "started_at")?,
        run_ended_at: time_or_null(row, "run_ended_at")?,
        plan_id: row.try_get("plan_id")?,
        intent_at: time_or_null(row, "intent_at")?.ok_or_else(|| unreadable("intent_at"))?,
        ended_at: time_or_null(row, "ended_at")?,
        outcome: row.try_get("outcome")?,
        http_status: row.try_get("http_status")?,
        code: row.try_get("code")?,
        message_id: row.try_get("a_message_id")?,
        ping: row.try_get("ping")?,
        note: row.try_get("note")?,
    }))
}

/// The shared store knows these, as they stood when they last changed at that time.
pub(super) async fn told(
    at: &mut At<'_>,
    rows: &[(FailureId, DateTime<Utc>)],
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> =
        rows.iter().map(|(id, change)| json!([id.as_str(), change.timestamp_micros()])).collect();
    query(
        "UPDATE replay_item SET carried = told.value ->> 1
         FROM json_each(?2) told
         WHERE replay_item.env = ?1 AND replay_item.failure_id = told.value ->> 0",
    )
    .bind(at.env)
    .bind(json!(rows).to_string())
    .execute(&mut *at.connection)
    .await
    .map(drop)
}
