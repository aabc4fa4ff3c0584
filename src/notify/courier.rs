//! Takes messages to one channel. See [`super`].

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::delivery::{Delivery, DeliveryState};
use super::patience::Patience;
use crate::discord::pace::{Lane, Rate, Slot};
use crate::discord::{Answer, Class, Discord, Identity, Message, WebhookUrl, identity, link};
use crate::domain::{Clock, Consent, EnvName};
use crate::state::{Ledger, Probe, SendEnd, SendIntent, State, ToSpool};

/// How long a look at the webhook may take.
const LOOK: Duration = Duration::from_secs(10);
/// How long a post may take, where patience does not end before.
const POST: Duration = Duration::from_secs(30);
/// How long keeping a message may take; another process may hold the file.
const KEEP: Duration = Duration::from_secs(1);
/// A pause after a 429, so that two who met it do not come back in step.
const AFTER_LIMIT: Duration = Duration::from_millis(150);

/// Where messages go.
#[derive(Debug)]
pub struct Address {
    /// The channel's name, without `#`: the lane of the ledger.
    pub channel: String,
    /// Its webhook, or why there is none to be used.
    pub webhook: Result<WebhookUrl, String>,
    /// The id that the channel must have.
    pub channel_id: Option<String>,
    /// The id of the server that it must be of.
    pub guild: Option<String>,
}

/// What a courier is made with.
#[derive(Debug)]
pub struct Parts {
    /// The environment, whose ledger it is.
    pub env: EnvName,
    /// The present.
    pub clock: Clock,
    /// Where Discord is.
    pub discord: Discord,
    /// Where the local state is.
    pub state_dir: Option<PathBuf>,
    /// Tells whether that is on this machine.
    pub probe: Probe,
    /// Where it goes.
    pub address: Address,
}

/// What is sent, by name.
#[derive(Debug, Clone, Copy)]
pub struct Parcel<'a> {
    /// What it is about: `rollback`.
    pub kind: &'static str,
    /// Which one of them.
    pub subject: &'a str,
    /// The message.
    pub message: &'a Message,
}

/// Why a message does not leave.
#[derive(Debug)]
enum Hurdle {
    /// The ledger cannot be used: nothing may be sent.
    NoLedger(String),
    /// There is no way to the channel now: it is kept.
    NoWay(String),
}

/// Why a file of this machine is not to be had.
const HELD: &str = "another process holds the local state";

fn no_ledger(why: impl std::fmt::Display) -> Hurdle {
    Hurdle::NoLedger(format!("nothing is sent without a ledger: {why}"))
}

/// See [`super`].
#[derive(Debug)]
pub struct Courier {
    parts: Parts,
    ledger: Option<Ledger>,
    /// Whether the webhook was seen to be the right one.
    known: bool,
    /// The server that it is of, for links.
    guild: Option<String>,
}

impl Courier {
    /// Costs nothing until it is used.
    pub fn new(parts: Parts) -> Self {
        let guild = parts.address.guild.clone();
        Self { parts, ledger: None, known: false, guild }
    }

    /// The webhook, which was found later than the rest; or why there is none.
    pub fn found(&mut self, webhook: Result<WebhookUrl, String>) {
        self.parts.address.webhook = webhook;
    }

    /// Does beforehand what a delivery would otherwise do first: opens the ledger, and looks at the
    /// webhook. What fails is tried again, or told, by the delivery.
    pub async fn prepare(&mut self, patience: &Patience) {
        let ready = self.open(patience).await.is_ok();
        if ready {
            let _ = self.look(patience).await;
        }
    }

    /// Sends it once, or keeps it.
    pub async fn deliver(
        &mut self,
        parcel: Parcel<'_>,
        consent: &Consent,
        patience: &Patience,
    ) -> Delivery {
        match self.send(parcel, consent, patience).await {
            Ok(delivery) => delivery,
            Err(Hurdle::NoLedger(why)) => Delivery::skipped(why),
            Err(Hurdle::NoWay(why)) => self.keep(parcel, why).await,
        }
    }

