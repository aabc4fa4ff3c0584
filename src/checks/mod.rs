//! One file per source: `gather` asks (async, thin), `judge` says what it means (pure).
//!
//! A new source is one new file and one line in [`GROUPS`].

pub mod access;
pub mod actions;
pub mod connections;
pub mod database;
pub mod dlq;
mod gather;
pub mod hosts;
pub mod hub;
pub mod locks;
pub mod offline;
pub mod pages;
pub(crate) mod run;
mod synthetic;
mod vendors;
pub mod workers;
mod world;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;
use tokio::sync::mpsc::UnboundedSender;

use crate::domain::{Caveat, Check, Judgement, ReasonCode, Source, State};

pub use gather::{Gathered, gather};
pub use world::{World, WorldParts};

/// What a group sends while it works; what was sent before its deadline is kept.
#[derive(Debug)]
pub enum Finding {
    /// A check that is complete in itself.
    Check(Check),
    /// A worker's deployments; judged once the start of the incident is known.
    Worker(workers::Deployed),
    /// A Pages project's builds; judged then as well.
    Pages(Box<pages::Served>),
    /// What the runs tell of the start and of what changed.
    Runs(actions::RunFacts),
    /// What the dead letters tell of the alerts and of the start.
    DeadLetters(dlq::DeadLetterFacts),
    /// What the reader must know.
    Caveat(Caveat),
}

/// Where a group sends its findings. Nobody listening means that time is up, which is no error.
#[derive(Debug, Clone)]
pub struct Sink(UnboundedSender<Finding>);

impl Sink {
    /// A sink that fills `sender`.
    pub fn new(sender: UnboundedSender<Finding>) -> Self {
        Self(sender)
    }

    /// Sends one finding.
    pub fn send(&self, finding: Finding) {
        let _ = self.0.send(finding);
    }

    /// Sends a check.
    pub fn check(&self, check: Check) {
        self.send(Finding::Check(check));
    }
}

/// Sources that are asked together, since they share a connection.
pub struct Group {
    /// The sources.
    pub sources: &'static [Source],
    /// How long the group may take.
    pub deadline: Duration,
    /// The names of all checks that the group owes, answered or not.
    pub owes: fn(&World) -> Vec<(Source, String)>,
    /// Asks, and sends findings as they come.
    pub ask: for<'a> fn(&'a World, &'a BTreeSet<Source>, Sink) -> LocalBoxFuture<'a, ()>,
}

/// What a source says that is always looked at and has nothing to look at.
fn nothing_configured(world: &World, source: Source) -> Check {
    let text = format!("no {source} are configured for {}", world.config.env);
    let judgement = Judgement::unknown(ReasonCode::BadConfig, text);
    judgement.check(source, source.word(), world.times(Instant::now()))
}

/// What a source says that is looked at only where something of it is named.
fn not_configured(world: &World, source: Source, name: &str, text: &str) -> Check {
    let judgement = Judgement::new(State::Skipped, ReasonCode::NotConfigured, text);
    judgement.check(source, name, world.times(Instant::now()))
}

/// Every group of `triage`.
pub const GROUPS: [&Group; 6] = [
    &hosts::GROUP,
    &workers::GROUP,
    &pages::GROUP,
    &actions::GROUP,
    &database::GROUP,
    &vendors::GROUP,
];
