//! One lane: one channel, one message at a time, in order, at the pace that Discord allows.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::Watch;
use super::breaker::{Breaker, Verdict};
use super::desk::{CLAIM_LEASE, Desk, LANE_LEASE, LANE_RENEWAL, Place};
use super::send::{self, Turn};
use super::tally::{EndState, RowEnd};
use crate::discord::pace::{Allowance, LONGEST_WAIT, Lane as Pace, Rate};
use crate::discord::{WaitScope, WebhookUrl};
use crate::dlq::plan::{PlannedRow, SkipKind};
use crate::dlq::store::{Claimed, Store};
use crate::dlq::{FailureId, ItemState};
use crate::domain::clock::span;

/// How often a lane that somebody else holds is asked for again.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(2);

/// A lane and the rows of the selection that go through it.
#[derive(Debug)]
pub(super) struct Work<'a> {
    pub(super) lane: &'a str,
    pub(super) webhook: &'a WebhookUrl,
    pub(super) rows: BTreeMap<FailureId, &'a PlannedRow>,
    /// Whether the other lanes wait for its first row.
    pub(super) urgent: bool,
}

/// Why a lane came to its end.
pub(super) enum Over {
    /// Nothing is left to claim.
    Empty,
    /// The rest waits for another time.
    Left(String),
    /// The channel cannot be posted to.
    Blocked(String),
}

pub(super) struct Lane<'d, 'a, S, W> {
    pub(super) desk: &'d Desk<'a, S, W>,
    pub(super) work: Work<'d>,
    pub(super) breaker: Breaker,
    pub(super) renewed: Option<Instant>,
    urgent: bool,
}

/// Runs a lane to its end; afterwards each of its rows has one.
pub(super) async fn run<S: Store, W: Watch>(desk: &Desk<'_, S, W>, work: Work<'_>) {
    if !work.urgent {
        desk.after_the_urgent().await;
    }
    let mut lane = Lane::new(desk, work);
    let over = lane.drain().await;
    lane.close(over).await;
}

impl<'d, 'a, S: Store, W: Watch> Lane<'d, 'a, S, W> {
    pub(super) fn new(desk: &'d Desk<'a, S, W>, work: Work<'d>) -> Self {
        let urgent = work.urgent;
        Self { desk, work, breaker: Breaker::default(), renewed: None, urgent }
    }

    /// Lets the lane go; each row that has no end gets one.
    pub(super) async fn close(&mut self, over: Over) {
        self.let_others_go();
        if self.renewed.is_some() {
            let (desk, name) = (self.desk, self.work.lane);
            desk.step(async |store| store.leave_lane(desk.run, name).await).await;
        }
        self.account(over).await;
    }

    /// The lane's pace, knowing what was posted in the last minute.
    pub(super) async fn pace(&self) -> Result<Pace, Over> {
        match self.desk.posts_of(self.work.lane).await {
            Some(posts) => Ok(Pace::new(self.allowance(), &posts)),
            None => Err(Over::Left("the ledger cannot be read".to_owned())),
        }
    }

    async fn drain(&mut self) -> Over {
        if let Some(over) = self.hold().await {
            return over;
        }
        let mut pace = match self.pace().await {
            Ok(pace) => pace,
            Err(over) => return over,
        };
        while !self.work.rows.is_empty() {
            let place = match self.ready(&mut pace).await {
                Ok(place) => place,
                Err(over) => return over,
            };
            if let Some(over) = self.next(&mut pace, place).await {
                return over;
            }
        }
        Over::Empty
    }

    /// What the lane may use of Discord's limits: for a P0 there is nobody to leave room for.
    fn allowance(&self) -> Allowance {
        if self.work.urgent { Rate::Full.allowance() } else { self.desk.choices.rate.allowance() }
    }

    /// Claims and sends one row. `Some`: the lane is over.
    async fn next(&mut self, pace: &mut Pace, place: Place<'d>) -> Option<Over> {
        let (desk, name) = (self.desk, self.work.lane);
        let equals = !desk.choices.force_duplicate;
        let claim =
            desk.step(async |store| store.claim(desk.run, name, CLAIM_LEASE, equals).await).await;
        let claim = match claim {
            None => return Some(Over::Left("the ledger cannot be reached".to_owned())),
            Some(Claimed::Nothing) => return Some(Over::Empty),
            Some(Claimed::Later(wait)) => {
                drop(place);
                let until = Instant::now() + wait.min(ASK_AGAIN);
                self.pause(until, "the next row has to wait").await;
                return None;
            }
            Some(Claimed::Duplicates(pairs)) => {
                for (id, of) in pairs {
                    self.skip_equal(&id, &of);
                }
                return None;
            }
            Some(Claimed::Item(claim)) => claim,
        };
        desk.hooks.point("after-claim");
        let Some(row) = self.work.rows.get(&claim.id).copied() else {
            // A row of an earlier form of this selection; it is not in the plan that was agreed to.
            let why = "not in the plan".to_owned();
            let fate = crate::dlq::store::Fate::Released { reason: why, not_before: LANE_LEASE };
            desk.step(async |store| store.give_back(&claim, &fate).await).await;
            return None;
        };
        let turn = send::one(desk, self.work.webhook, &claim, row, place).await;
        self.after(turn, row, pace).await
    }

