//! Runs and lanes: begin, sign of life, end, and who posts to a channel.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::super::ending::{resent, words};
use super::super::{ALIVE, Holder, LaneTaken, NewRun, Owner, Standing, StoreError};
use super::claim::BY_KEYS;
use super::items::{columns, item, owner};
use super::{Again, BULK_LIMIT, SharedStore};
use crate::dlq::item::Event;
use crate::domain::hex;
use crate::postgres::{PgError, Quoted, Sql};

const REGISTER: &str = "
INSERT INTO parky_ops.replay_run (run_id, operator, host, boot_id, pid, pid_started, version,
  plan_id, filter, options, selected)
VALUES ({run}, {operator}, {host}, {boot_id}, {pid}, {pid_started}, {version},
  {plan}, {filter}, {options}, {selected})
ON CONFLICT (run_id) DO NOTHING";

/// Only rows that change are touched, in the order of their keys, so that two runs that begin at
/// once do not wait for each other in a circle. A selection that is frozen already stays.
const FREEZE: &str = "
WITH input AS MATERIALIZED (
  SELECT failure_id, lane, decode(fingerprint, 'hex') AS fingerprint,
         decode(payload_sha, 'hex') AS payload_sha, ord
  FROM unnest({ids}, {lanes}, {fingerprints}, {shas})
       WITH ORDINALITY AS t (failure_id, lane, fingerprint, payload_sha, ord)
  WHERE NOT EXISTS (SELECT 1 FROM parky_ops.replay_selection s WHERE s.run_id = {run})),
made AS (
  INSERT INTO parky_ops.replay_item (failure_id, lane, fingerprint, payload_sha)
  SELECT failure_id, lane, fingerprint, payload_sha FROM input
  WHERE NOT EXISTS (SELECT 1 FROM parky_ops.replay_item k WHERE k.failure_id = input.failure_id)
  ORDER BY failure_id
  ON CONFLICT (failure_id) DO NOTHING),
stale AS MATERIALIZED (
  SELECT i.failure_id FROM parky_ops.replay_item i JOIN input USING (failure_id)
  WHERE i.state = 'open' AND (i.lane, i.fingerprint, i.payload_sha)
                             <> (input.lane, input.fingerprint, input.payload_sha)
     OR i.state IN {edit} AND i.payload_sha <> input.payload_sha
     OR i.state IN {reopen} AND {resend}
  ORDER BY i.failure_id FOR UPDATE OF i),
renewed AS (
  UPDATE parky_ops.replay_item i
  SET lane = input.lane, fingerprint = input.fingerprint, payload_sha = input.payload_sha,
      reason = CASE WHEN i.state IN {reopen} THEN {resent} WHEN i.state = 'open' THEN i.reason END,
      state = {open}, run_id = NULL, lease_until = NULL,
      not_before = CASE WHEN i.state = 'open' THEN i.not_before END,
      updated_at = clock_timestamp()
  FROM input, stale
  WHERE i.failure_id = input.failure_id AND i.failure_id = stale.failure_id)
INSERT INTO parky_ops.replay_selection (run_id, lane, ord, failure_id)
SELECT {run}, lane, ord, failure_id FROM input";

const STANDING: &str = "
SELECT {columns}
FROM parky_ops.replay_selection s
JOIN parky_ops.replay_item i USING (failure_id)
LEFT JOIN parky_ops.replay_run r ON r.run_id = i.run_id
WHERE s.run_id = {run} ORDER BY s.ord";

