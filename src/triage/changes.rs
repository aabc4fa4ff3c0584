//! What every source knows of changes, in one form. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::suspect::{Position, Suspect, SuspectKind, minutes_before, position};
use crate::checks::pages::Past;
use crate::domain::text::{one_line, shorten};
use crate::domain::{Deployment, PagesDeployment};
use crate::github::Run;

/// The deployments of one worker, newest first, towards an incident that began at `start`.
pub(super) fn of_worker(
    list: &[Deployment],
    start: DateTime<Utc>,
) -> impl Iterator<Item = Suspect> + '_ {
    list.iter().enumerate().map(move |(i, deployment)| {
        let version = deployment.new_version(list.get(i + 1));
        Suspect {
            kind: SuspectKind::Worker,
            target: deployment.worker.clone(),
            deployment_id: deployment.deployment_id.clone(),
            version_id: version.map(|v| v.version_id.clone()),
            number: version.and_then(|v| v.number),
            at: deployment.at,
            author: deployment.author.clone(),
            message: deployment.message.clone(),
            minutes_before: minutes_before(deployment.at, start),
            is_rollback: deployment.is_rollback,
        }
    })
}

/// When a build of production changed what users see, towards `start`: it is known by the time it was
/// made, but one that was served only after the start cannot have caused it.
pub(super) fn build_at(
    build: &PagesDeployment,
    start: DateTime<Utc>,
    window_min: u64,
) -> DateTime<Utc> {
    match position(build.served_from(), start, window_min) {
        Position::After => build.served_from(),
        Position::Before | Position::Window => build.at,
    }
}

/// The builds of a Pages project that production served.
pub(super) fn of_project(
    past: &Past,
    start: DateTime<Utc>,
    window_min: u64,
) -> impl Iterator<Item = Suspect> + '_ {
    past.served().map(move |build| {
        let at = build_at(build, start, window_min);
        Suspect {
            kind: SuspectKind::Pages,
            target: past.project.project.clone(),
            deployment_id: build.deployment_id.clone(),
            version_id: Some(build.deployment_id.clone()),
            number: None,
            at,
            author: None,
            message: build.message.clone(),
            minutes_before: minutes_before(at, start),
            is_rollback: false,
        }
    })
}

/// A deployment may be made, and told, a little outside of the run that makes it.
const SLACK: TimeDelta = TimeDelta::minutes(2);

/// The runs that deployed, but for those within which something of `made` was deployed: the deployment
/// itself says more.
pub(super) fn of_runs<'a>(
    runs: &'a [Run],
    made: &'a [DateTime<Utc>],
    start: DateTime<Utc>,
    now: DateTime<Utc>,
) -> impl Iterator<Item = Suspect> + 'a {
    runs.iter().filter_map(move |run| {
        let at = run.started_at.or(run.created_at)?;
        let end = if run.is_complete() { run.updated_at.unwrap_or(at) } else { now };
        let within = at - SLACK..=end + SLACK;
        if made.iter().any(|deployed| within.contains(deployed)) {
            return None;
        }
        Some(Suspect {
            kind: SuspectKind::Run,
            target: one_line(&shorten(&run.workflow, 80)),
            deployment_id: run.id.to_string(),
            version_id: Some(run.sha.clone()).filter(|sha| !sha.is_empty()),
            number: None,
            at,
            author: run.actor.as_deref().map(one_line),
            message: Some(one_line(&shorten(&run.title, 200))),
            minutes_before: minutes_before(at, start),
            is_rollback: false,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::run::test_support::run;

    #[test]
    fn a_run_is_told_unless_what_it_deployed_is() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let ago = |minutes| now - TimeDelta::minutes(minutes);
        let mut of_worker = run(1, "Deploy", "success", ago(20));
        of_worker.updated_at = Some(ago(17));
        let mut alone = run(2, "Deploy", "success", ago(10));
        alone.updated_at = Some(ago(9));
        let goes_on = run(3, "Deploy", "in_progress", ago(3));
        let runs = [of_worker, alone, goes_on];
        let told = |made: &[i64]| {
            let made: Vec<_> = made.iter().map(|minutes| ago(*minutes)).collect();
            let all = of_runs(&runs, &made, now, now);
            all.map(|change| change.deployment_id).collect::<Vec<_>>()
        };
        assert_eq!(told(&[]), ["1", "2", "3"]);
        assert_eq!(told(&[18]), ["2", "3"], "a worker's deployment within the first");
        assert_eq!(told(&[16, 500]), ["2", "3"], "told a little after its end");
        assert_eq!(told(&[0]), ["1", "2"], "made by the one that goes on");
        let change = of_runs(&runs, &[], now, now).nth(1).unwrap();
        assert_eq!((change.kind, &*change.target), (SuspectKind::Run, "Deploy"));
        assert_eq!((change.minutes_before, change.author.as_deref()), (10, Some("mori")));
    }
}
