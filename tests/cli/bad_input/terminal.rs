//! What a terminal, a pipe and a person at the keyboard can do to the program.

use std::fs;
use std::process::{Command, Stdio};

use parky_ops::domain::text::is_deceptive;
use parky_ops::sandbox::server::{Act, Canned, Fault};
use parky_ops::sandbox::{ACCOUNT_ID, Scenario};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use unicode_width::UnicodeWidthStr as _;

use crate::harness::{Run, Site, binary, has_sandbox, sandbox_leftovers};

/// Clears the screen, names the window, turns the text round, colours it, hides a sign, starts a line.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}evil\u{9b}31m\u{200b}\r\n@here `x`";

/// A site whose deployment and status page were written by a stranger.
fn hostile_site() -> Site {
    let site = Site::of(Scenario::BadDeploy);
    let at = |minutes| {
        let at = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now());
        (at - chrono::TimeDelta::minutes(minutes)).to_rfc3339()
    };
    let deployed = |number: u32, minutes| {
        json!({
            "id": format!("00000000-0000-4000-8000-00000000000{number}"),
            "created_on": at(minutes),
            "author_email": HOSTILE,
            "source": HOSTILE,
            "strategy": "percentage",
            "annotations": { "workers/message": HOSTILE, "workers/triggered_by": HOSTILE },
            "versions": [{
                "version_id": format!("10000000-0000-4000-8000-00000000000{number}"),
                "percentage": 100,
            }],
        })
    };
    let deployments = json!({ "deployments": [deployed(2, 19), deployed(1, 3000)] });
    let body = json!({ "success": true, "errors": [], "messages": [], "result": deployments });
    let scripts = format!("/client/v4/accounts/{ACCOUNT_ID}/workers/scripts");
    let cloudflare = site.sandbox().cloudflare().server().faults();
    cloudflare.set(
        &format!("{scripts}/parky-public-prod/deployments"),
        Fault::answer(Canned::json(200, &body)),
    );
    let refused = json!({ "success": false, "errors": [{ "code": 1, "message": HOSTILE }] });
    cloudflare.set(
        &format!("{scripts}/parky-admin-prod/deployments"),
        Fault::answer(Canned::json(400, &refused)),
    );
    let page = json!({
        "page": { "name": HOSTILE },
        "status": { "indicator": "major", "description": HOSTILE },
        "components": [{ "id": "a", "name": "API", "status": "major_outage" }],
        "incidents": [{
            "id": "b", "name": HOSTILE, "status": "investigating", "impact": "major",
            "components": [{ "id": "a", "name": "API" }],
        }],
        "scheduled_maintenances": [],
    });
    let vendors = site.sandbox().vendors().server().faults();
    vendors.set("/vendors/discord", Fault::answer(Canned::json(200, &page)));
    site
}

fn assert_harmless(text: &str) {
    let found: Vec<_> = text.chars().filter(|c| *c != '\n' && is_deceptive(*c)).collect();
    assert!(found.is_empty(), "{found:?} in {text}");
}

#[test]
fn escapes_and_bidi_controls_never_reach_the_terminal() {
    let site = hostile_site();
    for words in ["triage", "triage -vv", "triage --json", "triage --markdown", "doctor -vv"] {
        let done = site.run(words).done();
        assert_harmless(&done.stdout);
        assert_harmless(&done.stderr);
        if words.starts_with("triage") {
            assert!(done.stdout.contains("evil"), "{words}: {}", done.stdout);
        }
    }
    let json = site.run("triage --json").exits(10);
    assert_eq!(json.says("workers", "public"), "yellow fresh-deploy");
    assert_eq!(json.says("vendors", "Discord").split(' ').next(), Some("red"));

    let markdown = site.run("triage --markdown").exits(10).stdout;
    assert!(!markdown.contains("@here"), "it would ping everyone: {markdown}");

    let ended = site.run("triage").at_terminal(80).end();
    assert!(!ended.raw.contains("\u{1b}]") && !ended.raw.contains("\u{1b}[2J"), "{}", ended.raw);
    let plain: String = ended.raw.chars().filter(|c| !matches!(c, '\u{1b}' | '\r')).collect();
    assert_harmless(&plain);
    assert!(ended.screen.contains("looking at prod"), "the screen was cleared: {}", ended.screen);
}

#[test]
fn forty_columns_cut_and_overflow_nothing() {
    let site = Site::of(Scenario::BadDeploy);
    for words in
        ["triage", "health", "doctor", "config show --origin", "config path", "help reasons"]
    {
        let ended = site.run(words).at_terminal_of_shell(40, "exec \"$@\" 2>/dev/null").end();
        // A command is one line however long, so that it can be copied in one piece.
        let command = |line: &str| ["  1. ", "  2. ", "  3. "].iter().any(|n| line.starts_with(n));
        for line in without_colour(&ended.raw).lines().filter(|line| !command(line)) {
            assert!(line.width() <= 40, "{words}: {line:?} is {} wide", line.width());
        }
    }
    let narrow = site.run("triage").at_terminal_of_shell(40, "exec \"$@\" 2>/dev/null").end();
    let narrow: String = without_colour(&narrow.raw).split_whitespace().collect();
    let data = site.run("triage --json").exits(10).data();
    for check in data["checks"].as_array().unwrap() {
        let word = |key: &str| check[key].as_str().unwrap().split_whitespace().collect::<String>();
        assert!(narrow.contains(&word("name")), "{check:#} is not in {narrow}");
        if check["state"] == "red" {
            let reason = check["reason"]["text"].as_str().unwrap();
            let reason: String = reason.split_whitespace().collect();
            assert!(narrow.contains(&reason), "{reason} is not in {narrow}");
        }
    }
    for step in data["next"].as_array().unwrap() {
        let command: String = step["command"].as_str().unwrap().split_whitespace().collect();
        assert!(narrow.contains(&command), "{command} is not in {narrow}");
    }
}

