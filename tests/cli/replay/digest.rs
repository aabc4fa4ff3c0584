//! `dlq digest` and `dlq discard` from the outside: rows that are settled without being sent.

use chrono::{TimeDelta, Utc};
use parky_ops::sandbox::DeadLetter;
use parky_ops::sandbox::discord::Mishap;

use super::events::Events;
use super::stage::{Ledger, Stage};
use crate::harness::Done;

const CHANNEL: &str = "p3-insights";

/// A P3 row whose title shares nothing but digits with the others'.
fn insight(nth: usize, age: TimeDelta) -> DeadLetter {
    let letters = [nth / 26, nth % 26].map(|n| char::from(b'a' + u8::try_from(n).unwrap()));
    let title = format!("{} {}", letters.iter().collect::<String>(), "長い題".repeat(70));
    let letter = DeadLetter::alert("P3", &title, Utc::now() - age, nth);
    DeadLetter { channel: CHANNEL.to_owned(), ..letter }
}

fn insights(count: usize) -> Vec<DeadLetter> {
    let age = |nth: usize| TimeDelta::hours(2) - TimeDelta::seconds(i64::try_from(nth).unwrap());
    (0..count).map(|nth| insight(nth, age(nth))).collect()
}

fn digest(stage: &Stage, words: &str, code: i32) -> Done {
    let agreed = match stage.ledger {
        Ledger::Shared => "--yes",
        Ledger::Local => "--confirm new-ledger",
    };
    stage.run(&format!("dlq digest --json {agreed} {words}")).exits(code)
}

/// What the last line of the stream says.
fn summary(done: &Done) -> serde_json::Value {
    serde_json::from_str(done.stdout.lines().last().expect("a stream")).expect("a summary")
}

fn many_rows_in_few_messages(ledger: Ledger) {
    let stage = Stage::of(ledger, insights(24));
    let done = digest(&stage, "--channel p3-insights --since 24h", 0);
    let sum = summary(&done);
    assert_eq!((&sum["selected"], &sum["delivered"]), (&24.into(), &24.into()), "{sum}");
    // The stand-in refuses more than 10 embeds, or 6000 characters.
    let posted = stage.site.sandbox().discord().messages(CHANNEL);
    assert!((3..=5).contains(&posted.len()), "{} messages", posted.len());
    let told: usize = posted.iter().map(|message| message.embeds.len()).sum();
    assert_eq!(told, 24);
    assert!(posted.iter().all(|message| message.content.contains("ダイジェスト")));
    assert!(posted.iter().all(|message| message.pinged.is_empty()));
    let states = stage.states();
    assert!(states.len() == 24 && states.values().all(|state| state == "skipped"), "{states:?}");
    // Told is settled: nothing is left to be sent or told.
    assert_eq!(Events::of(&stage.replay("").exits(0)).count("delivered"), 0);
    assert_eq!(summary(&digest(&stage, "--channel p3-insights", 0))["selected"], 0);
    assert_eq!(stage.site.sandbox().discord().messages(CHANNEL).len(), posted.len());
}

#[test]
fn a_digest_tells_many_rows_in_few_messages() {
    many_rows_in_few_messages(Ledger::Shared);
}

#[test]
fn a_digest_tells_many_rows_in_few_messages_with_the_local_ledger() {
    many_rows_in_few_messages(Ledger::Local);
}

