//! Everything that `triage` asks the database: one connection, one check after another in the order
//! of worth, so that what matters most is known when the time runs out. Reads only.

mod gather;
mod group;
mod latency;
mod server;
mod sessions;
#[cfg(test)]
pub(crate) mod test_support;
#[cfg(test)]
mod tests;

pub use gather::{CHECKS, DatabaseInput, DatabaseReport, gather};
pub use group::{GROUP, ping};
pub use latency::{Tries, judge_connect, judge_query};
pub use server::{Identity, Slot, XidAge, identity, judge_read_only, judge_slots, judge_xid};
pub use sessions::{Busy, Sessions, judge_idle, judge_statements, sessions};
