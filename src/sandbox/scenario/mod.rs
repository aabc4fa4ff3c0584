//! What can be rehearsed: each scenario is data on what stands where, and a file of its own.
//!
//! To add one: a file with an `ENTRY`, a variant, and a line in [`Scenario::ALL`] and `entry`.

mod actions;
mod all_down;
mod bad_deploy;
mod bad_line;
mod bad_tokens;
mod canary;
mod ci_broken;
mod db_saturated;
mod dead_letters;
mod discord_outage;
mod facts;
mod healthy;
mod monitoring_blind;
mod usual;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::domain::text;

pub(super) use actions::HEALTHCHECK;
pub use actions::REPOSITORY;
pub use dead_letters::LEAKED_TOKEN;
use facts::Entry;
pub(super) use facts::{BadVersion, Facts};
pub use usual::{HOSTS, PAGES, WORKERS};

/// A state of the world to try the program on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scenario {
    /// Nothing is wrong.
    Healthy,
    /// A deploy broke the API, and Discord was down when the alerts went out.
    #[default]
    BadDeploy,
    /// A new version has a tenth of the traffic, and fails there.
    Canary,
    /// Nothing of ours answers, and two vendors say why.
    AllDown,
    /// CI is red, and a deploy waits for an approval.
    CiBroken,
    /// Every token is refused.
    BadTokens,
    /// Live tails are sampled, garbled, flooded and cut off.
    BadLine,
    /// The table of dead letters holds every shape of row.
    DeadLetters,
    /// Sessions queue behind an open transaction, and the connections run out.
    DbSaturated,
    /// The healthcheck is silent, and an alert reached nobody.
    MonitoringBlind,
    /// Discord takes nothing for a while.
    DiscordOutage,
}

impl Scenario {
    /// Every scenario, the most wanted first.
    pub const ALL: [Scenario; 11] = [
        Scenario::BadDeploy,
        Scenario::Healthy,
        Scenario::Canary,
        Scenario::CiBroken,
        Scenario::DbSaturated,
        Scenario::DiscordOutage,
        Scenario::MonitoringBlind,
        Scenario::AllDown,
        Scenario::BadTokens,
        Scenario::BadLine,
        Scenario::DeadLetters,
    ];

    /// Its name behind `--sandbox=`.
    pub fn word(self) -> &'static str {
        self.entry().word
    }

    /// What is the matter in it, in one line.
    pub fn summary(self) -> &'static str {
        self.entry().summary
    }

    /// What stands where at `now`.
    pub(super) fn facts(self, now: DateTime<Utc>) -> Facts {
        (self.entry().facts)(now)
    }

    fn entry(self) -> &'static Entry {
        match self {
            Scenario::Healthy => &healthy::ENTRY,
            Scenario::BadDeploy => &bad_deploy::ENTRY,
            Scenario::Canary => &canary::ENTRY,
            Scenario::CiBroken => &ci_broken::ENTRY,
            Scenario::AllDown => &all_down::ENTRY,
            Scenario::BadTokens => &bad_tokens::ENTRY,
            Scenario::BadLine => &bad_line::ENTRY,
            Scenario::DeadLetters => &dead_letters::ENTRY,
            Scenario::DbSaturated => &db_saturated::ENTRY,
            Scenario::MonitoringBlind => &monitoring_blind::ENTRY,
            Scenario::DiscordOutage => &discord_outage::ENTRY,
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Scenario {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Scenario::ALL.into_iter().find(|scenario| scenario.word() == word).ok_or_else(|| {
            let words = Scenario::ALL.map(Scenario::word);
            let word = text::shorten(&text::one_line(word), 40);
            match text::nearest(&word, words) {
                Some(near) => format!("no scenario '{word}', did you mean '{near}'?"),
                None => format!("no scenario '{word}'; there are {}", words.join(", ")),
            }
        })
    }
}

#[cfg(test)]
mod tests;
