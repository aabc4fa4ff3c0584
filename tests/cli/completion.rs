//! Completion in real shells: what TAB offers, and that asking changes and tells nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use parky_ops::sandbox::Scenario;

use crate::harness::{
    GREEN, GithubSite, HttpServer, Pty, RED, RUNNING, Run, Site, bin, binary, has_sandbox,
};

fn at_home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(name)
}

#[test]
fn the_committed_completions_are_those_that_it_prints() {
    let home = at_home();
    for (shell, file) in [
        ("bash", "parky-ops.bash"),
        ("elvish", "parky-ops.elv"),
        ("fish", "parky-ops.fish"),
        ("nushell", "parky-ops.nu"),
        ("powershell", "_parky-ops.ps1"),
        ("zsh", "_parky-ops"),
    ] {
        let printed = Run::new(home.path(), &format!("completions {shell}")).exits(0).stdout;
        let kept = fs::read_to_string(committed(file)).unwrap();
        assert!(printed == kept, "stale: run scripts/completions for completions/{file}");
    }
}

#[test]
fn a_static_script_knows_the_commands_by_itself() {
    let home = at_home();
    for shell in ["bash", "elvish", "fish", "nushell", "powershell", "zsh"] {
        let run = Run::new(home.path(), &format!("completions {shell} --static"));
        let script = run.exits(0).stdout;
        assert!(script.contains("triage"), "{shell}: {script}");
        assert!(!script.contains("PARKY_OPS_COMPLETE"), "{shell}: {script}");
    }
}

/// The program as a shell asks it, with the words of the line.
fn ask(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.arg("--").arg("parky-ops").args(words).env_clear().current_dir(home);
    command.env("HOME", home).env("PATH", "/usr/bin:/bin").env("PARKY_OPS_COMPLETE", "bash");
    command.env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    command
}

fn values(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

/// Asks until `wanted` is among the values: on a loaded machine a look may be given up.
fn offers(command: &mut Command, wanted: &str) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let output = command.output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let values = values(&output);
        if values.iter().any(|value| value == wanted) {
            return values;
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "no {wanted} in {values:?}");
    }
}

#[test]
fn values_come_from_the_users_own_file_and_the_environment_on_the_line() {
    let home = at_home();
    let folder = home.path().join(".config/parky-ops");
    fs::create_dir_all(&folder).unwrap();
    let file = "[env.stage]\nhosts = [\"stage.example.jp\"]\n";
    fs::write(folder.join("config.toml"), file).unwrap();
    let _ = offers(&mut ask(home.path(), &["--env", "st"]), "stage");
    let hosts =
        offers(&mut ask(home.path(), &["--env", "stage", "health", ""]), "stage.example.jp");
    assert!(!hosts.contains(&"api.parky.co.jp".to_owned()), "{hosts:?}");
    let _ = offers(&mut ask(home.path(), &["triage", "--host", "api"]), "api.parky.co.jp");
}

#[test]
fn asking_calls_nobody_and_leaves_nothing() {
    let home = at_home();
    let server = HttpServer::answering("200 OK", "application/json", "{}");
    let tools = home.path().join("tools");
    fs::create_dir(&tools).unwrap();
    for tool in ["op", "gh"] {
        let path = tools.join(tool);
        fs::write(&path, format!("#!/bin/sh\ntouch {}/called\n", home.path().display())).unwrap();
        let runs = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, runs).unwrap();
    }
    let before = fs::read_dir(home.path()).unwrap().count();
    let mut command = ask(home.path(), &["health", "ap"]);
    command.env("PATH", format!("{}:/usr/bin:/bin", tools.display()));
    command.env("PARKY_OPS_GITHUB_URL", server.url()).env("PARKY_OPS_CLOUDFLARE_URL", server.url());
    command.env("CLOUDFLARE_API_TOKEN", "op://ops/cloudflare/token");
    let _ = offers(&mut command, "api.parky.co.jp");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), before);
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_broken_configuration_is_silent() {
    let home = at_home();
    let mut command = ask(home.path(), &["health", ""]);
    command.env("PARKY_OPS_CONFIG", "/nonexistent/config.toml");
    let output = command.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert!(values(&output).iter().all(|value| value.starts_with('-')), "{output:?}");
}

