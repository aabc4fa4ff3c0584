//! From a ledger of one machine to the shared one, and back for a while: nothing is sent twice.

use std::path::PathBuf;

use super::events::Events;
use super::running::Running;
use super::stage::{Ledger, Stage};
use crate::harness::Run;

/// The role may make the schema and write again.
const ALLOWED: &str = "GRANT CREATE ON DATABASE postgres TO parky;
    GRANT UPDATE ON ALL TABLES IN SCHEMA admin TO parky";

impl Stage {
    /// Another machine, with a ledger of its own.
    fn elsewhere(&self, run: Run) -> Run {
        run.var("PARKY_OPS_STATE_DIR", self.other_state())
    }

    fn other_state(&self) -> PathBuf {
        self.site.home().join("other-state")
    }
}

/// A replay that the shared ledger needs no further consent for.
fn shared(stage: &Stage) -> Run {
    stage.run("dlq replay --json --since 24h --yes")
}

#[test]
fn what_a_machine_delivered_before_init_is_sent_by_no_other() {
    let stage = Stage::new(Ledger::Local, 12, 3);
    assert_eq!(stage.replayed("--limit 5", 0).count("delivered"), 5);
    let discard = "dlq discard --id 6 --reason old --yes --json";
    assert_eq!(stage.run(discard).exits(0).data()["discarded"], 1);
    stage.admin().run(ALLOWED);
    let made = stage.run("dlq init --confirm prod --json --delivered-status replayed").exits(0);
    let carried = &made.data()["carried"];
    assert_eq!((&carried["delivered"], &carried["settled"]), (&5.into(), &1.into()), "{carried}");
    assert!(made.stdout.contains("other-ledgers"), "{}", made.stdout);
    let words = "SELECT id::text FROM admin.notification_failures WHERE status = 'replayed'";
    assert_eq!(stage.admin().texts(words).len(), 5, "the team's rows are marked");

    let events = Events::of(&stage.elsewhere(shared(&stage)).exits(0));
    assert_eq!(events.count("delivered"), 6);
    assert_eq!(Events::of(&shared(&stage).exits(0)).count("delivered"), 0);
    let odd: Vec<_> = stage.arrivals().into_iter().filter(|(_, count)| *count != 1).collect();
    assert_eq!(odd, [(6, 0)], "all but the discarded one, once");
    // Whoever asks elsewhere sees who sent what.
    let shown = stage.elsewhere(stage.run("dlq show 1 --json")).exits(0);
    assert_eq!(shown.data()["attempts"][0]["outcome"], "delivered", "{}", shown.stdout);
}

#[test]
fn what_a_second_machine_delivered_is_told_with_its_next_replay() {
    let stage = Stage::new(Ledger::Local, 9, 3);
    let here = stage.replay("--limit 3");
    assert_eq!(Events::of(&here.exits(0)).count("delivered"), 3);
    let there = stage.elsewhere(stage.replay("--id 4 --id 5"));
    assert_eq!(Events::of(&there.exits(0)).count("delivered"), 2);
    stage.admin().run(ALLOWED);
    let made = stage.run("dlq init --confirm prod").exits(0);
    assert!(made.stdout.contains("3 delivered"), "{}", made.stdout);
    let told = stage.elsewhere(shared(&stage)).exits(0);
    let events = Events::of(&told);
    let caveats = events.summary["caveats"].to_string();
    assert!(caveats.contains("carried-over") && caveats.contains("2 delivered"), "{caveats}");
    assert_eq!(events.count("delivered"), 4);
    let again = stage.elsewhere(shared(&stage)).exits(0);
    assert!(!again.stdout.contains("carried-over"), "told once: {}", again.stdout);
    stage.each_arrived_once();
}

#[test]
fn while_the_database_takes_no_writes_what_others_delivered_is_not_sent_again() {
    let stage = Stage::new(Ledger::Shared, 12, 3);
    assert_eq!(stage.replayed("--limit 4", 0).count("delivered"), 4);
    stage.admin().run("ALTER ROLE parky SET default_transaction_read_only = on");
    let run = "dlq replay --json --since 24h --limit 4 --confirm new-ledger";
    let done = stage.elsewhere(stage.run(run)).exits(0);
    assert_eq!(Events::of(&done).count("delivered"), 4);
    stage.admin().run("ALTER ROLE parky RESET default_transaction_read_only");
    // The other machine tells what it did meanwhile, and goes on.
    let done = stage.elsewhere(shared(&stage)).exits(0);
    assert_eq!(Events::of(&done).count("delivered"), 4);
    stage.each_arrived_once();
    assert_eq!(stage.standing().delivered, 12);
}

#[test]
fn nothing_is_carried_over_from_under_a_run() {
    // More than a channel takes at once: the run lasts.
    let stage = Stage::new(Ledger::Local, 24, 1);
    let running = Running::start(&stage.replay(""));
    running.says("\"state\":\"delivered\"");
    stage.admin().run(ALLOWED);
    let done = stage.run("dlq init --confirm prod --json").exits(8);
    assert_eq!(done.error()["code"], "busy");
    assert!(
        stage.admin().texts("SELECT nspname FROM pg_namespace").iter().all(|n| n != "parky_ops")
    );
    running.signal(rustix::process::Signal::INT);
    assert_eq!(running.done().code, Some(130));
    let _ = stage.run("dlq init --confirm prod --json").exits(0);
    assert_eq!(stage.standing().doubled, 0);
}
