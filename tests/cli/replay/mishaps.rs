//! Answers that were lost: what may have arrived is unsure, and is not sent again by itself.

use parky_ops::sandbox::discord::Mishap;

use super::events::Events;
use super::stage::{Ledger, Stage, lane};

/// What befalls the first row of a lane, and whether it was stored.
const MISHAPS: [(Mishap, bool); 5] = [
    (Mishap::ResetAfterAccept, true),
    (Mishap::BadGatewayAfterAccept, true),
    (Mishap::HangAfterAccept, true),
    (Mishap::ErrorBeforeAccept, false),
    (Mishap::ResetBeforeAccept, false),
];

fn lost_answers(ledger: Ledger) {
    let lanes = MISHAPS.len();
    let stage = Stage::new(ledger, 3 * lanes, lanes).without_bot();
    for (nth, (mishap, _)) in MISHAPS.iter().enumerate() {
        stage.site.sandbox().discord().channel(&lane(nth)).unwrap().meet(mishap, 1);
    }
    let first = stage.replayed("", 7);
    for (nth, (mishap, stored)) in MISHAPS.iter().enumerate() {
        assert_eq!(first.end(nth + 1).0, "unsure", "{mishap:?}");
        assert_eq!(stage.messages_of(nth + 1).len(), usize::from(*stored), "{mishap:?}");
        // Discord is not back: no second row is risked.
        let (state, why) = first.end(nth + 1 + lanes);
        assert_eq!((state, why.contains("Discord is not back")), ("left", true), "{why}");
    }
    assert_eq!((first.count("unsure"), first.count("left")), (5, 10));

    let second = stage.replayed("", 7);
    assert_eq!((second.count("delivered"), second.count("unsure")), (10, 5));
    assert!(second.end(1).1.contains("dlq unsure"), "{:?}", second.end(1));
    for (nth, (_, stored)) in MISHAPS.iter().enumerate() {
        assert_eq!(stage.messages_of(nth + 1).len(), usize::from(*stored), "sent once more");
    }

    // The bot looks: what stands there is settled, what does not is sent.
    stage.bot(true);
    let third = stage.replayed("", 0);
    for (nth, (_, stored)) in MISHAPS.iter().enumerate() {
        let (state, why) = third.end(nth + 1);
        assert_eq!(state, if *stored { "skipped" } else { "delivered" }, "{why}");
        assert_eq!(why.contains("stands in the channel"), *stored, "{why}");
    }
    stage.each_arrived_once();
    assert_eq!(stage.standing().delivered, 3 * lanes);
}

#[test]
fn lost_answers_are_in_doubt_until_the_channel_tells() {
    lost_answers(Ledger::Shared);
}

#[test]
fn lost_answers_are_in_doubt_until_the_channel_tells_the_local_ledger_too() {
    lost_answers(Ledger::Local);
}

#[test]
fn what_is_in_doubt_is_sent_again_only_by_name() {
    let stage = Stage::new(Ledger::Shared, 1, 1).without_bot();
    let discord = stage.site.sandbox().discord();
    discord.channel(&lane(0)).unwrap().meet(&Mishap::ErrorBeforeAccept, 1);
    assert_eq!(stage.replayed("", 7).end(1).0, "unsure");
    assert_eq!(stage.replayed("", 7).end(1).0, "unsure");
    let refused = stage.replay("--resend-unsure").exits(6);
    assert_eq!(refused.data()["plan"]["consent"]["kind"], "severe", "{}", refused.stdout);
    assert_eq!(stage.posts(), 0);

    let events = stage.replayed("--resend-unsure --confirm resend", 0);
    assert_eq!(events.end(1).0, "delivered");
    let content = stage.messages_of(1)[0].content.clone();
    assert!(content.contains("※重複の可能性あり"), "{content}");
    assert_eq!(stage.replayed("--resend-unsure --confirm resend", 0).count("selected"), 0);
    stage.each_arrived_once();
}

#[test]
fn an_answer_that_cannot_be_read_is_a_delivery_without_a_receipt() {
    let stage = Stage::new(Ledger::Shared, 2, 1).without_bot();
    let discord = stage.site.sandbox().discord();
    discord.channel(&lane(0)).unwrap().meet(&Mishap::UnreadableAfterAccept, 1);
    let done = stage.replay("").exits(0);
    let events = Events::of(&done);
    assert_eq!(events.count("delivered"), 2);
    assert_eq!(events.rows["1"]["message_id"], serde_json::Value::Null);
    assert_eq!(events.rows["2"]["message_id"], stage.messages_of(2)[0].id.as_str());
    assert_eq!(stage.replayed("", 0).count("selected"), 0);
    stage.each_arrived_once();
}
