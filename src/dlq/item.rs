//! The states of a dead letter under replay, and what may lead from one to the next. Pure; both stores
//! build their statements from this table, so that there is one state machine.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// Where a dead letter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemState {
    /// Waits to be sent.
    Open,
    /// A run holds it under a lease; nothing was sent.
    Claimed,
    /// The intent to send is on record; what happened since is not.
    Sending,
    /// It may or may not have arrived. Never sent again by itself.
    Unsure,
    /// It arrived.
    Delivered,
    /// It cannot be sent as it is.
    Rejected,
    /// It is not sent on purpose: a duplicate, too old, or told in a digest.
    Skipped,
    /// An operator settled it, with a reason.
    Discarded,
}

impl ItemState {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Open,
        Self::Claimed,
        Self::Sending,
        Self::Unsure,
        Self::Delivered,
        Self::Rejected,
        Self::Skipped,
        Self::Discarded,
    ];

    /// The word in the stores and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Claimed => "claimed",
            Self::Sending => "sending",
            Self::Unsure => "unsure",
            Self::Delivered => "delivered",
            Self::Rejected => "rejected",
            Self::Skipped => "skipped",
            Self::Discarded => "discarded",
        }
    }

    /// Whether the row is no longer open business.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Delivered | Self::Skipped | Self::Discarded)
    }
}

impl fmt::Display for ItemState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for ItemState {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|state| state.word() == word);
        known.ok_or_else(|| format!("'{word}' is no state of a dead letter"))
    }
}

/// What moves an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A run takes it under a lease.
    Claim,
    /// The intent to send is put on record.
    Intend,
    /// Discord took it: by its answer, a receipt, a look into the channel, or an operator's word.
    Deliver,
    /// Discord, or our own check before any request, says that it cannot be sent as it is.
    Reject,
    /// Nothing was sent, beyond doubt: let go, 429, no connection, a lane without a working webhook.
    Release,
    /// Whether it arrived cannot be told.
    Doubt,
    /// It is not to be sent: a duplicate, too old, or told in a digest.
    Skip,
    /// An operator settles it with a reason.
    Discard,
    /// It did not arrive (an operator's word), or an operator wants it sent whether it did or not.
    Reopen,
    /// The payload of a rejected row is not the one that was rejected.
    Edit,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Claim,
        Self::Intend,
        Self::Deliver,
        Self::Reject,
        Self::Release,
        Self::Doubt,
        Self::Skip,
        Self::Discard,
        Self::Reopen,
        Self::Edit,
    ];

    /// The states that it may find. A claimed item may be claimed again once its lease is over; an
    /// unsure one is delivered by a receipt of the same fence.
    pub const fn from(self) -> &'static [ItemState] {
        use ItemState::{Claimed, Open, Rejected, Sending, Unsure};
        match self {
            Self::Claim => &[Open, Claimed],
            Self::Intend => &[Claimed],
            Self::Deliver => &[Sending, Unsure],
            Self::Reject | Self::Release => &[Claimed, Sending],
            Self::Doubt => &[Sending],
            Self::Skip => &[Open, Claimed, Sending],
            Self::Discard => &[Open, Rejected, Unsure],
            Self::Reopen => &[Unsure],
            Self::Edit => &[Rejected],
        }
    }

    /// The state that it leaves behind.
    pub const fn to(self) -> ItemState {
        match self {
            Self::Claim => ItemState::Claimed,
            Self::Intend => ItemState::Sending,
            Self::Deliver => ItemState::Delivered,
            Self::Reject => ItemState::Rejected,
            Self::Release | Self::Reopen | Self::Edit => ItemState::Open,
            Self::Doubt => ItemState::Unsure,
            Self::Skip => ItemState::Skipped,
            Self::Discard => ItemState::Discarded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for state in ItemState::ALL {
            assert_eq!(state.word().parse(), Ok(state));
        }
        assert!("lost".parse::<ItemState>().is_err());
    }

    #[test]
    fn nothing_that_may_have_left_is_sent_again_by_itself() {
        for event in Event::ALL {
            let from = event.from();
            // Only an operator takes an unsure item back to the queue.
            if event.to() == ItemState::Open && from.contains(&ItemState::Unsure) {
                assert_eq!(event, Event::Reopen);
            }
            if event == Event::Claim {
                assert!(!from.contains(&ItemState::Sending) && !from.contains(&ItemState::Unsure));
            }
            // What is settled stays so.
            assert!(!from.iter().any(|state| state.is_settled()), "{event:?}");
        }
    }
}
