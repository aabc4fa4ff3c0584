//! What the runs of the branch that is deployed mean. Pure.
//!
//! Context rather than an outage: nothing here is red. Runs of pull requests are not of the branch,
//! even where a fork calls its own one alike.

use chrono::{DateTime, Utc};

use super::read::Seen;
use super::rules::{Rules, key};
use crate::checks::run::with_run;
use crate::domain::clock::span;
use crate::domain::text::{one_line, shorten};
use crate::domain::{Judgement, ReasonCode};
use crate::github::{RepoName, Run, State};

/// The check of everything that is in order.
pub(super) const BRANCH: &str = "default-branch";

/// The checks of all repositories: one for each workflow whose newest run is bad or goes on, one for
/// each repository that could not be read, else the one of the branch.
pub(super) fn checks<'a>(
    seen: impl Iterator<Item = (&'a RepoName, Result<&'a Seen, &'a Judgement>)>,
    rules: &Rules,
    now: DateTime<Utc>,
) -> Vec<(String, Judgement)> {
    let (mut all, mut fine) = (Vec::new(), 0);
    let (mut any_bad, mut any_fine, mut cut) = (false, false, false);
    for (repo, seen) in seen {
        let of_repo = || if rules.several { repo.to_string() } else { BRANCH.to_owned() };
        match seen {
            Err(judgement) => all.push((of_repo(), judgement.clone())),
            Ok(seen) => {
                let workflows = workflows(seen, rules);
                let bad = workflows.iter().filter_map(|workflow| {
                    let prefix = if rules.several { format!("{repo} ") } else { String::new() };
                    let judgement = of_workflow(&workflow.runs, rules, now)?;
                    Some((format!("{prefix}{}", workflow.name), judgement))
                });
                let told = all.len();
                all.extend(bad);
                any_bad |= all.len() > told;
                match (&seen.unread, nothing(seen, &workflows, repo, rules)) {
                    (Some(unread), _) => all.push((of_repo(), unread.clone())),
                    (None, Some(nothing)) => all.push((of_repo(), nothing)),
                    (None, None) => {
                        fine += workflows.len();
                        cut |= seen.cut;
                        any_fine = true;
                    }
                }
            }
        }
    }
    if !any_bad && any_fine {
        all.push((BRANCH.to_owned(), green(fine, cut, rules)));
    }
    all
}

/// Everything that was seen is in order; where that is not every run, it is said.
fn green(workflows: usize, cut: bool, rules: &Rules) -> Judgement {
    let branch = &rules.branch;
    let text = match workflows {
        0 => format!("nothing but the healthcheck runs on {branch}"),
        1 => format!("the newest run of the one workflow on {branch} is good"),
        n => format!("the newest runs of all {n} workflows on {branch} are good"),
    };
    let text = match cut {
        true => format!("{text}, as far as GitHub's filter shows runs older than the newest 100"),
        false => text,
    };
    let judgement = Judgement::green(text).with("branch", branch.as_str());
    judgement.with("workflows", workflows).with("cut", cut)
}

/// Why there is nothing to judge in a repository, where that is so.
fn nothing(
    seen: &Seen,
    workflows: &[Workflow<'_>],
    repo: &RepoName,
    rules: &Rules,
) -> Option<Judgement> {
    let branch = &rules.branch;
    if !workflows.is_empty() {
        return None;
    }
    let text = if seen.runs.is_empty() {
        format!("{repo} has no runs: no workflow is there, or none has run yet")
    } else if !seen.runs.iter().any(|run| rules.on_branch(run)) {
        format!("none of the newest {} runs of {repo} is of {branch}", seen.runs.len())
    } else if seen.cut {
        let runs = seen.runs.len();
        format!(
            "the newest {runs} runs of {repo} on {branch} are all healthchecks; older ones are not listed"
        )
    } else {
        return None;
    };
    Some(Judgement::yellow(ReasonCode::NoRuns, text).with("branch", branch.as_str()))
}

/// A workflow with its runs, newest first.
struct Workflow<'a> {
    key: &'a str,
    name: String,
    runs: Vec<&'a Run>,
}

/// The workflows of which a run counts, in the order of their newest runs.
fn workflows<'a>(seen: &'a Seen, rules: &Rules) -> Vec<Workflow<'a>> {
    let mut all: Vec<Workflow<'a>> = Vec::new();
    for run in seen.runs.iter().filter(|run| rules.counts(run)) {
        match all.iter_mut().find(|known| known.key == key(run)) {
            Some(known) => known.runs.push(run),
            None => {
                let name = one_line(&shorten(&run.workflow, 80));
                let twin = all.iter().any(|known| known.name == name);
                let name = if twin { one_line(key(run)) } else { name };
                all.push(Workflow { key: key(run), name, runs: vec![run] });
            }
        }
    }
    all
}

/// What is the matter with a workflow, given its runs, newest first; `None` where nothing is. A run that
/// had nothing to do says nothing, and hides nothing.
fn of_workflow(runs: &[&Run], rules: &Rules, now: DateTime<Utc>) -> Option<Judgement> {
    let mut runs = runs.iter().filter(|run| run.state() != State::Skipped);
    let newest = runs.next()?;
    let finished = runs.find(|run| run.is_complete());
    let (code, says) = says(newest, rules, now)?;
    let before = finished.filter(|run| !newest.is_complete() && run.state().is_bad());
    let before = before.map(|run| {
        let word = run.conclusion.as_deref().unwrap_or("bad");
        format!("; the one before it: {word}{}", ago(run, now))
    });
    let by = newest.actor.as_deref().map(|actor| format!(" by {actor}")).unwrap_or_default();
    let title = shorten(&newest.title, 80);
    let text = format!("{says}: \"{title}\"{by}{}", before.unwrap_or_default());
    Some(with_run(Judgement::yellow(code, text), newest))
}

fn ago(run: &Run, now: DateTime<Utc>) -> String {
    run.created_at.map(|at| format!(" {} ago", span(now - at))).unwrap_or_default()
}

/// What is to be said of the newest run; `None` where it is good.
fn says(run: &Run, rules: &Rules, now: DateTime<Utc>) -> Option<(ReasonCode, String)> {
    let lasting = run.started_at.or(run.created_at).map(|at| span(now - at));
    Some(match (run.state(), run.conclusion.as_deref()) {
        (State::Good | State::Skipped, _) => return None,
        (State::Bad, Some("action_required")) => {
            (ReasonCode::AwaitingApproval, "waits for somebody to let it run".to_owned())
        }
        (State::Bad, Some("failure")) => {
            (ReasonCode::RunFailed, format!("failed{}", ago(run, now)))
        }
        (State::Bad, word) => {
            let word = word.unwrap_or("complete without a conclusion");
            (ReasonCode::RunFailed, format!("ended as {word}{}", ago(run, now)))
        }
        (State::Cancelled, _) => {
            (ReasonCode::RunCancelled, format!("was cancelled{}", ago(run, now)))
        }
        (State::Waiting, _) => {
            let waits =
                lasting.map_or("waits".to_owned(), |lasting| format!("has waited {lasting}"));
            (ReasonCode::AwaitingApproval, format!("{waits} for an approval or a timer"))
        }
        (State::Running, _) => {
            let what = if rules.deploys(run) { "a deploy is" } else { "is" };
            let lasting = lasting.map(|lasting| format!(" for {lasting}")).unwrap_or_default();
            let status = run.status.replace('_', " ");
            (ReasonCode::InProgress, format!("{what} {status}{lasting}"))
        }
    })
}

#[cfg(test)]
mod tests;
