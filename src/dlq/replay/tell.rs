//! A digest: one message that tells many rows, with one intent and one end for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use super::desk::{Desk, Place};
use super::lane::{Lane, Over, Work};
use super::send::{self, POST, SEND_LEASE, Turn};
use super::tally::{EndState, RowEnd};
use super::{Ended, Halt, Order, Parts, Watch};
use crate::discord::pace::Lane as Pace;
use crate::discord::{Class, Message, WebhookUrl};
use crate::dlq::FailureId;
use crate::dlq::digest::{IN_DIGEST, Part};
use crate::dlq::plan::PlannedRow;
use crate::dlq::store::{Attempt, AttemptEnd, Fate, Intent, NewRun, Store, StoreError};
use crate::domain::Consent;

/// Tells the rows of `digest` in `channel`; the operator agreed to it.
///
/// # Errors
/// The run could not begin; nothing was sent.
pub async fn digest<S: Store, W: Watch>(
    parts: Parts<'_, S, W>,
    channel: &str,
    digest: &[Part],
    rows: &[PlannedRow],
    consent: &Consent,
    order: watch::Receiver<Order>,
) -> Result<Ended, StoreError> {
    let run = Uuid::new_v4();
    parts.store.reap(parts.owner).await?;
    let new = NewRun {
        run,
        owner: parts.owner.clone(),
        plan_id: crate::dlq::digest::plan_id(digest),
        filter: parts.filter.clone(),
        options: json!({ "digest": channel }),
        rows: rows.iter().map(PlannedRow::frozen).collect(),
        resend_unsure: false,
    };
    parts.store.begin(&new).await?;
    let webhook = parts.webhooks.get(channel);
    let selected = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let desk = Desk::new(parts, consent, run, selected, order);
    let lane = tell(&desk, channel, webhook, digest, rows);
    tokio::select! {
        biased;
        // First: the pace has to know of other runs.
        () = desk.keep_alive() => {}
        () = lane => {}
    }
    Ok(desk.close().await)
}

async fn tell<S: Store, W: Watch>(
    desk: &Desk<'_, S, W>,
    channel: &str,
    webhook: Option<&WebhookUrl>,
    digest: &[Part],
    rows: &[PlannedRow],
) {
    let Some(webhook) = webhook else {
        for row in rows {
            let reason = Some("the channel has no webhook".to_owned());
            let end = RowEnd::new(&row.id, channel, EndState::Blocked);
            desk.end_row(&RowEnd { reason, ..end });
        }
        return;
    };
    let rows: BTreeMap<_, _> = rows.iter().map(|row| (row.id.clone(), row)).collect();
    let mut lane = Lane::new(desk, Work { lane: channel, webhook, rows, urgent: false });
    let over = all_parts(&mut lane, digest).await;
    lane.close(over).await;
}

async fn all_parts<S: Store, W: Watch>(lane: &mut Lane<'_, '_, S, W>, digest: &[Part]) -> Over {
    let mut pace = match lane.pace().await {
        Ok(pace) => pace,
        Err(over) => return over,
    };
    for (number, part) in (1..).zip(digest) {
        let mut part = part.clone();
        while !part.entries.is_empty() {
            let place = match lane.ready(&mut pace).await {
                Ok(place) => place,
                Err(over) => return over,
            };
            match one_part(lane, &mut pace, &part, (number, digest.len()), place).await {
                Step::Told => break,
                Step::Again => {}
                Step::Only(ids) => part = part.only(&ids.iter().collect()),
                Step::Over(over) => return over,
            }
        }
    }
    Over::Empty
}

enum Step {
    Told,
    /// The same part once more.
    Again,
    /// The others are not open any more.
    Only(BTreeSet<FailureId>),
    Over(Over),
}

