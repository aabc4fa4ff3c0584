//! The choice of the target, and what becomes of a request, against answers as Cloudflare gives them.

mod settling;
mod targets;

use chrono::{DateTime, TimeDelta, Utc};

use super::card::{NOT_UNDONE_BY_WORKERS, Side};
use super::*;
use crate::domain::{Agreement, Consent, Deployment, EnvName, Version, VersionShare};

const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
const SCRIPT: &str = "parky-public-prod";

fn now() -> DateTime<Utc> {
    "2026-11-21T18:12:00Z".parse().unwrap()
}

fn id(number: u64) -> String {
    format!("{number:08}-0000-4000-8000-000000000000")
}

fn version(number: u64) -> Version {
    // Version 1 is the oldest; each was made an hour after the one before.
    let at = now() - TimeDelta::hours(300) + TimeDelta::hours(i64::try_from(number).unwrap());
    Version { at: Some(at), ..Version::bare(id(number), Some(number)) }
}

fn deployment(nth: usize, shares: &[(u64, f64)]) -> Deployment {
    let newest = shares.iter().map(|(number, _)| *number).max().unwrap_or(0);
    let share = |(number, percentage): &(u64, f64)| VersionShare {
        version_id: id(*number),
        number: Some(*number),
        percentage: *percentage,
    };
    let mut versions: Vec<_> = shares.iter().map(share).collect();
    versions.sort_by(|a, b| b.percentage.total_cmp(&a.percentage));
    Deployment {
        worker: "public".into(),
        script: SCRIPT.into(),
        deployment_id: format!("d{nth}"),
        at: version(newest).at.unwrap(),
        author: None,
        source: None,
        message: None,
        triggered_by: None,
        versions,
        cohorts: Vec::new(),
        live: nth == 0,
        is_rollback: false,
    }
}

/// Newest first; every version up to the newest can be deployed.
fn past(history: &[&[(u64, f64)]]) -> Past {
    let mut deployments: Vec<_> =
        history.iter().enumerate().map(|(nth, shares)| deployment(nth, shares)).collect();
    crate::domain::mark_rollbacks(&mut deployments);
    let newest =
        history.iter().flat_map(|shares| shares.iter()).map(|(n, _)| *n).max().unwrap_or(0);
    Past { deployments, versions: (1..=newest).rev().map(version).collect() }
}

#[expect(clippy::disallowed_methods, reason = "a test agrees with itself")]
fn consent() -> Consent {
    Consent::given(&card().act(), "tester", Agreement::Yes, now())
}

/// From version 3, live by `d0`, to version 2.
fn card() -> Card {
    Card {
        kind: Act::Worker,
        env: EnvName::prod(),
        target: "public".into(),
        script: SCRIPT.into(),
        account: ACCOUNT.into(),
        live: Side::of_live(&version(3), &deployment(0, &[(3, 100.0)])),
        to: Side::of(&version(2)),
        split: None,
        cohorts: Vec::new(),
        differences: None,
        warnings: Vec::new(),
        migrations: None,
        not_undone: &NOT_UNDONE_BY_WORKERS,
    }
}

#[test]
fn what_is_live_says_since_when_where_that_is_not_since_it_was_made() {
    let made = version(3).at.unwrap();
    let live = |minutes| {
        let at = made + TimeDelta::minutes(minutes);
        let message = Some("promoted".to_owned());
        let side = Side::of_live(
            &Version { message: None, ..version(3) },
            &Deployment { at, message, ..deployment(0, &[(3, 100.0)]) },
        );
        side.says(at + TimeDelta::minutes(10))
    };
    let says = live(60);
    assert!(
        says.contains("live for 10 min, 1 h 10 min old") && says.contains("promoted"),
        "{says}"
    );
    let says = live(1);
    assert!(says.contains("11 min old") && !says.contains("live for"), "{says}");
}
