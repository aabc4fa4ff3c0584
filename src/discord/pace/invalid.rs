//! Counts the requests for which Discord bans an address: 10,000 in 10 minutes, from all programs
//! behind it. A run that has many of them is not going to get better, and ends long before.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::discord::Answer;

/// The invalid requests of one run, over all its lanes.
#[derive(Debug, Default)]
pub struct Invalid(AtomicU32);

impl Invalid {
    /// So many end the run.
    pub const MOST: u32 = 50;

    /// Counts `answer`; whether the run has to stop.
    pub fn note(&self, answer: &Answer) -> bool {
        let one = u32::from(answer.invalid);
        self.0.fetch_add(one, Ordering::Relaxed).saturating_add(one) >= Self::MOST
    }

    /// How many there were.
    pub fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}
