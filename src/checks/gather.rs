//! All groups at once, each within its deadline; whoever fails or is late hides nobody else.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::actions::RunFacts;
use super::{Finding, GROUPS, Group, Sink, World, dlq, pages, workers};
use crate::domain::check::Times;
use crate::domain::{Caveat, Check, Judgement, ReasonCode, Source, State};

/// What was found out.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Complete checks, in the order in which their groups owe them, whoever answered first.
    pub checks: Vec<Check>,
    /// The workers' deployments, not judged yet, in the order of the configuration.
    pub workers: Vec<workers::Deployed>,
    /// The Pages projects with their builds, likewise.
    pub pages: Vec<pages::Served>,
    /// What the runs tell.
    pub runs: RunFacts,
    /// What the dead letters tell, where they could be read.
    pub dead_letters: Option<dlq::DeadLetterFacts>,
    /// What the reader must know.
    pub caveats: Vec<Caveat>,
}

/// Asks all sources in `wanted`, for `limit` at most or until `stop`. `watch` sees every check as it
/// comes. Checks that are owed and did not come are `unknown`; those not wanted are `skipped`.
pub async fn gather(
    world: &World,
    wanted: &BTreeSet<Source>,
    limit: Duration,
    stop: impl Future<Output = ()>,
    mut watch: impl FnMut(Source, &str, State),
) -> Gathered {
    let begun = Instant::now();
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let asked = GROUPS.iter().filter(|group| group.sources.iter().any(|s| wanted.contains(s)));
    let mut all = pin!(join_all(asked.map(|group| {
        let ask = (group.ask)(world, wanted, Sink::new(sender.clone()));
        timeout(group.deadline.min(limit), ask)
    })));
    let mut stop = pin!(stop);
    let mut gathered = Gathered::default();
    let mut interrupted = false;
    loop {
        tokio::select! {
            biased;
            Some(finding) = receiver.recv() => gathered.take(finding, &mut watch),
            _ = &mut all => break,
            () = &mut stop => { interrupted = true; break }
        }
    }
    while let Ok(finding) = receiver.try_recv() {
        gathered.take(finding, &mut watch);
    }
    for group in GROUPS {
        gathered.fill_in(world, group, wanted, limit, begun, interrupted);
    }
    gathered.sort(world);
    gathered
}

impl Gathered {
    fn take(&mut self, finding: Finding, watch: &mut impl FnMut(Source, &str, State)) {
        match finding {
            Finding::Check(check) => {
                watch(check.source, &check.name, check.state);
                self.checks.push(check);
            }
            Finding::Worker(deployed) => {
                let state = deployed.result.as_ref().map_or_else(|j| j.state, |_| State::Green);
                watch(Source::Workers, &deployed.worker, state);
                self.workers.push(deployed);
            }
            Finding::Pages(served) => {
                let state = served.result.as_ref().map_or_else(|j| j.state, |_| State::Green);
                watch(Source::Pages, &served.project, state);
                self.pages.push(*served);
            }
            Finding::Runs(facts) => self.runs = facts,
            Finding::DeadLetters(facts) => self.dead_letters = Some(facts),
            Finding::Caveat(caveat) => self.caveats.push(caveat),
        }
    }

    /// Adds what the group owes and did not deliver.
    fn fill_in(
        &mut self,
        world: &World,
        group: &Group,
        wanted: &BTreeSet<Source>,
        limit: Duration,
        begun: Instant,
        interrupted: bool,
    ) {
        let measured_at = world.clock.now();
        let deadline = group.deadline.min(limit);
        for (source, name) in (group.owes)(world) {
            let asked = wanted.contains(&source);
            let judgement = match (asked, interrupted) {
                (false, _) => {
                    let text = "left out by --only or --skip";
                    Judgement::new(State::Skipped, ReasonCode::SwitchedOff, text)
                }
                (true, true) => {
                    Judgement::unknown(ReasonCode::Deadline, "interrupted before it was measured")
                }
                (true, false) => Judgement::unknown(
                    ReasonCode::Deadline,
                    format!("no answer within {:.1} s", deadline.as_secs_f64()),
                ),
            };
            if !self.has(source, &name) {
                let took = if asked { begun.elapsed().min(deadline) } else { Duration::ZERO };
                let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                self.checks.push(judgement.check(source, name, Times { took_ms, measured_at }));
            }
        }
    }

    fn sort(&mut self, world: &World) {
        let owed: Vec<_> = GROUPS.iter().flat_map(|group| (group.owes)(world)).collect();
        let place = |source: Source, name: &str| {
            let place = owed.iter().position(|owed| owed.0 == source && owed.1 == name);
            (source, place.unwrap_or(usize::MAX))
        };
        self.checks.sort_by_key(|check| place(check.source, &check.name));
        self.workers.sort_by_key(|deployed| place(Source::Workers, &deployed.worker));
        self.pages.sort_by_key(|served| place(Source::Pages, &served.project));
    }

    fn has(&self, source: Source, name: &str) -> bool {
        let to_be_judged = match source {
            Source::Workers => self.workers.iter().any(|deployed| deployed.worker == name),
            Source::Pages => self.pages.iter().any(|served| served.project == name),
            // Named by their workflows, which nobody knows before they are asked for; all come at once.
            Source::Actions => self.checks.iter().any(|check| check.source == source),
            _ => false,
        };
        let complete = || self.checks.iter().any(|c| c.source == source && c.name == name);
        to_be_judged || complete()
    }
}
