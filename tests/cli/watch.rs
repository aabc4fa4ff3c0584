//! `parky-ops triage --watch`: what changes is told as it changes.

use std::io::{BufRead as _, BufReader};
use std::time::{Duration, Instant};

use parky_ops::sandbox::server::{Act, Fault};
use parky_ops::sandbox::{Behaviour, Scenario};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::Site;

const HOST: &str = "api.parky.co.jp";

fn behave(site: &Site, behaviour: &Behaviour) {
    site.sandbox().host(HOST).unwrap().behave(behaviour).unwrap();
}

#[test]
fn json_is_a_document_for_the_first_answer_and_for_each_change() {
    let site = Site::of(Scenario::Healthy);
    let run = site.run("triage --watch 1s --json --only hosts,vendors");
    let mut child = run.command().spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut verdict = || {
        let line = lines.next().unwrap().unwrap();
        let document: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(document["schema"], "parky-ops/triage/v1");
        document["data"]["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict(), "green");
    behave(&site, &Behaviour::Answers(503));
    // Some tries of a round may have met it before it broke.
    let broken = std::iter::repeat_with(&mut verdict).find(|verdict| verdict != "yellow");
    assert_eq!(broken.as_deref(), Some("red"));
    behave(&site, &Behaviour::Answers(200));
    let mended = std::iter::repeat_with(&mut verdict).find(|verdict| verdict == "green");
    assert!(mended.is_some());
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn at_a_terminal_only_what_changed_is_told_and_the_bell_rings() {
    let site = Site::of(Scenario::Healthy);
    let mut pty = site.run("triage --watch 1s --only hosts,vendors").at_terminal(120);
    pty.wait_for("asking again every 1 s");
    assert!(!pty.raw().contains('\u{7}'), "nothing has changed yet: {}", pty.raw());
    behave(&site, &Behaviour::Answers(503));
    pty.wait_for("verdict: ");
    pty.wait_for("(was ");
    pty.wait_for("\u{7}");
    pty.type_in("\u{3}");
    let ended = pty.end();
    assert_eq!(ended.code, Some(130), "{}", ended.screen);
    assert!(!ended.cursor_hidden && !ended.screen.contains("asking\n"), "{}", ended.screen);
    let (_, later) = ended.screen.split_once("asking again").unwrap();
    assert!(later.contains(HOST) || later.contains("127."), "{later}");
    assert!(!later.contains("1Password"), "what did not change is not told again: {later}");
}

#[test]
fn ctrl_c_while_asking_tells_no_change() {
    let site = Site::of(Scenario::Healthy);
    let mut pty = site.run("triage --watch 1s --only hosts,workers").at_terminal(120);
    pty.wait_for("asking again");
    site.sandbox().cloudflare().server().faults().set("/", Fault::new(Act::Hang));
    let asking = || pty.raw().matches("workers       asking").count();
    let (before, begun) = (asking(), Instant::now());
    while asking() == before {
        assert!(begun.elapsed() < Duration::from_secs(30), "it did not ask again: {}", pty.raw());
        std::thread::sleep(Duration::from_millis(20));
    }
    pty.type_in("\u{3}");
    let ended = pty.end();
    assert_eq!(ended.code, Some(130), "{}", ended.screen);
    assert!(!ended.screen.contains("interrupted"), "{}", ended.screen);
    assert!(!ended.raw.contains('\u{7}'), "{}", ended.screen);
}

#[test]
fn a_watch_has_no_markdown_and_no_empty_interval() {
    let site = Site::bare("");
    for words in ["triage --watch 30s --markdown", "triage --watch 0s", "triage --watch soon"] {
        site.run(words).exits(2).hides("verdict");
    }
}
