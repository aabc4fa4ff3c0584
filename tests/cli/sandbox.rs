//! The stand-ins as a person starts them. Left out where the shipped binary is tested: it has none.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Run, processes_that_name, sandbox_leftovers};

/// A home that the database's own user may pass through.
fn open_home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    home
}

fn run(home: &tempfile::TempDir, words: &str) -> Run {
    Run::new(home.path(), words)
}

#[test]
fn the_scenarios_are_listed() {
    let home = open_home();
    let text = run(&home, "sandbox scenarios").exits(0).stdout;
    let words: Vec<_> = text.lines().skip(1).filter_map(|l| l.split_whitespace().next()).collect();
    let all = [
        "bad-deploy",
        "healthy",
        "canary",
        "ci-broken",
        "db-saturated",
        "discord-outage",
        "monitoring-blind",
        "all-down",
        "bad-tokens",
        "bad-line",
        "dead-letters",
    ];
    assert_eq!(words, all);

    let document = run(&home, "sandbox scenarios --json").exits(0).json();
    assert_eq!(document["schema"], "parky-ops/sandbox-scenarios/v1");
    let data = &document["data"];
    assert_eq!((&data["complete"], &data["more"]), (&true.into(), &false.into()));
    let rows: Vec<_> = data["rows"].as_array().unwrap().iter().map(|r| &r["scenario"]).collect();
    assert_eq!(rows, words);
}

#[test]
fn an_unknown_scenario_is_refused_with_a_suggestion() {
    let home = open_home();
    let far = run(&home, "triage --sandbox=nope").exits(2);
    assert!(far.stderr.contains("there are bad-deploy, healthy"), "{}", far.stderr);
    let near = run(&home, "triage --sandbox=helthy --json").exits(2);
    let message = near.error()["message"].clone();
    assert!(message.as_str().unwrap().contains("did you mean 'healthy'?"), "{message}");
    assert_eq!(near.stdout, "");
    let up = run(&home, "sandbox up here --scenario nope").exits(2);
    assert!(up.stderr.contains("no scenario 'nope'") && !home.path().join("here").exists());
}

#[test]
fn each_scenario_ends_with_the_exit_code_that_it_deserves() {
    let home = open_home();
    for (scenario, code) in [
        ("bad-deploy", 10),
        ("healthy", 0),
        ("canary", 0),
        ("ci-broken", 0),
        ("db-saturated", 10),
        ("discord-outage", 10),
        ("monitoring-blind", 10),
        ("all-down", 10),
        ("bad-tokens", 7),
        ("bad-line", 0),
        ("dead-letters", 10),
    ] {
        let done = run(&home, &format!("triage --json --sandbox={scenario}")).exits(code);
        assert_eq!(done.json()["sandbox"], true);
        assert_eq!(done.stderr, "", "under JSON stderr holds nothing but an error");
    }
    let done = run(&home, "triage --sandbox").exits(10);
    let notes: Vec<_> = done.stderr.lines().collect();
    assert!(notes[0].starts_with("SANDBOX bad-deploy: "), "{notes:?}");
    assert!(notes[1].starts_with("SANDBOX PostgreSQL "), "{notes:?}");
    let text = done.stdout;
    assert!(text.lines().next().unwrap().ends_with("SANDBOX bad-deploy"), "{text}");
    assert!(text.contains("parky-ops sandbox up DIR --scenario bad-deploy"), "{text}");
}

#[test]
fn what_it_prints_can_be_pasted_into_the_next_sandbox() {
    let home = open_home();
    let data =
        run(&home, "triage --json --sandbox=bad-tokens --only hosts,workers").exits(7).data();
    let doctor = "parky-ops --sandbox=bad-tokens doctor";
    assert_eq!(data["next"][0]["command"], doctor);
    let data = run(&home, "triage --json --sandbox=all-down --only hosts").exits(10).data();
    let mut pasted = 0;
    for step in data["next"].as_array().unwrap() {
        let words = shell_words::split(step["command"].as_str().unwrap()).unwrap();
        if words[0] == "parky-ops" {
            let done = run(&home, &words[1..].join(" ")).exits(10);
            assert!(done.stdout.contains(words.last().unwrap().as_str()), "{}", done.stdout);
            pasted += 1;
        }
    }
    assert!(pasted > 0, "{data:#}");
}

#[test]
fn commands_that_do_not_look_at_the_world_start_no_stand_ins() {
    let home = open_home();
    for words in ["help --sandbox", "completions bash --sandbox", "sandbox scenarios --sandbox"] {
        assert_eq!(run(&home, words).exits(0).stderr, "", "{words}");
    }
}

#[test]
fn a_real_credential_never_reaches_the_stand_ins() {
    let home = open_home();
    let marker = "MARKER-real-secret";
    let mut triage = run(&home, "triage -vv --sandbox");
    for name in [
        "CLOUDFLARE_API_TOKEN",
        "CLOUDFLARE_ACCOUNT_ID",
        "PARKY_OPS_PROD_CLOUDFLARE_API_TOKEN",
        "SUPABASE_DB_URL",
        "PARKY_OPS_PROD_SUPABASE_DB_URL",
        "GH_TOKEN",
        "SENTRY_AUTH_TOKEN",
        "DISCORD_BOT_TOKEN",
        "OP_SERVICE_ACCOUNT_TOKEN",
        "PARKY_OPS_CLOUDFLARE_URL",
        "PARKY_OPS_CONFIG",
        "PGPASSWORD",
        "PGOPTIONS",
    ] {
        triage = triage.var(name, marker);
    }
    // With any of them in place of the stand-ins' own, something would be refused or not found.
    let done = triage.exits(10);
    assert!(done.stdout.contains("worker public @142"), "{}", done.stdout);
    assert!(!done.stdout.contains("unknown"), "{}", done.stdout);
    assert!(!done.stdout.contains(marker) && !done.stderr.contains(marker));
    let left: Vec<_> = fs::read_dir(home.path()).unwrap().collect();
    assert!(left.is_empty(), "it wrote into the real home: {left:?}");
}

