//! What a person sees while a command runs, and what a script is spared.

use std::fs;

use parky_ops::sandbox::Scenario;
use unicode_width::UnicodeWidthStr as _;

use crate::harness::{Run, Site, closed_port};

/// Its answer on the terminal; what stderr gets is thrown away.
const STDOUT: &str = "exec \"$@\" 2>/dev/null";

/// A site with one host that refuses, so that a short command has a red row to paint.
fn small() -> Site {
    let host = closed_port();
    Site::bare(&format!("vendor = []\n[env.prod]\nhosts = [\"http://127.0.0.1:{host}\"]\n"))
}

#[test]
fn progress_is_shown_on_stderr_and_gone_at_the_end() {
    let site = Site::of(Scenario::BadDeploy);
    let answer = site.home().join("answer");
    let line = format!("exec \"$@\" >{}", answer.display());
    let ended = site.run("triage").at_terminal_of_shell(100, &line).end();
    assert_eq!(ended.code, Some(10), "{}", ended.screen);
    for source in ["hosts", "workers", "database", "vendors"] {
        assert!(ended.raw.contains(&format!("{source:13} ")), "no line of {source}: {}", ended.raw);
    }
    // Each line begins where lines begin: behind the one before it, a new one.
    let mut lines = ended.raw.split('\n').map(|line| line.chars().skip(1).take(8));
    assert!(lines.any(|line| line.eq(" workers".chars())), "{}", ended.raw);
    assert!(ended.raw.contains("asking") && !ended.screen.contains("asking"), "{}", ended.screen);
    assert_eq!(ended.screen.lines().count(), 1, "only the note stays: {}", ended.screen);
    assert!(!ended.cursor_hidden);
    let answer = fs::read_to_string(answer).unwrap();
    assert!(answer.starts_with("✗ red") && !answer.contains('\u{1b}'), "{answer}");
}

#[test]
fn progress_is_neither_shown_under_ci_nor_on_a_dumb_terminal_nor_when_quiet() {
    let site = Site::of(Scenario::Healthy);
    for run in [
        site.run("triage").var("CI", "1"),
        site.run("triage").var("TERM", "dumb"),
        site.run("-q triage"),
    ] {
        let ended = run.at_terminal_of_shell(100, "exec \"$@\" >/dev/null").end();
        assert_eq!(ended.code, Some(0));
        assert!(!ended.raw.contains("asking") && !ended.raw.contains('\u{1b}'), "{}", ended.raw);
    }
}

#[test]
fn colour_is_for_terminals_and_as_the_variables_and_the_option_say() {
    let site = small();
    let health = |words: &str| site.run(&format!("health {words}"));
    let painted = |run: &Run| run.at_terminal_of_shell(100, STDOUT).end().raw.contains('\u{1b}');
    assert!(painted(&health("")));
    assert!(!painted(&health("").var("NO_COLOR", "1")));
    assert!(painted(&health("").var("NO_COLOR", "")), "an empty variable is none");
    assert!(!painted(&health("").var("TERM", "dumb")));
    assert!(!painted(&health("--color never")));
    assert!(!painted(&health("").var("CLICOLOR_FORCE", "1").var("NO_COLOR", "1")));
    assert!(painted(&health("--color always").var("NO_COLOR", "1")));

    let piped = |run: Run| run.exits(10).stdout.contains('\u{1b}');
    assert!(!piped(health("")));
    assert!(piped(health("").var("CLICOLOR_FORCE", "1")));
    assert!(!piped(health("").var("CLICOLOR_FORCE", "0")));
    assert!(piped(health("--color always")));
    assert!(!piped(health("--color always --json")), "JSON is never painted");
}

#[test]
fn help_and_wrong_usage_heed_the_option_too() {
    let site = small();
    for words in ["--color never triage --help", "triage --color=never --nope"] {
        let ended = site.run(words).at_terminal(100).end();
        assert!(!ended.raw.contains('\u{1b}'), "{words}: {}", ended.raw);
    }
    assert!(site.run("--color always --help").exits(0).stdout.contains('\u{1b}'));
}

