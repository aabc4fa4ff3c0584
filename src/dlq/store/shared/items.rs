//! Items as the store knows them: read, listed as known, discarded.

use super::super::ending::{discarded, words};
use super::super::{Frozen, Item, Owner, StoreError};
use super::{Again, BULK_LIMIT, SharedStore};
use crate::dlq::FailureId;
use crate::dlq::item::{Event, ItemState};
use crate::domain::hex;
use crate::postgres::{PgError, Quoted, Row, Sql};

/// The columns of [`item`], of an item `i` and the run `r` that has it.
const COLUMNS: &str = "
    i.failure_id, i.lane, i.state, i.attempts, i.message_id, i.channel_id, i.reason,
    to_char(i.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS updated_at,
    (i.lease_until IS NULL OR i.lease_until <= clock_timestamp()) AS lease_over,
    r.operator, r.host, r.boot_id, r.pid, r.pid_started, r.version";

/// The columns of [`item`].
pub(super) fn columns() -> Sql {
    Sql::constant(COLUMNS)
}

/// A row with the columns of [`columns`].
pub(super) fn item(row: &Row, me: &Owner) -> Result<(FailureId, Item), PgError> {
    let mut state = state(row)?;
    if matches!(state, ItemState::Claimed | ItemState::Sending) {
        let over = row.bool("lease_over")?.unwrap_or(true);
        let dead = owner(row)?.is_some_and(|owner| owner.is_dead(me) == Some(true));
        if over || dead {
            // Nothing was sent for a claim; what was being sent may have arrived.
            let event = if state == ItemState::Claimed { Event::Release } else { Event::Doubt };
            state = event.to();
        }
    }
    let item = Item {
        lane: row.text("lane")?.unwrap_or_default(),
        state,
        attempts: u32::try_from(row.count("attempts")?).unwrap_or(u32::MAX),
        message_id: row.text("message_id")?,
        channel_id: row.text("channel_id")?,
        reason: row.text("reason")?,
        updated_at: row.time("updated_at")?.ok_or_else(|| missing("updated_at"))?,
    };
    Ok((id(row)?, item))
}

pub(super) fn id(row: &Row) -> Result<FailureId, PgError> {
    row.text("failure_id")?.map(FailureId::new).ok_or_else(|| missing("failure_id"))
}

pub(super) fn state(row: &Row) -> Result<ItemState, PgError> {
    let word = row.text("state")?.unwrap_or_default();
    word.parse().map_err(|_| PgError::unreadable("state", "a state of a dead letter"))
}

/// The owner in the columns of a run; `None` where no run has it.
pub(super) fn owner(row: &Row) -> Result<Option<Owner>, PgError> {
    let Some(operator) = row.text("operator")? else { return Ok(None) };
    Ok(Some(Owner {
        operator,
        host: row.text("host")?.unwrap_or_default(),
        boot_id: row.text("boot_id")?.unwrap_or_default(),
        pid: u32::try_from(row.int("pid")?.unwrap_or_default()).unwrap_or_default(),
        pid_started: row.text("pid_started")?.unwrap_or_default(),
        version: row.text("version")?.unwrap_or_default(),
    }))
}

pub(super) fn missing(column: &str) -> PgError {
    PgError::unreadable(column, "a value")
}

const ITEMS: &str = "
SELECT {columns}
FROM parky_ops.replay_item i LEFT JOIN parky_ops.replay_run r ON r.run_id = i.run_id
WHERE i.failure_id = ANY ({ids})";

pub(super) async fn items(
    store: &mut SharedStore,
    ids: &[FailureId],
    me: &Owner,
) -> Result<Vec<(FailureId, Item)>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = Quoted::texts(ids.iter().map(FailureId::as_str));
    let sql = Sql::fill(ITEMS, &[("columns", &columns().into()), ("ids", &ids)]);
    let rows = store.read(&sql).await?;
    rows.iter().map(|row| Ok(item(row, me)?)).collect()
}

const KNOWN: &str = "
SELECT failure_id, state FROM parky_ops.replay_item
WHERE state <> 'open' ORDER BY updated_at DESC LIMIT {limit}";

pub(super) async fn known(
    store: &mut SharedStore,
    limit: u32,
) -> Result<Vec<(FailureId, ItemState)>, StoreError> {
    let rows = store.read(&Sql::fill(KNOWN, &[("limit", &Quoted::int(limit))])).await?;
    rows.iter().map(|row| Ok((id(row)?, state(row)?))).collect()
}

/// A row that was discarded with these words already is told again: the answer to the first time may
/// have been lost.
const DISCARD: &str = "
INSERT INTO parky_ops.replay_item AS i (failure_id, lane, fingerprint, payload_sha, state, reason)
SELECT failure_id, lane, decode(fingerprint, 'hex'), decode(payload_sha, 'hex'), {to}, {reason}
FROM unnest({ids}, {lanes}, {fingerprints}, {shas})
     AS t (failure_id, lane, fingerprint, payload_sha)
ORDER BY failure_id
ON CONFLICT (failure_id) DO UPDATE
SET state = excluded.state, reason = excluded.reason, run_id = NULL, lease_until = NULL,
    not_before = NULL, updated_at = clock_timestamp()
WHERE i.state IN {from} OR i.state = {to} AND i.reason = {reason}
RETURNING failure_id";

pub(super) async fn discard(
    store: &mut SharedStore,
    rows: &[Frozen],
    reason: &str,
    by: &str,
) -> Result<Vec<FailureId>, StoreError> {
    let mut seen = std::collections::HashSet::new();
    let rows: Vec<_> = rows.iter().filter(|row| seen.insert(&row.id)).collect();
    let fingerprints: Vec<_> = rows.iter().map(|row| hex(&row.fingerprint)).collect();
    let shas: Vec<_> = rows.iter().map(|row| hex(&row.payload_sha)).collect();
    let values = [
        ("ids", &Quoted::texts(rows.iter().map(|row| row.id.as_str()))),
        ("lanes", &Quoted::texts(rows.iter().map(|row| row.lane.as_str()))),
        ("fingerprints", &Quoted::texts(fingerprints.iter().map(String::as_str))),
        ("shas", &Quoted::texts(shas.iter().map(String::as_str))),
        ("to", &Quoted::literal(Event::Discard.to().word())),
        ("from", &Quoted::list(words(Event::Discard.from()))),
        ("reason", &Quoted::literal(&discarded(reason, by))),
    ];
    let sql = Sql::fill(DISCARD, &values);
    let answer = store.write_within(&sql, BULK_LIMIT, Again::Safe).await?;
    answer.iter().map(|row| Ok(id(row)?)).collect()
}
