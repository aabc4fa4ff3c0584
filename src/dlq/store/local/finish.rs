//! How an attempt, a claim or a doubt ends.

use sqlx::{query, query_scalar};

use super::super::ending::{Ending, duplicate_of, resolved};
use super::super::{AttemptEnd, Claim, Finished, Receipt};
use super::{At, json};
use crate::dlq::FailureId;
use crate::dlq::item::{Event, ItemState};

/// Ends an attempt, and its item where that is still under the claim's fence and in one of `from`.
/// An end that was recorded before is found again.
pub(super) async fn conclude(
    at: &mut At<'_>,
    claim: &Claim,
    ending: &Ending<'_>,
    from: &[ItemState],
    end: &AttemptEnd,
) -> Result<Finished, sqlx::Error> {
    let moved = leave(at, claim, ending, from).await?;
    let again = moved.is_none() && is_recorded(at, claim, ending).await?;
    query(
        "UPDATE replay_attempt SET ended_at = ?5, outcome = ?6, http_status = ?7, code = ?8,
           retry_after = ?9, message_id = ?10, note = ?11, moved = ?12
         WHERE env = ?1 AND failure_id = ?2 AND fence = ?3 AND run_id = ?4
           AND (ended_at IS NULL OR outcome = 'unsure' AND ?6 <> 'unsure')",
    )
    .bind(at.env)
    .bind(claim.id.as_str())
    .bind(claim.fence)
    .bind(claim.run.to_string())
    .bind(at.micros())
    .bind(ending.outcome)
    .bind(end.http_status)
    .bind(end.code)
    .bind(end.retry_after.map(|wait| i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)))
    .bind(ending.message_id)
    .bind(&end.note)
    .bind(moved.is_some())
    .execute(&mut *at.connection)
    .await?;
    let equals = match moved {
        Some(Left { has_equals: true }) if ending.settle_equals => {
            settle_equals(at, &claim.id).await?;
            equals(at, &claim.id).await?
        }
        Some(_) => Vec::new(),
        None if again && ending.settle_equals => equals(at, &claim.id).await?,
        None if again => Vec::new(),
        None => return Ok(Finished::TakenOver),
    };
    Ok(Finished::Done(equals))
}

/// Whether this end was recorded before, and the item followed it.
async fn is_recorded(
    at: &mut At<'_>,
    claim: &Claim,
    ending: &Ending<'_>,
) -> Result<bool, sqlx::Error> {
    let recorded: Option<bool> = query_scalar(
        "SELECT moved = 1 AND outcome = ?5 FROM replay_attempt
         WHERE env = ?1 AND failure_id = ?2 AND fence = ?3 AND run_id = ?4
           AND ended_at IS NOT NULL",
    )
    .bind(at.env)
    .bind(claim.id.as_str())
    .bind(claim.fence)
    .bind(claim.run.to_string())
    .bind(ending.outcome)
    .fetch_optional(&mut *at.connection)
    .await?
    .flatten();
    Ok(recorded == Some(true))
}

/// An item that was moved.
struct Left {
    /// Whether others of its fingerprint are open.
    has_equals: bool,
}

/// Moves the item; `None` where it is not under the claim's fence or in none of `from`.
async fn leave(
    at: &mut At<'_>,
    claim: &Claim,
    ending: &Ending<'_>,
    from: &[ItemState],
) -> Result<Option<Left>, sqlx::Error> {
    // In a transaction: what this one wrote is on the disk when that is committed.
    let moved: Option<bool> = query_scalar(
        "UPDATE replay_item SET state = ?5, lease_until = NULL, not_before = ?6,
           run_id = CASE WHEN ?5 = 'open' THEN NULL ELSE run_id END,
           message_id = coalesce(?7, message_id), channel_id = coalesce(?8, channel_id),
           reason = ?9, updated_at = ?10
         WHERE env = ?1 AND failure_id = ?2 AND fence = ?3 AND run_id = ?4
           AND state IN (SELECT value FROM json_each(?11))
         RETURNING EXISTS (
           SELECT 1 FROM replay_item e
           WHERE e.env = ?1 AND e.fingerprint = replay_item.fingerprint AND e.failure_id <> ?2
             AND e.state = 'open')",
    )
    .bind(at.env)
    .bind(claim.id.as_str())
    .bind(claim.fence)
    .bind(claim.run.to_string())
    .bind(ending.event.to().word())
    .bind(ending.not_before.map(|wait| at.after(wait)))
    .bind(ending.message_id)
    .bind(ending.channel_id)
    .bind(ending.reason)
    .bind(at.micros())
    .bind(json(from))
    .fetch_optional(&mut *at.connection)
    .await?;
    Ok(moved.map(|has_equals| Left { has_equals }))
}

