//! A deployment of a worker, as Cloudflare reports it.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// One version's share of a deployment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionShare {
    /// The version's UUID.
    pub version_id: String,
    /// The version's running number, where Cloudflare told it.
    pub number: Option<u64>,
    /// Percent of the traffic, 0 to 100.
    pub percentage: f64,
}

/// Requests that carry a name of their own and are served by versions of their own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cohort {
    /// Its name, as the requests carry it.
    pub name: String,
    /// The versions that serve it.
    pub versions: Vec<VersionShare>,
}

/// One deployment of one worker.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deployment {
    /// The worker's name in the configuration.
    pub worker: String,
    /// The script's name on Cloudflare.
    pub script: String,
    /// The deployment's UUID.
    pub deployment_id: String,
    /// When it was made (UTC).
    pub at: DateTime<Utc>,
    /// Who made it, as Cloudflare says.
    pub author: Option<String>,
    /// With what: `wrangler`, `dash`, `api`, …
    pub source: Option<String>,
    /// The message it was given.
    pub message: Option<String>,
    /// What made it, as Cloudflare says: `deployment`, `secret`, `rollback`, …
    pub triggered_by: Option<String>,
    /// The versions that share the traffic, largest share first.
    pub versions: Vec<VersionShare>,
    /// Cohorts that see other shares than these; the next deployment drops them.
    pub cohorts: Vec<Cohort>,
    /// Whether it is the one that serves now.
    pub live: bool,
    /// Whether its version was live before a newer one was.
    pub is_rollback: bool,
}

impl Deployment {
    /// The version with the largest share.
    pub fn main_version(&self) -> Option<&VersionShare> {
        self.versions.first()
    }

    /// The version that this deployment brought: the one that the deployment before it did not have,
    /// whatever its share (a canary past half is still the new one).
    pub fn new_version(&self, before: Option<&Deployment>) -> Option<&VersionShare> {
        let known = |share: &&VersionShare| {
            before.is_some_and(|b| b.versions.iter().any(|v| v.version_id == share.version_id))
        };
        self.versions.iter().find(|share| !known(share)).or_else(|| self.main_version())
    }

    /// The version that takes all traffic; `None` for a split.
    pub fn whole(&self) -> Option<&VersionShare> {
        self.main_version().filter(|share| share.percentage >= 100.0)
    }

    /// Whether two versions take traffic.
    pub fn is_split(&self) -> bool {
        self.versions.iter().filter(|share| share.percentage > 0.0).count() > 1
    }
}

/// Marks the rollbacks in `deployments` (newest first): a deployment whose main version was the
/// main version of an older deployment, with another one in between.
pub(crate) fn mark_rollbacks(deployments: &mut [Deployment]) {
    let ids: Vec<Option<String>> =
        deployments.iter().map(|d| d.main_version().map(|v| v.version_id.clone())).collect();
    for (i, deployment) in deployments.iter_mut().enumerate() {
        let older = &ids[i + 1..];
        let other_first = older.first().is_some_and(|before| *before != ids[i]);
        deployment.is_rollback = ids[i].is_some() && other_first && older.contains(&ids[i]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(version: &str) -> Deployment {
        Deployment {
            worker: "public".into(),
            script: "parky-public-prod".into(),
            deployment_id: "d".into(),
            at: DateTime::UNIX_EPOCH,
            author: None,
            source: None,
            message: None,
            triggered_by: None,
            cohorts: Vec::new(),
            versions: vec![VersionShare {
                version_id: version.into(),
                number: None,
                percentage: 100.0,
            }],
            live: false,
            is_rollback: false,
        }
    }

    #[test]
    fn a_version_that_was_live_before_another_is_a_rollback() {
        let mut list = ["a", "b", "a"].map(deployment);
        mark_rollbacks(&mut list);
        assert_eq!(list.map(|d| d.is_rollback), [true, false, false]);
    }

    #[test]
    fn the_same_version_again_is_no_rollback() {
        let mut list = ["a", "a", "b"].map(deployment);
        mark_rollbacks(&mut list);
        assert_eq!(list.map(|d| d.is_rollback), [false, false, false]);
    }
}
