//! What has to be said before anything leaves.

use super::stage::{Ledger, Stage};

#[test]
fn without_a_filter_nothing_is_replayed() {
    let stage = Stage::new(Ledger::Shared, 2, 1);
    for words in ["dlq replay --yes", "dlq replay --yes --limit 1", "dlq replay --dry-run"] {
        let done = stage.run(words).exits(2);
        assert!(done.stderr.contains("--since 24h"), "{}", done.stderr);
    }
    assert_eq!(stage.posts(), 0);
}

#[test]
fn a_replay_of_0_rows_is_refused() {
    let stage = Stage::new(Ledger::Shared, 2, 1);
    for limit in ["0", "-1", "many"] {
        let done = stage.run(&format!("dlq replay --yes --since 24h --limit={limit}")).exits(2);
        assert!(done.stderr.contains("a number from 1 on"), "{}", done.stderr);
    }
    assert_eq!(stage.posts(), 0);
}

#[test]
fn an_id_that_is_not_there_is_not_found() {
    let stage = Stage::new(Ledger::Shared, 2, 1);
    for id in ["4711", "no-number", "'; DROP TABLE x; --", "99999999999999999999"] {
        let done = stage.run("dlq replay --json --yes --id").arg(id).exits(4);
        assert_eq!(done.error()["exit"], 4, "{}", done.stderr);
    }
    assert_eq!(stage.posts(), 0);
}

#[test]
fn nothing_leaves_without_consent() {
    let stage = Stage::new(Ledger::Shared, 4, 2);
    let dry = stage.run("dlq replay --json --since 24h --dry-run --yes").exits(0);
    let asked = stage.run("dlq replay --json --since 24h").exits(6);
    for done in [&dry, &asked] {
        let data = done.data();
        assert_eq!(data["executed"], false);
        let plan = &data["plan"];
        assert_eq!(plan["consent"]["kind"], "normal");
        assert!(plan["act"].as_str().unwrap().contains("4 dead letters to 2 channels"), "{plan}");
        let target = plan["target"].to_string();
        assert!(target.contains("lane-00") && target.contains("127.0.0.1"), "{target}");
    }
    assert_eq!(dry.data()["plan"]["id"], asked.data()["plan"]["id"]);
    assert_eq!(stage.posts(), 0);
    assert_eq!(stage.states().len(), 0, "a plan leaves no trace");
}

#[test]
fn a_plan_that_has_changed_is_not_carried_out() {
    let stage = Stage::new(Ledger::Shared, 4, 2);
    let plan = stage.run("dlq replay --json --since 24h --dry-run").exits(0);
    let id = plan.data()["plan"]["id"].as_str().unwrap().to_owned();
    assert_eq!(stage.replayed("--limit 1", 0).count("delivered"), 1);
    let done = stage.replay(&format!("--plan {id}")).exits(1);
    assert_eq!(done.error()["code"], "plan-changed");
    assert_eq!(stage.posts(), 1);

    let plan = stage.run("dlq replay --json --since 24h --dry-run").exits(0);
    let id = plan.data()["plan"]["id"].as_str().unwrap().to_owned();
    let events = stage.replayed(&format!("--plan {id}"), 0);
    assert_eq!((events.plan["id"].as_str(), events.count("delivered")), (Some(id.as_str()), 3));
}

#[test]
fn rows_of_the_plan_that_change_meanwhile_are_left() {
    let stage = Stage::new(Ledger::Shared, 24, 1);
    let run = super::running::Running::start(&stage.replay(""));
    super::stage::until("the first message", || stage.posts() > 0);
    stage.admin().run(
        "UPDATE admin.notification_failures SET payload = '{\"content\": \"other\"}' WHERE id = 10;
         UPDATE admin.notification_failures SET status = 'handled' WHERE id = 11;
         DELETE FROM admin.notification_failures WHERE id = 12",
    );
    super::stage::until("the share of a minute", || stage.posts() == 20);
    run.signal(rustix::process::Signal::INT);
    let done = run.done();
    let events = super::events::Events::of(&done);
    assert_eq!(events.end(10).0, "left");
    assert!(events.end(10).1.contains("payload has changed"), "{:?}", events.end(10));
    assert_eq!(events.end(11).0, "skipped");
    assert_eq!(events.end(12).0, "left");
    for id in 10..=12 {
        assert!(stage.messages_of(id).is_empty(), "row {id} was sent");
    }
}