async fn one_part<S: Store, W: Watch>(
    lane: &mut Lane<'_, '_, S, W>,
    pace: &mut Pace,
    part: &Part,
    (number, of): (usize, usize),
    place: Place<'_>,
) -> Step {
    let desk = lane.desk;
    let over = |why: &str| Step::Over(Over::Left(why.to_owned()));
    let message = match part.message(desk.choices.lang, number, of) {
        Ok(message) => message,
        Err(violations) => {
            let list: Vec<_> = violations.iter().map(ToString::to_string).collect();
            return over(&list.join("; "));
        }
    };
    let ids: Vec<FailureId> = part.ids().cloned().collect();
    let intent = Intent { ping: IN_DIGEST, payload_sha: message.sha256(), lease: SEND_LEASE };
    let (run, wanted) = (desk.run, ids.len());
    let begun = send::Moment::now(desk.clock.now());
    let intended = desk.step(async |store| store.intend_many(run, &ids, &intent).await).await;
    let Some(attempts) = intended else { return over("the ledger cannot be reached") };
    if attempts.len() < wanted {
        let left: BTreeSet<_> = attempts.iter().map(|attempt| attempt.claim.id.clone()).collect();
        release(desk, &attempts, "told without the rows that are not open any more").await;
        return Step::Only(left);
    }
    let claims = attempts.iter().map(|attempt| &attempt.claim);
    let noted = desk.journal.lock().await.intend_all(claims, &intent).await;
    let noted = match noted {
        Ok(noted) => noted,
        Err(error) => {
            release(desk, &attempts, "the local ledger cannot be written").await;
            desk.halt(Halt::Journal(error));
            return over("the local ledger cannot be written");
        }
    };
    // More than half the lease gone, by either clock: this machine slept, and must not send late.
    if begun.elapsed(desk.clock.now()) > SEND_LEASE / 2 {
        let why = "not sent: this machine slept past its lease";
        for id in noted {
            desk.journal.lock().await.unsent(id, why).await;
        }
        release(desk, &attempts, why).await;
        return over(why);
    }
    let turn = post(desk, lane.work.webhook, &message, &attempts, &noted, place).await;
    let delivered = matches!(turn, Turn::Delivered { .. });
    let ended = delivered || matches!(turn, Turn::Rejected(_) | Turn::Unsure(_));
    if ended {
        lane.work.rows.retain(|id, _| !ids.contains(id));
    }
    match lane.after_part(turn, pace).await {
        Some(over) => Step::Over(over),
        None if ended => Step::Told,
        None => Step::Again,
    }
}

/// Posts, and puts the end down for all rows.
async fn post<S: Store, W: Watch>(
    desk: &Desk<'_, S, W>,
    webhook: &WebhookUrl,
    message: &Message,
    attempts: &[Attempt],
    noted: &[i64],
    mut place: Place<'_>,
) -> Turn {
    place.leaves();
    let answer = desk.discord.post(webhook, message, desk.consent, Instant::now() + POST).await;
    drop(place);
    let (fate, end) = send::judge(&answer, false);
    let told = match &fate {
        Fate::Delivered { message_id, .. } => {
            Fate::Skipped(format!("digest {}", message_id.as_deref().unwrap_or("without an id")))
        }
        other => other.clone(),
    };
    for id in noted {
        if let Err(error) = desk.journal.lock().await.receipt(*id, &told, &end).await {
            desk.halt(Halt::Journal(error));
        }
    }
    let finished = desk.step(async |store| store.finish_many(attempts, &told, &end).await).await;
    if finished.is_some() {
        desk.heard(noted);
    }
    let (state, reason, message_id) = match &fate {
        Fate::Delivered { message_id, .. } => (EndState::Delivered, None, message_id.clone()),
        Fate::Rejected(why) => (EndState::Rejected, Some(why.clone()), None),
        Fate::Unsure(why) => (EndState::Unsure, Some(why.clone()), None),
        Fate::Released { .. } | Fate::Skipped(_) => {
            return match answer.class {
                Class::Wait(wait, scope) => Turn::Wait(wait, scope),
                Class::LaneDead => Turn::LaneDead(answer.said),
                Class::Banned(wait) => {
                    desk.halt(Halt::Banned { wait, said: answer.said });
                    Turn::Halted
                }
                Class::WrongAgent => {
                    desk.halt(Halt::Stopped(answer.said));
                    Turn::Halted
                }
                _ => Turn::NotSent(answer.said),
            };
        }
    };
    for attempt in attempts {
        desk.end_row(&RowEnd {
            reason: reason.clone(),
            message_id: message_id.clone(),
            http_status: answer.http_status,
            ..RowEnd::new(&attempt.claim.id, &attempt.claim.lane, state)
        });
    }
    match fate {
        Fate::Delivered { .. } => Turn::Delivered { bucket: answer.bucket, equals: Vec::new() },
        Fate::Unsure(why) => Turn::Unsure(why),
        _ => Turn::Rejected(answer.bucket),
    }
}

async fn release<S: Store, W: Watch>(desk: &Desk<'_, S, W>, attempts: &[Attempt], why: &str) {
    let fate = Fate::Released { reason: why.to_owned(), not_before: Duration::ZERO };
    let end = AttemptEnd { note: why.to_owned(), ..AttemptEnd::default() };
    desk.step(async |store| store.finish_many(attempts, &fate, &end).await).await;
}
