//! The dead-letter queue: alerts that Discord did not take, and how they are delivered after all.
//!
//! The team's table is read and, where the operator's file says so, gets one status update per
//! delivered row; it is never altered otherwise. What was tried, by whom and with which end is kept
//! in a [`store`]: the team's Postgres, where any number of responders replay at once, or the local
//! ledger, which protects this machine only.

pub mod diagnosis;
pub mod digest;
pub mod doubt;
pub mod evidence;
pub mod filter;
pub mod fingerprint;
pub mod item;
pub mod known;
mod letter;
pub mod outgoing;
pub mod outlook;
mod owner;
pub mod payload;
pub mod plan;
pub mod replay;
pub mod secrets;
pub mod select;
pub mod settled;
pub mod source;
pub mod store;
pub mod table;

pub use evidence::Evidence;
pub use filter::{Filter, StatusClass};
pub use item::ItemState;
pub use known::Known;
pub use letter::{FailureId, Letter, lane_of};
pub use owner::Owner;
pub use payload::Payload;
pub use table::{Table, TableError};