#[test]
fn columns_narrows_a_terminal_and_leaves_a_pipe_alone() {
    let site = small();
    let run = site.run("help reasons").var("COLUMNS", "50");
    let ended = run.at_terminal_of_shell(120, STDOUT).end();
    assert!(ended.raw.lines().all(|line| line.trim_end().width() <= 50), "{}", ended.raw);
    let wide = site.run("help reasons").exits(0).stdout;
    assert!(wide.lines().any(|line| line.width() > 60), "{wide}");
    assert_eq!(run.exits(0).stdout, wide);
}

#[test]
fn off_a_terminal_there_is_no_escape_at_all() {
    let site = Site::of(Scenario::BadDeploy);
    for words in ["triage", "triage --markdown", "health", "doctor -v", "triage --only nope"] {
        let done = site.run(words).done();
        assert!(!done.stdout.contains('\u{1b}') && !done.stderr.contains('\u{1b}'), "{words}");
    }
}

#[test]
fn quiet_says_only_what_was_asked_for() {
    let site = Site::of(Scenario::Healthy);
    let (loud, quiet) = (site.run("triage").exits(0), site.run("triage -q").exits(0));
    assert!(loud.stderr.starts_with("looking at prod, "), "{}", loud.stderr);
    assert_eq!(quiet.stderr, "");
    assert!(quiet.stdout.starts_with("✓ green  prod"), "{}", quiet.stdout);
}

#[test]
fn a_person_is_asked_what_the_checks_cannot_tell() {
    let site = Site::of(Scenario::BadTokens);
    let mut pty = site.run("triage").at_terminal(120);
    pty.wait_for("> unknown");
    pty.type_in(UP);
    pty.wait_for("> no");
    pty.type_in(UP);
    pty.wait_for("> yes");
    pty.type_in("\r");
    pty.wait_for("> partial");
    pty.type_in(UP);
    pty.wait_for("> outage");
    pty.type_in("\r");
    let ended = pty.end();
    assert_eq!(ended.code, Some(7), "{}", ended.screen);
    let last = ended.screen.trim_end().lines().last().unwrap();
    assert!(last.starts_with("SEV1/P0 (") && last.contains("post to #p0-alerts"), "{last}");
}

/// The arrow key.
const UP: &str = "\u{1b}[A";

#[test]
fn no_impact_alone_proposes_nothing() {
    let site = Site::of(Scenario::BadTokens);
    let mut pty = site.run("triage --symptom partial").at_terminal(120);
    pty.wait_for("> unknown");
    pty.type_in(UP);
    pty.wait_for("> no");
    pty.type_in("\r");
    pty.wait_for("Is only dev or monitoring affected?");
    pty.type_in("\r");
    let ended = pty.end();
    let last = ended.screen.trim_end().lines().last().unwrap();
    assert!(last.starts_with("no severity (") && last.contains("SEV2/P1"), "{last}");
}

#[test]
fn escape_takes_the_default() {
    let site = Site::of(Scenario::BadTokens);
    let mut pty = site.run("triage --symptom latency").at_terminal(120);
    pty.wait_for("> unknown");
    pty.type_in("\u{1b}");
    let ended = pty.end();
    let last = ended.screen.trim_end().lines().last().unwrap();
    assert!(last.contains("SEV2/P1 ("), "unknown counts as impact: {last}");
}

#[test]
fn nobody_is_asked_where_no_answer_can_come_or_none_is_needed() {
    let site = Site::of(Scenario::BadTokens);
    for words in ["triage --no-input", "triage --json", "triage --markdown"] {
        let ended = site.run(words).at_terminal(120).end();
        assert_eq!(ended.code, Some(7), "{words}");
        assert!(!ended.raw.contains("Are users"), "{words}: {}", ended.screen);
    }
    assert!(!site.run("triage").exits(7).stderr.contains("Are users"), "off a terminal");
    // A severity follows from what was measured.
    let bad = Site::of(Scenario::BadDeploy);
    let ended = bad.run("triage").at_terminal(120).end();
    assert!(ended.code == Some(10) && !ended.raw.contains("Are users"), "{}", ended.screen);
}
