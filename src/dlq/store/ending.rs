//! What the fates mean for a row: the event, the words and the values that both stores write. Pure.

use std::time::Duration;

use super::Fate;
use crate::dlq::FailureId;
use crate::dlq::item::{Event, ItemState};

/// Equals of what was delivered in this time are not sent again, unless an operator wants it.
pub(super) const REPEAT: Duration = Duration::from_secs(24 * 3600);
/// The window of Discord's limit per channel.
pub(super) const PACE: Duration = Duration::from_secs(60);

/// A fate, taken apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending<'a> {
    /// What happens to the item.
    pub(super) event: Event,
    /// The word in the attempt.
    pub(super) outcome: &'static str,
    /// Why it stands there.
    pub(super) reason: Option<&'a str>,
    pub(super) message_id: Option<&'a str>,
    pub(super) channel_id: Option<&'a str>,
    /// Not before so long.
    pub(super) not_before: Option<Duration>,
    /// Skip the open items of the same fingerprint.
    pub(super) settle_equals: bool,
}

impl<'a> Ending<'a> {
    pub(super) fn of(fate: &'a Fate) -> Self {
        let plain = |event, outcome, reason| Self {
            event,
            outcome,
            reason,
            message_id: None,
            channel_id: None,
            not_before: None,
            settle_equals: false,
        };
        match fate {
            Fate::Delivered { message_id, channel_id, settle_equals } => Self {
                message_id: message_id.as_deref(),
                channel_id: channel_id.as_deref(),
                settle_equals: *settle_equals,
                ..plain(Event::Deliver, "delivered", None)
            },
            Fate::Rejected(why) => plain(Event::Reject, "rejected", Some(why)),
            Fate::Released { reason, not_before } => Self {
                not_before: Some(*not_before),
                ..plain(Event::Release, "released", Some(reason))
            },
            Fate::Unsure(why) => plain(Event::Doubt, "unsure", Some(why)),
            Fate::Skipped(why) => plain(Event::Skip, "skipped", Some(why)),
        }
    }

    /// The states that it may find where a receipt under the item's fence proves it. An item that
    /// became unsure only because the receipt was not at hand may follow it anywhere.
    pub(super) fn absorbed_from(&self) -> &'static [ItemState] {
        if self.event == Event::Doubt {
            return self.event.from();
        }
        &[ItemState::Sending, ItemState::Unsure]
    }
}

/// The words of some states.
pub(super) fn words(states: &[ItemState]) -> impl Iterator<Item = &'static str> {
    states.iter().map(|state| state.word())
}

/// Why the equals of a delivered row are skipped.
pub(super) fn duplicate_of(id: &FailureId) -> String {
    format!("duplicate of {}", id.as_str())
}

/// Why a row is in doubt whose sender never told.
pub(super) const NO_END: &str = "the intent to send is on record, its end is not";

/// Why an unsure row is open again.
pub(super) fn resent(by: &str) -> String {
    format!("sent again on the word of {by}")
}

/// Why an operator's word moved a row.
pub(super) fn resolved(by: &str, delivered: bool) -> String {
    format!("{by} says: {}delivered", if delivered { "" } else { "not " })
}

/// The reason of a discarded row.
pub(super) fn discarded(reason: &str, by: &str) -> String {
    format!("{reason} ({by})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_of_doubt_undoes_no_doubt() {
        let doubt = Fate::Unsure(String::new());
        assert_eq!(Ending::of(&doubt).absorbed_from(), Event::Doubt.from());
        let fate = Fate::Rejected(String::new());
        assert!(Ending::of(&fate).absorbed_from().contains(&ItemState::Unsure));
    }
}