fn without_colour(raw: &str) -> String {
    let mut out = String::new();
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once("\u{1b}[") {
        out.push_str(plain);
        rest = escape.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.strip_prefix('m').unwrap_or_else(|| panic!("no colour: {escape:?}"));
    }
    (out + rest).replace('\r', "")
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let site = Site::of(Scenario::BadDeploy);
    let mut all = vec![
        "-q triage",
        "-q triage --json",
        "-q triage --markdown",
        "-q health",
        "config show",
        "config show --json",
        "help",
        "help exit-codes --json",
        "completions zsh",
        "--help",
        "--version",
    ];
    if has_sandbox() {
        all.extend(["sandbox scenarios", "sandbox scenarios --json"]);
    }
    for words in all {
        let mut child = site.run(words).command().spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{words}");

        let piped = shell(&site.run(words), "\"$@\" | head -1");
        let stdout = String::from_utf8(piped.stdout).unwrap();
        assert!(stdout.lines().count() <= 1, "{words}");
        assert_eq!(String::from_utf8(piped.stderr).unwrap(), "", "{words}");

        let closed = shell(&site.run(words), "exec \"$@\" >&-");
        assert_eq!(String::from_utf8(closed.stderr).unwrap(), "", "{words}");
        assert!(matches!(closed.status.code(), Some(0 | 10)), "{words}: {}", closed.status);
    }
}

fn shell(run: &Run, line: &str) -> std::process::Output {
    let inner = run.command();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line, "sh"]).arg(binary()).args(inner.get_args());
    command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::null()).current_dir(inner.get_current_dir().unwrap()).output().unwrap()
}

/// A site whose Cloudflare never answers, so that asking takes as long as it may.
fn slow_site() -> Site {
    let site = Site::of(Scenario::Healthy);
    site.sandbox().cloudflare().server().faults().set("/", Fault::new(Act::Hang));
    site
}

#[test]
fn ctrl_c_while_asking_leaves_everything_clean() {
    let site = slow_site();
    let mut pty = site.run("triage").at_terminal(100);
    pty.wait_for("workers       asking");
    pty.wait_for("green connect");
    pty.type_in("\u{3}");
    let ended = pty.end();
    assert_eq!(ended.code, Some(130), "{}", ended.screen);
    assert!(!ended.screen.contains("asking"), "{}", ended.screen);
    assert!(!ended.cursor_hidden);
    // What was measured until then is kept, and what was not is not made green.
    assert!(ended.screen.contains("interrupted before it was measured"), "{}", ended.screen);
}

#[test]
fn ctrl_c_leaves_nothing_of_the_sandbox() {
    if !has_sandbox() {
        return;
    }
    for (moment, wait) in [("starting", "SANDBOX bad-deploy"), ("asking", "asking")] {
        let home = tempfile::tempdir().unwrap();
        let room = open_directory(home.path());
        let run = Run::new(home.path(), "triage --sandbox").var("TMPDIR", &room);
        let mut pty = run.at_terminal(100);
        pty.wait_for(wait);
        pty.type_in("\u{3}");
        let ended = pty.end();
        assert_eq!(ended.code, Some(130), "{moment}: {}", ended.screen);
        assert!(!ended.screen.contains("asking"), "{moment}: {}", ended.screen);
        assert_eq!(sandbox_leftovers(&room), Vec::<String>::new(), "{moment}");
    }
}

/// A directory that the database's own user may pass through.
fn open_directory(home: &std::path::Path) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let room = home.join("tmp");
    fs::create_dir(&room).unwrap();
    for path in [home, &room] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    room
}

#[test]
fn sigterm_is_143() {
    let site = slow_site();
    let mut pty = site.run("triage").at_terminal(100);
    pty.wait_for("asking");
    pty.terminate();
    let ended = pty.end();
    assert_eq!(ended.code, Some(143), "{}", ended.screen);
    assert!(!ended.screen.contains("asking") && !ended.cursor_hidden, "{}", ended.screen);

    let mut command = site.run("triage --json").command();
    let child = command.spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["data"]["verdict"], "unknown");
}

/// Afterwards the shell says what it finds: the terminal's settings.
const THEN_STTY: &str = "trap : INT; \"$@\"; code=$?; stty -a; exit $code";

#[test]
fn ctrl_c_at_a_prompt_leaves_the_terminal_clean() {
    let site = Site::of(Scenario::BadTokens);
    let new = site.home().join("new.toml");
    let init = site.run("config init --config").arg(&new);
    for (run, question) in [
        (site.run("triage"), "Are users of production hit?"),
        (init, "Folder with the wrangler.*.toml files"),
    ] {
        let mut pty = run.at_terminal_of_shell(100, THEN_STTY);
        pty.wait_for(question);
        pty.type_in("ye\u{3}");
        let ended = pty.end();
        assert_eq!(ended.code, Some(130), "{}", ended.screen);
        let (_, settings) = ended.screen.split_once("speed ").expect("the settings");
        let settings: Vec<_> = settings.split_whitespace().collect();
        for on in ["icanon", "isig", "echo", "icrnl", "opost"] {
            assert!(settings.contains(&on), "{on} is off: {settings:?}");
        }
        assert!(!ended.cursor_hidden);
    }
    assert!(!new.exists(), "an answer was interrupted and the file was written all the same");
}