    async fn send(
        &mut self,
        parcel: Parcel<'_>,
        consent: &Consent,
        patience: &Patience,
    ) -> Result<Delivery, Hurdle> {
        self.open(patience).await?;
        self.look(patience).await?;
        loop {
            self.slot(patience).await?;
            let webhook = self.parts.address.webhook.as_ref();
            let webhook = webhook.map_err(|why| Hurdle::NoWay(why.clone()))?.clone();
            let intent = self.intend(parcel, patience).await?;
            let answer = tokio::select! {
                biased;
                answer = self.parts.discord.post(&webhook, parcel.message, consent, Instant::now() + POST) => {
                    Ok(answer)
                }
                () = patience.over() => Err("no answer in time; it may have arrived".to_owned()),
            };
            self.receipt(intent, &answer).await;
            let answer = match answer {
                Ok(answer) => answer,
                Err(why) => return Ok(Delivery::of(DeliveryState::Unsure, why)),
            };
            if let Some(delivery) = self.concluded(answer, patience).await? {
                return Ok(delivery);
            }
        }
    }

    /// What an answer means; `None`: it was not stored, and may be sent again now.
    async fn concluded(
        &mut self,
        answer: Answer,
        patience: &Patience,
    ) -> Result<Option<Delivery>, Hurdle> {
        let why = answer.to_string();
        match answer.class {
            Class::Delivered { message_id, channel_id } => {
                let ends = (self.guild.as_ref(), channel_id.as_ref(), message_id.as_ref());
                let link = match ends {
                    (Some(guild), Some(channel), Some(message)) => {
                        Some(link(guild, channel, message))
                    }
                    _ => None,
                };
                let state = DeliveryState::Delivered;
                Ok(Some(Delivery { state, reason: None, message_id, link, spool: None }))
            }
            Class::Unsure => {
                let why = format!("no answer that can be relied on; it may have arrived: {why}");
                Ok(Some(Delivery::of(DeliveryState::Unsure, why)))
            }
            Class::Wait(wait, _) => {
                let until = Instant::now() + wait + AFTER_LIMIT;
                if until >= patience.end() {
                    return Err(Hurdle::NoWay(why));
                }
                tokio::select! {
                    () = sleep_until(until) => Ok(None),
                    () = patience.over() => Err(Hurdle::NoWay(why)),
                }
            }
            Class::LaneDead => Err(self.dead(why)),
            Class::Rejected | Class::Banned(_) | Class::WrongAgent | Class::NotSent => {
                Err(Hurdle::NoWay(why))
            }
        }
    }

    /// Opens the ledger, without which nothing is sent.
    async fn open(&mut self, patience: &Patience) -> Result<(), Hurdle> {
        if self.ledger.is_some() {
            return Ok(());
        }
        let Some(directory) = &self.parts.state_dir else {
            return Err(no_ledger("no home directory; set PARKY_OPS_STATE_DIR"));
        };
        let (env, now) = (self.parts.env.clone(), self.parts.clock.now());
        let opened = tokio::select! {
            biased;
            opened = Ledger::open(directory, env, now, self.parts.probe) => opened,
            () = patience.over() => return Err(no_ledger(HELD)),
        };
        self.ledger = Some(opened.map_err(no_ledger)?);
        Ok(())
    }

    /// Looks whether the webhook lives and is the one that it is named for. It stores nothing.
    async fn look(&mut self, patience: &Patience) -> Result<(), Hurdle> {
        if self.known {
            return Ok(());
        }
        let Address { webhook, channel_id, guild, .. } = &self.parts.address;
        let webhook = webhook.as_ref().map_err(|why| Hurdle::NoWay(why.clone()))?;
        let looked = tokio::select! {
            biased;
            looked = self.parts.discord.webhook(webhook, Instant::now() + LOOK) => looked,
            () = patience.over() => {
                return Err(Hurdle::NoWay("Discord did not answer in time".to_owned()));
            }
        };
        match looked {
            Ok(info) => match identity(&info, guild.as_deref(), channel_id.as_deref()) {
                Identity::Matches | Identity::Unpinned => {
                    self.guild = info.guild_id.or(self.guild.take());
                    self.known = true;
                    Ok(())
                }
                other => Err(self.dead(other.to_string())),
            },
            Err(answer) => match answer.class {
                Class::LaneDead | Class::Rejected => Err(self.dead(answer.to_string())),
                _ => Err(Hurdle::NoWay(answer.to_string())),
            },
        }
    }

    /// The webhook is of no use, and is not asked again.
    fn dead(&mut self, why: String) -> Hurdle {
        self.parts.address.webhook = Err(why.clone());
        Hurdle::NoWay(why)
    }

