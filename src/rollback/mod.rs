//! The way back: an earlier version of a worker, or an earlier deployment of a Pages project, serves
//! again, and is shown to serve.
//!
//! [`look`] asks what is live and what the target stands on; [`target`] chooses it (pure); [`card`] says what
//! will change, before anyone agrees. [`settle()`] looks again right before it sends, sends once, and
//! reads back: `live`, `not_live` or `unknown`, never a guess. [`verify::verify`] watches the hosts
//! afterwards. What happens on the way is told as an [`Event`]; [`notice`] has the words in which the
//! team's channel hears of it. [`database`] only plans: it never runs SQL.

pub mod card;
pub mod database;
pub mod look;
pub mod migrations;
pub mod notice;
pub mod pages;
mod report;
pub mod script;
pub mod settle;
pub mod statements;
pub mod target;
#[cfg(test)]
mod tests;
mod told;
pub mod verify;

pub use card::Card;
pub use report::{Act, End, LiveState, Posted, Refused, Report};
pub use settle::{Event, Settled, Way, settle};
pub use target::{NoTarget, Past, Wanted};
pub use told::{Journalled, Notice};
pub use verify::{TailSeen, Verification, VerifyState};
