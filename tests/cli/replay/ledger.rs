//! A local ledger that cannot be written, or is not what it was: nothing is sent.

use std::fs;

use super::events::Events;
use super::stage::{Ledger, Stage};

#[test]
fn without_a_place_for_the_ledger_nothing_is_sent() {
    for ledger in [Ledger::Shared, Ledger::Local] {
        let stage = Stage::new(ledger, 2, 1);
        let file = stage.site.home().join("a-file");
        fs::write(&file, "").unwrap();
        for place in [file.join("state"), "/proc/sys/state".into()] {
            let run = stage.replay("").var("PARKY_OPS_STATE_DIR", &place);
            let done = run.exits(3);
            assert!(done.stderr.contains(place.to_str().unwrap()), "{}", done.stderr);
        }
        assert_eq!(stage.posts(), 0);
    }
}

#[test]
fn on_a_full_disk_nothing_is_sent() {
    for ledger in [Ledger::Shared, Ledger::Local] {
        // No room from the beginning.
        let stage = Stage::new(ledger, 6, 2);
        let done = stage.replay("").with_room_for(16);
        assert_eq!(done.code, Some(3), "{}\n{}", done.stdout, done.stderr);
        assert_eq!(stage.posts(), 0);
    }
}

#[test]
fn a_disk_that_fills_up_meanwhile_stops_the_run_before_the_next_message() {
    for ledger in [Ledger::Shared, Ledger::Local] {
        let stage = Stage::new(ledger, 40, 4).without_bot();
        assert_eq!(stage.replayed("--limit 1", 0).count("delivered"), 1);
        // Room for some lines more; the file of the shared memory takes 32 KiB.
        let size = fs::metadata(stage.state_dir().join("state.db")).unwrap().len();
        let blocks = u32::try_from(size.max(32 << 10) / 512).unwrap() + 8;
        let done = stage.replay("").with_room_for(blocks);
        assert!(matches!(done.code, Some(3 | 7)), "{}\n{}", done.stdout, done.stderr);
        assert_eq!(done.error()["code"], "no-ledger", "{}", done.stderr);
        // The first one had gone before; without an intent on the disk no other goes.
        let intents = stage.local_texts("SELECT DISTINCT subject FROM send");
        assert!(stage.posts() <= intents.len(), "{} of {}", intents.len(), stage.posts());
        let standing = stage.standing();
        assert_eq!((standing.lost, standing.doubled), (0, 0), "{standing:?}");

        // There is room again.
        let done = stage.replay("").done();
        assert!(matches!(done.code, Some(0 | 7)), "{}\n{}", done.stdout, done.stderr);
        let standing = stage.standing();
        assert_eq!((standing.open, standing.lost, standing.doubled), (0, 0, 0), "{standing:?}");
    }
}

#[test]
fn after_damage_the_local_ledger_asks_before_it_sends_what_it_may_have_sent() {
    let stage = Stage::new(Ledger::Local, 6, 2);
    assert_eq!(stage.replayed("--limit 2", 0).count("delivered"), 2);
    let path = stage.state_dir().join("state.db");
    for companion in ["state.db-wal", "state.db-shm"] {
        let _ = fs::remove_file(stage.state_dir().join(companion));
    }
    fs::write(&path, "this is no database any more".repeat(400)).unwrap();

    let done = stage.run("dlq replay --json --since 24h --yes").exits(6);
    let names = done.data()["plan"]["consent"]["name"].to_string();
    assert!(names.contains("new-ledger"), "{names}");
    assert_eq!(stage.posts(), 2, "what it may have sent is not sent by itself");
    let kept = fs::read_dir(stage.state_dir()).unwrap();
    let mut kept = kept.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(kept.any(|name| name.contains("damaged")), "the damaged file is kept");
}

#[test]
fn a_lost_ledger_of_this_machine_does_not_matter_to_the_shared_one() {
    let stage = Stage::new(Ledger::Shared, 6, 2);
    assert_eq!(stage.replayed("--limit 2", 0).count("delivered"), 2);
    fs::remove_dir_all(stage.state_dir()).unwrap();
    let events = Events::of(&stage.run("dlq replay --json --since 24h --yes").exits(0));
    assert_eq!(events.count("delivered"), 4);
    stage.each_arrived_once();
}