    /// Waits for room in the channel's share of Discord's limits, which all processes of this machine
    /// keep together.
    async fn slot(&mut self, patience: &Patience) -> Result<(), Hurdle> {
        let now = self.parts.clock.now();
        let posted = tokio::select! {
            biased;
            posted = self.ledger()?.recent(now) => posted.map_err(no_ledger)?,
            () = patience.over() => return Err(no_ledger(HELD)),
        };
        let now = Instant::now();
        let ages = posted.get(&self.parts.address.channel).into_iter().flatten();
        let earlier: Vec<Instant> = ages.filter_map(|age| now.checked_sub(*age)).collect();
        // It is live: it may use what a polite replay leaves.
        match Lane::new(Rate::Full.allowance(), &earlier).next(now) {
            Slot::Now => Ok(()),
            Slot::At(at, why) if at < patience.end() => tokio::select! {
                () = sleep_until(at) => Ok(()),
                () = patience.over() => Err(Hurdle::NoWay(why.to_string())),
            },
            Slot::At(_, why) => Err(Hurdle::NoWay(why.to_string())),
            Slot::Absurd { .. } => Err(Hurdle::NoWay("Discord asks to wait".to_owned())),
        }
    }

    async fn intend(&mut self, parcel: Parcel<'_>, patience: &Patience) -> Result<i64, Hurdle> {
        let intent = SendIntent {
            kind: parcel.kind.to_owned(),
            subject: parcel.subject.to_owned(),
            lane: self.parts.address.channel.clone(),
            run: None,
            fence: None,
            payload_sha: parcel.message.sha256(),
            at: self.parts.clock.now(),
        };
        tokio::select! {
            biased;
            intended = self.ledger()?.intend(&intent) => intended.map_err(no_ledger),
            // Perhaps it was put down all the same: an intent of what was never sent.
            () = patience.over() => Err(no_ledger(HELD)),
        }
    }

    fn ledger(&mut self) -> Result<&mut Ledger, Hurdle> {
        self.ledger.as_mut().ok_or_else(|| no_ledger("it is not open"))
    }

    /// Puts down how it ended. Where that fails, the intent stands alone, which means the same as
    /// `unsure` to whoever reads it.
    async fn receipt(&mut self, id: i64, answer: &Result<Answer, String>) {
        let (fate, message_id, channel_id) = match answer.as_ref().map(|answer| &answer.class) {
            Ok(Class::Delivered { message_id, channel_id }) => {
                ("delivered", message_id.clone(), channel_id.clone())
            }
            Ok(Class::Rejected) => ("rejected", None, None),
            Ok(Class::Unsure) | Err(_) => ("unsure", None, None),
            Ok(_) => ("released", None, None),
        };
        let end = SendEnd {
            fate: fate.to_owned(),
            http_status: answer.as_ref().ok().and_then(|answer| answer.http_status),
            code: answer.as_ref().ok().and_then(|answer| answer.code),
            message_id,
            channel_id,
            note: answer.as_ref().map_or_else(Clone::clone, |answer| answer.said.clone()),
            at: self.parts.clock.now(),
        };
        if let Some(ledger) = &mut self.ledger {
            let _ = tokio::time::timeout(KEEP, ledger.receipt(id, &end)).await;
        }
    }

    /// Keeps what did not leave.
    async fn keep(&self, parcel: Parcel<'_>, why: String) -> Delivery {
        let message = ToSpool {
            channel: &self.parts.address.channel,
            kind: parcel.kind,
            subject: parcel.subject,
            body: parcel.message.body(),
            reason: &why,
        };
        let kept = async {
            let directory = self.parts.state_dir.as_ref().ok_or("no home directory")?;
            let opened = State::open(directory).await;
            let mut state = opened.map_err(|error| error.to_string())?;
            let kept = state.spool(&self.parts.env, &message, self.parts.clock.now()).await;
            kept.map_err(|error| error.to_string())
        };
        let kept: Result<i64, String> = match tokio::time::timeout(KEEP, kept).await {
            Ok(kept) => kept,
            Err(_) => Err(HELD.to_owned()),
        };
        match kept {
            Ok(id) => Delivery { spool: Some(id), ..Delivery::of(DeliveryState::Spooled, why) },
            Err(error) => Delivery::skipped(format!("{why}; nor could it be kept: {error}")),
        }
    }
}
