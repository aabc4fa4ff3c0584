//! What a socket can be told to do.

use std::time::Duration;

use serde_json::Value;

/// One step of a socket. Nothing that shows an event happens after the tail has expired.
#[derive(Debug, Clone)]
pub enum Step {
    /// Sends an event, if the tail's filters let it through.
    Event(Value),
    /// Sends a text message, whatever it is.
    Text(String),
    /// Sends a binary message.
    Binary(Vec<u8>),
    /// Sends a text message that is cut into so many fragments.
    Fragments(String, usize),
    /// Puts these bytes on the wire as they are.
    Raw(Vec<u8>),
    /// Sends `count` text messages, as fast as they are taken; `{n}` is the running number from 0.
    Burst {
        /// The message.
        template: String,
        /// How many.
        count: u64,
    },
    /// Waits.
    Wait(Duration),
    /// Sends a ping.
    Ping,
    /// From now on answers no ping, and sends nothing.
    FallSilent,
    /// Closes with this code and reason.
    Close(u16, String),
    /// Ends the connection without a word.
    Drop,
}
