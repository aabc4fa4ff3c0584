//! Every first-response check at once, and what they mean together.
//!
//! [`crate::checks::gather`] asks all groups at the same time, each within its deadline. [`judge()`] is
//! pure: from the findings it tells the verdict, when it started, the suspect, whether anyone was told, whether it
//! is us or a vendor, how severe it is, and up to three commands to type next.

mod changes;
mod impact;
mod judge;
mod next;
mod start;
mod suspect;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::{Caveat, Check, NextStep, Severity, Verdict};

pub use judge::{Question, judge, propose};
pub use suspect::{Suspect, SuspectKind};

/// The answer of `triage` (contract §3).
#[derive(Debug, Clone, Serialize)]
pub struct Triage {
    /// The word over all checks.
    pub verdict: Verdict,
    /// Nothing at all could be reached, so nothing is said of the services.
    pub offline: bool,
    /// How severe it is, as far as that can be proposed.
    pub severity: Proposal,
    /// When it started (UTC), as far as is known.
    pub started_at: DateTime<Utc>,
    /// Who says so.
    pub started_from: StartedFrom,
    /// The host that the operator named.
    pub host: Option<String>,
    /// What it looks like, as the operator said.
    pub symptom: Option<Symptom>,
    /// The newest change in the window before the start.
    pub suspect: Option<Suspect>,
    /// Changes after the start: listed, never suspected.
    pub after_start: Vec<Suspect>,
    /// Whether the alerts reached anyone.
    pub told: Told,
    /// Us or them.
    pub vendor: VendorView,
    /// Every check, in the order of their sources.
    pub checks: Vec<Check>,
    /// What to type next, most severe first, three at most.
    pub next: Vec<NextStep>,
    /// What the reader must know to read this rightly.
    #[serde(skip)]
    pub caveats: Vec<Caveat>,
}

/// Where the start comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StartedFrom {
    /// `--started`
    Flag,
    /// The first of an unbroken row of red triages on this machine.
    RedStreak,
    /// The first failed healthcheck run after the last good one.
    Healthcheck,
    /// The first open dead letter after a quiet hour.
    DeadLetter,
    /// Nothing tells; the present.
    Now,
}

/// What an incident looks like from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words of the runbook")]
pub enum Symptom {
    Outage,
    Partial,
    Latency,
    ErrorRate,
}

impl Symptom {
    /// Every symptom, as typed.
    pub const WORDS: [(&str, Symptom); 4] = [
        ("outage", Symptom::Outage),
        ("partial", Symptom::Partial),
        ("latency", Symptom::Latency),
        ("error-rate", Symptom::ErrorRate),
    ];

    /// The word as typed.
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(_, symptom)| *symptom == self).map_or("", |(word, _)| word)
    }
}

impl std::str::FromStr for Symptom {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = Self::WORDS.into_iter().find(|(known, _)| *known == word);
        known.map(|(_, symptom)| symptom).ok_or_else(|| format!("no symptom '{word}'"))
    }
}

/// A severity, or that none can be proposed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// `None`: a person has to say more.
    pub proposed: Option<Severity>,
    /// `P0` to `P2`.
    pub p: Option<&'static str>,
    /// The row of the decision table that matched, or why none did.
    pub rule: String,
    /// By when somebody has to have reacted (UTC).
    pub due_at: Option<DateTime<Utc>>,
    /// SEV3: the morning triage that looks at it (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_at: Option<DateTime<Utc>>,
}

/// Whether the alerts reached anyone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The word.
    pub state: ToldState,
    /// P0 alerts of the last 24 h that reached nobody; `None` where that could not be counted.
    pub untold_p0: Option<u64>,
}

/// Whether the alerts reached anyone, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ToldState {
    /// Every P0 that Discord did not take went out by e-mail.
    Yes,
    /// At least one P0 reached nobody.
    No,
    /// No P0 was lost.
    Nothing,
    /// The dead letters could not be read, or not all of them.
    Unknown,
}

/// Us or them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VendorView {
    /// The word.
    pub judgement: UsOrThem,
    /// The vendors that report trouble in a component we stand on.
    pub names: Vec<String>,
}

/// Us or them, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UsOrThem {
    /// No vendor that we stand on is red, or we deployed in the window.
    Us,
    /// A vendor that we stand on is red, and nothing of ours changed.
    Them,
    /// Their status pages could not be read.
    Unknown,
}
