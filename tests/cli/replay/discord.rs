//! Discord's limits, its odd answers, and those who post there besides us.

use std::thread::sleep;
use std::time::Duration;

use parky_ops::sandbox::DeadLetter;
use parky_ops::sandbox::discord::{Mishap, Odd};
use rustix::process::Signal;

use super::events::Events;
use super::running::Running;
use super::stage::{Ledger, Stage, lane, letter, until};

fn limited(odd: Odd, code: i32) -> (Stage, Events) {
    let stage = Stage::new(Ledger::Shared, 4, 2);
    let discord = stage.site.sandbox().discord();
    discord.channel(&lane(0)).unwrap().meet(&Mishap::Limited(odd), 1);
    let events = stage.replayed("", code);
    (stage, events)
}

#[test]
fn a_429_of_a_quarter_second_is_waited_for() {
    let (stage, events) = limited(Odd::Float, 0);
    assert_eq!(events.count("delivered"), 4);
    stage.each_arrived_once();
}

#[test]
fn a_wait_of_an_hour_is_shown_and_not_slept() {
    for odd in [Odd::Hour, Odd::IntegerMs] {
        let (stage, events) = limited(odd, 7);
        for id in [1, 3] {
            let (state, why) = events.end(id);
            assert_eq!((state, why.contains("Discord asks to wait")), ("left", true), "{why}");
        }
        assert_eq!(events.count("delivered"), 2, "the other channel is not held up");
        // Nothing was stored, and nothing is in doubt.
        let standing = stage.standing();
        assert_eq!((standing.open, standing.delivered, standing.unsure), (2, 2, 0));
    }
}

#[test]
fn a_429_without_discords_words_is_a_ban_and_stops_the_run() {
    for odd in [Odd::Html, Odd::WithoutRetryAfter] {
        let stage = Stage::new(Ledger::Shared, 3, 1);
        let discord = stage.site.sandbox().discord();
        discord.channel(&lane(0)).unwrap().meet(&Mishap::Limited(odd), 1);
        let done = stage.replay("").exits(5);
        assert_eq!(done.error()["code"], "banned");
        assert_eq!(Events::of(&done).count("left"), 3);
        assert_eq!(stage.posts(), 0, "no further call");
        assert_eq!(stage.replayed("", 0).count("delivered"), 3);
        stage.each_arrived_once();
    }
}

#[test]
fn live_alerts_see_no_429_while_a_polite_run_goes_on() {
    // More than a polite run may send in a minute.
    let stage = Stage::new(Ledger::Shared, 30, 1);
    let discord = stage.site.sandbox().discord();
    let channel = discord.channel(&lane(0)).unwrap();
    let run = Running::start(&stage.replay(""));
    until("the share of a minute", || stage.posts() == 20);
    run.says("the channel's share of 60 s is used");
    for nth in 0..10 {
        // Another webhook has its own limit of 5 in 2 s.
        if nth % 5 == 0 && nth > 0 {
            sleep(Duration::from_millis(2100));
        }
        channel.post_as_other(&format!("live {nth}")).expect("a live alert goes through");
    }
    run.signal(Signal::INT);
    let done = run.done();
    assert_eq!(done.code, Some(130));
    assert_eq!(discord.rate_limited().total(), 0);
    let events = Events::of(&done);
    assert_eq!((events.count("delivered"), events.count("left")), (20, 10));
    assert!(events.waits.iter().all(|wait| wait["channel"] == lane(0)), "{:?}", events.waits);
}

#[test]
fn a_replay_counts_what_a_rollback_told_the_channel_before_it() {
    for ledger in [Ledger::Shared, Ledger::Local] {
        let stage = Stage::of(ledger, (0..20).map(|nth| letter(nth, "p1-ops")).collect());
        let rollback = "rollback worker public --confirm public --verify 0 --json";
        let _ = stage.run(rollback).exits(0);
        assert_eq!(stage.posts(), 2, "its beginning and its end");
        let run = Running::start(&stage.replay(""));
        until("the share of a minute", || stage.posts() == 20);
        run.says("the channel's share of 60 s is used");
        run.signal(Signal::INT);
        let events = Events::of(&run.done());
        assert_eq!((events.count("delivered"), events.count("left")), (18, 2));
    }
}

#[test]
fn a_p0_arrives_before_anything_else() {
    // The P0 is the newest of all, on the channel that is last by name.
    let mut letters: Vec<_> = (0..12).map(|nth| letter(nth, &lane(nth % 4))).collect();
    let p0 = DeadLetter { severity: Some("P0".to_owned()), ..letter(12, "p0-zulu") };
    letters.push(p0);
    letters.push(letter(13, "p0-zulu"));
    let stage = Stage::of(Ledger::Shared, letters);
    let events = stage.replayed("", 0);
    assert_eq!(events.count("delivered"), 14);
    let all = stage.site.sandbox().discord().all_messages();
    assert_eq!(all[0].channel, "p0-zulu", "{all:#?}");
    // And within a channel the order is that of the alerts.
    for channel in (0..4).map(lane) {
        let messages = stage.site.sandbox().discord().messages(&channel);
        let titles: Vec<_> = messages.iter().map(|m| m.embeds[0]["title"].to_string()).collect();
        let mut sorted = titles.clone();
        sorted.sort_by_key(String::len);
        assert_eq!(titles.len(), 3);
        assert_eq!(titles, sorted, "{channel}");
    }
}

#[test]
fn a_hundred_channels_of_one_run_stay_below_the_limit_of_all() {
    let stage = Stage::new(Ledger::Shared, 120, 120);
    let events = stage.replayed("--rate full", 0);
    assert_eq!(events.count("delivered"), 120);
    assert_eq!(stage.site.sandbox().discord().rate_limited().total(), 0);
    stage.each_arrived_once();
}