/// Types `keys` again and again until the terminal shows `text`: on a loaded machine a look may be
/// given up, and TAB then offers nothing.
fn press_until(pty: &mut Pty, keys: &str, text: &str) {
    let begun = Instant::now();
    loop {
        pty.type_in(keys);
        if pty.shows_soon(text) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "no {text:?}:\n{}", pty.raw());
        // Forget the line.
        pty.type_in("\u{15}");
    }
}

/// A shell at a terminal that has read our script.
fn shell(home: &Path, program: &str, args: &[&str], set_up: &str) -> Pty {
    let path = bin(home);
    let mut shell = Command::new("sh");
    // bash shows what is typed only where the terminal echoes.
    shell
        .args(["-c", "stty echo; exec \"$@\"", "sh", program])
        .args(args)
        .env_clear()
        .env("PATH", &path)
        .env("HOME", home);
    shell.env("TERM", "xterm-256color").env("LANG", "C.UTF-8").current_dir(home);
    let mut pty = Pty::start(&mut shell, 120);
    pty.type_in(&format!("{set_up}\r"));
    pty.wait_for("loaded");
    pty
}

fn completes_values(pty: &mut Pty) {
    press_until(pty, "parky-ops health api\t", "parky-ops health api.parky.co.jp ");
    pty.type_in("\u{15}");
    press_until(pty, "parky-ops --env de\t", "parky-ops --env dev ");
    pty.type_in("\u{15}");
    press_until(pty, "parky-ops doc\t", "parky-ops doctor ");
    pty.type_in("\u{15}");
    if has_sandbox() {
        press_until(pty, "parky-ops --sandbox=hea\t", "parky-ops --sandbox=healthy ");
        pty.type_in("\u{15}");
        // Several: with their titles.
        press_until(pty, "parky-ops --sandbox=\t\t", "nothing is wrong");
        pty.type_in("\u{15}");
    }
}

#[test]
fn options_are_offered_at_a_dash_and_where_nothing_else_fits() {
    let home = at_home();
    let of = |words: &[&str], wanted: &str| offers(&mut ask(home.path(), words), wanted);
    let is_option = |value: &String| value.starts_with('-');
    assert!(!of(&["tail", ""], "public").iter().any(is_option));
    assert!(!of(&[""], "triage").iter().any(is_option));
    assert!(of(&["tail", "-"], "--max-events").iter().all(is_option));
    assert!(of(&["runs", "list", ""], "--status").iter().all(is_option));
    let words = of(&["runs", "list", "--status", ""], "in_progress");
    assert!(words.contains(&"failure".to_owned()), "{words:?}");
}

#[test]
fn bash_completes() {
    let home = at_home();
    let script = committed("parky-ops.bash");
    let set_up = format!("PS1='ready> '; source {} && echo loa''ded", script.display());
    let mut pty = shell(home.path(), "bash", &["--norc", "--noprofile", "-i"], &set_up);
    completes_values(&mut pty);
    press_until(&mut pty, "parky-ops triage --only ho\t", "parky-ops triage --only hosts ");
    press_until(&mut pty, "\u{15}parky-ops --he\t", "parky-ops --help ");
    pty.type_in("\u{15}exit\r");
    assert_eq!(pty.end().code, Some(0));
}

#[test]
fn zsh_completes() {
    let home = at_home();
    let script = committed("_parky-ops");
    let set_up = format!(
        "PS1='ready> '; autoload -U compinit && compinit -u -D && source {} && print loa''ded",
        script.display()
    );
    let mut pty = shell(home.path(), "zsh", &["-f", "-i"], &set_up);
    completes_values(&mut pty);
    press_until(&mut pty, "\u{15}parky-ops triage --on\t", "parky-ops triage --only ");
    pty.type_in("\u{15}exit\r");
    assert_eq!(pty.end().code, Some(0));
}

#[test]
fn fish_completes() {
    let home = at_home();
    let path = bin(home.path());
    let complete = |line: &str, wanted: &str| {
        let script = committed("parky-ops.fish");
        let script = format!("source {}; complete -C {line:?}", script.display());
        let begun = Instant::now();
        loop {
            let mut fish = Command::new("fish");
            fish.args(["--no-config", "-c", &script]).env_clear().current_dir(home.path());
            let output = fish.env("PATH", &path).env("HOME", home.path()).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            if text.lines().any(|line| line.starts_with(wanted)) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "no {wanted:?} in {text}");
        }
    };
    complete("parky-ops tri", "triage\t");
    complete("parky-ops --", "--env\t");
    complete("parky-ops health api", "api.parky.co.jp\tprod");
    complete("parky-ops --env de", "dev");
    if has_sandbox() {
        complete("parky-ops --sandbox=hea", "--sandbox=healthy\tnothing is wrong");
    }
}

