//! Us or them? What a vendor's status page says of the components that we stand on.
//!
//! Reads only, without a credential: `/api/v2/summary.json`, the form that Statuspage and its like
//! serve. The vendor's view, often minutes behind the facts.

mod judge;
mod summary;
#[cfg(test)]
mod tests;
mod wire;

pub use judge::{judge, unreadable};
pub use summary::{Component, Incident, Summary, read};
