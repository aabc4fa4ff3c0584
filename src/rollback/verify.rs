//! Watches afterwards: probes of the worker's hosts, and what a tail of the new version says, for as
//! long as was asked. The old version may still answer for some seconds, so the last three tries of
//! each host are judged, as `health` judges them.
//!
//! The tail is handed in: who opens it also deletes it. A worker without a host is judged by the tail
//! alone, and by nothing where no event came.

use std::future::Future;
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::checks::hosts::judge_host;
use crate::config::{Host, Thresholds};
use crate::domain::{Reason, State};
use crate::http::Roots;
use crate::probe::{Attempt, probe};

/// Rounds are at most so far apart.
const ROUND: Duration = Duration::from_secs(5);
/// Tries of a host that are judged: the last ones.
const JUDGED: usize = 3;
/// Beside hosts that are in order, fewer errors than this in a tail may be the clients'.
const FEW: u64 = 2;

/// What was seen.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// The word.
    pub state: VerifyState,
    /// One entry for each host.
    pub probes: Vec<Probed>,
    /// Errors that a tail of the new version saw; `None` where none ran.
    pub errors: Option<u64>,
    /// Events that it saw; `None` where none ran.
    pub events: Option<u64>,
    /// Why, in a line.
    pub text: String,
    /// What happened besides: why there was no tail, where it had gaps, what an error looked like.
    pub notes: Vec<String>,
    /// For how long it was watched.
    pub seconds: u64,
}

/// Whether the users are served again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VerifyState {
    /// Everything that was looked at is in order.
    Green,
    /// Something is not.
    Red,
    /// There was nothing to look at, or it could not be looked at.
    Unknown,
    /// It was not asked for.
    Skipped,
}

/// A host, as it was in the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probed {
    /// The host.
    pub host: String,
    /// How it was in the end.
    pub state: State,
    /// Why.
    pub reason: Reason,
    /// Tries.
    pub tries: usize,
    /// Those that failed, from the first on.
    pub failed: usize,
}

/// What a tail of the new version saw while the hosts were probed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TailSeen {
    /// Events.
    pub events: u64,
    /// Those with an exception, a limit exceeded, or an answer 5xx.
    pub errors: u64,
}

impl TailSeen {
    /// One error in twenty; beside hosts that answer for themselves, not just a single one.
    fn is_red(self, beside_hosts: bool) -> bool {
        let few = if beside_hosts { FEW } else { 1 };
        self.errors >= few && self.errors.saturating_mul(20) >= self.events
    }
}

/// What to watch, and for how long.
#[derive(Debug)]
pub struct Watch<'a> {
    /// The hosts that it serves.
    pub hosts: Vec<&'a Host>,
    /// Where green ends.
    pub thresholds: &'a Thresholds,
    /// The certificates that this machine trusts.
    pub roots: &'a Roots,
    /// For how long.
    pub window: Duration,
}

impl Verification {
    /// Nothing was looked at, and `text` says why.
    pub fn none(state: VerifyState, text: &str) -> Self {
        Self {
            state,
            probes: Vec::new(),
            errors: None,
            events: None,
            text: text.to_owned(),
            notes: Vec::new(),
            seconds: 0,
        }
    }
}

/// Watches until the window is over or `stop` comes. `tail` looks for as long as it can, and is dropped
/// at the end of the window; `seen` is asked then what it saw, and has `None` where it never looked.
/// `round` is told the hosts after each round.
pub async fn verify(
    watch: &Watch<'_>,
    tail: impl Future<Output = ()>,
    seen: impl Fn() -> Option<TailSeen>,
    stop: impl Future<Output = ()>,
    mut round: impl FnMut(&[Probed]),
) -> Verification {
    let begun = Instant::now();
    let until = begun + watch.window;
    let mut tries: Vec<Vec<Attempt>> = watch.hosts.iter().map(|_| Vec::new()).collect();
    let probing = async {
        let every = ROUND.min(watch.window / 4);
        let mut next = begun;
        while next < until || tries.iter().any(Vec::is_empty) {
            let limit = Duration::from_millis(watch.thresholds.probe_timeout_ms);
            let asked = watch.hosts.iter().map(|host| async move {
                Box::pin(probe(&host.healthz(), Instant::now() + limit, watch.roots)).await
            });
            for (tries, attempt) in tries.iter_mut().zip(join_all(asked).await) {
                tries.push(attempt);
            }
            round(&probed(watch, &tries));
            if watch.hosts.is_empty() {
                break;
            }
            next = (next + every).max(Instant::now());
            sleep_until(next.min(until)).await;
        }
    };
    let both = async { tokio::join!(probing, timeout_at(until, tail)) };
    tokio::select! {
        _ = both => {}
        () = stop => {}
    }
    judge(probed(watch, &tries), seen(), begun.elapsed())
}

