//! The replay: a plan that was agreed to is carried out, lane by lane, and the sum comes out even.
//!
//! Each channel is a lane: one message at a time, in order, at Discord's pace. A message's intent is
//! on disk here and committed in the store before its first byte leaves; its end is put down here
//! first and in the store second. What may or may not have arrived is `unsure` and is not sent again.

mod breaker;
mod desk;
mod hooks;
mod journal;
mod lane;
mod ready;
mod send;
mod tally;
mod tell;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::watch;
use uuid::Uuid;

use self::desk::Desk;
use super::Owner;
use super::plan::{Choices, Fate, Plan, PlannedRow, Proof};
use super::source::Source;
use super::store::{Holder, Item, NewRun, Store, StoreError};
use super::table::TableError;
use super::{FailureId, ItemState};
use crate::discord::{Discord, WebhookUrl};
use crate::domain::{Clock, Consent};
use crate::state::StateError;

pub use self::desk::Order;
pub use self::hooks::Hooks;
pub use self::journal::{Journal, ReconcileError, is_before};
pub use self::tally::{EndState, RowEnd, Skips, Tally};
pub use self::tell::digest;

/// Why a run ended before its lanes did.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Halt {
    /// The store cannot be reached.
    #[error("{0}")]
    Store(StoreError),
    /// The local ledger cannot be written.
    #[error("the local ledger cannot be written: {0}")]
    Journal(StateError),
    /// The team's table cannot be read.
    #[error("the dead-letter table cannot be read: {0}")]
    Table(TableError),
    /// Discord bans this address.
    #[error("Discord bans this address{}: {said}", ban(.wait))]
    Banned {
        /// For how long, where that was said.
        wait: Option<Duration>,
        /// Its words.
        said: String,
    },
    /// Something before Discord's API refuses everything.
    #[error("{0}")]
    Stopped(String),
    /// Discord refused so many requests that more of them would get this address banned.
    #[error("Discord refused too many requests; more of them would get this address banned")]
    TooManyRefusals,
}

fn ban(wait: &Option<Duration>) -> String {
    wait.map(|wait| format!(" for {} s", wait.as_secs())).unwrap_or_default()
}

/// Sees a run as it goes.
pub trait Watch {
    /// A row came to its end.
    fn row(&mut self, end: &RowEnd, tally: &Tally);
    /// A lane waits.
    fn wait(&mut self, lane: &str, wait: Duration, why: &str);
    /// Something that concerns the whole run.
    fn note(&mut self, text: &str);
}

/// What a run works with.
#[derive(Debug)]
pub struct Parts<'a, S, W> {
    /// Leases, fences, attempts.
    pub store: &'a mut S,
    /// The local ledger.
    pub journal: &'a mut Journal,
    /// The team's table.
    pub source: &'a mut Source,
    /// Discord.
    pub discord: &'a Discord,
    /// The webhook of each lane.
    pub webhooks: &'a BTreeMap<String, WebhookUrl>,
    /// The pinned guild.
    pub guild: Option<&'a str>,
    /// The configured id of each channel that has one.
    pub channel_ids: &'a BTreeMap<String, String>,
    /// What the operator chose.
    pub choices: Choices,
    /// Leave lanes that somebody else holds.
    pub no_wait: bool,
    /// Who runs it.
    pub owner: &'a Owner,
    /// The filter, for the record.
    pub filter: Value,
    /// Sees it.
    pub watch: &'a mut W,
    /// The wall clock.
    pub clock: Clock,
    /// For tests.
    pub hooks: Hooks,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The run.
    pub run: Uuid,
    /// Rows by end; the sum is even.
    pub tally: Tally,
    /// Why it ended early.
    pub halt: Option<Halt>,
    /// Lanes that others held to the end.
    pub held: BTreeMap<String, Holder>,
}

/// Carries `plan` out. The operator agreed to it; `order` asks it to come to an end.
///
/// # Errors
/// The run could not begin; nothing was sent.
pub async fn run<S: Store, W: Watch>(
    mut parts: Parts<'_, S, W>,
    plan: &Plan,
    consent: &Consent,
    order: watch::Receiver<Order>,
) -> Result<Ended, StoreError> {
    let run = Uuid::new_v4();
    let standing = begin(&mut parts, plan, run).await?;
    let webhooks = parts.webhooks;
    let selected = u64::try_from(plan.rows.len()).unwrap_or(u64::MAX);
    let desk = Desk::new(parts, consent, run, selected, order);
    let work = work(&desk, plan, webhooks, &standing);
    desk.urgent_lanes(work.iter().filter(|work| work.urgent).count());
    let lanes = join_all(work.into_iter().map(|work| lane::run(&desk, work)));
    tokio::select! {
        biased;
        // First: the pace has to know of other runs.
        () = desk.keep_alive() => {}
        _ = lanes => {}
    }
    Ok(desk.close().await)
}

