//! Cloudflare, as far as an on-call engineer asks it: what is deployed, since when and by whom, what
//! the workers say right now, the way back, and whether the token is good.
//!
//! Reads, but for [`Client::deploy`] and [`Client::roll_back_pages`], which take a `Consent` and are
//! sent once, and for this program's own tails. Assumes a base URL that ends in `/client/v4` and an
//! API token (not a global key).

mod change;
mod client;
mod envelope;
mod help;
mod pages;
mod tails;
#[cfg(test)]
mod tests;
mod token;
mod versions;
mod wire;

pub use change::{Deploy, changed_secrets};
pub use client::{Account, Client, number_versions};
pub use help::help;
pub use pages::{LogLine, PagesList};
pub use tails::{MOST_VIEWERS, Tail, TailFilters, Tails};
pub use token::{TokenOwner, TokenState, TokenStatus, verify_token};
