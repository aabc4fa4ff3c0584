//! One message of our own to one channel: put into the ledger before its first byte, sent once, and
//! kept in the spool where it certainly did not leave.
//!
//! A [`Courier`] goes to one channel, which it has looked at before it posts there. It never fails and
//! never outstays the [`Patience`] that it is given: what became of a message is a [`Delivery`]. What
//! may have arrived is `unsure`, is kept nowhere, and is never sent again.

mod courier;
mod delivery;
mod patience;

pub use courier::{Address, Courier, Parcel, Parts};
pub use delivery::{Delivery, DeliveryState};
pub use patience::{Hurry, Patience};
