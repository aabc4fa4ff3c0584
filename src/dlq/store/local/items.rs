//! Items as the store knows them: read, listed as known, discarded.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, query, query_scalar};

use super::super::ending::discarded;
use super::super::{Frozen, Item, Owner};
use super::{At, id, json, json_ids, time, time_or_null, unreadable};
use crate::dlq::FailureId;
use crate::dlq::item::{Event, ItemState};
use crate::domain::hex;

/// The columns of [`item`], of an item `i` and the run `r` that has it.
pub(super) const COLUMNS: &str = "
    i.failure_id, i.lane, i.state, i.attempts, i.message_id, i.channel_id, i.reason, i.updated_at,
    i.lease_until, r.operator, r.host, r.boot_id, r.pid, r.pid_started, r.version";

/// A row with the columns of [`COLUMNS`].
pub(super) fn item(
    row: &SqliteRow,
    me: &Owner,
    now: DateTime<Utc>,
) -> Result<(FailureId, Item), sqlx::Error> {
    let mut state = state(row)?;
    if matches!(state, ItemState::Claimed | ItemState::Sending) {
        let over = time_or_null(row, "lease_until")?.is_none_or(|until| until <= now);
        let dead = owner(row)?.is_some_and(|owner| owner.is_dead(me) == Some(true));
        if over || dead {
            // Nothing was sent for a claim; what was being sent may have arrived.
            let event = if state == ItemState::Claimed { Event::Release } else { Event::Doubt };
            state = event.to();
        }
    }
    let item = Item {
        lane: row.try_get("lane")?,
        state,
        attempts: row.try_get("attempts")?,
        message_id: row.try_get("message_id")?,
        channel_id: row.try_get("channel_id")?,
        reason: row.try_get("reason")?,
        updated_at: time(row, "updated_at")?,
    };
    Ok((id(row)?, item))
}

pub(super) fn state(row: &SqliteRow) -> Result<ItemState, sqlx::Error> {
    row.try_get::<String, _>("state")?.parse().map_err(|_| unreadable("state"))
}

/// The owner in the columns of a run; `None` where no run has it.
pub(super) fn owner(row: &SqliteRow) -> Result<Option<Owner>, sqlx::Error> {
    let Some(operator) = row.try_get("operator")? else { return Ok(None) };
    Ok(Some(Owner {
        operator,
        host: row.try_get("host")?,
        boot_id: row.try_get("boot_id")?,
        pid: row.try_get("pid")?,
        pid_started: row.try_get("pid_started")?,
        version: row.try_get("version")?,
    }))
}

pub(super) async fn items(
    at: &mut At<'_>,
    ids: &[FailureId],
    me: &Owner,
) -> Result<Vec<(FailureId, Item)>, sqlx::Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM json_each(?2) k
         CROSS JOIN replay_item i ON i.env = ?1 AND i.failure_id = k.value
         LEFT JOIN replay_run r ON r.run_id = i.run_id"
    );
    let rows = query(AssertSqlSafe(sql))
        .bind(at.env)
        .bind(json_ids(ids))
        .fetch_all(&mut *at.connection)
        .await?;
    rows.iter().map(|row| item(row, me, at.now)).collect()
}

pub(super) async fn known(
    at: &mut At<'_>,
    limit: u32,
) -> Result<Vec<(FailureId, ItemState)>, sqlx::Error> {
    let rows = query(
        "SELECT failure_id, state FROM replay_item WHERE env = ? AND state <> 'open'
         ORDER BY updated_at DESC LIMIT ?",
    )
    .bind(at.env)
    .bind(limit)
    .fetch_all(&mut *at.connection)
    .await?;
    rows.iter().map(|row| Ok((id(row)?, state(row)?))).collect()
}

pub(super) async fn discard(
    at: &mut At<'_>,
    rows: &[Frozen],
    reason: &str,
    by: &str,
) -> Result<Vec<FailureId>, sqlx::Error> {
    let mut seen = HashSet::new();
    let mut settled = Vec::new();
    for row in rows.iter().filter(|row| seen.insert(&row.id)) {
        let id: Option<String> = query_scalar(
            "INSERT INTO replay_item AS i
               (env, failure_id, lane, fingerprint, payload_sha, state, reason, updated_at, source)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?10)
             ON CONFLICT (env, failure_id) DO UPDATE
             SET state = excluded.state, reason = excluded.reason, run_id = NULL,
                 lease_until = NULL, not_before = NULL, updated_at = excluded.updated_at
             WHERE i.state IN (SELECT value FROM json_each(?9))
             RETURNING failure_id",
        )
        .bind(at.env)
        .bind(row.id.as_str())
        .bind(&row.lane)
        .bind(hex(&row.fingerprint))
        .bind(hex(&row.payload_sha))
        .bind(Event::Discard.to().word())
        .bind(discarded(reason, by))
        .bind(at.micros())
        .bind(json(Event::Discard.from()))
        .bind(at.source)
        .fetch_optional(&mut *at.connection)
        .await?;
        settled.extend(id.map(FailureId::new));
    }
    Ok(settled)
}
