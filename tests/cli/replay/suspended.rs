//! Time: a process that sleeps past its lease, and clocks that disagree. Tests of hooks and of a
//! clock that can be set, which the shipped binary has not.

use std::thread;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use rustix::process::Signal;

use super::events::Events;
use super::running::Running;
use super::stage::{Ledger, Stage};
use crate::harness::has_sandbox;

/// Half of the lease of a send, and a bit: after that it is asked whether the row still is ours.
const HALF_A_LEASE: Duration = Duration::from_secs(46);

#[test]
fn a_run_that_slept_past_its_lease_does_not_send() {
    if !has_sandbox() {
        return;
    }
    let stage = Stage::new(Ledger::Shared, 1, 1).without_bot();
    let hooked = stage.replay("").var("PARKY_OPS_HOOK", "stop:after-intent:1");
    let sleeper = Running::start(&hooked);
    sleeper.is_stopped();
    let asleep = Instant::now();
    assert_eq!(stage.states()[&1], "sending");
    // Its leases end, as they do where it sleeps long enough.
    stage.admin().run(
        "UPDATE parky_ops.replay_item SET lease_until = clock_timestamp() - interval '1 second';
         UPDATE parky_ops.lane_lease SET lease_until = clock_timestamp() - interval '1 second'",
    );
    // A colleague finds the row in doubt, and leaves it.
    assert_eq!(stage.replayed("", 7).end(1).0, "unsure");
    thread::sleep(HALF_A_LEASE.saturating_sub(asleep.elapsed()));
    sleeper.signal(Signal::CONT);
    let done = sleeper.done();
    assert_eq!(done.code, Some(7), "{}\n{}", done.stdout, done.stderr);
    assert_eq!(Events::of(&done).end(1).0, "unsure");
    assert_eq!(stage.posts(), 0, "it was sent late");
    assert_eq!(stage.states()[&1], "unsure");
}

#[test]
fn two_clocks_ten_minutes_apart_send_each_row_once() {
    if !has_sandbox() {
        return;
    }
    let stage = Stage::new(Ledger::Shared, 40, 8);
    let ahead = (Utc::now() + TimeDelta::minutes(10)).to_rfc3339();
    let runs = [stage.replay(""), stage.replay("").var("PARKY_OPS_CLOCK", ahead)];
    let done = thread::scope(|scope| {
        let running = runs.each_ref().map(|run| scope.spawn(|| run.done()));
        running.map(|run| run.join().unwrap())
    });
    let mut delivered = 0;
    for done in &done {
        assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
        delivered += Events::of(done).count("delivered");
    }
    assert_eq!(delivered, 40);
    stage.each_arrived_once();
}
