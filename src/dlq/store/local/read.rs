//! The audit: attempts, rows in doubt, runs, and the posts of the last minute.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, query};

use super::super::ending::PACE;
use super::super::{AttemptRecord, InDoubt, Owner, Recent, RunRecord};
use super::items::{COLUMNS, item, owner};
use super::{At, age, count, time, time_or_null, unreadable, uuid};
use crate::dlq::{FailureId, ItemState};

/// The columns of [`attempt`], of an attempt `a` and its run `b`; named apart from an item's.
const ATTEMPT: &str = "
    a.failure_id AS a_failure_id, a.run_id AS a_run_id, coalesce(b.operator, '') AS a_operator,
    a.intent_at AS a_intent_at, a.ended_at AS a_ended_at, a.outcome AS a_outcome,
    a.http_status AS a_http_status, a.code AS a_code, a.message_id AS a_message_id,
    a.ping AS a_ping, a.note AS a_note";

/// `None` where the columns are of no attempt.
fn attempt(row: &SqliteRow) -> Result<Option<AttemptRecord>, sqlx::Error> {
    let Some(failure_id) = row.try_get("a_failure_id")? else { return Ok(None) };
    Ok(Some(AttemptRecord {
        failure_id,
        run: uuid(row, "a_run_id")?,
        operator: row.try_get("a_operator")?,
        intent_at: time(row, "a_intent_at")?,
        ended_at: time_or_null(row, "a_ended_at")?,
        outcome: row.try_get("a_outcome")?,
        http_status: row.try_get("a_http_status")?,
        code: row.try_get("a_code")?,
        message_id: row.try_get("a_message_id")?,
        ping: row.try_get("a_ping")?,
        note: row.try_get("a_note")?,
    }))
}

pub(super) async fn attempts(
    at: &mut At<'_>,
    id: &FailureId,
) -> Result<Vec<AttemptRecord>, sqlx::Error> {
    let sql = format!(
        "SELECT {ATTEMPT} FROM replay_attempt a LEFT JOIN replay_run b ON b.run_id = a.run_id
         WHERE a.env = ?1 AND a.failure_id = ?2 ORDER BY a.id"
    );
    let rows = query(AssertSqlSafe(sql))
        .bind(at.env)
        .bind(id.as_str())
        .fetch_all(&mut *at.connection)
        .await?;
    rows.iter().filter_map(|row| attempt(row).transpose()).collect()
}

pub(super) async fn in_doubt(at: &mut At<'_>, me: &Owner) -> Result<Vec<InDoubt>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS}, {ATTEMPT} FROM replay_item i
         LEFT JOIN replay_run r ON r.run_id = i.run_id
         LEFT JOIN replay_attempt a ON a.id = (
           SELECT max(l.id) FROM replay_attempt l
           WHERE l.env = i.env AND l.failure_id = i.failure_id)
         LEFT JOIN replay_run b ON b.run_id = a.run_id
         WHERE i.env = ?1 AND i.state IN ('sending', 'unsure')
         ORDER BY coalesce(a.intent_at, i.updated_at), i.failure_id"
    );
    let rows = query(AssertSqlSafe(sql)).bind(at.env).fetch_all(&mut *at.connection).await?;
    let mut doubts = Vec::new();
    for row in &rows {
        let (id, item) = item(row, me, at.now)?;
        if item.state == ItemState::Unsure {
            doubts.push(InDoubt { id, item, attempt: attempt(row)? });
        }
    }
    Ok(doubts)
}

pub(super) async fn runs(
    at: &mut At<'_>,
    limit: u32,
    me: &Owner,
) -> Result<Vec<RunRecord>, sqlx::Error> {
    let rows = query(
        "SELECT * FROM replay_run WHERE env = ? ORDER BY started_at DESC, rowid DESC LIMIT ?",
    )
    .bind(at.env)
    .bind(limit)
    .fetch_all(&mut *at.connection)
    .await?;
    let record = |row: &SqliteRow| {
        let owner = owner(row)?.ok_or_else(|| unreadable("operator"))?;
        let ended_at = time_or_null(row, "ended_at")?;
        let counts: String = row.try_get("counts")?;
        Ok(RunRecord {
            run: uuid(row, "run_id")?,
            started_at: time(row, "started_at")?,
            heartbeat_at: time(row, "heartbeat_at")?,
            ended_how: row.try_get("ended_how")?,
            dead: ended_at.is_none() && owner.is_dead(me) == Some(true),
            ended_at,
            owner,
            plan_id: row.try_get("plan_id")?,
            selected: count(row, "selected")?,
            counts: serde_json::from_str(&counts).unwrap_or_default(),
        })
    };
    rows.iter().map(record).collect()
}

/// Intents of one run, time and body are one message. What was released had not been taken.
pub(super) async fn recent(at: &mut At<'_>) -> Result<Vec<Recent>, sqlx::Error> {
    let rows = query(
        "SELECT min(i.lane) AS lane, a.intent_at FROM replay_attempt a
         JOIN replay_item i ON i.env = a.env AND i.failure_id = a.failure_id
         WHERE a.env = ?1 AND a.intent_at > ?2 AND a.outcome IS NOT 'released'
         GROUP BY a.run_id, a.intent_at, a.payload_sha ORDER BY a.intent_at DESC",
    )
    .bind(at.env)
    .bind(at.before(PACE))
    .fetch_all(&mut *at.connection)
    .await?;
    let recent = |row: &SqliteRow| {
        Ok(Recent { lane: row.try_get("lane")?, age: age(time(row, "intent_at")?, at.now) })
    };
    rows.iter().map(recent).collect()
}
