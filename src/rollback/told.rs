//! What became of the messages and lines about a rollback, as it stands in the answer.

use serde::Serialize;

use crate::notify::Delivery;

/// What became of both messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The channel, without `#`.
    pub channel: &'static str,
    /// The one before the request.
    pub started: Delivery,
    /// The one at the end.
    pub result: Delivery,
}

impl Notice {
    /// Of a request that never left: there is nothing to tell.
    pub fn none(channel: &'static str) -> Self {
        let nothing = Delivery::skipped("nothing was sent to Cloudflare");
        Self { channel, started: nothing.clone(), result: nothing }
    }
}

/// The lines of the journal of this machine; `None`: none was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Journalled {
    /// That the request leaves.
    pub started: Option<i64>,
    /// How it ended.
    pub result: Option<i64>,
}
