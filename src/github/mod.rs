//! GitHub Actions, as far as an on-call engineer asks: what ran, what failed and what it wrote, what
//! waits for a person, and what to run again.
//!
//! Reads through a small cache on the disk, so that asking again costs nothing of the rate limit. What
//! changes something takes a [`crate::domain::Consent`]. Logs are streams: their size does not matter.
//! Names, titles and logs are written by strangers, and are passed on as they came.

mod cache;
mod client;
mod limits;
pub mod logs;
mod model;
mod moved;
mod pages;
pub mod remote;
mod repo;
mod runs;
#[cfg(test)]
mod tests;
mod wire;
mod writes;

pub use cache::Cache;
pub use client::{Client, Hub};
pub use model::{Annotation, Gate, Job, Review, Run, State, Step};
pub use repo::{BadRunRef, RepoName, RunRef};
pub use runs::{Listed, RunQuery};
