//! The audit: attempts, rows in doubt, runs, and the posts of the last minute.

use std::time::Duration;

use super::super::ending::PACE;
use super::super::{AttemptRecord, InDoubt, Owner, Recent, RunRecord, StoreError};
use super::SharedStore;
use super::items::{columns, item, missing, owner};
use super::run::uuid;
use crate::dlq::{FailureId, ItemState};
use crate::postgres::{PgError, Quoted, Row, Sql};

/// The columns of [`attempt`], of an attempt `a` and its run `b`; named apart from an item's.
const ATTEMPT: &str = "
    a.failure_id AS a_failure_id, a.run_id AS a_run_id, coalesce(b.operator, '') AS a_operator,
    to_char(a.intent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS a_intent_at,
    to_char(a.ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS a_ended_at,
    a.outcome AS a_outcome, a.http_status AS a_http_status, a.discord_code AS a_code,
    a.message_id AS a_message_id, a.ping AS a_ping, a.note AS a_note";

/// `None` where the columns are of no attempt.
fn attempt(row: &Row) -> Result<Option<AttemptRecord>, PgError> {
    let Some(failure_id) = row.text("a_failure_id")? else { return Ok(None) };
    Ok(Some(AttemptRecord {
        failure_id,
        run: uuid(row, "a_run_id")?,
        operator: row.text("a_operator")?.unwrap_or_default(),
        intent_at: row.time("a_intent_at")?.ok_or_else(|| missing("intent_at"))?,
        ended_at: row.time("a_ended_at")?,
        outcome: row.text("a_outcome")?,
        http_status: row.int("a_http_status")?.and_then(|status| i32::try_from(status).ok()),
        code: row.int("a_code")?,
        message_id: row.text("a_message_id")?,
        ping: row.text("a_ping")?,
        note: row.text("a_note")?,
    }))
}

const ATTEMPTS: &str = "
SELECT {attempt} FROM parky_ops.replay_attempt a LEFT JOIN parky_ops.replay_run b USING (run_id)
WHERE a.failure_id = {id} ORDER BY a.id";

pub(super) async fn attempts(
    store: &mut SharedStore,
    id: &FailureId,
) -> Result<Vec<AttemptRecord>, StoreError> {
    let values =
        [("attempt", &Sql::constant(ATTEMPT).into()), ("id", &Quoted::literal(id.as_str()))];
    let rows = store.read(&Sql::fill(ATTEMPTS, &values)).await?;
    rows.iter().filter_map(|row| attempt(row).map_err(StoreError::from).transpose()).collect()
}

const IN_DOUBT: &str = "
SELECT {columns}, {attempt}
FROM parky_ops.replay_item i
LEFT JOIN parky_ops.replay_run r ON r.run_id = i.run_id
LEFT JOIN LATERAL (
  SELECT * FROM parky_ops.replay_attempt l
  WHERE l.failure_id = i.failure_id ORDER BY l.fence DESC LIMIT 1) a ON true
LEFT JOIN parky_ops.replay_run b ON b.run_id = a.run_id
WHERE i.state IN ('sending', 'unsure') ORDER BY coalesce(a.intent_at, i.updated_at), i.failure_id";

pub(super) async fn in_doubt(
    store: &mut SharedStore,
    me: &Owner,
) -> Result<Vec<InDoubt>, StoreError> {
    let values = [("columns", &columns().into()), ("attempt", &Sql::constant(ATTEMPT).into())];
    let rows = store.read(&Sql::fill(IN_DOUBT, &values)).await?;
    let mut doubts = Vec::new();
    for row in &rows {
        let (id, item) = item(row, me)?;
        if item.state == ItemState::Unsure {
            doubts.push(InDoubt { id, item, attempt: attempt(row)? });
        }
    }
    Ok(doubts)
}

const RUNS: &str = "
SELECT run_id, operator, host, boot_id, pid, pid_started, version,
       to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS started_at,
       to_char(heartbeat_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS heartbeat_at,
       to_char(ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS ended_at,
       ended_how, plan_id, selected, counts::text AS counts
FROM parky_ops.replay_run r ORDER BY r.started_at DESC, run_id LIMIT {limit}";

pub(super) async fn runs(
    store: &mut SharedStore,
    limit: u32,
    me: &Owner,
) -> Result<Vec<RunRecord>, StoreError> {
    let rows = store.read(&Sql::fill(RUNS, &[("limit", &Quoted::int(limit))])).await?;
    let record = |row: &Row| {
        let owner = owner(row)?.ok_or_else(|| missing("operator"))?;
        let ended_at = row.time("ended_at")?;
        Ok(RunRecord {
            run: uuid(row, "run_id")?,
            started_at: row.time("started_at")?.ok_or_else(|| missing("started_at"))?,
            heartbeat_at: row.time("heartbeat_at")?.ok_or_else(|| missing("heartbeat_at"))?,
            ended_how: row.text("ended_how")?,
            dead: ended_at.is_none() && owner.is_dead(me) == Some(true),
            ended_at,
            owner,
            plan_id: row.text("plan_id")?.unwrap_or_default(),
            selected: row.count("selected")?,
            counts: row.json("counts")?.unwrap_or_default(),
        })
    };
    rows.iter().map(record).collect()
}

/// Intents of one run, time and body are one message. What was released had not been taken.
const RECENT: &str = "
SELECT min(i.lane) AS lane,
       greatest(extract(epoch FROM clock_timestamp() - a.intent_at), 0)::float8 AS age
FROM parky_ops.replay_attempt a JOIN parky_ops.replay_item i USING (failure_id)
WHERE a.intent_at > clock_timestamp() - {pace} AND a.outcome IS DISTINCT FROM 'released'
GROUP BY a.run_id, a.intent_at, a.payload_sha ORDER BY a.intent_at DESC";

pub(super) async fn recent(store: &mut SharedStore) -> Result<Vec<Recent>, StoreError> {
    let rows = store.read(&Sql::fill(RECENT, &[("pace", &Quoted::interval(PACE))])).await?;
    let recent = |row: &Row| {
        let age = row.float("age")?.unwrap_or_default().max(0.0);
        let lane = row.text("lane")?.unwrap_or_default();
        Ok(Recent { lane, age: Duration::from_secs_f64(age) })
    };
    rows.iter().map(recent).collect()
}
