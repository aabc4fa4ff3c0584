//! Several responders at once over the same rows.

use std::thread;

use parky_ops::sandbox::discord::RateLimited;

use super::events::Events;
use super::stage::{Ledger, Stage};
use crate::harness::{Done, Run};

/// Runs them all at once, each to its end.
fn at_once(runs: &[Run]) -> Vec<Done> {
    thread::scope(|scope| {
        let running: Vec<_> = runs.iter().map(|run| scope.spawn(|| run.done())).collect();
        running.into_iter().map(|run| run.join().unwrap()).collect()
    })
}

/// They share an address, of which Discord takes 50 requests a second. Of the shared ledger each is
/// another responder, with a home of his own.
fn each_key_once(ledger: Ledger, rivals: usize, rate: &str) {
    let stage = Stage::new(ledger, 200, 40);
    let state = |nth: usize| match ledger {
        Ledger::Shared => stage.state_dir().join(nth.to_string()),
        Ledger::Local => stage.state_dir(),
    };
    let rival = |nth| stage.replay(rate).var("PARKY_OPS_STATE_DIR", state(nth));
    let runs: Vec<_> = (0..rivals).map(rival).collect();
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

#[test]
fn two_responders_send_each_row_once() {
    each_key_once(Ledger::Shared, 2, "--rate full");
}

#[test]
fn five_responders_send_each_row_once() {
    each_key_once(Ledger::Shared, 5, "");
}

#[test]
fn two_processes_of_one_machine_send_each_row_once() {
    each_key_once(Ledger::Local, 2, "");
}

#[test]
fn five_processes_of_one_machine_send_each_row_once() {
    each_key_once(Ledger::Local, 5, "--rate full");
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
