//! `actions` and `synthetic`: how the workflows of the deployed branch stand, and whether the healthcheck
//! that GitHub runs every five minutes still comes and still succeeds. GitHub's view.
//!
//! Both are judged from the same requests: one plain list of runs per repository, and only where that does
//! not reach far enough back one list each for what it leaves open.

mod judge;
mod read;
mod rules;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use super::access::NoAccess;
use super::{Finding, Group, Sink, World, not_configured, synthetic};
use crate::domain::{Judgement, ReasonCode, Source};
use crate::github::{RepoName, Run};

use judge::{BRANCH, checks};
use read::{Asked, Healthchecks, Seen, read};
use rules::Rules;

/// The group.
pub const GROUP: Group = Group {
    sources: &[Source::Actions, Source::Synthetic],
    deadline: DEADLINE,
    owes: |_| {
        let names = [(Source::Actions, BRANCH), (Source::Synthetic, synthetic::NAME)];
        names.map(|(source, name)| (source, name.to_owned())).into()
    },
    ask: |world, wanted, sink| ask(world, wanted, sink).boxed_local(),
};

const DEADLINE: Duration = Duration::from_secs(5);

/// What the runs tell of the start of an incident, and of what changed before it.
#[derive(Debug, Clone, Default)]
pub struct RunFacts {
    /// Runs that deployed, or are at it, on the branch that is deployed.
    pub deploys: Vec<Run>,
    /// The first failed healthcheck after the last good one, while they fail.
    pub failing_since: Option<DateTime<Utc>>,
}

/// One repository, as far as GitHub told of it.
struct Answer {
    repo: RepoName,
    seen: Result<Seen, Judgement>,
}

async fn ask(world: &World, wanted: &BTreeSet<Source>, sink: Sink) {
    let begun = Instant::now();
    let repos = match world.repositories() {
        Ok(repos) => repos,
        Err(error) => {
            let judgement = Judgement::unknown(ReasonCode::BadConfig, error.to_string());
            return tell_all(&judgement, world, wanted, begun, &sink);
        }
    };
    if repos.is_empty() {
        let text = "no repository is known: name one in [github] repos or $GH_REPO";
        for (source, name) in (GROUP.owes)(world).into_iter().filter(|(s, _)| wanted.contains(s)) {
            sink.check(not_configured(world, source, &name, text));
        }
        return;
    }
    let deadline = world.deadline(DEADLINE);
    let github = match world.github(deadline).await {
        Ok(github) => github,
        Err(error) => {
            let judgement = NoAccess::Auth(error).judgement();
            return tell_all(&judgement, world, wanted, begun, &sink);
        }
    };
    let rules = Rules::of(&world.config.github, repos.len() > 1);
    let (github, rules) = (&github, &rules);
    let asked = repos.into_iter().enumerate().map(|(nth, repo)| async move {
        // The healthcheck is the first repository's: the others need not have one.
        let healthcheck = rules.healthcheck.as_deref();
        let healthcheck = healthcheck.filter(|_| nth == 0 && wanted.contains(&Source::Synthetic));
        let asked = Asked { rules, healthcheck, workflows: wanted.contains(&Source::Actions) };
        let seen = read(github, &github.hub.repo(repo.clone()), &asked, deadline).await;
        Answer { repo, seen }
    });
    let answers = join_all(asked).await;
    if wanted.contains(&Source::Synthetic) {
        healthcheck(world, &answers, rules, begun, &sink);
    }
    if wanted.contains(&Source::Actions) {
        let now = world.clock.now();
        let seen = answers.iter().map(|answer| (&answer.repo, answer.seen.as_ref()));
        for (name, judgement) in checks(seen, rules, now) {
            sink.check(judgement.check(Source::Actions, name, world.times(begun)));
        }
    }
    sink.send(Finding::Runs(facts(&answers, rules, wanted)));
}

/// The same of everything that is wanted.
fn tell_all(
    judgement: &Judgement,
    world: &World,
    wanted: &BTreeSet<Source>,
    begun: Instant,
    sink: &Sink,
) {
    for (source, name) in (GROUP.owes)(world).into_iter().filter(|(s, _)| wanted.contains(s)) {
        if source == Source::Synthetic && world.config.github.healthcheck_workflow.is_none() {
            sink.check(not_configured(world, source, &name, NO_WORKFLOW));
        } else {
            sink.check(judgement.clone().check(source, name, world.times(begun)));
        }
    }
}

const NO_WORKFLOW: &str = "no workflow is named in [github] healthcheck_workflow";

fn healthcheck(world: &World, answers: &[Answer], rules: &Rules, begun: Instant, sink: &Sink) {
    let Some(workflow) = rules.healthcheck.as_deref() else {
        return sink.check(not_configured(world, Source::Synthetic, synthetic::NAME, NO_WORKFLOW));
    };
    let Some(Answer { seen, .. }) = answers.first() else { return };
    let judgement = match seen.as_ref().map(|seen| &seen.healthchecks) {
        Ok(Healthchecks::Read(runs)) => {
            synthetic::judge(runs, &world.config.thresholds, world.clock.now())
        }
        Ok(Healthchecks::Unread(judgement)) => judgement.clone(),
        Ok(Healthchecks::NotAsked) => return,
        Err(judgement) => judgement.clone(),
    };
    let judgement = judgement.with("workflow", workflow);
    sink.check(judgement.check(Source::Synthetic, synthetic::NAME, world.times(begun)));
}

fn facts(answers: &[Answer], rules: &Rules, wanted: &BTreeSet<Source>) -> RunFacts {
    let seen = || answers.iter().filter_map(|answer| answer.seen.as_ref().ok());
    let workflows = wanted.contains(&Source::Actions);
    let runs = seen().filter(|_| workflows).flat_map(|seen| &seen.runs);
    let failing_since = seen().find_map(|seen| match &seen.healthchecks {
        Healthchecks::Read(runs) => synthetic::failing_since(runs),
        Healthchecks::Unread(_) | Healthchecks::NotAsked => None,
    });
    RunFacts { deploys: runs.filter(|run| rules.deployed(run)).cloned().collect(), failing_since }
}
