//! Tables of other shapes: their keys, their constraints, their rights.

use std::thread;

use super::events::Events;
use super::stage::{Ledger, Stage};
use crate::harness::{Bouncer, database_url};

fn statuses(stage: &Stage) -> Vec<String> {
    stage.admin().texts("SELECT DISTINCT status FROM admin.notification_failures ORDER BY 1")
}

#[test]
fn a_delivery_is_marked_with_the_word_that_the_constraint_allows() {
    let stage = Stage::new(Ledger::Shared, 6, 2);
    stage.admin().run(
        "ALTER TABLE admin.notification_failures
         ADD CONSTRAINT words CHECK (status IN ('failed', 'resolved'))",
    );
    // Nobody said which word: the table stays as it is.
    assert_eq!(stage.replayed("--limit 1", 0).count("delivered"), 1);
    assert_eq!(statuses(&stage), ["failed"]);

    stage.site.set("dlq.delivered_status", "\"resolved\"");
    assert_eq!(stage.replayed("", 0).count("delivered"), 5);
    assert_eq!(statuses(&stage), ["failed", "resolved"]);
    stage.each_arrived_once();
}

#[test]
fn keys_of_every_type_are_sent_once() {
    for (kind, using) in [
        ("text", "'row ' || id || ''' \"x\" \\'"),
        ("uuid", "md5(id::text)::uuid"),
        ("numeric", "id + 0.5"),
    ] {
        let stage = Stage::new(Ledger::Shared, 6, 2);
        stage.admin().run(&format!(
            "ALTER TABLE admin.notification_failures ALTER COLUMN id DROP IDENTITY;
             ALTER TABLE admin.notification_failures ALTER COLUMN id TYPE {kind} USING {using}"
        ));
        stage.site.set("dlq.delivered_status", "\"delivered\"");
        assert_eq!(stage.replayed("", 0).count("delivered"), 6, "{kind}");
        assert_eq!(statuses(&stage), ["delivered"], "{kind}");
        assert_eq!(stage.replayed("", 0).count("selected"), 0, "{kind}");
        stage.each_arrived_once();
    }
}

#[test]
fn a_key_of_two_columns_is_a_key() {
    let stage = Stage::new(Ledger::Shared, 6, 2);
    stage.admin().run(
        "ALTER TABLE admin.notification_failures DROP CONSTRAINT notification_failures_pkey;
         ALTER TABLE admin.notification_failures ADD PRIMARY KEY (channel, id)",
    );
    stage.site.set("dlq.delivered_status", "\"delivered\"");
    let one = stage.run("dlq replay --json --yes --id").arg("[\"lane-01\",\"2\"]");
    assert_eq!(Events::of(&one.exits(0)).count("delivered"), 1);
    assert_eq!(stage.messages_of(2).len(), 1);
    assert_eq!(stage.replayed("", 0).count("delivered"), 5);
    assert_eq!(statuses(&stage), ["delivered"]);
    stage.each_arrived_once();
}

#[test]
fn behind_a_transaction_pooler_each_row_is_sent_once() {
    let stage = Stage::new(Ledger::Shared, 24, 8);
    let bouncer = Bouncer::before(&database_url(&stage.site), 2);
    let url = format!("\"{}\"", bouncer.url());
    stage.site.set("env.prod.credentials.supabase_db_url", &url);
    let runs = [stage.replay(""), stage.replay("")];
    let done = thread::scope(|scope| {
        let running = runs.each_ref().map(|run| scope.spawn(|| run.done()));
        running.map(|run| run.join().unwrap())
    });
    let mut delivered = 0;
    for done in &done {
        assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
        delivered += Events::of(done).count("delivered");
    }
    assert_eq!(delivered, 24);
    stage.each_arrived_once();
}

#[test]
fn row_security_hides_rows_and_the_plan_says_so() {
    let stage = Stage::new(Ledger::Shared, 6, 2);
    stage.admin().run(
        "ALTER TABLE admin.notification_failures ENABLE ROW LEVEL SECURITY;
         CREATE POLICY one_channel ON admin.notification_failures TO parky USING (channel = 'lane-00')",
    );
    let plan = stage.run("dlq replay --json --since 24h --dry-run").exits(0);
    assert!(plan.json()["caveats"].to_string().contains("row-security"), "{}", plan.stdout);
    assert_eq!(stage.replayed("", 0).count("delivered"), 3);
}

#[test]
fn a_table_without_a_key_is_not_replayed() {
    let stage = Stage::new(Ledger::Shared, 2, 1);
    stage.admin().run(
        "ALTER TABLE admin.notification_failures DROP CONSTRAINT notification_failures_pkey;
         ALTER TABLE admin.notification_failures DROP COLUMN id;
         ALTER TABLE admin.notification_failures ADD COLUMN note text",
    );
    let done = stage.replay("").exits(3);
    assert!(done.error()["message"].as_str().unwrap().contains("key"), "{}", done.stderr);
    assert_eq!(stage.posts(), 0);
}

#[test]
fn a_role_that_may_only_read_replays_by_the_local_ledger_and_is_told_so() {
    let stage = Stage::new(Ledger::Local, 6, 2);
    // Nothing of this machine tells what it sent before.
    let refused = stage.run("dlq replay --json --since 24h --yes").exits(6);
    assert!(refused.data()["plan"]["consent"]["name"].to_string().contains("new-ledger"));
    let caveats = refused.json()["caveats"].to_string();
    assert!(caveats.contains("this machine only"), "{caveats}");
    assert_eq!(stage.posts(), 0);

    assert_eq!(stage.replayed("--limit 2", 0).count("delivered"), 2);
    // From then on it knows.
    let events = Events::of(&stage.run("dlq replay --json --since 24h --yes").exits(0));
    assert_eq!(events.count("delivered"), 4);
    assert_eq!(statuses(&stage), ["failed"], "the team's table is as it was");
    stage.each_arrived_once();
}

#[test]
fn without_the_schema_a_role_that_could_make_it_is_sent_to_dlq_init() {
    let stage = Stage::new(Ledger::Shared, 2, 1);
    stage.admin().run("DROP SCHEMA parky_ops CASCADE");
    let done = stage.replay("").exits(3);
    assert!(done.error()["hint"].as_str().unwrap().contains("dlq init"), "{}", done.stderr);
    assert_eq!(stage.posts(), 0);
}
