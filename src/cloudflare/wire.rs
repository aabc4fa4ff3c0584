//! The answers as Cloudflare sends them: only what is used, everything but an id may be missing.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::domain::text::{one_line, shorten};
use crate::http::lenient::{list, null_is_default};

/// A result that is itself a list.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Listed<T>(
    #[serde(deserialize_with = "list", bound(deserialize = "T: Deserialize<'de>"))]
    pub(super)  Vec<T>,
);

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Around every answer.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    pub(super) success: Option<bool>,
    #[serde(default, deserialize_with = "list")]
    pub(super) errors: Vec<Refusal>,
    pub(super) result: Option<Value>,
    /// Some endpoints send only these two.
    pub(super) code: Option<Value>,
    pub(super) error: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    pub(super) code: Option<Value>,
    pub(super) message: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) error_chain: Vec<Refusal>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Deployments {
    #[serde(default, deserialize_with = "list")]
    pub(super) deployments: Vec<Deployment>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Deployment {
    pub(super) id: String,
    pub(super) created_on: Option<String>,
    pub(super) source: Option<String>,
    pub(super) author_email: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) versions: Vec<Share>,
    #[serde(default, deserialize_with = "list")]
    pub(super) cohorts: Vec<Cohort>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) annotations: Annotations,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cohort {
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) versions: Vec<Value>,
}

impl Cohort {
    /// Its versions; one that names itself in another way than documented is left out.
    pub(super) fn shares(&self) -> impl Iterator<Item = Share> {
        self.versions.iter().filter_map(|version| serde_json::from_value(version.clone()).ok())
    }
}

impl Deployment {
    /// Whether Cloudflare itself says that it was made by a rollback.
    pub(super) fn is_rollback(&self) -> bool {
        self.annotations.triggered_by.as_deref() == Some("rollback")
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Annotations {
    #[serde(rename = "workers/message")]
    pub(super) message: Option<String>,
    #[serde(rename = "workers/triggered_by")]
    pub(super) triggered_by: Option<String>,
    #[serde(rename = "workers/tag")]
    pub(super) tag: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Share {
    pub(super) version_id: String,
    pub(super) percentage: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Versions {
    #[serde(default, deserialize_with = "list")]
    pub(super) items: Vec<Version>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) number: Option<u64>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) metadata: Metadata,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) annotations: Annotations,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) resources: Resources,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Metadata {
    pub(super) created_on: Option<String>,
    pub(super) author_email: Option<String>,
    pub(super) source: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Resources {
    #[serde(default, deserialize_with = "list")]
    pub(super) bindings: Vec<Map<String, Value>>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) script: Script,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) script_runtime: Runtime,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Script {
    #[serde(default, deserialize_with = "list")]
    pub(super) handlers: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Runtime {
    pub(super) compatibility_date: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) compatibility_flags: Vec<String>,
    pub(super) migration_tag: Option<String>,
}

/// An entry of the list of all scripts.
#[derive(Debug, Deserialize)]
pub(super) struct ScriptName {
    pub(super) id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Account {
    pub(super) id: String,
    pub(super) name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Token {
    pub(super) id: String,
    pub(super) status: Option<String>,
    pub(super) not_before: Option<String>,
    pub(super) expires_on: Option<String>,
}

/// What a posted deployment became.
#[derive(Debug, Deserialize)]
pub(super) struct Made {
    pub(super) id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct PagesProject {
    pub(super) name: String,
    #[serde(default, deserialize_with = "list")]
    pub(super) domains: Vec<String>,
    pub(super) production_branch: Option<String>,
    pub(super) source: Option<Value>,
    pub(super) canonical_deployment: Option<PagesDeployment>,
    pub(super) latest_deployment: Option<PagesDeployment>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PagesDeployment {
    pub(super) id: String,
    pub(super) environment: Option<String>,
    pub(super) created_on: Option<String>,
    pub(super) url: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) is_skipped: bool,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) latest_stage: PagesStage,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) deployment_trigger: PagesTrigger,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct PagesStage {
    pub(super) name: Option<String>,
    pub(super) status: Option<String>,
    pub(super) ended_on: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct PagesTrigger {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) metadata: PagesMetadata,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct PagesMetadata {
    pub(super) branch: Option<String>,
    pub(super) commit_hash: Option<String>,
    pub(super) commit_message: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct PagesLog {
    #[serde(default, deserialize_with = "list")]
    pub(super) data: Vec<PagesLogLine>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PagesLogLine {
    pub(super) ts: Option<String>,
    pub(super) line: Option<String>,
}

/// Words of an answer as they may be shown: anyone who can deploy wrote them.
pub(super) fn shown(words: &str) -> String {
    shorten(&one_line(words), 200)
}
