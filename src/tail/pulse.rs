//! When to ask the other side for a sign of life, and when it is dead. Pure.
//!
//! A ping goes out in each interval; a line that has not answered by the next one is dead. What counts
//! is time in which this program listened: while a slow reader of the output holds it up, the answer
//! may lie in the socket unread, and says nothing about the line.

use std::time::Duration;

use tokio::time::Instant;

/// See the module.
#[derive(Debug)]
pub(super) struct Pulse {
    interval: Duration,
    due: Instant,
    number: u64,
    waiting: bool,
}

/// What to do when a pulse is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    /// Send a ping with this number.
    Ping(u64),
    /// The last one was not answered.
    Dead,
}

impl Pulse {
    pub(super) fn new(interval: Duration, now: Instant) -> Self {
        Self { interval, due: now + interval, number: 0, waiting: false }
    }

    /// When to call [`Pulse::beat`].
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    pub(super) fn beat(&mut self, now: Instant) -> Beat {
        if self.waiting { Beat::Dead } else { Beat::Ping(self.ask(now)) }
    }

    /// The number of a ping that is sent out of turn.
    pub(super) fn ask(&mut self, now: Instant) -> u64 {
        self.waiting = true;
        self.number += 1;
        self.due = now + self.interval;
        self.number
    }

    /// The answer to a ping came; an old one, or one to nothing, does not count.
    pub(super) fn pong(&mut self, payload: &[u8]) -> bool {
        let ours = payload == self.number.to_be_bytes();
        self.waiting &= !ours;
        ours
    }

    /// Something else came: the line lives.
    pub(super) fn life(&mut self) {
        self.waiting = false;
    }

    /// Nobody listened until `now`: the answer gets a whole interval from here.
    pub(super) fn held_up(&mut self, now: Instant) {
        self.due = now + self.interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    #[test]
    fn no_answer_by_the_next_ping_is_death_and_a_wrong_one_is_no_answer() {
        let start = Instant::now();
        let mut pulse = Pulse::new(TEN, start);
        assert_eq!(pulse.due(), start + TEN);
        assert_eq!(pulse.beat(start + TEN), Beat::Ping(1));
        assert!(pulse.pong(&1_u64.to_be_bytes()));
        assert_eq!(pulse.beat(start + 2 * TEN), Beat::Ping(2));
        assert!(!pulse.pong(&1_u64.to_be_bytes()) && !pulse.pong(b""));
        assert_eq!(pulse.beat(start + 3 * TEN), Beat::Dead);
    }

    #[test]
    fn time_in_which_nobody_listened_is_given_back() {
        let start = Instant::now();
        let mut pulse = Pulse::new(TEN, start);
        assert_eq!(pulse.beat(start + TEN), Beat::Ping(1));
        pulse.held_up(start + 60 * TEN);
        assert_eq!(pulse.due(), start + 61 * TEN);
        assert!(pulse.pong(&1_u64.to_be_bytes()));
        assert_eq!(pulse.beat(start + 61 * TEN), Beat::Ping(2));
    }
}
