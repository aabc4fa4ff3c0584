//! Killed at every step of a send. A test of hooks, which the shipped binary has not.

use std::collections::BTreeSet;

use parky_ops::sandbox::discord::{Mishap, Odd};

use super::events::Events;
use super::stage::{Ledger, Stage, lane};
use crate::harness::has_sandbox;

/// A place to die at while the third row of a lane is sent, and what is true of that row then.
struct Window {
    place: &'static str,
    /// What the ledger says at once.
    state: &'static str,
    /// How many messages of it there are.
    messages: usize,
    /// How the next run sees it: `sent` is told by the local receipt or the ledger.
    next: Next,
}

#[derive(PartialEq)]
enum Next {
    Sends,
    Unsure,
    Settled,
}

const WINDOWS: [Window; 7] = [
    Window { place: "after-claim", state: "claimed", messages: 0, next: Next::Sends },
    Window { place: "before-intent", state: "claimed", messages: 0, next: Next::Sends },
    Window { place: "after-intent", state: "sending", messages: 0, next: Next::Unsure },
    Window { place: "before-post", state: "sending", messages: 0, next: Next::Unsure },
    Window { place: "after-post", state: "sending", messages: 1, next: Next::Unsure },
    Window { place: "after-receipt", state: "sending", messages: 1, next: Next::Settled },
    Window { place: "after-finish", state: "delivered", messages: 1, next: Next::Settled },
];
const ROWS: usize = 5;

fn every_window(ledger: Ledger) {
    if !has_sandbox() {
        return;
    }
    let lanes = WINDOWS.len();
    let stage = Stage::new(ledger, lanes * ROWS, lanes).without_bot();
    let mut unsure = BTreeSet::new();
    for (nth, window) in WINDOWS.iter().enumerate() {
        let (place, row) = (window.place, nth + 2 * lanes + 1);
        let words = format!("--channel {}", lane(nth));
        let hook = format!("kill:{place}:3");
        let killed = stage.replay(&words).var("PARKY_OPS_HOOK", hook).done();
        assert_eq!(killed.code, None, "{place}: {}\n{}", killed.stdout, killed.stderr);
        assert_eq!(stage.states()[&row], window.state, "{place}");
        assert_eq!(stage.messages_of(row).len(), window.messages, "{place}");
        // Its owner is dead: what it had claimed is open, what it was sending is unsure.
        let listed = match window.state {
            "claimed" => "open",
            "sending" => "unsure",
            other => other,
        };
        let list = stage.run(&format!("dlq list --json --id {row}")).exits(0).data();
        assert_eq!(list["rows"][0]["state"], listed, "{place}");
        let standing = stage.standing();
        assert_eq!((standing.lost, standing.doubled), (0, 0), "{place}");
        let doubts = stage.run("dlq unsure --json").exits(0).data();
        let id = row.to_string();
        let doubts = doubts["rows"].as_array().unwrap().iter();
        let is_listed = doubts.filter(|doubt| doubt["id"] == id).count() == 1;
        assert_eq!(is_listed, window.next == Next::Unsure, "{place}");

        let left = ROWS as u64 - 2;
        let (code, delivered) = match window.next {
            Next::Sends => (0, left),
            Next::Settled => (0, left - 1),
            Next::Unsure => (7, left - 1),
        };
        let events = stage.replayed(&words, code);
        assert_eq!(events.count("delivered"), delivered, "{place}: {}", events.summary);
        if window.next == Next::Unsure {
            assert_eq!(events.ids("unsure"), [row.to_string()], "{place}");
            unsure.insert(row);
        }
        let held = if window.next == Next::Unsure { "unsure" } else { "delivered" };
        assert_eq!(stage.states()[&row], held, "{place}");
    }
    let lost: BTreeSet<_> =
        stage.arrivals().into_iter().filter(|(_, n)| *n == 0).map(|(id, _)| id).collect();
    assert!(lost.is_subset(&unsure), "{lost:?} were lost");

    // A person takes the risk; what stands in its channel is not sent again even then.
    stage.bot(true);
    let confirmed = stage.replay("--resend-unsure --confirm resend").exits(0);
    assert_eq!(Events::of(&confirmed).count("delivered") as usize, lost.len());
    stage.each_arrived_once();
}

#[test]
fn killed_at_any_step_a_shared_run_loses_and_doubles_nothing() {
    every_window(Ledger::Shared);
}

#[test]
fn killed_at_any_step_a_local_run_loses_and_doubles_nothing() {
    every_window(Ledger::Local);
}

#[test]
fn killed_after_a_429_the_row_is_in_doubt_at_most() {
    if !has_sandbox() {
        return;
    }
    for ledger in [Ledger::Shared, Ledger::Local] {
        let stage = Stage::new(ledger, 2, 2).without_bot();
        for (nth, place, code) in [(0, "after-post", 7), (1, "after-receipt", 0)] {
            let channel = lane(nth);
            let discord = stage.site.sandbox().discord();
            discord.channel(&channel).unwrap().meet(&Mishap::Limited(Odd::Float), 1);
            let words = format!("--channel {channel}");
            let hook = format!("kill:{place}:1");
            assert_eq!(stage.replay(&words).var("PARKY_OPS_HOOK", hook).done().code, None);
            assert_eq!(stage.states()[&(nth + 1)], "sending");
            // The receipt of this machine tells that nothing was stored.
            let events = stage.replayed(&words, code);
            assert_eq!(events.count("unsure"), u64::from(code == 7), "{place}");
            assert_eq!(stage.messages_of(nth + 1).len(), usize::from(code == 0), "{place}");
        }
    }
}