pub(super) async fn begin(store: &mut SharedStore, run: &NewRun) -> Result<Standing, StoreError> {
    let mut seen = HashSet::new();
    let rows: Vec<_> = run.rows.iter().filter(|row| seen.insert(&row.id)).collect();
    let hashes = |hash: fn(&super::Frozen) -> &[u8; 32]| -> Vec<String> {
        rows.iter().map(|row| hex(hash(row))).collect()
    };
    let (fingerprints, shas) = (hashes(|row| &row.fingerprint), hashes(|row| &row.payload_sha));
    let id = Quoted::uuid(&run.run);
    let freeze = [
        ("run", &id),
        ("ids", &Quoted::texts(rows.iter().map(|row| row.id.as_str()))),
        ("lanes", &Quoted::texts(rows.iter().map(|row| row.lane.as_str()))),
        ("fingerprints", &Quoted::texts(fingerprints.iter().map(String::as_str))),
        ("shas", &Quoted::texts(shas.iter().map(String::as_str))),
        ("edit", &Quoted::list(words(Event::Edit.from()))),
        ("reopen", &Quoted::list(words(Event::Reopen.from()))),
        ("open", &Quoted::literal(Event::Reopen.to().word())),
        ("resend", &Quoted::bool(run.resend_unsure)),
        ("resent", &Quoted::literal(&resent(&run.owner.operator))),
    ];
    let message = Sql::all([
        BY_KEYS,
        register(run, rows.len(), &id),
        Sql::fill(FREEZE, &freeze),
        Sql::fill(STANDING, &[("run", &id), ("columns", &columns().into())]),
    ]);
    let answer = store.write_within(&message, BULK_LIMIT, Again::Safe).await?;
    answer.iter().map(|row| Ok(item(row, &run.owner)?)).collect()
}

fn register(run: &NewRun, selected: usize, id: &Quoted) -> Sql {
    let Owner { operator, host, boot_id, pid, pid_started, version } = &run.owner;
    let values = [
        ("run", id),
        ("operator", &Quoted::literal(operator)),
        ("host", &Quoted::literal(host)),
        ("boot_id", &Quoted::literal(boot_id)),
        ("pid", &Quoted::int(*pid)),
        ("pid_started", &Quoted::literal(pid_started)),
        ("version", &Quoted::literal(version)),
        ("plan", &Quoted::literal(&run.plan_id)),
        ("filter", &Quoted::json(&run.filter)),
        ("options", &Quoted::json(&run.options)),
        ("selected", &Quoted::int(i64::try_from(selected).unwrap_or(i64::MAX))),
    ];
    Sql::fill(REGISTER, &values)
}

const BEAT: &str = "
UPDATE parky_ops.replay_run SET heartbeat_at = clock_timestamp(), counts = {counts}
WHERE run_id = {run}";

const OTHERS: &str = "
SELECT operator, host, boot_id, pid, pid_started, version FROM parky_ops.replay_run
WHERE ended_at IS NULL AND heartbeat_at > clock_timestamp() - {alive} AND run_id <> {run}";

pub(super) async fn beat(
    store: &mut SharedStore,
    run: Uuid,
    me: &Owner,
    counts: &Value,
) -> Result<u32, StoreError> {
    let values = [
        ("run", &Quoted::uuid(&run)),
        ("counts", &Quoted::json(counts)),
        ("alive", &Quoted::interval(ALIVE)),
    ];
    let message = Sql::all([BEAT, OTHERS].map(|part| Sql::fill(part, &values)));
    let others = store.write(&message, Again::Safe).await?;
    let mut alive = 0;
    for other in &others {
        alive += u32::from(owner(other)?.is_some_and(|owner| owner.is_dead(me) != Some(true)));
    }
    Ok(alive)
}

/// The selection of an ended run stays: it is what was agreed to.
const END: [&str; 3] = [
    "UPDATE parky_ops.replay_item
     SET state = {open}, run_id = NULL, lease_until = NULL, updated_at = clock_timestamp()
     WHERE failure_id IN (SELECT failure_id FROM parky_ops.replay_item
       WHERE run_id = {run} AND state = {claimed} FOR UPDATE SKIP LOCKED)",
    "DELETE FROM parky_ops.lane_lease WHERE run_id = {run}",
    "UPDATE parky_ops.replay_run SET heartbeat_at = clock_timestamp(),
       ended_at = clock_timestamp(), ended_how = {how}, counts = {counts}
     WHERE run_id = {run} AND ended_at IS NULL",
];

