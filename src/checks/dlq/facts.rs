//! What the table says, as figures.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

/// Rows whose own word means open, and that the replays' ledger has settled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByLedger {
    /// How many.
    pub rows: u64,
    /// All that the ledger knows was delivered; nothing was skipped or discarded.
    pub only_delivered: bool,
}

/// All open P0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct P0 {
    /// Of the last 24 h, and nobody was told.
    pub untold: u64,
    /// Of the last 24 h, told by e-mail.
    pub told: u64,
    /// Older, and nobody was told.
    pub untold_older: u64,
    /// Older, told by e-mail.
    pub told_older: u64,
    /// Settled by the ledger, and counted nowhere else here.
    pub by_ledger: ByLedger,
    /// The oldest and the newest one.
    pub span: Span,
    /// Row security hides rows: all counts are *at least*.
    pub filtered: bool,
}

/// The last 24 h.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Day {
    /// Rows of any status.
    pub rows: u64,
    /// Open rows.
    pub open: u64,
    /// Open P0 of which nobody was told.
    pub p0_untold: u64,
    /// Open P0 that went out by e-mail.
    pub p0_told: u64,
    /// Settled by the ledger; among the rows, not among the open ones.
    pub by_ledger: ByLedger,
    /// Open rows by channel, without `#`; the 50 fullest.
    pub by_channel: BTreeMap<String, u64>,
    /// Open rows by severity.
    pub by_severity: BTreeMap<String, u64>,
    /// The oldest and the newest open row.
    pub span: Span,
    /// Row security hides rows: all counts are *at least*.
    pub filtered: bool,
}

/// The last hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hour {
    /// One entry per answer of Discord.
    pub tallies: Vec<Tally>,
    /// Settled by the ledger; among the rows, not among the open ones.
    pub by_ledger: ByLedger,
    /// The oldest and the newest row.
    pub span: Span,
    /// Row security hides rows: all counts are *at least*.
    pub filtered: bool,
}

/// How many rows of the last hour had one answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// The HTTP status as the table has it; `None` where nothing answered.
    pub http_status: Option<String>,
    /// Open rows.
    pub open: u64,
    /// Rows of any status.
    pub rows: u64,
}

/// First and last of something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub first_at: Option<DateTime<Utc>>,
    /// The last.
    pub last_at: Option<DateTime<Utc>>,
}

/// What the dead letters say, for the question whether anyone was told and when it began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetterFacts {
    /// Open P0 of the last 24 h of which nobody was told, not even by e-mail.
    pub untold_p0: u64,
    /// Open P0 of the last 24 h that went out by e-mail.
    pub told_p0: u64,
    /// Open rows of the last 24 h; `None` where that could not be read.
    pub open_24h: Option<u64>,
    /// Open rows of the last hour by Discord's answer (`none` where there was none); `None` where
    /// that could not be read.
    pub last_hour: Option<BTreeMap<String, u64>>,
    /// The oldest open row of the newest run of failures, where that run has no quiet hour in it
    /// and goes on: its newest row is less than an hour old. Looks back 24 h. `None`, too, where
    /// that could not be read.
    pub first_open_after_quiet_hour: Option<DateTime<Utc>>,
    /// Row security hides rows from this role: every count is *at least*.
    pub filtered_by_row_security: bool,
}

impl DeadLetterFacts {
    /// From what could be read; `None` where nothing says how many P0 there are.
    pub fn of(p0: Option<&P0>, day: Option<&Day>, hour: Option<&Hour>) -> Option<Self> {
        let (untold_p0, told_p0, filtered) = match (p0, day) {
            (Some(p0), _) => (p0.untold, p0.told, p0.filtered),
            (None, Some(day)) => (day.p0_untold, day.p0_told, day.filtered),
            (None, None) => return None,
        };
        Some(Self {
            untold_p0,
            told_p0,
            open_24h: day.map(|day| day.open),
            last_hour: hour.map(Hour::open_by_status),
            first_open_after_quiet_hour: None,
            filtered_by_row_security: filtered,
        })
    }
}

impl Hour {
    /// Open rows by Discord's answer; `none` where nothing answered.
    pub fn open_by_status(&self) -> BTreeMap<String, u64> {
        self.by_status(|tally| tally.open)
    }

    /// Rows of any status by Discord's answer.
    pub fn all_by_status(&self) -> BTreeMap<String, u64> {
        self.by_status(|tally| tally.rows)
    }

    fn by_status(&self, count: fn(&Tally) -> u64) -> BTreeMap<String, u64> {
        let mut map = BTreeMap::new();
        for tally in self.tallies.iter().filter(|tally| count(tally) > 0) {
            let status = tally.http_status.clone().unwrap_or_else(|| "none".to_owned());
            *map.entry(status).or_default() += count(tally);
        }
        map
    }
}
