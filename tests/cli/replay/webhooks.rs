//! Webhooks that are gone, or are not what they are named for.

use parky_ops::sandbox::discord::Mishap;
use secrecy::ExposeSecret as _;

use super::events::Events;
use super::running::Running;
use super::stage::{Ledger, Stage, lane, until};

#[test]
fn a_webhook_that_is_deleted_meanwhile_is_called_once_more_and_never_again() {
    for ledger in [Ledger::Shared, Ledger::Local] {
        let stage = Stage::new(ledger, 24, 2);
        let discord = stage.site.sandbox().discord();
        let channel = discord.channel(&lane(0)).unwrap();
        let run = Running::start(&stage.replay(""));
        until("the first message", || !discord.messages(&lane(0)).is_empty());
        channel.revoke();
        let done = run.done();
        assert_eq!(done.code, Some(7), "{}\n{}", done.stdout, done.stderr);
        let events = Events::of(&done);
        let arrived = discord.messages(&lane(0)).len() as u64;
        assert!((1..12).contains(&arrived), "{arrived} had gone before");
        assert_eq!(channel.uses_of_dead(), 1);
        assert_eq!(events.count("blocked"), 12 - arrived);
        assert_eq!(discord.messages(&lane(1)).len(), 12, "the other channel goes on");

        // They stay replayable.
        channel.restore();
        assert_eq!(stage.replayed("", 0).count("delivered"), 12 - arrived);
        stage.each_arrived_once();
    }
}

#[test]
fn a_webhook_that_is_gone_is_looked_at_and_not_posted_to() {
    let stage = Stage::new(Ledger::Shared, 4, 2);
    let discord = stage.site.sandbox().discord();
    let channel = discord.channel(&lane(0)).unwrap();
    channel.revoke();
    let events = stage.replayed("", 7);
    assert_eq!((events.count("blocked"), events.count("delivered")), (2, 2));
    assert_eq!(channel.uses_of_dead(), 1);
    let posts = discord.server().requests().into_iter().filter(|asked| asked.method == "POST");
    assert_eq!(posts.count(), 2, "the two of the other channel");
}

#[test]
fn a_webhook_of_another_guild_is_blocked() {
    let stage = Stage::new(Ledger::Shared, 4, 2);
    let discord = stage.site.sandbox().discord();
    discord.channel(&lane(0)).unwrap().move_webhook(1_500_000_000_000_000_000);
    let events = stage.replayed("", 7);
    assert_eq!(events.ids("blocked"), ["1", "3"]);
    assert!(events.end(1).1.contains("of server 15"), "{:?}", events.end(1));
    assert_eq!((stage.posts(), events.count("delivered")), (2, 2));
}

#[test]
fn a_webhook_of_another_channel_is_blocked() {
    let stage = Stage::new(Ledger::Shared, 4, 2);
    let discord = stage.site.sandbox().discord();
    assert!(discord.channel(&lane(0)).unwrap().point_webhook_at(&lane(1)));
    let events = stage.replayed("", 7);
    assert_eq!(events.ids("blocked"), ["1", "3"]);
    assert!(events.end(1).1.contains("channel"), "{:?}", events.end(1));
    assert_eq!(discord.messages(&lane(1)).len(), 2);
}

#[test]
fn a_webhook_for_another_host_is_refused() {
    let stage = Stage::new(Ledger::Shared, 4, 2);
    let discord = stage.site.sandbox().discord();
    let url = discord.channel(&lane(0)).unwrap().webhook_url();
    let (_, path) = url.expose_secret().split_once("/api").unwrap();
    for host in ["https://discord.example.net", "http://127.0.0.1:9", "https://discord.com.evil"] {
        let webhook = format!("\"{host}/api{path}\"");
        stage.site.set("env.prod.webhooks.lane-00", &webhook);
        let done = stage.replay("--channel lane-00").exits(7);
        assert_eq!(Events::of(&done).ids("blocked"), ["1", "3"], "{host}");
        done.hides(path.rsplit('/').next().unwrap());
    }
    assert_eq!(stage.posts(), 0);
    assert_eq!(stage.replayed("", 7).count("delivered"), 2);
}

#[test]
fn a_channel_without_a_webhook_is_blocked() {
    let stage = Stage::new(Ledger::Shared, 4, 2);
    stage.site.remove("env.prod.webhooks.lane-00");
    let events = stage.replayed("", 7);
    assert_eq!((events.ids("blocked"), events.count("delivered")), (vec!["1", "3"], 2));
    let why = events.end(1).1;
    assert!(why.contains("DISCORD_WEBHOOK_LANE_00"), "it says what to set: {why}");
}

#[test]
fn a_discord_that_is_down_is_waited_for_and_risks_no_row() {
    let stage = Stage::new(Ledger::Shared, 3, 1);
    let discord = stage.site.sandbox().discord();
    let channel = discord.channel(&lane(0)).unwrap();
    // Two looks fail, the third finds it back.
    channel.meet_when_looked_at(&Mishap::ErrorBeforeAccept, 2);
    let events = stage.replayed("", 0);
    assert_eq!(events.count("delivered"), 3);
    stage.each_arrived_once();
}
