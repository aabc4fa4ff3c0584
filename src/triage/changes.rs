//! What every source knows of changes, in one form. Pure.

use chrono::{DateTime, Utc};

use super::suspect::{Position, Suspect, SuspectKind, minutes_before, position};
use crate::checks::pages::Past;
use crate::domain::{Deployment, PagesDeployment};

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