/// Ends the rows of a plan that sends nothing.
pub fn without_sending<W: Watch>(plan: &Plan, watch: &mut W) -> Tally {
    let mut tally = Tally::of(u64::try_from(plan.rows.len()).unwrap_or(u64::MAX));
    for end in plan.rows.iter().filter_map(planned_end) {
        tally.count(&end);
        watch.row(&end, &tally);
    }
    tally
}

type Known = BTreeMap<FailureId, Item>;

async fn begin<S: Store, W>(
    parts: &mut Parts<'_, S, W>,
    plan: &Plan,
    run: Uuid,
) -> Result<Known, StoreError> {
    parts.store.reap(parts.owner).await?;
    for row in &plan.rows {
        let by = "the channel's history";
        match &row.proof {
            Some(Proof::Arrived(message)) => {
                parts.store.resolve(&row.id, Some(message), by).await?;
            }
            Some(Proof::Absent) => {
                parts.store.resolve(&row.id, None, by).await?;
            }
            None => {}
        }
    }
    let new = NewRun {
        run,
        owner: parts.owner.clone(),
        plan_id: plan.id.clone(),
        filter: parts.filter.clone(),
        options: parts.choices.to_json(),
        rows: plan.to_send().map(PlannedRow::frozen).collect(),
        resend_unsure: parts.choices.resend_unsure,
    };
    Ok(parts.store.begin(&new).await?.into_iter().collect())
}

/// Ends the rows that will not be sent, and gives the others to their lanes.
fn work<'p, S: Store, W: Watch>(
    desk: &Desk<'_, S, W>,
    plan: &'p Plan,
    webhooks: &'p BTreeMap<String, WebhookUrl>,
    standing: &Known,
) -> Vec<lane::Work<'p>> {
    let mut lanes: BTreeMap<&str, lane::Work<'p>> = BTreeMap::new();
    for row in &plan.rows {
        let rejected = |item: &&Item| item.state == ItemState::Rejected;
        let end = match (planned_end(row), standing.get(&row.id).filter(rejected)) {
            (Some(end), _) => end,
            (None, Some(item)) => RowEnd {
                reason: item.reason.clone().or(Some("rejected before".to_owned())),
                ..RowEnd::new(&row.id, &row.lane, EndState::Rejected)
            },
            (None, None) => {
                let Some(webhook) = webhooks.get(&row.lane) else {
                    let reason = Some("the channel has no webhook".to_owned());
                    let end = RowEnd::new(&row.id, &row.lane, EndState::Blocked);
                    desk.end_row(&RowEnd { reason, ..end });
                    continue;
                };
                let lane = lanes.entry(&row.lane).or_insert_with(|| lane::Work {
                    lane: &row.lane,
                    webhook,
                    rows: BTreeMap::new(),
                    urgent: false,
                });
                lane.urgent |= row.severity == "P0";
                lane.rows.insert(row.id.clone(), row);
                continue;
            }
        };
        desk.end_row(&end);
    }
    lanes.into_values().collect()
}

/// The end that the plan itself gives a row; `None` where it is to be sent.
pub fn planned_end(row: &PlannedRow) -> Option<RowEnd> {
    let (state, reason, skip) = match &row.fate {
        Fate::Send { .. } => return None,
        Fate::Reject(why) => (EndState::Rejected, why, None),
        Fate::Skip(kind, why) => (EndState::Skipped, why, Some(*kind)),
        Fate::Unsure(why) => (EndState::Unsure, why, None),
        Fate::Block(why) => (EndState::Blocked, why, None),
    };
    Some(RowEnd { reason: Some(why_line(reason)), skip, ..RowEnd::new(&row.id, &row.lane, state) })
}

fn why_line(why: &str) -> String {
    crate::domain::text::shorten(&crate::domain::text::one_line(why), 300)
}
