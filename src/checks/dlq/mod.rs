//! Alerts that Discord never got: how many, was anyone told of the worst ones, and is it Discord, the
//! webhook or the rate. Reads the team's dead-letter table and never writes to it.
//!
//! Counted is what is *open* (`dlq.open_status`) and not settled by the replays' ledger; rows with
//! other words are evidence. A table that
//! row security filters gives counts that are *at least*, and a zero that means nothing.

mod facts;
mod judge;
mod read;
#[cfg(test)]
pub(crate) mod tests;

pub use facts::{ByLedger, Day, DeadLetterFacts, Hour, P0, Span, Tally};
pub use judge::{judge_day, judge_hour, judge_p0};
pub use read::Reader;