fn probed(watch: &Watch<'_>, tries: &[Vec<Attempt>]) -> Vec<Probed> {
    let one = |(host, tries): (&&Host, &Vec<Attempt>)| {
        let judgement = judge_host(&tries[tries.len().saturating_sub(JUDGED)..], watch.thresholds);
        let well = |attempt: &&Attempt| {
            attempt.error.is_none() && attempt.status.is_some_and(|status| status < 500)
        };
        Probed {
            host: host.name.clone(),
            state: judgement.state,
            reason: judgement.reason,
            tries: tries.len(),
            failed: tries.len() - tries.iter().filter(well).count(),
        }
    };
    watch.hosts.iter().zip(tries).map(one).collect()
}

/// The verdict over hosts and tail. A host that is yellow serves; the reason stands beside it.
fn judge(probes: Vec<Probed>, tail: Option<TailSeen>, took: Duration) -> Verification {
    let red = probes.iter().find(|probed| probed.state == State::Red);
    let unknown = probes.iter().find(|probed| probed.state == State::Unknown);
    let bad = tail.filter(|seen| seen.is_red(!probes.is_empty()));
    let (state, text) = match (red, bad, unknown) {
        (Some(probed), _, _) => {
            (VerifyState::Red, format!("{} {}", probed.host, probed.reason.text))
        }
        (None, Some(seen), _) => {
            (VerifyState::Red, format!("{} of {} events were errors", seen.errors, seen.events))
        }
        (None, None, Some(probed)) => {
            (VerifyState::Unknown, format!("{}: {}", probed.host, probed.reason.text))
        }
        (None, None, None) => in_order(probes.len(), tail),
    };
    Verification {
        state,
        probes,
        errors: tail.map(|seen| seen.errors),
        events: tail.map(|seen| seen.events),
        text,
        notes: Vec::new(),
        seconds: took.as_secs(),
    }
}

/// The verdict where nothing speaks against the version: something has to speak for it.
fn in_order(hosts: usize, tail: Option<TailSeen>) -> (VerifyState, String) {
    let unmeasured = |why: &str| {
        let text = format!("no host is configured for it and {why}, so nothing was measured");
        (VerifyState::Unknown, text)
    };
    let counted = |TailSeen { events, errors }: TailSeen| {
        let events = if events == 1 { "1 event".to_owned() } else { format!("{events} events") };
        let errors = if errors == 1 { "1 error".to_owned() } else { format!("{errors} errors") };
        format!("{events} of it, {errors}")
    };
    match (hosts, tail) {
        (0, None) => unmeasured("no tail of it could be followed"),
        (0, Some(TailSeen { events: 0, .. })) => unmeasured("no event of it was seen"),
        (0, Some(seen)) => (VerifyState::Green, format!("in order: {}", counted(seen))),
        (hosts, tail) => {
            let hosts = if hosts == 1 { "1 host".to_owned() } else { format!("{hosts} hosts") };
            let events = tail.map(|seen| format!(", {}", counted(seen))).unwrap_or_default();
            (VerifyState::Green, format!("{hosts} in order{events}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ReasonCode;

    fn host(state: State) -> Probed {
        let reason = Reason::new(ReasonCode::Ok, "text");
        Probed { host: "api".into(), state, reason, tries: 3, failed: 0 }
    }

    fn state(probes: &[State], tail: Option<(u64, u64)>) -> VerifyState {
        let probes = probes.iter().map(|state| host(*state)).collect();
        let tail = tail.map(|(events, errors)| TailSeen { events, errors });
        judge(probes, tail, Duration::ZERO).state
    }

    #[test]
    fn what_was_not_measured_is_never_green() {
        assert_eq!(state(&[], None), VerifyState::Unknown);
        assert_eq!(state(&[], Some((0, 0))), VerifyState::Unknown);
        assert_eq!(state(&[State::Green, State::Unknown], None), VerifyState::Unknown);
    }

    #[test]
    fn a_red_host_or_a_tail_of_errors_is_red() {
        assert_eq!(state(&[State::Green, State::Red], Some((100, 0))), VerifyState::Red);
        assert_eq!(state(&[State::Green], Some((40, 2))), VerifyState::Red);
        assert_eq!(state(&[State::Red, State::Unknown], None), VerifyState::Red);
    }

    #[test]
    fn hosts_in_order_or_events_without_errors_are_green() {
        assert_eq!(state(&[State::Green, State::Yellow], None), VerifyState::Green);
        assert_eq!(state(&[], Some((12, 0))), VerifyState::Green);
        assert_eq!(state(&[State::Green], Some((3, 1))), VerifyState::Green, "a single error");
        assert_eq!(state(&[State::Green], Some((41, 2))), VerifyState::Green);
    }

    #[test]
    fn without_a_host_a_single_error_among_few_events_is_red() {
        assert_eq!(state(&[], Some((1, 1))), VerifyState::Red);
        assert_eq!(state(&[], Some((20, 1))), VerifyState::Red);
        assert_eq!(state(&[], Some((21, 1))), VerifyState::Green);
    }
}