/// A home in which `runs list` was called, which leaves its ids for the shell.
fn with_runs() -> GithubSite {
    let github = GithubSite::new();
    let begun = Instant::now();
    loop {
        // Under load it may not get to leaving them.
        let _ = github.run("runs list").exits(0);
        let asked = ask(github.site.home(), &["runs", "view", ""]).output().unwrap();
        if values(&asked).contains(&RED.to_string()) {
            return github;
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "{asked:?}");
    }
}

/// What a responder presses TAB for most: which worker, and which run.
fn completes_workers_and_runs(pty: &mut Pty) {
    press_until(pty, "parky-ops tail stor\t", "parky-ops tail store-sync ");
    pty.type_in("\u{15}");
    // With what it serves, where a shell shows titles.
    press_until(pty, "parky-ops tail \t\t", "admin.parky.co.jp");
    assert!(!pty.raw().contains("--max-events"), "options come at a dash:\n{}", pty.raw());
    pty.type_in("\u{15}");
    // bash writes what all ids begin with, then rings, then lists.
    press_until(pty, "parky-ops runs view \t\t\t", "fix: types (#1293)");
    for shown in [RED, RUNNING, GREEN] {
        // fish leaves out what all of them begin with.
        let end = &shown.to_string()[1..];
        assert!(pty.shows_soon(end), "no {end}:\n{}", pty.raw());
    }
    assert!(pty.shows_soon("feat: search (#1284)"), "{}", pty.raw());
    pty.type_in("\u{15}");
    let line = |verb: &str| format!("parky-ops runs {verb} {RUNNING} ");
    for verb in ["logs", "watch", "rerun"] {
        let typed = format!("{}\t", line(verb).trim_end());
        press_until(pty, &typed, &line(verb));
        pty.type_in("\u{15}");
    }
}

#[test]
fn bash_offers_workers_and_runs_with_titles() {
    let github = with_runs();
    let script = committed("parky-ops.bash");
    let set_up = format!("PS1='ready> '; source {} && echo loa''ded", script.display());
    let words = ["--norc", "--noprofile", "-i"];
    completes_workers_and_runs(&mut shell(github.site.home(), "bash", &words, &set_up));
}

#[test]
fn zsh_offers_workers_and_runs_with_titles() {
    let github = with_runs();
    let script = committed("_parky-ops");
    let set_up = format!(
        "PS1='ready> '; autoload -U compinit && compinit -u -D && source {} && print loa''ded",
        script.display()
    );
    completes_workers_and_runs(&mut shell(github.site.home(), "zsh", &["-f", "-i"], &set_up));
}

#[test]
fn fish_offers_workers_and_runs_with_titles() {
    let github = with_runs();
    let script = committed("parky-ops.fish");
    let set_up = format!("source {}; and echo loa''ded", script.display());
    let words = ["--no-config", "--interactive"];
    completes_workers_and_runs(&mut shell(github.site.home(), "fish", &words, &set_up));
}

#[test]
fn dead_letters_that_were_listed_are_offered_with_a_short_title() {
    let site = Site::of(Scenario::BadDeploy);
    let begun = Instant::now();
    let offered = loop {
        let listed = site.run("dlq list --json").exits(0).data();
        let id = listed["rows"][0]["id"].as_str().unwrap().to_owned();
        let asked = ask(site.home(), &["dlq", "show", ""]).output().unwrap();
        let text = String::from_utf8(asked.stdout).unwrap();
        if let Some(line) = text.lines().find(|line| line.starts_with(&format!("{id}\t"))) {
            break line.to_owned();
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "no {id} in {text}");
    };
    let (id, title) = offered.split_once('\t').unwrap();
    assert!(title.starts_with('P') && title.chars().count() <= 80, "{title}");
    let _ = offers(&mut ask(site.home(), &["dlq", "replay", "--id", ""]), id);
    // Another environment's state, and a sandbox's, is not this one.
    let mut elsewhere = ask(site.home(), &["--sandbox", "dlq", "show", ""]);
    assert!(!values(&elsewhere.output().unwrap()).contains(&id.to_owned()));
}
