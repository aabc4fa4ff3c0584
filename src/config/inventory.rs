//! The smaller parts of the configuration, one per section.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::NaiveDate;
use serde::Deserialize;

use super::origin::Sourced;

/// `[github]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GithubSettings {
    /// `owner/name` of the repositories; the first is the default.
    pub repos: Sourced<Vec<String>>,
    /// The branch that is deployed.
    pub branch: String,
    /// The workflow that probes every 5 minutes.
    pub healthcheck_workflow: Option<String>,
    /// The workflows that deploy.
    pub deploy_workflows: Vec<String>,
}

/// A channel of `[channels]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Channel {
    /// The severity that goes there: `P0` to `P3`.
    pub severity: Option<String>,
    /// Whether it carries business events instead.
    pub business: bool,
    /// Who is pinged: `here`, `everyone`, or the id of a role.
    pub mention: Option<String>,
    /// The channel's id in Discord.
    pub id: Option<String>,
}

/// A service level objective of `[[slo]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slo {
    /// The service.
    pub service: String,
    /// Percent of good events, exactly as written.
    pub objective: String,
    /// Over so many days.
    pub window_days: u32,
    /// Where the events are counted.
    pub source: SloSource,
    /// How they are counted.
    #[serde(default)]
    pub query: String,
}

/// Where the events of an objective are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words of the key")]
pub enum SloSource {
    AnalyticsEngine,
    Cloudflare,
    Sentry,
    File,
}

/// `[sentry]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentrySettings {
    /// The organization.
    pub org: Option<Sourced<String>>,
    /// Its projects.
    pub projects: Sourced<Vec<String>>,
    /// Alert rules that must exist.
    pub rules: Vec<String>,
}

/// How often a secret is rotated: a table of `[secrets]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rotation {
    /// Older than this is due.
    pub max_age_days: Option<u32>,
    /// When it was last rotated.
    pub rotated_at: Option<NaiveDate>,
}

/// `[rollback]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollbackSettings {
    /// The script that `--via script` runs; only the user file can name it.
    pub script: Option<Sourced<PathBuf>>,
    /// The order in which workers are rolled back.
    pub order: Vec<String>,
}

/// `[runbook]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunbookPlaces {
    /// The folders of runbooks.
    pub dirs: Vec<PathBuf>,
    /// The notification strategy.
    pub strategy: Option<PathBuf>,
}

/// An entry of `[[worker]]` as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkerEntry {
    pub(crate) name: String,
    pub(crate) config: Option<String>,
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    #[serde(default)]
    pub(crate) script: BTreeMap<String, String>,
}

/// An entry of `[[vendor]]` as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VendorEntry {
    pub(crate) name: String,
    pub(crate) url: Option<String>,
    #[serde(default)]
    pub(crate) components: Vec<String>,
}
