//! Every way out deletes the tail.

use std::io::Read as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use parky_ops::sandbox::cloudflare::tails::Step;
use parky_ops::sandbox::server::{Act, Fault};
use rustix::process::{Pid, Signal, kill_process};

use super::{Running, SCRIPT, assert_deleted, sends, site, stream, wait_until};

#[test]
fn signals_end_it_in_order_and_delete_the_tail_in_time() {
    for (signal, code, reason) in [
        (Signal::INT, 130, "interrupted"),
        (Signal::TERM, 143, "terminated"),
        (Signal::HUP, 143, "terminated"),
    ] {
        let site = site([vec![sends(1)]]);
        let running = Running::start(&site.run("tail public --json"));
        running.wait_for("tail", 1);
        kill_process(Pid::from_child(&running.child), signal).unwrap();
        let begun = Instant::now();
        let (ended, lines) = running.end();
        assert!(begun.elapsed() < 3 * Duration::from_secs(2));
        assert_eq!(ended, Some(code));
        assert_eq!(stream(&lines.join("\n")).last().unwrap()["reason"], reason);
        assert_deleted(site.stand_in.tails());
    }
}

#[test]
fn a_reader_that_leaves_ends_it_even_while_nothing_comes() {
    let site = site([vec![sends(1)]]);
    let mut child = site.run("tail public --json").command().stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 1];
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let begun = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(begun.elapsed() < 3 * Duration::from_secs(2));
    assert_deleted(site.stand_in.tails());
}

#[test]
fn on_a_terminal_a_status_stands_below_and_goes_at_the_end() {
    let site = site([vec![sends(1)]]);
    let mut pty = site.run("tail public").at_terminal(100);
    pty.wait_until_shown("not sampled");
    pty.wait_until_shown("✓ 200 GET https://api.parky.co.jp/1");
    pty.type_in("\u{3}");
    let ended = pty.end();
    assert_eq!(ended.code, Some(130), "{}", ended.raw);
    assert!(ended.raw.contains(" events/s · 0 errors · last event "), "{}", ended.raw);
    assert!(ended.screen.contains("ended (interrupted): 1 event"), "{}", ended.screen);
    assert!(!ended.screen.contains("events/s"), "{}", ended.screen);
    assert_deleted(site.stand_in.tails());
}

#[test]
fn ctrl_c_while_a_tail_is_being_opened_deletes_it_all_the_same() {
    let site = site([vec![]]);
    let slow =
        Fault::new(Act::Own).after(Duration::from_millis(700)).on(parky_ops::http::Method::POST);
    site.stand_in.server().faults().set("/client/v4", slow);
    let running = Running::start(&site.run("tail public --json"));
    wait_until("the tail is asked for", || site.requests() > 0);
    kill_process(Pid::from_child(&running.child), Signal::INT).unwrap();
    let (code, lines) = running.end();
    assert_eq!((code, lines), (Some(130), vec![]));
    assert_deleted(site.stand_in.tails());
}

#[test]
fn a_server_that_does_not_answer_holds_nobody_up_and_is_told() {
    let site = site([vec![sends(1)]]);
    let hang = Fault::new(Act::Hang).on(parky_ops::http::Method::DELETE);
    site.stand_in.server().faults().set("/client/v4", hang);
    let done = site.run("tail public --max-events 1").exits(0);
    assert!(done.took < 3 * Duration::from_secs(3), "{:?}", done.took);
    let told = format!("the tail of {SCRIPT} may stay open");
    assert!(done.stderr.contains(&told), "{}", done.stderr);
}

#[test]
fn a_slow_reader_does_not_make_the_line_dead_and_loses_nothing() {
    // More than every buffer between the two ends holds, and several times the wait for a pong.
    let count = 60_000;
    let burst =
        Step::Burst { template: format!(r#"{{"number":{{n}},"x":"{}"}}"#, "y".repeat(900)), count };
    let site = site([vec![burst]]);
    let run = site.run(&format!("tail public --json --max-events {count}"));
    let mut child = run.command().stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut text = vec![0; 100];
    stdout.read_exact(&mut text).unwrap();
    std::thread::sleep(Duration::from_secs(25));
    stdout.read_to_end(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let lines = stream(&String::from_utf8(text).unwrap());
    assert_eq!(super::numbers(&lines), (0..count).collect::<Vec<_>>());
    assert!(lines.iter().all(|line| line["event"] != "gap"));
    assert_deleted(site.stand_in.tails());
}

#[test]
fn a_copy_that_cannot_be_written_ends_it_with_its_reason_and_deletes_the_tail() {
    let long = "y".repeat(4_000);
    let template = format!(r#"{{"number":{{n}},"x":"{long}"}}"#);
    let site = site([vec![Step::Burst { template, count: 200 }]]);
    let done = site.run("tail public --json --out copy.ndjson").with_room_for(128);
    assert_eq!(done.code, Some(1), "{}", done.stderr);
    assert!(done.stderr.contains("writing the copy"), "{}", done.stderr);
    assert_deleted(site.stand_in.tails());
}

#[test]
fn a_program_that_was_stopped_beyond_the_end_of_its_tail_says_so() {
    let site = site([vec![sends(1)], vec![sends(2)]]);
    let tails = site.stand_in.tails();
    tails.set_lifetime(chrono::TimeDelta::seconds(6));
    let running = Running::start(&site.run("tail public --json"));
    running.wait_for("tail", 1);
    let child = Pid::from_child(&running.child);
    kill_process(child, Signal::STOP).unwrap();
    std::thread::sleep(Duration::from_secs(7));
    tails.set_lifetime(chrono::TimeDelta::hours(1));
    kill_process(child, Signal::CONT).unwrap();
    running.wait_for("tail", 2);
    kill_process(child, Signal::INT).unwrap();
    let (code, lines) = running.end();
    let lines = stream(&lines.join("\n"));
    assert_eq!(code, Some(130), "{lines:?}");
    let gap = lines.iter().find(|line| line["event"] == "gap").expect("a gap is told");
    assert!(gap["seconds"].as_f64().unwrap() >= 5.0, "{gap}");
    assert_deleted(tails);
}
