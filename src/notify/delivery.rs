//! What became of a message. Pure.

use serde::Serialize;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The word.
    pub state: DeliveryState,
    /// Why it is not `delivered`, in a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Opens the message in Discord.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Its number in the spool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spool: Option<i64>,
}

/// The word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// Discord has it.
    Delivered,
    /// It did not leave, and is kept.
    Spooled,
    /// It may have arrived.
    Unsure,
    /// It was not sent, and is not kept.
    Skipped,
}

impl DeliveryState {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            DeliveryState::Delivered => "delivered",
            DeliveryState::Spooled => "spooled",
            DeliveryState::Unsure => "unsure",
            DeliveryState::Skipped => "skipped",
        }
    }
}

impl Delivery {
    /// Not sent and not kept, and why.
    pub fn skipped(why: impl Into<String>) -> Self {
        Self::of(DeliveryState::Skipped, why.into())
    }

    pub(super) fn of(state: DeliveryState, reason: String) -> Self {
        Self { state, reason: Some(reason), message_id: None, link: None, spool: None }
    }
}
