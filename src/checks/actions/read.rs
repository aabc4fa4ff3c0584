//! Asks GitHub for the runs of one repository, in as few requests as the answer can be sure with.
//!
//! The plain list is complete and current, but a healthcheck every five minutes fills its hundred rows
//! in eight hours. What it does not reach is asked for by workflow, and by GitHub's filter: that
//! lags, so it can show an older run but never prove that there is none.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::rules::Rules;
use crate::checks::hub::Github;
use crate::domain::{Judgement, ReasonCode};
use crate::github::{Client, Listed, Run, RunQuery, State};
use crate::http::{ApiError, Fault};

/// Runs on a page.
const PAGE: usize = 100;
/// Of a workflow that the plain list does not reach: enough to pass over those of other branches.
const FEW: usize = 20;

/// What is asked of a repository.
pub(super) struct Asked<'a> {
    pub(super) rules: &'a Rules,
    /// The workflow of the healthcheck, where this repository has it and it is wanted.
    pub(super) healthcheck: Option<&'a str>,
    /// Whether the other workflows are wanted.
    pub(super) workflows: bool,
}

/// What was seen of a repository.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// The runs that are known, newest first, each once.
    pub(super) runs: Vec<Run>,
    /// Whether older runs exist that were not listed.
    pub(super) cut: bool,
    /// Why something that was wanted could not be read.
    pub(super) unread: Option<Judgement>,
    /// The runs of the healthcheck.
    pub(super) healthchecks: Healthchecks,
}

/// The runs of the healthcheck on the branch that is deployed.
#[derive(Debug, Clone, Default)]
pub(super) enum Healthchecks {
    /// Not this repository's, or not wanted.
    #[default]
    NotAsked,
    /// Newest first, back to the last good one where there is one.
    Read(Vec<Run>),
    /// They could not be read.
    Unread(Judgement),
}

/// Reads by `deadline`.
///
/// # Errors
/// GitHub did not tell of this repository at all.
pub(super) async fn read(
    github: &Github,
    client: &Client,
    asked: &Asked<'_>,
    deadline: Instant,
) -> Result<Seen, Judgement> {
    let plain = RunQuery { limit: PAGE, ..RunQuery::default() };
    let plain = match client.runs(&plain, deadline).await {
        Ok(listed) => listed,
        Err(error) => return Err(github.refusal(client, &error, deadline).await),
    };
    let (older, healthchecks) = tokio::join!(
        older(github, client, asked, &plain, deadline),
        healthchecks(github, client, asked, &plain, deadline),
    );
    let (older, unread) = older;
    let mut known = BTreeSet::new();
    // The plain list comes first: the others may still know an older state of a run.
    let mut runs: Vec<_> = plain.runs.into_iter().chain(older).collect();
    runs.retain(|run| known.insert(run.id));
    runs.sort_by_key(|run| std::cmp::Reverse((run.created_at, run.id)));
    Ok(Seen { runs, cut: plain.more, unread, healthchecks })
}

/// Runs that the plain list does not reach, and why one of the lists could not be read.
async fn older(
    github: &Github,
    client: &Client,
    asked: &Asked<'_>,
    plain: &Listed,
    deadline: Instant,
) -> (Vec<Run>, Option<Judgement>) {
    if !plain.more || !asked.workflows {
        return (Vec::new(), None);
    }
    let rules = asked.rules;
    let missing = rules.deploys.iter().filter(|workflow| {
        let finished = |run: &&Run| rules.is_of(run, workflow) && rules.on_branch(run);
        !plain.runs.iter().filter(finished).any(Run::is_complete)
    });
    let by_workflow = missing.map(|workflow| {
        let workflow = Some(workflow.clone());
        RunQuery { workflow, limit: FEW, ..RunQuery::default() }
    });
    let pushed = RunQuery {
        branch: Some(rules.branch.clone()),
        event: Some("push".to_owned()),
        limit: PAGE,
        ..RunQuery::default()
    };
    let by_workflow = join_all(by_workflow.map(async |query| client.runs(&query, deadline).await));
    let (by_workflow, pushed) = tokio::join!(by_workflow, client.filtered(&pushed, deadline));
    let (mut runs, mut failure) = (Vec::new(), None);
    for listed in by_workflow {
        match listed {
            Ok(listed) => runs.extend(listed.runs),
            // One repository need not have the workflows of another.
            Err(ApiError { fault: Fault::NotFound, .. }) => {}
            Err(error) => failure = Some(error),
        }
    }
    match pushed {
        Ok(listed) => runs.extend(listed.runs),
        Err(error) => failure = Some(error),
    }
    let unread = match failure {
        Some(error) => Some(github.refusal(client, &error, deadline).await),
        None => None,
    };
    (runs, unread)
}

/// The runs of the healthcheck, from the plain list where that holds a good one or is whole.
async fn healthchecks(
    github: &Github,
    client: &Client,
    asked: &Asked<'_>,
    plain: &Listed,
    deadline: Instant,
) -> Healthchecks {
    let Some(workflow) = asked.healthcheck else { return Healthchecks::NotAsked };
    let rules = asked.rules;
    let listed = plain.runs.iter().filter(|run| rules.is_of(run, workflow) && rules.looks(run));
    let listed: Vec<Run> = listed.cloned().collect();
    let sure = listed.iter().any(|run| run.state() == State::Good);
    if sure || (!plain.more && !listed.is_empty()) {
        return Healthchecks::Read(listed);
    }
    let query =
        RunQuery { workflow: Some(workflow.to_owned()), limit: PAGE, ..RunQuery::default() };
    match client.runs(&query, deadline).await {
        Ok(Listed { mut runs, .. }) => {
            runs.retain(|run| rules.looks(run));
            Healthchecks::Read(runs)
        }
        Err(error) if error.fault == Fault::NotFound => {
            let text = format!(
                "{} has no workflow {workflow}: name its file in [github] healthcheck_workflow",
                client.repo
            );
            let judgement = error.judgement();
            let reach = judgement.reach;
            Healthchecks::Unread(Judgement::unknown(ReasonCode::NotFound, text).reach(reach))
        }
        Err(error) => Healthchecks::Unread(github.refusal(client, &error, deadline).await),
    }
}
