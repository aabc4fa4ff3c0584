//! A Pages project and its deployments, as Cloudflare reports them.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// A Pages project.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PagesProject {
    /// Its name, which is also what it is called in paths.
    pub project: String,
    /// Where it is served.
    pub domains: Vec<String>,
    /// The branch that production is built from.
    pub production_branch: Option<String>,
    /// Whether a repository feeds it; without one the next deployment is somebody's direct upload.
    pub from_repository: bool,
    /// What production serves.
    pub live: Option<PagesDeployment>,
    /// The newest deployment of any environment; not necessarily live.
    pub latest: Option<PagesDeployment>,
}

/// One deployment of a Pages project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PagesDeployment {
    /// Its UUID.
    pub deployment_id: String,
    /// `production` or `preview`.
    pub environment: PagesEnvironment,
    /// When it was made (UTC).
    pub at: DateTime<Utc>,
    /// Where it alone is served.
    pub url: Option<String>,
    /// The branch that it was built from.
    pub branch: Option<String>,
    /// The commit that it was built from.
    pub commit: Option<String>,
    /// The first line of that commit's message.
    pub message: Option<String>,
    /// The stage that it is in, or ended in: `build`, `deploy`, …
    pub stage: Option<String>,
    /// How that stage went: `success`, `failure`, `active`, …
    pub status: Option<String>,
    /// When that stage ended (UTC), where Cloudflare told it.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether production serves it.
    pub live: bool,
}

/// Whom a deployment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PagesEnvironment {
    /// The users.
    Production,
    /// Whoever has its address.
    Preview,
}

/// How a build stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PagesBuild {
    /// Built and deployed.
    Succeeded,
    /// Under way, or waiting for its turn.
    Running,
    /// It failed.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// Nothing was to be built: no file changed that the project watches.
    Skipped,
}

impl PagesDeployment {
    /// Whether production could serve it: built to the end, and for production.
    pub fn may_serve(&self) -> bool {
        self.environment == PagesEnvironment::Production && self.build() == PagesBuild::Succeeded
    }

    /// How its build stands. Stages follow one another, so any but the last that went well is still
    /// under way.
    pub fn build(&self) -> PagesBuild {
        match (self.stage.as_deref(), self.status.as_deref()) {
            (Some("deploy"), Some("success")) => PagesBuild::Succeeded,
            (_, Some("failure")) => PagesBuild::Failed,
            (_, Some("canceled" | "cancelled")) => PagesBuild::Cancelled,
            (_, Some("skipped")) => PagesBuild::Skipped,
            _ => PagesBuild::Running,
        }
    }

    /// When production began to serve it, as far as that can be told: at the end of its build. An end
    /// before the beginning is a mistake of the answer.
    pub fn served_from(&self) -> DateTime<Utc> {
        self.ended_at.map_or(self.at, |ended| ended.max(self.at))
    }

    /// The id's beginning, by which people know it.
    pub fn name(&self) -> String {
        self.deployment_id.chars().take(8).collect()
    }
}
