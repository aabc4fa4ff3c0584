//! Until a lane may post: it is ours, its webhook lives, and Discord's limits leave room.

use std::time::Duration;

use tokio::time::Instant;

use super::desk::{LANE_LEASE, LANE_RENEWAL, Place};
use super::lane::{ASK_AGAIN, Lane, Over, absurd};
use super::{Halt, Watch};
use crate::discord::pace::{LONGEST_WAIT, Lane as Pace, Slot};
use crate::discord::{Answer, Class, Identity, identity};
use crate::dlq::store::{LaneTaken, Store};

/// How long the look at a webhook may take.
const LOOK: Duration = Duration::from_secs(10);

impl<'d, S: Store, W: Watch> Lane<'d, '_, S, W> {
    /// Waits until the lane is ours, its webhook is known to live, and Discord's limits allow a post.
    pub(super) async fn ready(&mut self, pace: &mut Pace) -> Result<Place<'d>, Over> {
        let mut alive = self.breaker.is_proven();
        loop {
            if let Some(why) = self.desk.is_stopping() {
                return Err(Over::Left(why.to_owned()));
            }
            if self.is_to_renew()
                && let Some(over) = self.hold().await
            {
                return Err(over);
            }
            match pace.next(Instant::now()) {
                Slot::Now => {}
                Slot::At(until, why) => {
                    self.pause(until, &why.to_string()).await;
                    continue;
                }
                Slot::Absurd { wait, .. } => return Err(Over::Left(absurd(wait))),
            }
            let Some(mut place) = self.take_place().await? else { continue };
            if alive {
                return Ok(place);
            }
            place.leaves();
            match self.look(place).await {
                Ok(()) => alive = true,
                Err(Some(over)) => return Err(over),
                Err(None) => {}
            }
        }
    }

    /// Waits for a place among the requests of this second. `None`: something else comes first.
    async fn take_place(&mut self) -> Result<Option<Place<'d>>, Over> {
        let desk = self.desk;
        let Some(_turn) = desk.turn(Instant::now() + LANE_RENEWAL).await else { return Ok(None) };
        loop {
            let slot = desk.global.borrow().next(Instant::now());
            match slot {
                Slot::Now => return Ok(Some(desk.place())),
                Slot::At(until, why) => self.pause(until, &why.to_string()).await,
                Slot::Absurd { wait, .. } => return Err(Over::Left(absurd(wait))),
            }
            if desk.is_stopping().is_some() || self.is_to_renew() {
                return Ok(None);
            }
        }
    }

    fn is_to_renew(&self) -> bool {
        self.renewed.is_none_or(|at| at.elapsed() > LANE_RENEWAL)
    }

    /// Asks whether the webhook lives, and whether it is the one that it is named for. It stores
    /// nothing. `Err(None)`: ask again.
    async fn look(&mut self, place: Place<'d>) -> Result<(), Option<Over>> {
        let (desk, webhook) = (self.desk, self.work.webhook);
        let answer = desk.discord.webhook(webhook, Instant::now() + LOOK).await;
        drop(place);
        let answer: Answer = match answer {
            Ok(info) => {
                let channel = desk.channel_ids.get(self.work.lane).map(String::as_str);
                return match identity(&info, desk.guild, channel) {
                    Identity::Matches | Identity::Unpinned => Ok(()),
                    other => Err(Some(Over::Blocked(other.to_string()))),
                };
            }
            Err(answer) => answer,
        };
        if desk.invalid.note(&answer) {
            desk.halt(Halt::TooManyRefusals);
            return Err(Some(Over::Left("the run was stopped".to_owned())));
        }
        let why = answer.to_string();
        match answer.class {
            Class::LaneDead | Class::Rejected => Err(Some(Over::Blocked(why))),
            Class::Banned(wait) => {
                desk.halt(Halt::Banned { wait, said: why.clone() });
                Err(Some(Over::Left(why)))
            }
            Class::WrongAgent => {
                desk.halt(Halt::Stopped(why.clone()));
                Err(Some(Over::Left(why)))
            }
            Class::Wait(wait, _) if wait > LONGEST_WAIT => Err(Some(Over::Left(absurd(wait)))),
            Class::Wait(wait, _) => {
                self.pause(Instant::now() + wait, "Discord asks to wait").await;
                Err(None)
            }
            Class::NotSent | Class::Unsure | Class::Delivered { .. } => {
                let verdict = self.breaker.failed();
                Err(self.obey(verdict, &why).await)
            }
        }
    }

    /// Takes the lane, or renews it; waits for whoever holds it. `Some`: the lane is over.
    pub(super) async fn hold(&mut self) -> Option<Over> {
        let (desk, name) = (self.desk, self.work.lane);
        loop {
            if let Some(why) = desk.is_stopping() {
                return Some(Over::Left(why.to_owned()));
            }
            let taken =
                desk.step(async |store| store.take_lane(desk.run, name, LANE_LEASE).await).await;
            match taken {
                None => return Some(Over::Left("the ledger cannot be reached".to_owned())),
                Some(LaneTaken::Mine) => {
                    self.renewed = Some(Instant::now());
                    desk.held.borrow_mut().remove(name);
                    return None;
                }
                Some(LaneTaken::Held(holder)) => {
                    self.renewed = None;
                    let why = format!(
                        "{} on {} replays to #{name}, {} of {} done",
                        holder.operator, holder.host, holder.done, holder.selected
                    );
                    desk.held.borrow_mut().insert(name.to_owned(), holder);
                    if desk.no_wait {
                        return Some(Over::Left(why));
                    }
                    self.pause(Instant::now() + ASK_AGAIN, &why).await;
                }
            }
        }
    }
}
