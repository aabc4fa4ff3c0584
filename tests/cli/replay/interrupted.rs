//! Ctrl-C once and twice, a reader that goes away, a database that restarts.

use std::io::{BufRead as _, BufReader};
use std::thread::sleep;
use std::time::Duration;

use parky_ops::sandbox::discord::Mishap;
use rustix::process::Signal;

use super::events::Events;
use super::running::Running;
use super::stage::{Ledger, Stage, lane, until};

fn once(ledger: Ledger, signal: Signal, code: i32) {
    let stage = Stage::new(ledger, 40, 4);
    let run = Running::start(&stage.replay(""));
    until("the first message", || stage.posts() > 0);
    run.signal(signal);
    let done = run.done();
    assert_eq!(done.code, Some(code), "{}\n{}", done.stdout, done.stderr);
    let events = Events::of(&done);
    assert!(events.count("delivered") > 0 && events.count("left") > 0, "{}", events.summary);
    assert_eq!(events.count("unsure"), 0);
    for (id, state) in stage.states() {
        assert!(state == "open" || state == "delivered", "row {id} is {state}");
    }
    let standing = stage.standing();
    assert_eq!(standing.delivered as u64, events.count("delivered"));
    let untold = "SELECT subject FROM send WHERE reconciled = 0 AND ended_at IS NOT NULL";
    assert_eq!(stage.local_texts(untold), [""; 0], "the ledger knows what the store has heard of");

    assert_eq!(stage.replayed("", 0).count("delivered"), events.count("left"));
    stage.each_arrived_once();
}

#[test]
fn ctrl_c_ends_a_replay_with_nothing_claimed() {
    once(Ledger::Shared, Signal::INT, 130);
}

#[test]
fn ctrl_c_ends_a_local_replay_with_nothing_claimed() {
    once(Ledger::Local, Signal::INT, 130);
}

#[test]
fn sigterm_ends_a_replay_with_nothing_claimed() {
    once(Ledger::Shared, Signal::TERM, 143);
}

#[test]
fn ctrl_c_twice_leaves_at_once_and_the_row_in_flight_is_unsure() {
    for ledger in [Ledger::Shared, Ledger::Local] {
        let stage = Stage::new(ledger, 3, 1).without_bot();
        let discord = stage.site.sandbox().discord();
        discord.channel(&lane(0)).unwrap().meet(&Mishap::HangAfterAccept, 1);
        let run = Running::start(&stage.replay_for_people(""));
        until("the message", || stage.posts() == 1);
        run.signal(Signal::INT);
        run.notes("once more to leave at once");
        run.signal(Signal::INT);
        let done = run.done();
        assert_eq!(done.code, Some(130), "{}\n{}", done.stdout, done.stderr);
        // The post alone would have been waited for 30 s.
        assert!(done.took < Duration::from_secs(25), "{:?}", done.took);
        assert!(done.stdout.contains("what was in flight is unsure"), "{}", done.stdout);
        assert_eq!(stage.states()[&1], "sending");

        let events = stage.replayed("", 7);
        assert_eq!((events.end(1).0, events.count("delivered")), ("unsure", 2));
        stage.each_arrived_once();
    }
}

#[test]
fn a_reader_that_goes_away_does_not_stop_the_run() {
    let stage = Stage::new(Ledger::Shared, 12, 2);
    let mut child = stage.replay("").command().spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("\"event\":\"row\"")));
    drop(lines);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    stage.each_arrived_once();
    assert_eq!(stage.standing().delivered, 12);
}

#[test]
fn a_reader_that_was_never_there_lets_nothing_be_sent() {
    let stage = Stage::new(Ledger::Shared, 4, 2);
    let mut child = stage.replay("").command().spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0), "a closed pipe is a quiet end");
    assert_eq!(stage.posts(), 0);
}

#[test]
fn a_database_that_drops_every_session_meanwhile_doubles_and_loses_nothing() {
    for ledger in [Ledger::Shared, Ledger::Local] {
        let stage = Stage::new(ledger, 40, 4).without_bot();
        let mut admin = stage.admin();
        let run = Running::start(&stage.replay(""));
        for _ in 0..3 {
            let before = stage.posts();
            until("another message", || stage.posts() > before);
            admin.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
            );
            sleep(Duration::from_millis(300));
        }
        let done = run.done();
        assert_eq!(done.code, Some(0), "{ledger:?}: {}\n{}", done.stdout, done.stderr);
        assert_eq!(Events::of(&done).count("delivered"), 40);
        stage.each_arrived_once();
    }
}
