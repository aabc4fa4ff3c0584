//! What to do when a look fails: which failures pass, how long to wait, when to give up. Pure.

use std::time::Duration;

use chrono::{DateTime, Utc};
use parky_ops::http::{ApiError, Fault, Unreadable};
use tokio::time::Instant;

use crate::refusal::GivenUp;

/// How long one look may take.
pub(super) const ONE_LOOK: Duration = Duration::from_secs(20);
/// The longest wait between two tries.
const LONGEST: Duration = Duration::from_secs(30);

/// How often it failed in a row, and since when.
#[derive(Debug)]
pub(super) struct Patience {
    gives_up_after: Duration,
    since: Option<Instant>,
    failures: u32,
    /// What the last failure was.
    pub(super) why: String,
}

impl Patience {
    pub(super) fn new(gives_up_after: Duration) -> Self {
        Self { gives_up_after, since: None, failures: 0, why: String::new() }
    }

    pub(super) fn reset(&mut self) {
        (self.since, self.failures) = (None, 0);
    }

    /// How long to wait after `error`.
    ///
    /// # Errors
    /// It will not pass, or it has lasted too long.
    pub(super) fn after(
        &mut self,
        error: ApiError,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Duration> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let wait = match &error.fault {
            Fault::RateLimited { retry_at: Some(at) } => {
                (*at - now).to_std().unwrap_or_default() + Duration::from_secs(1)
            }
            fault if passes(fault) => {
                (Duration::from_millis(500) * 2u32.pow(self.failures.min(8))).min(LONGEST)
            }
            _ => return Err(error.into()),
        };
        self.failures += 1;
        // A limit names its end, and is no sign that GitHub is away.
        let limited = matches!(error.fault, Fault::RateLimited { .. });
        if !limited && since.elapsed() + wait > self.gives_up_after {
            return Err(GivenUp { after: self.gives_up_after, source: error }.into());
        }
        self.why = error.to_string();
        Ok(wait)
    }
}

/// Whether a failure may pass by itself.
fn passes(fault: &Fault) -> bool {
    match fault {
        Fault::Server | Fault::Unreachable(_) | Fault::RateLimited { .. } => true,
        // What a proxy or a cut connection puts in place of an answer.
        Fault::Unreadable(how) => !matches!(how, Unreadable::WrongShape(_)),
        _ => false,
    }
}
