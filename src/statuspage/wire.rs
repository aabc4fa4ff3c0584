//! The summary as status pages send it: only what is used, and anything may be missing.

use serde::Deserialize;

use crate::http::lenient::{list, null_is_default};

#[derive(Debug, Deserialize)]
pub(super) struct Summary {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) status: Status,
    /// Not optional: JSON without it is some other document.
    #[serde(deserialize_with = "list")]
    pub(super) components: Vec<Component>,
    #[serde(default, deserialize_with = "list")]
    pub(super) incidents: Vec<Incident>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Status {
    pub(super) indicator: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Component {
    pub(super) name: Option<String>,
    pub(super) status: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Incident {
    pub(super) name: Option<String>,
    pub(super) impact: Option<String>,
    pub(super) started_at: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) shortlink: Option<String>,
}