pub(super) async fn end(
    store: &mut SharedStore,
    run: Uuid,
    how: &str,
    counts: &Value,
) -> Result<(), StoreError> {
    let values = [
        ("run", &Quoted::uuid(&run)),
        ("open", &Quoted::literal(Event::Release.to().word())),
        ("claimed", &Quoted::literal(Event::Claim.to().word())),
        ("how", &Quoted::literal(how)),
        ("counts", &Quoted::json(counts)),
    ];
    let message = Sql::all(END.map(|part| Sql::fill(part, &values)));
    store.write(&message, Again::Safe).await?;
    store.begins.retain(|(known, _), _| *known != run);
    Ok(())
}

const TAKE_LANE: &str = "
INSERT INTO parky_ops.lane_lease AS l (lane, run_id, lease_until)
VALUES ({lane}, {run}, clock_timestamp() + {lease})
ON CONFLICT (lane) DO UPDATE SET run_id = excluded.run_id, lease_until = excluded.lease_until
WHERE l.run_id = excluded.run_id OR l.lease_until <= clock_timestamp()
RETURNING lane";

const HOLDER: &str = "
SELECT l.run_id, coalesce(r.operator, '') AS operator, coalesce(r.host, '') AS host,
       to_char(coalesce(r.started_at, clock_timestamp()) AT TIME ZONE 'UTC',
               'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS since,
       coalesce(r.selected, 0) AS selected,
       (SELECT count(*) FROM parky_ops.replay_selection s
        JOIN parky_ops.replay_item i USING (failure_id)
        WHERE s.run_id = l.run_id AND i.state IN ('unsure', 'delivered', 'rejected', 'skipped',
                                                  'discarded')) AS done,
       greatest(extract(epoch FROM l.lease_until - clock_timestamp()), 0)::float8 AS lease
FROM parky_ops.lane_lease l LEFT JOIN parky_ops.replay_run r USING (run_id)
WHERE l.lane = {lane}";

pub(super) async fn take_lane(
    store: &mut SharedStore,
    run: Uuid,
    lane: &str,
    lease: Duration,
) -> Result<LaneTaken, StoreError> {
    let lane = Quoted::literal(lane);
    let values =
        [("run", &Quoted::uuid(&run)), ("lane", &lane), ("lease", &Quoted::interval(lease))];
    loop {
        if !store.write(&Sql::fill(TAKE_LANE, &values), Again::Safe).await?.is_empty() {
            return Ok(LaneTaken::Mine);
        }
        let held = store.read(&Sql::fill(HOLDER, &[("lane", &lane)])).await?;
        // Let go in between: take it.
        let Some(row) = held.first() else { continue };
        return Ok(LaneTaken::Held(Holder {
            run: uuid(row, "run_id")?,
            operator: row.text("operator")?.unwrap_or_default(),
            host: row.text("host")?.unwrap_or_default(),
            since: row.time("since")?.ok_or_else(PgError::no_row)?,
            selected: row.count("selected")?,
            done: row.count("done")?,
            lease: Duration::from_secs_f64(row.float("lease")?.unwrap_or_default().max(0.0)),
        }));
    }
}

pub(super) async fn leave_lane(
    store: &mut SharedStore,
    run: Uuid,
    lane: &str,
) -> Result<(), StoreError> {
    let values = [("run", &Quoted::uuid(&run)), ("lane", &Quoted::literal(lane))];
    let leave = "DELETE FROM parky_ops.lane_lease WHERE lane = {lane} AND run_id = {run}";
    store.write(&Sql::fill(leave, &values), Again::Safe).await.map(drop)
}

/// A column that always holds a run's id.
pub(super) fn uuid(row: &crate::postgres::Row, column: &str) -> Result<Uuid, PgError> {
    let text = row.text(column)?.unwrap_or_default();
    text.parse().map_err(|_| PgError::unreadable(column, "a uuid"))
}
