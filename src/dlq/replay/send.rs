//! One row: read again, put down, sent once, put down again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::desk::{Desk, Place};
use super::tally::{EndState, RowEnd};
use super::{Halt, Watch};
use crate::discord::{Answer, Bucket, Class, Message, WaitScope, WebhookUrl};
use crate::dlq::outgoing::Outgoing;
use crate::dlq::payload::Payload;
use crate::dlq::plan::{self, PlannedRow, SkipKind};
use crate::dlq::store::{Attempt, AttemptEnd, Claim, Fate, Finished, Intent, Store};
use crate::dlq::{FailureId, fingerprint};

/// How long the post may take in all.
pub(super) const POST: Duration = Duration::from_secs(30);
/// How long nobody else may touch an item that is being sent: the post, and a minute.
pub(super) const SEND_LEASE: Duration = Duration::from_secs(90);

/// How a row's turn ended, for the lane.
#[derive(Debug)]
pub(super) enum Turn {
    /// It arrived; these equals of it are settled too.
    Delivered { bucket: Option<Bucket>, equals: Vec<FailureId> },
    /// Discord cannot take it.
    Rejected(Option<Bucket>),
    /// It ended before it was sent.
    Ended,
    /// Discord wants us to wait; the row is open again.
    Wait(Duration, WaitScope),
    /// No connection; the row is open again.
    NotSent(String),
    /// It may have arrived.
    Unsure(String),
    /// The webhook is of no use; the row is open again.
    LaneDead(String),
    /// Somebody else has it by now.
    NotOurs,
    /// The whole run is over.
    Halted,
}

impl Turn {
    /// Whether Discord may have counted a post.
    pub(super) fn was_posted(&self) -> bool {
        use Turn::{Delivered, LaneDead, Rejected, Unsure, Wait};
        matches!(self, Delivered { .. } | Rejected(_) | Wait(..) | Unsure(_) | LaneDead(_))
    }
}

/// Sends the claimed row, if it still is what the plan saw.
pub(super) async fn one<S: Store, W: Watch>(
    desk: &Desk<'_, S, W>,
    webhook: &WebhookUrl,
    claim: &Claim,
    row: &PlannedRow,
    mut place: Place<'_>,
) -> Turn {
    let message = match prepare(desk, claim, row).await {
        Ok(message) => message,
        Err(turn) => return turn,
    };
    let sent = match intend(desk, claim, row, &message).await {
        Ok(Some(sent)) => sent,
        Ok(None) => return Turn::NotOurs,
        Err(turn) => return turn,
    };
    desk.hooks.point("before-post");
    place.leaves();
    let answer = desk.discord.post(webhook, &message, desk.consent, Instant::now() + POST).await;
    drop(place);
    desk.hooks.point("after-post");
    conclude(desk, &sent, row, answer).await
}

struct Sent {
    attempt: Attempt,
    journal_id: i64,
}

/// The message as it is now, or why there is none. What changed since the plan goes back to it.
async fn prepare<S: Store, W: Watch>(
    desk: &Desk<'_, S, W>,
    claim: &Claim,
    row: &PlannedRow,
) -> Result<Message, Turn> {
    let read = desk.source.lock().await.read(&claim.id).await;
    let letter = match read {
        Ok(letter) => letter,
        Err(error) => {
            give_back(desk, claim, &error.to_string()).await;
            desk.halt(Halt::Table(error));
            return Err(Turn::Halted);
        }
    };
    let changed = |why: &str| (EndState::Left, format!("{why} since the plan: plan again"));
    let (state, why) = match &letter {
        None => changed("the row is gone"),
        Some(letter) if !desk.source.lock().await.table().is_open_word(&letter.status) => {
            (EndState::Skipped, format!("its status is {} by now", letter.status))
        }
        Some(letter) => {
            if fingerprint::stored_sha(letter.payload.as_deref()) != row.payload_sha {
                changed("its payload has changed")
            } else {
                match compose(desk, letter, row) {
                    Ok(message) => return Ok(message),
                    Err(why) => (EndState::Rejected, why),
                }
            }
        }
    };
    give_back(desk, claim, &why).await;
    let skip = (state == EndState::Skipped).then_some(SkipKind::Other);
    desk.end_row(&RowEnd { reason: Some(why), skip, ..RowEnd::new(&row.id, &row.lane, state) });
    Err(Turn::Ended)
}

fn compose<S: Store, W: Watch>(
    desk: &Desk<'_, S, W>,
    letter: &crate::dlq::Letter,
    row: &PlannedRow,
) -> Result<Message, String> {
    let payload =
        Payload::read(letter.payload.as_deref()).map_err(|problem| problem.text().to_owned())?;
    let (repeat, ping) = match row.fate {
        plan::Fate::Send { repeat, ping } => (repeat, ping),
        _ => (false, false),
    };
    Outgoing { letter, body: &payload.body, repeat, ping }
        .message(desk.choices.style(), desk.clock.now())
        .map_err(|violations| {
            violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        })
}