/// A sandbox that stays up.
struct Up {
    child: Child,
    exports: Vec<(String, String)>,
}

impl Up {
    fn start(run: &Run) -> Self {
        let mut child = run.command().stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut exports = Vec::new();
        for line in stdout.lines() {
            let words = shell_words::split(&line.unwrap()).unwrap();
            assert_eq!(words[0], "export", "{words:?}");
            let (name, value) = words[1].split_once('=').unwrap();
            exports.push((name.to_owned(), value.to_owned()));
            if name == "DISCORD_BOT_TOKEN" {
                break;
            }
        }
        Self { child, exports }
    }

    fn interrupt(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        self.child.wait().unwrap().code()
    }
}

#[test]
fn a_sandbox_that_stays_up_serves_other_processes_until_ctrl_c() {
    let home = open_home();
    let room: PathBuf = home.path().join("tmp");
    fs::create_dir(&room).unwrap();
    fs::set_permissions(&room, fs::Permissions::from_mode(0o755)).unwrap();
    let up = Up::start(&run(&home, "sandbox up here").var("TMPDIR", &room));
    let elsewhere = tempfile::tempdir().unwrap();
    let mut triage = Run::new(elsewhere.path(), "triage --json").without("HOME");
    for (name, value) in &up.exports {
        triage = triage.var(name, value);
    }
    let done = triage.exits(10);
    assert_eq!(done.data()["suspect"]["target"], "public");
    assert_eq!(done.json()["sandbox"], false, "it does not know that it talks to a sandbox");

    let second = run(&home, "sandbox up here").exits(1);
    assert!(second.stderr.contains("another sandbox is up"), "{}", second.stderr);

    assert_eq!(up.interrupt(), Some(130));
    assert_eq!(sandbox_leftovers(&room), Vec::<String>::new());
    assert_eq!(processes_that_name(&home.path().join("here")), Vec::<String>::new());
}

#[test]
fn against_a_sandbox_that_is_up_a_rollback_takes_the_red_away() {
    let home = open_home();
    let up = Up::start(&run(&home, "sandbox up here"));
    let elsewhere = tempfile::tempdir().unwrap();
    let at = |words: &str| {
        let run = Run::new(elsewhere.path(), words);
        up.exports.iter().fold(run, |run, (name, value)| run.var(name, value))
    };
    // What triage says is typed as it stands, by somebody who reads no further.
    let before = at("triage --json").exits(10).data();
    let (verdict, suspect) = (&before["verdict"], &before["suspect"]["number"]);
    assert_eq!((verdict, suspect), (&"red".into(), &142.into()));
    let hosts = |data: &serde_json::Value| {
        let checks = data["checks"].as_array().unwrap().clone();
        checks.into_iter().filter(|c| c["source"] == "hosts" && c["state"] == "red").count()
    };
    assert_eq!(hosts(&before), 1);
    let command = before["next"][0]["command"].as_str().unwrap().to_owned();
    let words = shell_words::split(&command).unwrap()[1..].join(" ");
    assert!(words.starts_with("rollback worker public"), "{words}");

    let unconfirmed = at(&words).exits(6);
    unconfirmed.stderr_says("--confirm public");
    let done = at(&words).arg("--confirm").arg("public").arg("--verify").arg("4s").exits(0);
    for line in ["live public: @142", "#p1-ops: beginning delivered, end delivered", "to undo: "] {
        assert!(done.stdout.contains(line), "{line} in {}\n{}", done.stdout, done.stderr);
    }

    let after = at("triage --json").done().data();
    assert_eq!(hosts(&after), 0);
    let changes = after["after_start"].as_array().unwrap().iter().chain([&after["suspect"]]);
    let named: Vec<_> = changes.filter(|change| change["is_rollback"] == true).collect();
    assert_eq!(named.len(), 1, "{after:#}");
    let message = named[0]["message"].as_str().unwrap();
    assert!(message.starts_with("rollback @142 -> @141"), "{message}");
    assert_eq!(up.interrupt(), Some(130));
}

#[test]
fn a_folder_that_is_somebody_elses_is_refused_and_left_alone() {
    let home = open_home();
    let folder = home.path().join("thesis");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("chapter-1.txt"), "mine").unwrap();
    let done = run(&home, "sandbox up thesis").exits(1);
    assert!(done.stderr.contains("name an empty or a new folder"), "{}", done.stderr);
    assert_eq!(done.stdout, "");
    assert_eq!(names(&folder), ["chapter-1.txt"]);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn something_is_said_before_the_stand_ins_are_up() {
    let home = open_home();
    // A PostgreSQL that takes its time and fails: what is read meanwhile came before it.
    let programs = home.path().join("pg");
    fs::create_dir(&programs).unwrap();
    for name in ["initdb", "postgres", "pg_ctl", "psql"] {
        fs::write(programs.join(name), "#!/bin/sh\nsleep 3; exit 1\n").unwrap();
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(programs.join(name), mode).unwrap();
    }
    let run = run(&home, "triage --sandbox").var("PARKY_OPS_PG_BIN", &programs);
    let mut child = run.command().stdout(Stdio::null()).spawn().unwrap();
    let mut first = [0; 19];
    child.stderr.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"SANDBOX bad-deploy:");
    let begun = Instant::now();
    while processes_that_name(&programs).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "PostgreSQL was not started");
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(processes_that_name(&programs), Vec::<String>::new());
}