#[test]
fn a_digest_whose_answer_is_lost_is_told_once() {
    for ledger in [Ledger::Shared, Ledger::Local] {
        let mut letters = insights(3);
        // Equals that differ in digits: one entry tells all of them.
        for nth in 0..4 {
            let twin = DeadLetter {
                title: Some(format!("twin {nth}")),
                ..insight(9, TimeDelta::hours(1))
            };
            letters.push(DeadLetter {
                payload: insight(10 + nth, TimeDelta::hours(1)).payload,
                ..twin
            });
        }
        let stage = Stage::of(ledger, letters).without_bot();
        stage.site.sandbox().discord().channel(CHANNEL).unwrap().meet(&Mishap::ResetAfterAccept, 1);
        let sum = summary(&digest(&stage, "--channel p3-insights", 7));
        assert_eq!((&sum["unsure"], &sum["selected"]), (&7.into(), &7.into()), "{sum}");
        let unsure = stage.run("dlq unsure --json").exits(0);
        assert_eq!(unsure.data()["rows"].as_array().unwrap().len(), 7);
        // Neither told nor sent again by itself, and not where a bot looks either: a row whose mark
        // does not stand in the message may be told by it all the same.
        let _ = digest(&stage, "--channel p3-insights", 0);
        stage.bot(true);
        let again = Events::of(&stage.replay("").done());
        assert_eq!(again.count("delivered"), 0, "{}", again.summary);
        assert_eq!(stage.posts(), 1, "{ledger:?}");
    }
}

#[test]
fn the_monday_digest_tells_a_week_of_p3() {
    let mut letters = vec![insight(0, TimeDelta::days(8)), insight(1, TimeDelta::days(6))];
    letters.push(insight(2, TimeDelta::hours(1)));
    let p2 = DeadLetter { severity: Some("P2".to_owned()), ..insight(3, TimeDelta::hours(1)) };
    letters.push(p2);
    let stage = Stage::of(Ledger::Shared, letters);
    let plan = stage.run("dlq digest --weekly --dry-run --json").exits(0);
    let plan = &plan.data()["plan"];
    assert_eq!((&plan["selected"], &plan["messages"]), (&2.into(), &1.into()), "{plan}");
    assert_eq!(stage.posts(), 0, "a plan sends nothing");
    assert_eq!(summary(&digest(&stage, "--weekly", 0))["delivered"], 2);
    assert_eq!(stage.site.sandbox().discord().messages(CHANNEL)[0].embeds.len(), 2);
}

#[test]
fn a_digest_goes_to_one_channel() {
    let stage = Stage::of(Ledger::Shared, insights(1));
    for words in ["--since 24h", "--channel p3-insights --channel p2-deploys"] {
        let _ = digest(&stage, words, 2);
    }
    assert_eq!(stage.posts(), 0);
}

#[test]
fn what_is_old_is_discarded_with_a_reason() {
    let letters = vec![insight(0, TimeDelta::days(100)), insight(1, TimeDelta::days(2))];
    let stage = Stage::of(Ledger::Shared, letters);
    let _ = stage.run("dlq discard --older 90d --yes").exits(2);
    let plan = stage.run("dlq discard --older 90d --reason retention --json").exits(6);
    assert_eq!(plan.data()["executed"], false);
    let done = stage.run("dlq discard --older 90d --reason retention --yes --json").exits(0);
    assert_eq!(done.data()["discarded"], 1);
    let shown = stage.run("dlq show 1 --json").exits(0);
    assert_eq!(shown.data()["state"], "discarded", "{}", shown.stdout);
    // The other one is older than a day, which has to be said.
    let events = Events::of(&stage.run("dlq replay --since 200d --yes --json").exits(0));
    assert_eq!(events.summary["skipped"]["too_old"], 1, "{}", events.summary);
    assert_eq!(
        Events::of(&stage.run("dlq replay --since 200d --older --yes --json").exits(0))
            .count("delivered"),
        1
    );
}

#[test]
fn a_run_that_was_interrupted_is_on_record_as_such() {
    use super::running::Running;
    let stage = Stage::of(Ledger::Shared, insights(12));
    let running = Running::start(&stage.replay(""));
    running.says("\"state\":\"delivered\"");
    running.signal(rustix::process::Signal::TERM);
    let events = Events::of(&running.done());
    let runs = stage.run("dlq runs --json").exits(0);
    let run = &runs.data()["rows"][0];
    assert_eq!(run["state"], "interrupted", "{run}");
    assert_eq!(run["counts"]["left"], events.summary["left"]);
    let text = stage.run("dlq runs").exits(0);
    let left = events.count("left");
    assert!(text.stdout.contains(&format!("{}/12", 12 - left)), "{}", text.stdout);
}