/// Puts the intent down, here and in the store, and makes sure that it is still ours: a machine that
/// slept in between must not send late. `None`: somebody else has the row by now.
async fn intend<S: Store, W: Watch>(
    desk: &Desk<'_, S, W>,
    claim: &Claim,
    row: &PlannedRow,
    message: &Message,
) -> Result<Option<Sent>, Turn> {
    let ping = match row.fate {
        plan::Fate::Send { ping: true, .. } => desk.choices.ping.word(),
        _ => "none",
    };
    let intent = Intent { ping, payload_sha: message.sha256(), lease: SEND_LEASE };
    let begun = Moment::now(desk.clock.now());
    let noted = desk.journal.lock().await.intend(claim, &intent).await;
    let journal_id = match noted {
        Ok(id) => id,
        Err(error) => {
            give_back(desk, claim, &error.to_string()).await;
            desk.halt(Halt::Journal(error));
            return Err(Turn::Halted);
        }
    };
    desk.hooks.point("before-intent");
    let intended = desk.step(async |store| store.intend(claim, &intent).await).await;
    desk.hooks.point("after-intent");
    let attempt = match intended {
        Some(Some(attempt)) => attempt,
        other => {
            let why = "not sent: somebody else has the row";
            desk.journal.lock().await.unsent(journal_id, why).await;
            return if other.is_some() { Ok(None) } else { Err(Turn::Halted) };
        }
    };
    // More than half the lease gone, by either clock: a monotonic one stands still in suspend.
    if begun.elapsed(desk.clock.now()) > SEND_LEASE / 2 {
        let ours = desk.step(async |store| store.still_ours(&attempt, POST).await).await;
        if ours != Some(true) {
            let why = "not sent: this machine slept past its lease";
            desk.journal.lock().await.unsent(journal_id, why).await;
            let fate = Fate::Released { reason: why.to_owned(), not_before: Duration::ZERO };
            let end = AttemptEnd { note: why.to_owned(), ..AttemptEnd::default() };
            desk.step(async |store| store.finish(&attempt, &fate, &end).await).await;
            return Ok(None);
        }
    }
    Ok(Some(Sent { attempt, journal_id }))
}

/// Puts down what Discord made of it.
async fn conclude<S: Store, W: Watch>(
    desk: &Desk<'_, S, W>,
    sent: &Sent,
    row: &PlannedRow,
    answer: Answer,
) -> Turn {
    let (fate, end) = judge(&answer, !desk.choices.force_duplicate);
    let Sent { attempt, journal_id } = sent;
    if let Err(error) = desk.journal.lock().await.receipt(*journal_id, &fate, &end).await {
        desk.halt(Halt::Journal(error));
    }
    desk.hooks.point("after-receipt");
    let finished = desk.step(async |store| store.finish(attempt, &fate, &end).await).await;
    desk.hooks.point("after-finish");
    if finished.is_some() {
        desk.heard(&[*journal_id]);
    }
    if desk.invalid.note(&answer) {
        desk.halt(Halt::TooManyRefusals);
    }
    let ended = |state, reason: Option<&String>, message_id: Option<&String>| {
        desk.end_row(&RowEnd {
            reason: reason.cloned(),
            message_id: message_id.cloned(),
            http_status: answer.http_status,
            ..RowEnd::new(&row.id, &row.lane, state)
        });
    };
    match (fate, answer.class) {
        (Fate::Delivered { message_id, .. }, _) => {
            ended(EndState::Delivered, None, message_id.as_ref());
            let equals = match finished {
                Some(Finished::Done(equals)) => equals,
                _ => Vec::new(),
            };
            Turn::Delivered { bucket: answer.bucket, equals }
        }
        (Fate::Rejected(why), _) => {
            ended(EndState::Rejected, Some(&why), None);
            Turn::Rejected(answer.bucket)
        }
        (Fate::Unsure(why), _) => {
            ended(EndState::Unsure, Some(&why), None);
            Turn::Unsure(why)
        }
        (_, Class::Wait(wait, scope)) => Turn::Wait(wait, scope),
        (_, Class::LaneDead) => Turn::LaneDead(answer.said),
        (_, Class::Banned(wait)) => {
            desk.halt(Halt::Banned { wait, said: answer.said });
            Turn::Halted
        }
        (_, Class::WrongAgent) => {
            desk.halt(Halt::Stopped(answer.said));
            Turn::Halted
        }
        _ => Turn::NotSent(answer.said),
    }
}

/// What an answer means for the item.
pub(super) fn judge(answer: &Answer, settle_equals: bool) -> (Fate, AttemptEnd) {
    let released = |not_before| Fate::Released { reason: answer.to_string(), not_before };
    let (fate, retry_after) = match &answer.class {
        Class::Delivered { message_id, channel_id } => {
            let (message_id, channel_id) = (message_id.clone(), channel_id.clone());
            (Fate::Delivered { message_id, channel_id, settle_equals }, None)
        }
        Class::Rejected => (Fate::Rejected(answer.to_string()), None),
        Class::Unsure => (Fate::Unsure(answer.to_string()), None),
        Class::Wait(wait, _) => (released(*wait), Some(*wait)),
        Class::Banned(wait) => (released(Duration::ZERO), *wait),
        Class::LaneDead | Class::WrongAgent | Class::NotSent => (released(Duration::ZERO), None),
    };
    let end = AttemptEnd {
        http_status: answer.http_status,
        code: answer.code,
        retry_after,
        note: answer.said.clone(),
    };
    (fate, end)
}

/// Lets a claimed row go; nothing was sent.
async fn give_back<S: Store, W: Watch>(desk: &Desk<'_, S, W>, claim: &Claim, why: &str) {
    let fate = Fate::Released { reason: why.to_owned(), not_before: Duration::ZERO };
    desk.step(async |store| store.give_back(claim, &fate).await).await;
}

/// A point in time by both clocks.
pub(super) struct Moment {
    monotonic: Instant,
    wall: DateTime<Utc>,
}

impl Moment {
    pub(super) fn now(wall: DateTime<Utc>) -> Self {
        Self { monotonic: Instant::now(), wall }
    }

    /// How long ago, by the clock that says more.
    pub(super) fn elapsed(&self, wall: DateTime<Utc>) -> Duration {
        self.monotonic.elapsed().max((wall - self.wall).to_std().unwrap_or_default())
    }
}
