//! Several responders at once over the same rows.

use std::thread;

use parky_ops::sandbox::discord::{Limits, RateLimited};

use super::events::Events;
use super::stage::{Ledger, Stage, dealt};
use crate::harness::{Done, Run};

/// Runs them all at once, each to its end.
fn at_once(runs: &[Run]) -> Vec<Done> {
    thread::scope(|scope| {
        let running: Vec<_> = runs.iter().map(|run| scope.spawn(|| run.done())).collect();
        running.into_iter().map(|run| run.join().unwrap()).collect()
    })
}

/// `limits`: what Discord takes of the address that they share.
fn each_key_once(ledger: Ledger, rivals: usize, limits: Limits) {
    let stage = Stage::limited(ledger, dealt(200, 40), limits);
    let runs: Vec<_> = (0..rivals).map(|_| stage.replay("")).collect();
    let done = at_once(&runs);
    let mut delivered = 0;
    for done in &done {
        assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
        delivered += Events::of(done).count("delivered");
    }
    assert_eq!(delivered, 200);
    stage.each_arrived_once();
    assert_eq!(stage.site.sandbox().discord().rate_limited(), RateLimited::default());
    assert_eq!(stage.standing().delivered, 200);
}

/// Five at full pace are more than one address may send, and each knows of itself alone: they are
/// taken for five machines.
fn many_addresses() -> Limits {
    Limits { global: None, ..Limits::default() }
}

#[test]
fn two_responders_send_each_row_once() {
    each_key_once(Ledger::Shared, 2, Limits::default());
}

#[test]
fn five_responders_send_each_row_once() {
    each_key_once(Ledger::Shared, 5, many_addresses());
}

#[test]
fn two_processes_of_one_machine_send_each_row_once() {
    each_key_once(Ledger::Local, 2, Limits::default());
}

#[test]
fn five_processes_of_one_machine_send_each_row_once() {
    each_key_once(Ledger::Local, 5, many_addresses());
}

#[test]
fn whoever_does_not_wait_leaves_what_others_hold() {
    use super::running::Running;
    // More than a channel takes in a minute: the first run holds it meanwhile.
    let stage = Stage::new(Ledger::Shared, 24, 1);
    let first = Running::start(&stage.replay(""));
    first.says("\"event\":\"wait\"");
    let second = stage.replay("--no-wait").exits(8);
    let events = Events::of(&second);
    assert_eq!(events.count("delivered"), 0);
    assert!(events.count("left") > 0, "{}", second.stdout);
    let reasons: Vec<_> = events.rows.values().map(|row| row["reason"].to_string()).collect();
    assert!(reasons.iter().any(|why| why.contains("replays to #lane-00")), "{reasons:?}");
    first.signal(rustix::process::Signal::INT);
    assert_eq!(first.done().code, Some(130));
}
