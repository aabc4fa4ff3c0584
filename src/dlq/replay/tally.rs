//! What became of each selected row, and the sum that has to come out even. Pure.

use serde::Serialize;

use crate::dlq::FailureId;
use crate::dlq::plan::SkipKind;

/// How a row of the selection ended in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EndState {
    /// It arrived.
    Delivered,
    /// It cannot be sent as it is.
    Rejected,
    /// Nobody knows.
    Unsure,
    /// Its lane cannot be used.
    Blocked,
    /// Left out on purpose.
    Skipped,
    /// Not reached.
    Left,
}

impl EndState {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Rejected => "rejected",
            Self::Unsure => "unsure",
            Self::Blocked => "blocked",
            Self::Skipped => "skipped",
            Self::Left => "left",
        }
    }
}

/// The end of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowEnd {
    /// The row.
    pub id: FailureId,
    /// Its channel.
    pub channel: String,
    /// How it ended.
    pub state: EndState,
    /// Why, where it was not delivered.
    pub reason: Option<String>,
    /// The message that delivered it.
    pub message_id: Option<String>,
    /// What Discord answered.
    pub http_status: Option<u16>,
    /// Why it was left out.
    #[serde(skip)]
    pub skip: Option<SkipKind>,
}

impl RowEnd {
    /// An end without further words.
    pub fn new(id: &FailureId, channel: &str, state: EndState) -> Self {
        Self {
            id: id.clone(),
            channel: channel.to_owned(),
            state,
            reason: None,
            message_id: None,
            http_status: None,
            skip: None,
        }
    }
}

/// Rows by end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named after the states")]
pub struct Tally {
    pub selected: u64,
    pub delivered: u64,
    pub rejected: u64,
    pub unsure: u64,
    pub blocked: u64,
    pub skipped: Skips,
    pub left: u64,
}

/// Rows that were left out on purpose, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "named after the reasons")]
pub struct Skips {
    pub duplicate: u64,
    pub too_old: u64,
    pub maybe: u64,
    pub other: u64,
}

impl Skips {
    /// All of them.
    pub fn sum(&self) -> u64 {
        self.duplicate + self.too_old + self.maybe + self.other
    }
}

impl Tally {
    /// Nothing ended yet, of so many.
    pub fn of(selected: u64) -> Self {
        Self { selected, ..Self::default() }
    }

    /// Counts one.
    pub fn count(&mut self, end: &RowEnd) {
        let counter = match (end.state, end.skip) {
            (EndState::Delivered, _) => &mut self.delivered,
            (EndState::Rejected, _) => &mut self.rejected,
            (EndState::Unsure, _) => &mut self.unsure,
            (EndState::Blocked, _) => &mut self.blocked,
            (EndState::Left, _) => &mut self.left,
            (EndState::Skipped, Some(SkipKind::Duplicate)) => &mut self.skipped.duplicate,
            (EndState::Skipped, Some(SkipKind::TooOld)) => &mut self.skipped.too_old,
            (EndState::Skipped, Some(SkipKind::Maybe)) => &mut self.skipped.maybe,
            (EndState::Skipped, Some(SkipKind::Other) | None) => &mut self.skipped.other,
        };
        *counter += 1;
    }

    /// Rows that ended.
    pub fn ended(&self) -> u64 {
        let Self { delivered, rejected, unsure, blocked, skipped, left, .. } = self;
        delivered + rejected + unsure + blocked + skipped.sum() + left
    }

    /// Whether every selected row ended once: anything else is a defect.
    pub fn is_even(&self) -> bool {
        self.ended() == self.selected
    }

    /// Whether something is left that somebody has to look at.
    pub fn is_partly(&self) -> bool {
        self.rejected + self.unsure + self.blocked + self.left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_comes_out_even() {
        let id = FailureId::new("1");
        let end = |state, skip| RowEnd { skip, ..RowEnd::new(&id, "p1-ops", state) };
        let mut tally = Tally::of(7);
        for (state, skip) in [
            (EndState::Delivered, None),
            (EndState::Rejected, None),
            (EndState::Unsure, None),
            (EndState::Blocked, None),
            (EndState::Skipped, Some(SkipKind::Duplicate)),
            (EndState::Skipped, Some(SkipKind::TooOld)),
        ] {
            tally.count(&end(state, skip));
            assert!(!tally.is_even());
        }
        tally.count(&end(EndState::Left, None));
        assert!(tally.is_even() && tally.is_partly());
        assert_eq!((tally.skipped.duplicate, tally.skipped.too_old, tally.left), (1, 1, 1));
    }

    #[test]
    fn what_was_skipped_on_purpose_is_done() {
        let tally = Tally {
            selected: 2,
            delivered: 1,
            skipped: Skips { maybe: 1, ..Skips::default() },
            ..Tally::default()
        };
        assert!(tally.is_even() && !tally.is_partly());
    }
}
