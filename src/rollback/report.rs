//! The answer of `rollback worker` and `rollback pages` (contract §3), and the words in it.

use serde::Serialize;

use super::told::{Journalled, Notice};
use super::verify::Verification;
use crate::domain::Difference;

/// One side of a rollback.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct End {
    /// The version's UUID; a Pages deployment has none.
    pub version_id: Option<String>,
    /// The version's running number, where Cloudflare told it.
    pub number: Option<u64>,
    /// The deployment's UUID: the one that was live, or the one that was made.
    pub deployment_id: Option<String>,
}

/// What became of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Posted {
    /// Cloudflare took it.
    Sent,
    /// Cloudflare refused it.
    Refused,
    /// It left, and no answer came that says what became of it.
    Lost,
    /// It never left.
    None,
}

impl Posted {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Posted::Sent => "sent",
            Posted::Refused => "refused",
            Posted::Lost => "lost",
            Posted::None => "none",
        }
    }
}

/// Whether the target serves, as Cloudflare says when it is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveState {
    /// It serves all traffic.
    Live,
    /// Something else does.
    NotLive,
    /// It could not be read back.
    Unknown,
}

impl LiveState {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            LiveState::Live => "live",
            LiveState::NotLive => "not_live",
            LiveState::Unknown => "unknown",
        }
    }
}

/// Why it did not happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// A stable word: `secrets-changed gone forbidden refused changed-since-shown unreachable interrupted script rate-limited`.
    pub code: &'static str,
    /// One line for a person.
    pub text: String,
    /// Cloudflare's own code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_code: Option<i64>,
    /// The secrets that changed, where that is why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Refused {
    /// For this reason of our own.
    pub(super) fn new(code: &'static str, text: String) -> Self {
        Self { code, text, service_code: None, secrets: Vec::new(), hint: None }
    }
}

/// What kind of thing is put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// A worker.
    Worker,
    /// A Pages project.
    Pages,
}

/// The whole answer.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The worker or project.
    pub target: String,
    /// Which of the two it is.
    pub kind: Act,
    /// The script's name on Cloudflare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// The account.
    pub account: String,
    /// What was live.
    pub from: End,
    /// What was to be.
    pub to: End,
    /// What changed with it.
    pub differences: Vec<Difference>,
    /// What became of the request.
    pub posted: Posted,
    /// What serves.
    pub state: LiveState,
    /// Why it did not happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// What happened besides.
    pub notes: Vec<String>,
    /// What was seen afterwards.
    pub verify: Verification,
    /// The command that undoes it; `None` where none of ours does.
    pub undo: Option<String>,
    /// What became of the messages to the team's channel.
    pub notice: Notice,
    /// The lines of this machine's journal.
    pub journal: Journalled,
}
