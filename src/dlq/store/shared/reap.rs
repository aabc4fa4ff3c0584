//! What the dead left behind: leases that are over, and owners that are gone.

use super::super::ending::{NO_END, words};
use super::super::{Owner, StoreError};
use super::items::owner;
use super::run::uuid;
use super::{Again, SharedStore};
use crate::dlq::item::Event;
use crate::postgres::{Quoted, Sql};

/// The runs of this machine that hold something, or that have not said how they ended.
const HOLDERS: &str = "
SELECT r.run_id, r.operator, r.host, r.boot_id, r.pid, r.pid_started, r.version
FROM parky_ops.replay_run r
WHERE r.host = {host} AND r.run_id IN (
  SELECT run_id FROM parky_ops.replay_item WHERE state IN ('claimed', 'sending')
  UNION ALL SELECT run_id FROM parky_ops.lane_lease)";

const REAP: [&str; 3] = [
    "DELETE FROM parky_ops.lane_lease WHERE run_id = ANY ({dead})",
    "UPDATE parky_ops.replay_item
     SET state = {open}, run_id = NULL, lease_until = NULL, updated_at = clock_timestamp()
     WHERE failure_id IN (
       SELECT failure_id FROM parky_ops.replay_item
       WHERE state = {claimed} AND (lease_until <= clock_timestamp() OR run_id = ANY ({dead}))
       ORDER BY failure_id FOR UPDATE SKIP LOCKED)",
    "UPDATE parky_ops.replay_item
     SET state = {unsure}, lease_until = NULL, reason = {reason}, updated_at = clock_timestamp()
     WHERE failure_id IN (
       SELECT failure_id FROM parky_ops.replay_item
       WHERE state IN {doubt} AND (lease_until <= clock_timestamp() OR run_id = ANY ({dead}))
       ORDER BY failure_id FOR UPDATE SKIP LOCKED)
     RETURNING failure_id",
];

pub(super) async fn reap(store: &mut SharedStore, me: &Owner) -> Result<u64, StoreError> {
    let holders = store.read(&Sql::fill(HOLDERS, &[("host", &Quoted::literal(&me.host))])).await?;
    let mut dead = Vec::new();
    for row in &holders {
        if owner(row)?.is_some_and(|owner| owner.is_dead(me) == Some(true)) {
            dead.push(uuid(row, "run_id")?);
        }
    }
    let values = [
        ("dead", &Quoted::uuids(&dead)),
        ("open", &Quoted::literal(Event::Release.to().word())),
        ("claimed", &Quoted::literal(Event::Claim.to().word())),
        ("unsure", &Quoted::literal(Event::Doubt.to().word())),
        ("doubt", &Quoted::list(words(Event::Doubt.from()))),
        ("reason", &Quoted::literal(NO_END)),
    ];
    let message = Sql::all(REAP.map(|part| Sql::fill(part, &values)));
    let rows = store.write(&message, Again::Safe).await?;
    Ok(rows.len() as u64)
}
