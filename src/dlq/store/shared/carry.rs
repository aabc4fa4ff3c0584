//! Takes over what the ledger of a machine settled before this one was there.

use serde_json::json;

use super::super::StoreError;
use super::super::handover::{Adopted, LocalRow};
use super::{Again, BULK_LIMIT, SharedStore};
use crate::dlq::FailureId;
use crate::dlq::item::{Event, ItemState};
use crate::domain::Caveat;
use crate::postgres::{PgError, Quoted, Sql};

/// A row that nobody is sending is taken as the machine knows it, even from a claim: its holder finds
/// another fence, and does not send. What is in doubt here is settled by a delivery there alone. Of
/// equals at most one can be in doubt.
const ADOPT: &str = "
WITH input AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset({rows}) AS t (
    failure_id text, lane text, state text, fingerprint text, payload_sha text, message_id text,
    channel_id text, reason text, attempts integer, updated_at timestamptz, attempt jsonb)),
before AS MATERIALIZED (
  SELECT i.failure_id, i.state, i.message_id
  FROM parky_ops.replay_item i JOIN input USING (failure_id)),
taken AS (
  INSERT INTO parky_ops.replay_item AS i (failure_id, lane, state, fence, attempts, fingerprint,
    payload_sha, message_id, channel_id, reason, updated_at)
  SELECT failure_id, lane, state, 1, attempts, decode(fingerprint, 'hex'),
         decode(payload_sha, 'hex'), message_id, channel_id, reason, updated_at
  FROM input
  WHERE state <> {unsure} OR NOT EXISTS (
    SELECT 1 FROM parky_ops.replay_item e
    WHERE e.fingerprint = decode(input.fingerprint, 'hex') AND e.failure_id <> input.failure_id
      AND e.state IN ('claimed', 'sending', 'unsure'))
  ORDER BY failure_id
  ON CONFLICT (failure_id) DO UPDATE
  SET lane = excluded.lane, state = excluded.state, fence = i.fence + 1,
      attempts = i.attempts + excluded.attempts, fingerprint = excluded.fingerprint,
      payload_sha = excluded.payload_sha, message_id = excluded.message_id,
      channel_id = excluded.channel_id, reason = excluded.reason, run_id = NULL,
      lease_until = NULL, not_before = NULL, updated_at = excluded.updated_at
  WHERE i.state IN ('open', 'claimed')
     OR i.state IN ('unsure', 'rejected') AND excluded.state = {delivered}
  RETURNING i.failure_id, i.fence),
attempt AS MATERIALIZED (
  SELECT t.failure_id, t.fence, a.* FROM taken t JOIN input USING (failure_id),
    jsonb_to_record(input.attempt) AS a (run_id uuid, owner jsonb, started_at timestamptz,
      run_ended_at timestamptz, plan_id text, intent_at timestamptz, ended_at timestamptz,
      outcome text, http_status integer, code bigint, message_id text, ping text, note text)
  WHERE a.run_id IS NOT NULL),
runs AS (
  INSERT INTO parky_ops.replay_run (run_id, operator, host, boot_id, pid, pid_started, version,
    started_at, heartbeat_at, ended_at, ended_how, plan_id, filter, options, selected)
  SELECT DISTINCT ON (run_id) run_id, owner ->> 'operator', owner ->> 'host', owner ->> 'boot_id',
         (owner ->> 'pid')::bigint, owner ->> 'pid_started', owner ->> 'version', started_at,
         started_at, coalesce(run_ended_at, started_at), 'carried over from a local ledger', plan_id,
         '{}'::jsonb, '{}'::jsonb, (SELECT count(*) FROM attempt n WHERE n.run_id = attempt.run_id)
  FROM attempt ORDER BY run_id
  ON CONFLICT (run_id) DO NOTHING),
tried AS (
  INSERT INTO parky_ops.replay_attempt (failure_id, run_id, fence, intent_at, ended_at, outcome,
    moved, http_status, discord_code, message_id, ping, note)
  SELECT failure_id, run_id, fence, intent_at, ended_at, outcome, true, http_status, code,
         message_id, ping, note
  FROM attempt
  ON CONFLICT (failure_id, fence) DO NOTHING)
SELECT input.failure_id, taken.failure_id IS NOT NULL AS taken, before.state AS before,
       coalesce(before.state = {delivered} AND input.state = {delivered}
                AND before.message_id <> input.message_id, false) AS twice
FROM input LEFT JOIN taken USING (failure_id) LEFT JOIN before USING (failure_id)";

impl SharedStore {
    /// Takes over these rows of a local ledger, in one transaction, and what became of each.
    ///
    /// # Errors
    /// What the server says; nothing was taken then.
    pub(in super::super) async fn adopt(
        &mut self,
        rows: &[LocalRow],
    ) -> Result<Vec<Adopted>, StoreError> {
        let values = [
            ("rows", &Quoted::json(&json!(rows))),
            ("unsure", &Quoted::literal(Event::Doubt.to().word())),
            ("delivered", &Quoted::literal(Event::Deliver.to().word())),
        ];
        let answer = self.write_within(&Sql::fill(ADOPT, &values), BULK_LIMIT, Again::Safe).await?;
        let mut made = std::collections::HashMap::new();
        for row in &answer {
            let yes = |column| Ok::<_, PgError>(row.bool(column)?.unwrap_or_default());
            let before: Option<ItemState> = row.text("before")?.and_then(|word| word.parse().ok());
            let adopted = match before {
                _ if yes("taken")? => Adopted::Taken,
                _ if yes("twice")? => Adopted::Twice,
                Some(ItemState::Rejected | ItemState::Unsure) => Adopted::Known,
                Some(state) if state.is_settled() => Adopted::Known,
                _ => Adopted::Later,
            };
            made.insert(super::items::id(row)?, adopted);
        }
        let adopted: Vec<_> =
            rows.iter().map(|row| made.remove(&row.id).unwrap_or(Adopted::Later)).collect();
        for (row, adopted) in rows.iter().zip(&adopted) {
            if *adopted == Adopted::Taken && row.state == ItemState::Delivered {
                self.mark_adopted(&row.id).await?;
            }
        }
        Ok(adopted)
    }

    /// The team's row gets its word too, where one is configured. What is refused is told, and changes
    /// nothing about the ledger.
    async fn mark_adopted(&mut self, id: &FailureId) -> Result<(), StoreError> {
        let Some(mark) = self.mark.as_ref().and_then(|mark| mark.sql(id)) else { return Ok(()) };
        match self.write(&mark, Again::Safe).await {
            Err(StoreError::Shared(error)) if error.sqlstate().is_some() => {
                let text = format!(
                    "{} is delivered, but its row could not be marked: {error}",
                    id.as_str()
                );
                self.caveats.push(Caveat::new("not-marked", text));
                Ok(())
            }
            other => other.map(drop),
        }
    }
}
