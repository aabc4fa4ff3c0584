//! Workflows that are red, wait or go on, a healthcheck that fails or falls silent, and a GitHub that does
//! not tell.

use chrono::{TimeDelta, Utc};
use parky_ops::sandbox::github::{Job, Limits, Step};
use parky_ops::sandbox::server::{Act, Canned, Fault};

use super::world::World;
use super::{faults, try_all};

/// The end of the path of the healthcheck's workflow.
const HEALTHCHECK: &str = "synthetic-healthcheck.yml";

faults! {
    "a workflow is red": |w| run(w, "ci.yml", 20, red) => YELLOW ["actions/default-branch gone", "actions/CI yellow run-failed"] {"/suspect": "null"};
    "a deploy failed": |w| run(w, "deploy.yml", 20, red) => YELLOW ["actions/default-branch gone", "actions/Deploy yellow run-failed"] {"/suspect": "null"};
    "a deploy waits for an approval": |w| run(w, "deploy.yml", 20, |job| job.waits_for("production")) => YELLOW ["actions/default-branch gone", "actions/Deploy yellow awaiting-approval"];
    "a deploy goes on": |w| run(w, "deploy.yml", 1, endless) => YELLOW ["actions/default-branch gone", "actions/Deploy yellow in-progress"] {"/suspect/kind": "\"run\"", "/suspect/target": "\"Deploy\""};
    "a workflow was cancelled": |w| run(w, "ci.yml", 20, cancelled) => YELLOW ["actions/default-branch gone", "actions/CI yellow run-cancelled"];
    "the healthcheck failed": |w| run(w, HEALTHCHECK, 1, red) => RED ["synthetic/healthcheck red healthcheck-failed"] {"/severity/proposed": "\"SEV3\"", "/started_from": "\"healthcheck\""};
    "the healthcheck is late": |w| age(w, 17) => YELLOW ["synthetic/healthcheck yellow stale"];
    "the healthcheck is silent": |w| age(w, 44) => RED ["synthetic/healthcheck red stale"] {"/severity/proposed": "\"SEV3\""};
    "the healthcheck never ran": never => RED ["synthetic/healthcheck red stale"];
    "GitHub's token is refused": |w| w.var("GH_TOKEN", "a-token-of-nobody") => UNKNOWN ["actions/* unknown unauthorized", "synthetic/* unknown unauthorized"];
    "GitHub's token lacks the right": |w| github(w, Canned::json(403, &serde_json::json!({"message": "no"}))) => UNKNOWN ["actions/* unknown no-permission", "synthetic/* unknown no-permission"];
    "GitHub's limit is used up": |w| w.site.sandbox().github().set_limits(Limits { remaining: 0, ..Limits::default() }) => UNKNOWN ["actions/* unknown rate-limited", "synthetic/* unknown rate-limited"];
    "GitHub answers 502": |w| github(w, Canned::html(502)) => UNKNOWN ["actions/* unknown service-error", "synthetic/* unknown service-error"];
    "GitHub answers HTML": |w| github(w, Canned::html(200)) => UNKNOWN ["actions/* unknown unreadable", "synthetic/* unknown unreadable"];
    "GitHub hangs": |w| w.site.sandbox().github().server().faults().set("/", Fault::new(Act::Hang)) => UNKNOWN ["actions/* unknown timeout", "synthetic/* unknown timeout"];
    "the repository is not there": |w| w.site.set("github.repos", "[\"parky/nope\"]") => UNKNOWN ["actions/* unknown not-found", "synthetic/* unknown not-found"];
}

/// One more run of a workflow, so many minutes ago, of one job.
fn run(world: &mut World<'_>, file: &str, minutes: i64, of: fn(Job) -> Job) {
    let at = Utc::now() - TimeDelta::minutes(minutes);
    world.site.sandbox().github().change_repos(|repos| {
        let workflow = repos[0].workflows.iter().find(|known| known.file == file);
        let workflow = workflow.expect("a workflow of the repository").clone();
        let job = of(Job::new(4_000_000_000, "job", at, 20));
        repos[0].runs.push(workflow.run(99_000_000_000, "fix: types", at, vec![job]));
    });
}

fn red(job: Job) -> Job {
    job.fails(&["##[error]expected 402 to be 200"])
}

fn endless(job: Job) -> Job {
    Job { steps: vec![Step::new(3, "npx wrangler deploy", 3600)], ..job }
}

fn cancelled(job: Job) -> Job {
    Job { cancelled: job.starts.map(|at| at + TimeDelta::seconds(5)), ..job }
}

/// Every run of the healthcheck is so many minutes older.
fn age(world: &mut World<'_>, minutes: i64) {
    let by = TimeDelta::minutes(minutes);
    world.site.sandbox().github().change_repos(|repos| {
        for run in repos[0].runs.iter_mut().filter(|run| run.path.ends_with(HEALTHCHECK)) {
            run.created -= by;
            for attempt in &mut run.attempts {
                attempt.started -= by;
                let starts = attempt.jobs.iter_mut().filter_map(|job| job.starts.as_mut());
                starts.for_each(|at| *at -= by);
            }
        }
    });
}

fn never(world: &mut World<'_>) {
    let github = world.site.sandbox().github();
    github.change_repos(|repos| repos[0].runs.retain(|run| !run.path.ends_with(HEALTHCHECK)));
}

fn github(world: &mut World<'_>, answer: Canned) {
    let faults = world.site.sandbox().github().server().faults();
    faults.set("/repos", Fault::answer(answer));
}

#[test]
fn each_fault_of_the_workflows_is_seen_and_nothing_else() {
    try_all(FAULTS);
}
