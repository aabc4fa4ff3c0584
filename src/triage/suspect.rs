//! What changed just before (design: a fresh deploy is the commonest cause).

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// A change that may be the cause.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suspect {
    /// What kind of thing changed.
    pub kind: SuspectKind,
    /// The worker, project or workflow.
    pub target: String,
    /// The deployment's UUID, or the run's id.
    pub deployment_id: String,
    /// The version that it brought: of a worker, a build of a Pages project, a commit.
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
    /// A build of a Pages project that production serves, or served.
    Pages,
    /// A run of GitHub Actions that deployed something which no other source tells.
    Run,
}

impl SuspectKind {
    /// The word as it stands in JSON.
    pub fn word(self) -> &'static str {
        match self {
            SuspectKind::Worker => "worker",
            SuspectKind::Pages => "pages",
            SuspectKind::Run => "run",
        }
    }
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

/// Minutes from `at` to `start`, rounded; negative after it.
pub(super) fn minutes_before(at: DateTime<Utc>, start: DateTime<Utc>) -> i64 {
    ((start - at).num_seconds() + 30).div_euclid(60)
}

/// The newest of `changes` in the window, and those after it, newest first.
pub(super) fn suspects(
    changes: Vec<Suspect>,
    start: DateTime<Utc>,
    window_min: u64,
) -> (Option<Suspect>, Vec<Suspect>) {
    let mut newest_first = changes;
    newest_first.sort_by_key(|change| std::cmp::Reverse(change.at));
    let at = |wanted| {
        newest_first
            .iter()
            .filter(move |change| position(change.at, start, window_min) == wanted)
            .cloned()
    };
    (at(Position::Window).next(), at(Position::After).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(1)
    }

    fn change(target: &str, minutes: i64) -> Suspect {
        let at = start() - TimeDelta::minutes(minutes);
        Suspect {
            kind: SuspectKind::Worker,
            target: target.to_owned(),
            deployment_id: String::new(),
            version_id: None,
            number: None,
            at,
            author: None,
            message: None,
            minutes_before: minutes_before(at, start()),
            is_rollback: false,
        }
    }

    #[test]
    fn the_newest_in_the_window_is_suspected_and_later_ones_never() {
        let changes = [("old", 61), ("a", 60), ("b", 7), ("late", -6)].map(|(w, m)| change(w, m));
        let (first, after) = suspects(changes.into(), start(), 60);
        let first = first.unwrap();
        assert_eq!((first.target.as_str(), first.minutes_before), ("b", 7));
        assert_eq!(after.len(), 1);
        assert_eq!((after[0].target.as_str(), after[0].minutes_before), ("late", -6));
    }

    #[test]
    fn five_minutes_of_grace_after_the_start() {
        let start = start();
        assert_eq!(position(start + TimeDelta::minutes(5), start, 60), Position::Window);
        assert_eq!(position(start + TimeDelta::seconds(301), start, 60), Position::After);
        assert_eq!(position(start - TimeDelta::seconds(3601), start, 60), Position::Before);
    }

    #[test]
    fn the_words_are_those_of_the_document() {
        for kind in [SuspectKind::Worker, SuspectKind::Pages, SuspectKind::Run] {
            assert_eq!(serde_json::json!(kind), kind.word());
        }
    }
}
