//! What a scenario is made of: plain data on what stands where.

use chrono::{DateTime, TimeDelta, Utc};

use crate::sandbox::cloudflare::{PagesHistory, ScriptHistory, TokenKind};
use crate::sandbox::database::DatabaseFacts;
use crate::sandbox::github::Repo;
use crate::sandbox::hosts::Behaviour;
use crate::sandbox::server::Fault;
use crate::sandbox::vendors::Outage;

/// One scenario: its name, a line on it, and the facts for a given present.
pub(super) struct Entry {
    pub(super) word: &'static str,
    pub(super) summary: &'static str,
    pub(super) facts: fn(DateTime<Utc>) -> Facts,
}

/// A version that makes a host ill for as long as it takes traffic; without it the host is well.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct BadVersion {
    pub(in crate::sandbox) script: &'static str,
    pub(in crate::sandbox) number: u64,
    /// Which of [`super::HOSTS`].
    pub(in crate::sandbox) host: usize,
    pub(in crate::sandbox) behaviour: Behaviour,
}

/// A script whose live tails are at their worst.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct RoughLine {
    pub(in crate::sandbox) script: &'static str,
    /// How long the account's tails last.
    pub(in crate::sandbox) lifetime: TimeDelta,
}

/// What stands where.
#[derive(Debug)]
pub(in crate::sandbox) struct Facts {
    /// How each of [`super::HOSTS`] behaves, in that order.
    pub(in crate::sandbox) hosts: [Behaviour; 4],
    pub(in crate::sandbox) token: TokenKind,
    pub(in crate::sandbox) scripts: Vec<ScriptHistory>,
    pub(in crate::sandbox) pages: Vec<PagesHistory>,
    pub(in crate::sandbox) bad_version: Option<BadVersion>,
    pub(in crate::sandbox) rough_line: Option<RoughLine>,
    /// What Cloudflare's API does instead of answering.
    pub(in crate::sandbox) cloudflare_fault: Option<Fault>,
    /// Whether Discord's bot token is refused and every webhook is gone.
    pub(in crate::sandbox) discord_revoked: bool,
    /// What Discord does instead of answering.
    pub(in crate::sandbox) discord_fault: Option<Fault>,
    pub(in crate::sandbox) actions: Repo,
    /// Whether the healthcheck goes on every five minutes.
    pub(in crate::sandbox) healthchecks: bool,
    pub(in crate::sandbox) outages: Vec<Outage>,
    pub(in crate::sandbox) database: DatabaseFacts,
    /// Whether sessions fill a native database and wait for each other.
    pub(in crate::sandbox) crowd: bool,
}