    async fn after(&mut self, turn: Turn, row: &PlannedRow, pace: &mut Pace) -> Option<Over> {
        match &turn {
            Turn::Delivered { equals, .. } => {
                self.work.rows.remove(&row.id);
                for id in equals {
                    self.skip_equal(id, &row.id);
                }
                self.let_others_go();
            }
            Turn::Ended | Turn::Rejected(_) | Turn::Unsure(_) => {
                self.work.rows.remove(&row.id);
            }
            _ => {}
        }
        self.after_part(turn, pace).await
    }

    /// What a turn means for the lane. `Some`: it is over.
    pub(super) async fn after_part(&mut self, turn: Turn, pace: &mut Pace) -> Option<Over> {
        let now = Instant::now();
        if turn.was_posted() {
            pace.sent(now);
        }
        match turn {
            Turn::Delivered { bucket, .. } => {
                pace.answered(now, bucket.as_ref());
                self.breaker.succeeded();
                None
            }
            Turn::Rejected(bucket) => {
                pace.answered(now, bucket.as_ref());
                None
            }
            Turn::Ended | Turn::NotOurs => None,
            Turn::Halted => Some(Over::Left("the run was stopped".to_owned())),
            Turn::LaneDead(why) => Some(Over::Blocked(why)),
            Turn::Unsure(why) => {
                pace.lost(now);
                let verdict = self.breaker.doubted();
                self.obey(verdict, &why).await
            }
            Turn::NotSent(why) => {
                let verdict = self.breaker.failed();
                self.obey(verdict, &why).await
            }
            Turn::Wait(wait, _) if wait > LONGEST_WAIT => Some(Over::Left(absurd(wait))),
            Turn::Wait(wait, scope) => {
                if scope == WaitScope::Global {
                    self.desk.global.borrow_mut().limited(now, wait);
                }
                pace.limited(now, wait);
                None
            }
        }
    }

    pub(super) async fn obey(&mut self, verdict: Verdict, why: &str) -> Option<Over> {
        match verdict {
            Verdict::Stop => Some(Over::Left(format!("Discord is not back: {why}"))),
            Verdict::Wait(wait) => {
                self.pause(Instant::now() + wait, why).await;
                None
            }
        }
    }

    pub(super) async fn pause(&mut self, until: Instant, why: &str) {
        // A lane that has to wait itself does not keep the others waiting.
        if until.saturating_duration_since(Instant::now()) > Duration::from_secs(1) {
            self.let_others_go();
        }
        // In pieces, so that the lease of the lane is renewed meanwhile.
        let piece = Instant::now() + LANE_RENEWAL;
        self.desk.pause(self.work.lane, until.min(piece), why).await;
    }

    fn let_others_go(&mut self) {
        if std::mem::take(&mut self.urgent) {
            self.desk.urgent_is_through();
        }
    }

    fn skip_equal(&mut self, id: &FailureId, of: &FailureId) {
        if self.work.rows.remove(id).is_some() {
            self.desk.end_row(&RowEnd {
                reason: Some(format!("duplicate of {of}")),
                skip: Some(SkipKind::Duplicate),
                ..RowEnd::new(id, self.work.lane, EndState::Skipped)
            });
        }
    }

    /// Gives every row that has none its end: what the ledger says of it, else why the lane is over.
    async fn account(&mut self, over: Over) {
        let (desk, name) = (self.desk, self.work.lane);
        let rows = std::mem::take(&mut self.work.rows);
        let ids: Vec<FailureId> = rows.into_keys().collect();
        if ids.is_empty() {
            return;
        }
        let items = desk.look_up(&ids).await;
        for id in &ids {
            let item = items.get(id);
            let end = |state, reason: &str| RowEnd {
                reason: Some(reason.to_owned()),
                ..RowEnd::new(id, name, state)
            };
            let meanwhile = |word: &str| RowEnd {
                skip: Some(SkipKind::Other),
                message_id: item.and_then(|item| item.message_id.clone()),
                ..end(EndState::Skipped, &format!("{word} meanwhile"))
            };
            desk.end_row(&match (item.map(|item| item.state), &over) {
                (Some(state), _) if state.is_settled() => meanwhile(state.word()),
                (Some(ItemState::Unsure), _) => {
                    end(EndState::Unsure, "an attempt may have arrived: parky-ops dlq unsure")
                }
                (Some(ItemState::Rejected), _) => {
                    let reason = item.and_then(|item| item.reason.as_deref());
                    end(EndState::Rejected, reason.unwrap_or("rejected before"))
                }
                (_, Over::Blocked(why)) => end(EndState::Blocked, why),
                (_, Over::Left(why)) => end(EndState::Left, why),
                (_, Over::Empty) => end(EndState::Left, "another run holds it, or its equal"),
            });
        }
    }
}

pub(super) fn absurd(wait: Duration) -> String {
    let wait = chrono::TimeDelta::from_std(wait).unwrap_or(chrono::TimeDelta::MAX);
    format!("Discord asks to wait {}: a ban, or a unit mixed up", span(wait))
}
