//! When a lane may send, and when it gives up: a lane that failed has to be proven again. Pure.

use std::time::Duration;

/// Failures in a row that open the breaker.
const OPENS_AT: usize = 3;
/// Between failures that do not open it yet.
const SHORT: Duration = Duration::from_secs(1);
/// How long it stays open, time after time; after the last one the lane is given up.
const OPEN: [Duration; 3] =
    [Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(60)];

/// The breaker of one lane. Unproven means: ask whether the webhook lives, then let one row go first.
#[derive(Debug, Clone, Default)]
pub(super) struct Breaker {
    failures: usize,
    proven: bool,
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Try again after this.
    Wait(Duration),
    /// Give the lane up.
    Stop,
}

impl Breaker {
    /// Whether the next row may go without asking first.
    pub(super) fn is_proven(&self) -> bool {
        self.proven
    }

    /// A row got through.
    pub(super) fn succeeded(&mut self) {
        *self = Self { failures: 0, proven: true };
    }

    /// Nothing got through: no connection, a failing server.
    pub(super) fn failed(&mut self) -> Verdict {
        self.proven = false;
        self.failures += 1;
        if self.failures < OPENS_AT {
            return Verdict::Wait(SHORT);
        }
        OPEN.get(self.failures - OPENS_AT).map_or(Verdict::Stop, |wait| Verdict::Wait(*wait))
    }

    /// A row may or may not have got through. One that went first gives the lane up: Discord is not
    /// back, and every further row would be unsure too.
    pub(super) fn doubted(&mut self) -> Verdict {
        if self.proven { self.failed() } else { Verdict::Stop }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_waited_for_and_then_given_up() {
        let mut breaker = Breaker::default();
        assert!(!breaker.is_proven());
        let verdicts: Vec<_> = (0..6).map(|_| breaker.failed()).collect();
        let wait = |s| Verdict::Wait(Duration::from_secs(s));
        assert_eq!(verdicts, [wait(1), wait(1), wait(5), wait(15), wait(60), Verdict::Stop]);
    }

    #[test]
    fn success_proves_the_lane_and_any_failure_unproves_it() {
        let mut breaker = Breaker::default();
        breaker.failed();
        breaker.succeeded();
        assert!(breaker.is_proven());
        assert_eq!(breaker.failed(), Verdict::Wait(SHORT));
        assert!(!breaker.is_proven());
    }

    #[test]
    fn an_outage_makes_one_row_unsure_not_two() {
        let mut fresh = Breaker::default();
        assert_eq!(fresh.doubted(), Verdict::Stop);
        let mut proven = Breaker::default();
        proven.succeeded();
        assert_eq!(proven.doubted(), Verdict::Wait(SHORT));
        assert_eq!(proven.doubted(), Verdict::Stop);
    }
}
