//! What changed just before (design: a fresh deploy is the commonest cause).

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::domain::Deployment;

/// A change that may be the cause.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suspect {
    /// What kind of thing changed.
    pub kind: SuspectKind,
    /// The worker, project or workflow.
    pub target: String,
    /// The deployment's UUID.
    pub deployment_id: String,
    /// The version that it brought.
    pub version_id: Option<String>,
    /// The version's running number.
    pub number: Option<u64>,
    /// When (UTC).
    pub at: DateTime<Utc>,
    /// By whom, as the vendor says.
    pub author: Option<String>,
    /// The message it was given.
    pub message: Option<String>,
    /// Minutes before the start; negative after it.
    pub minutes_before: i64,
    /// Whether it brought back a version that was live before.
    pub is_rollback: bool,
}

/// What kind of thing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SuspectKind {
    /// A deployment of a Cloudflare Worker.
    Worker,
}

/// Minutes after the start up to which a deployment may still be its cause: clocks and alerts lag.
const GRACE: TimeDelta = TimeDelta::minutes(5);

/// Where a change stands towards the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// Too long before.
    Before,
    /// In the window of suspicion.
    Window,
    /// After it.
    After,
}

/// Where `at` stands towards an incident that started at `start`.
pub(super) fn position(at: DateTime<Utc>, start: DateTime<Utc>, window_min: u64) -> Position {
    let window = TimeDelta::minutes(i64::try_from(window_min).unwrap_or(60));
    match () {
        () if at < start - window => Position::Before,
        () if at <= start + GRACE => Position::Window,
        () => Position::After,
    }
}

/// The newest change in the window, and those after it, newest first. Each list of `workers` is that
/// of one worker, newest first.
pub(super) fn suspects<'a>(
    workers: impl Iterator<Item = &'a [Deployment]>,
    start: DateTime<Utc>,
    window_min: u64,
) -> (Option<Suspect>, Vec<Suspect>) {
    let changes = workers.flat_map(|list| {
        list.iter().enumerate().map(|(i, deployment)| suspect(deployment, list.get(i + 1), start))
    });
    let mut newest_first: Vec<_> = changes.collect();
    newest_first.sort_by_key(|change| std::cmp::Reverse(change.at));
    let at = |wanted| {
        newest_first
            .iter()
            .filter(move |change| position(change.at, start, window_min) == wanted)
            .cloned()
    };
    (at(Position::Window).next(), at(Position::After).collect())
}

fn suspect(deployment: &Deployment, before: Option<&Deployment>, start: DateTime<Utc>) -> Suspect {
    let version = deployment.new_version(before);
    let seconds = (start - deployment.at).num_seconds();
    Suspect {
        kind: SuspectKind::Worker,
        target: deployment.worker.clone(),
        deployment_id: deployment.deployment_id.clone(),
        version_id: version.map(|v| v.version_id.clone()),
        number: version.and_then(|v| v.number),
        at: deployment.at,
        author: deployment.author.clone(),
        message: deployment.message.clone(),
        minutes_before: (seconds + 30).div_euclid(60),
        is_rollback: deployment.is_rollback,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::VersionShare;

    fn deployment(worker: &str, at: DateTime<Utc>) -> Deployment {
        let version = VersionShare { version_id: "v".into(), number: Some(7), percentage: 100.0 };
        Deployment {
            worker: worker.into(),
            script: String::new(),
            deployment_id: String::new(),
            at,
            author: None,
            source: None,
            message: None,
            triggered_by: None,
            cohorts: Vec::new(),
            versions: vec![version],
            live: true,
            is_rollback: false,
        }
    }

    #[test]
    fn the_newest_in_the_window_is_suspected_and_later_ones_never() {
        let start = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let before = |worker, minutes| deployment(worker, start - TimeDelta::minutes(minutes));
        let lists = [("old", 61), ("a", 60), ("b", 7), ("late", -6)].map(|(w, m)| [before(w, m)]);
        let (first, after) = suspects(lists.iter().map(<[Deployment; 1]>::as_slice), start, 60);
        let first = first.unwrap();
        assert_eq!((first.target.as_str(), first.minutes_before), ("b", 7));
        assert_eq!(after.len(), 1);
        assert_eq!((after[0].target.as_str(), after[0].minutes_before), ("late", -6));
    }

    #[test]
    fn five_minutes_of_grace_after_the_start() {
        let start = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        assert_eq!(position(start + TimeDelta::minutes(5), start, 60), Position::Window);
        assert_eq!(position(start + TimeDelta::seconds(301), start, 60), Position::After);
        assert_eq!(position(start - TimeDelta::seconds(3601), start, 60), Position::Before);
    }
}
