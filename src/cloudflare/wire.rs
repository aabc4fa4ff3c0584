//! The answers as Cloudflare sends them: only what is used, everything but an id may be missing.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::text::{one_line, shorten};
use crate::http::lenient::{list, null_is_default};

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
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) annotations: Annotations,
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

/// Words of an answer as they may be shown: anyone who can deploy wrote them.
pub(super) fn shown(words: &str) -> String {
    shorten(&one_line(words), 200)
}