async fn settle_equals(at: &mut At<'_>, id: &FailureId) -> Result<(), sqlx::Error> {
    query(
        "UPDATE replay_item SET state = ?3, reason = ?4, not_before = NULL, updated_at = ?5
         WHERE env = ?1 AND failure_id <> ?2 AND state = 'open' AND fingerprint = (
           SELECT fingerprint FROM replay_item WHERE env = ?1 AND failure_id = ?2)",
    )
    .bind(at.env)
    .bind(id.as_str())
    .bind(Event::Skip.to().word())
    .bind(duplicate_of(id))
    .bind(at.micros())
    .execute(&mut *at.connection)
    .await
    .map(drop)
}

async fn equals(at: &mut At<'_>, id: &FailureId) -> Result<Vec<FailureId>, sqlx::Error> {
    let equals: Vec<String> = query_scalar(
        "SELECT failure_id FROM replay_item
         WHERE env = ?1 AND state = ?3 AND reason = ?4 AND fingerprint = (
           SELECT fingerprint FROM replay_item WHERE env = ?1 AND failure_id = ?2)",
    )
    .bind(at.env)
    .bind(id.as_str())
    .bind(Event::Skip.to().word())
    .bind(duplicate_of(id))
    .fetch_all(&mut *at.connection)
    .await?;
    Ok(equals.into_iter().map(FailureId::new).collect())
}

pub(super) async fn give_back(
    at: &mut At<'_>,
    claim: &Claim,
    ending: &Ending<'_>,
) -> Result<Finished, sqlx::Error> {
    let claimed = ending.event.from().contains(&Event::Claim.to());
    let from: &[ItemState] = if claimed { &[ItemState::Claimed] } else { &[] };
    let moved = leave(at, claim, ending, from).await?;
    Ok(if moved.is_some() { Finished::Done(Vec::new()) } else { Finished::TakenOver })
}

pub(super) async fn absorb(at: &mut At<'_>, receipts: &[Receipt]) -> Result<u64, sqlx::Error> {
    let mut moved = 0;
    for receipt in receipts {
        let ending = Ending::of(&receipt.fate);
        let from = ending.absorbed_from();
        let in_doubt = query(
            "SELECT 1 FROM replay_item WHERE env = ?1 AND failure_id = ?2 AND fence = ?3
               AND run_id = ?4 AND state IN (SELECT value FROM json_each(?5))",
        )
        .bind(at.env)
        .bind(receipt.id.as_str())
        .bind(receipt.fence)
        .bind(receipt.run.to_string())
        .bind(json(from))
        .fetch_optional(&mut *at.connection)
        .await?;
        if in_doubt.is_none() {
            continue;
        }
        let claim = Claim {
            id: receipt.id.clone(),
            run: receipt.run,
            lane: String::new(),
            fence: receipt.fence,
            payload_sha: [0; 32],
        };
        if conclude(at, &claim, &ending, from, &receipt.end).await? != Finished::TakenOver {
            moved += 1;
        }
    }
    Ok(moved)
}

/// A `sending` row whose lease is not over is somebody's who is at it, and not in doubt.
pub(super) async fn resolve(
    at: &mut At<'_>,
    id: &FailureId,
    delivered: Option<&str>,
    by: &str,
) -> Result<bool, sqlx::Error> {
    let (event, outcome) = match delivered {
        Some(_) => (Event::Deliver, "delivered"),
        None => (Event::Reopen, "released"),
    };
    let reason = resolved(by, delivered.is_some());
    let fence: Option<i64> = query_scalar(
        "UPDATE replay_item SET state = ?3, lease_until = NULL, not_before = NULL,
           run_id = CASE WHEN ?3 = 'open' THEN NULL ELSE run_id END,
           message_id = coalesce(?4, message_id), reason = ?5, updated_at = ?6
         WHERE env = ?1 AND failure_id = ?2
           AND (state = 'unsure' OR state = 'sending' AND lease_until <= ?6)
         RETURNING fence",
    )
    .bind(at.env)
    .bind(id.as_str())
    .bind(event.to().word())
    .bind(delivered)
    .bind(&reason)
    .bind(at.micros())
    .fetch_optional(&mut *at.connection)
    .await?;
    let Some(fence) = fence else { return Ok(false) };
    query(
        "UPDATE replay_attempt SET ended_at = ?4, outcome = ?5, message_id = ?6, note = ?7
         WHERE env = ?1 AND failure_id = ?2 AND fence = ?3 AND ended_at IS NULL",
    )
    .bind(at.env)
    .bind(id.as_str())
    .bind(fence)
    .bind(at.micros())
    .bind(outcome)
    .bind(delivered)
    .bind(&reason)
    .execute(&mut *at.connection)
    .await?;
    Ok(true)
}
