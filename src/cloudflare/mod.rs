//! Cloudflare, as far as an on-call engineer asks it: what is deployed, since when and by whom, and
//! whether the token is good.
//!
//! Reads only. Assumes a base URL that ends in `/client/v4` and an API token (not a global key).

mod client;
mod envelope;
mod help;
#[cfg(test)]
mod tests;
mod token;
mod wire;

pub use client::{Account, Client, number_versions};
pub use help::help;
pub use token::{TokenOwner, TokenState, TokenStatus, verify_token};
