//! The command line itself: the tree of commands, what is refused, what can be pasted, completion.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use parky_ops::sandbox::{Behaviour, Scenario};

use crate::harness::{Run, Site, bin, has_sandbox};

fn at_home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// What `help PATH` lists under a heading that ends with `heading`, first words only.
fn listed(help: &str, heading: &str) -> Vec<String> {
    let block = help.lines().skip_while(|line| *line != heading).skip(1);
    let entries = block.take_while(|line| line.starts_with("  ") || line.is_empty());
    let words = entries.filter_map(|line| line.strip_prefix("  ")?.split("  ").next());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The options of a help page: the lines that begin with a dash, without what they mean.
fn options(help: &str) -> Vec<String> {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    lines.filter_map(|line| Some(line.split("  ").next()?.to_owned())).collect()
}

fn tree(home: &Path, path: &str, global: &BTreeSet<String>, out: &mut String) {
    // Not by `help PATH`: a topic may have the name of a command.
    let help = Run::new(home, &format!("{path} --help")).exits(0).stdout;
    let usage = help.lines().find_map(|line| line.strip_prefix("Usage: ")).unwrap();
    writeln!(out, "{usage}").unwrap();
    for option in options(&help).into_iter().filter(|option| !global.contains(option)) {
        writeln!(out, "    {option}").unwrap();
    }
    for command in listed(&help, "Commands:") {
        tree(home, format!("{path} {command}").trim(), global, out);
    }
}

#[test]
fn the_command_tree() {
    let home = at_home();
    let top = Run::new(home.path(), "help").exits(0).stdout;
    let (_, global) = top.split_once("Global options:").unwrap();
    let mut text = String::from("everywhere\n");
    options(global).iter().for_each(|option| writeln!(text, "    {option}").unwrap());
    let known: BTreeSet<_> = options(global).into_iter().chain(["-h, --help".to_owned()]).collect();
    tree(home.path(), "", &known, &mut text);
    insta::assert_snapshot!(text, @r"
    everywhere
        --env <ENV>
        --config <FILE>
        --format <FORMAT>
        --json
        --color <COLOR>
        --no-input
        --timeout <SPAN>
        --fail-on <yellow>
        -q, --quiet
        -v, --verbose...
        --sandbox[=<SCENARIO>]
    parky-ops [OPTIONS] <COMMAND>
        -V, --version
    parky-ops completions [OPTIONS] <SHELL>
        --static
    parky-ops config [OPTIONS] <COMMAND>
    parky-ops config init [OPTIONS]
        --defaults
        -y, --yes
    parky-ops config path [OPTIONS]
    parky-ops config show [OPTIONS]
        --origin
    parky-ops config validate [OPTIONS] [FILE]
    parky-ops db [OPTIONS] <COMMAND>
    parky-ops db connections [OPTIONS]
    parky-ops db health [OPTIONS]
    parky-ops db kill [OPTIONS] <PID>
        --terminate
        --yes
        --confirm <NAME>
        --dry-run
    parky-ops db locks [OPTIONS]
    parky-ops db migrations [OPTIONS]
        --limit <N>
    parky-ops db ping [OPTIONS]
        --count <N>
    parky-ops db queries [OPTIONS]
        --longer-than <SPAN>
        --limit <N>
    parky-ops dlq [OPTIONS] <COMMAND>
    parky-ops dlq digest [OPTIONS]
        --id <ID>
        --severity <P>
        --channel <NAME>
        --since <TIME>
        --until <TIME>
        --status-class <CLASS>
        --http-status <N>
        --state <WORD>
        --title <TEXT>
        --fingerprint <HEX>
        --no-fallback
        --weekly
        --yes
        --confirm <NAME>
        --dry-run
    parky-ops dlq discard [OPTIONS] --reason <TEXT>
        --id <ID>
        --severity <P>
        --channel <NAME>
        --since <TIME>
        --until <TIME>
        --status-class <CLASS>
        --http-status <N>
        --state <WORD>
        --title <TEXT>
        --fingerprint <HEX>
        --no-fallback
        --older <SPAN>
        --reason <TEXT>
        --yes
        --confirm <NAME>
        --dry-run
    parky-ops dlq init [OPTIONS]
        --print
        --grant <ROLE>
        --delivered-status <WORD>
        --yes
        --confirm <NAME>
        --dry-run
    parky-ops dlq list [OPTIONS]
        --id <ID>
        --severity <P>
        --channel <NAME>
        --since <TIME>
        --until <TIME>
        --status-class <CLASS>
        --http-status <N>
        --state <WORD>
        --title <TEXT>
        --fingerprint <HEX>
        --no-fallback
        --limit <N|all>
    parky-ops dlq p0 [OPTIONS]
        --limit <N|all>
    parky-ops dlq replay [OPTIONS]
        --id <ID>
        --severity <P>
        --channel <NAME>
        --since <TIME>
        --until <TIME>
        --status-class <CLASS>
        --http-status <N>
        --state <WORD>
        --title <TEXT>
        --fingerprint <HEX>
        --no-fallback
        --limit <N|all>
        --rate <RATE>
        --ping <PING>
        --verbatim
        --older
        --include-maybe
        --force-duplicate
        --resend-unsure
        --no-wait
        --plan <ID>
        --yes
        --confirm <NAME>
        --dry-run
    parky-ops dlq resolve [OPTIONS] <--delivered <MESSAGE>|--not-delivered> <ID>
        --delivered <MESSAGE>
        --not-delivered
        --yes
        --confirm <NAME>
        --dry-run
    parky-ops dlq runs [OPTIONS]
        --limit <N>
    parky-ops dlq show [OPTIONS] <ID>
    parky-ops dlq stats [OPTIONS]
        --since <TIME>
        --until <TIME>
    parky-ops dlq unsure [OPTIONS]
    parky-ops doctor [OPTIONS]
    parky-ops health [OPTIONS] [HOST]...
    parky-ops help [OPTIONS] [TOPIC]...
    parky-ops man [OPTIONS] <DIR>
    parky-ops pages [OPTIONS] <COMMAND>
    parky-ops pages list [OPTIONS]
    parky-ops pages show [OPTIONS] <PROJECT>
        --limit <LIMIT>
    parky-ops pages logs [OPTIONS] <PROJECT> [ID]
    parky-ops rollback [OPTIONS] <COMMAND>
    parky-ops rollback worker [OPTIONS] <NAME>
        --to <VERSION>
        --abort-canary
        --force-secrets
        --reason <TEXT>
        --verify <SPAN>
        --via <VIA>
        --no-notify
        --lang <LANG>
        --notify
        --yes
        --confirm <NAME>
        --dry-run
    parky-ops rollback pages [OPTIONS] <PROJECT>
        --to <ID>
        --verify <SPAN>
        --reason <TEXT>
        --no-notify
        --lang <LANG>
        --yes
        --confirm <NAME>
        --dry-run
    parky-ops rollback plan [OPTIONS]
    parky-ops rollback db [OPTIONS]
        --dir <DIR>
    parky-ops runs [OPTIONS] <COMMAND>
    parky-ops runs list [OPTIONS]
        --repo <REPO>
        --workflow <WORKFLOW>
        --branch <BRANCH>
        --status <WORD>
        --event <EVENT>
        --actor <ACTOR>
        --since <TIME>
        --limit <LIMIT>
    parky-ops runs view [OPTIONS] <ID|URL>
        --repo <REPO>
        --attempt <N>
    parky-ops runs logs [OPTIONS] <ID|URL>
        --repo <REPO>
        --failed
        --all
        --job <JOB>
        --step <STEP>
        --tail <N>
        --full
        --attempt <N>
    parky-ops runs watch [OPTIONS] [ID|URL]
        --repo <REPO>
        --fail-fast
        --wait-start <SPAN>
        --commit <SHA>
        --branch <BRANCH>
        --interval <SPAN>
        --give-up <SPAN>
    parky-ops runs rerun [OPTIONS] <ID|URL>
        --repo <REPO>
        --failed
        --job <JOB>
        --yes
        --confirm <NAME>
        --dry-run
    parky-ops runs cancel [OPTIONS] <ID|URL>
        --repo <REPO>
        --force
        --yes
        --confirm <NAME>
        --dry-run
    parky-ops runs approvals [OPTIONS] [ID|URL]
        --repo <REPO>
    parky-ops runs approve [OPTIONS] <ID|URL>
        --repo <REPO>
        --environment <NAME>
        --comment <COMMENT>
        --yes
        --confirm <NAME>
        --dry-run
    parky-ops runs reject [OPTIONS] <ID|URL>
        --repo <REPO>
        --environment <NAME>
        --comment <COMMENT>
        --yes
        --confirm <NAME>
        --dry-run
    parky-ops sandbox [OPTIONS] <COMMAND>
    parky-ops sandbox scenarios [OPTIONS]
    parky-ops sandbox up [OPTIONS] <DIR>
        --scenario <SCENARIO>
    parky-ops severity [OPTIONS] <COMMAND>
    parky-ops severity decide [OPTIONS]
        --started <TIME>
        --prod-impact <ANSWER>
        --full-outage
        --payment
        --data-loss
        --security
        --dev-only
    parky-ops severity explain [OPTIONS] [SEVERITY]
        --started <TIME>
    parky-ops smoke [OPTIONS]
        --require <NAME>
        --junit <FILE>
    parky-ops tail [OPTIONS] [WORKER]...
        --all
        --for <SPAN>
        --max-events <N>
        --until-error
        --summary <SPAN>
        --out <FILE>
        --since-deploy
        --status <STATUS>
        --method <METHOD>
        --header <HEADER>
        --ip <IP>
        --search <TEXT>
        --sampling-rate <RATE>
        --version <VERSION>
        --level <LEVEL>
        --trace <ID>
        --min-wall <SPAN>
        --path <PATH>
        --grep <REGEX>
    parky-ops triage [OPTIONS]
        --host <HOST>
        --symptom <SYMPTOM>
        --started <TIME>
        --only <SOURCE>
        --skip <SOURCE>
        --watch [<SPAN>]
        --markdown
        --lang <LANG>
        --prod-impact <ANSWER>
        --full-outage
        --payment
        --data-loss
        --security
        --dev-only
    parky-ops vendors [OPTIONS] [VENDOR]...
    parky-ops workers [OPTIONS] <COMMAND>
    parky-ops workers list [OPTIONS] [NAME]...
    parky-ops workers show [OPTIONS] <NAME>
        --diff <A> <B>
    parky-ops workers deployments [OPTIONS] [NAME]...
        --worker <NAME>
        --limit <LIMIT>
    parky-ops workers versions [OPTIONS] [NAME]...
        --limit <LIMIT>
    ");
}

#[test]
fn wrong_words_are_refused_with_a_suggestion() {
    let home = at_home();
    for (words, near) in [
        ("triag", "triage"),
        ("triage --jsn", "--json"),
        ("triage --only host", "hosts"),
        ("config shwo", "show"),
        ("help triag", "triage"),
        ("help exit-code", "exit-codes"),
        ("help enviroment", "environment"),
        ("smoke --require databse", "database"),
    ] {
        let done = Run::new(home.path(), words).exits(2);
        assert_eq!(done.stdout, "", "{words}");
        assert!(done.stderr.contains(&format!("'{near}'")), "{words}: {}", done.stderr);

        let done = Run::new(home.path(), words).arg("--json").exits(2);
        assert_eq!(done.stdout, "", "{words}");
        assert_eq!(done.stderr.lines().count(), 1, "{words}: {}", done.stderr);
        let error = done.error();
        assert_eq!((&error["code"], &error["exit"]), (&"usage".into(), &2.into()), "{words}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(&format!("did you mean '{near}'?")), "{words}: {message}");
    }
}

#[test]
fn a_command_that_is_missing_is_wrong_usage() {
    let home = at_home();
    for words in ["config", "-q"] {
        let done = Run::new(home.path(), words).exits(2);
        assert_eq!(done.stdout, "");
        assert!(done.stderr.contains("Usage: "), "{words}: {}", done.stderr);
    }
    let error = Run::new(home.path(), "config --json").exits(2).error();
    assert!(error["message"].as_str().unwrap().contains("requires a subcommand"), "{error}");
}

#[test]
fn alone_it_shows_the_most_used_commands() {
    let home = at_home();
    let done = Run::new(home.path(), "").exits(0);
    assert_eq!(done.stderr, "");
    let names = |text: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix("  parky-ops "));
        lines.filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect()
    };
    let shown = names(&done.stdout);
    assert!(shown.len() <= 6, "{shown:?}");
    // Those of the six that this version has, in the order of worth.
    let top = Run::new(home.path(), "--help").exits(0).stdout;
    let there = listed(&top, "Commands:");
    let wanted = ["triage", "health", "tail", "dlq", "runs", "rollback"].map(str::to_owned);
    let expected: Vec<_> = wanted.into_iter().filter(|name| there.contains(name)).collect();
    assert_eq!(shown, expected);
}

#[test]
fn every_command_has_a_manual_page() {
    let home = at_home();
    let done = Run::new(home.path(), "man pages --json").exits(0);
    let pages: Vec<_> = done.data()["pages"].as_array().unwrap().clone();
    let read = |page: &str| fs::read_to_string(home.path().join("pages").join(page)).unwrap();
    let mut commands = vec![String::new()];
    while let Some(path) = commands.pop() {
        let page = format!("parky-ops{}.1", path.replace(' ', "-"));
        assert!(pages.contains(&page.as_str().into()), "no {page} in {pages:?}");
        assert!(read(&page).contains(".SH SYNOPSIS"), "{page}");
        let help = Run::new(home.path(), &format!("{path} --help")).exits(0).stdout;
        commands.extend(listed(&help, "Commands:").iter().map(|name| format!("{path} {name}")));
    }
    let top = read("parky-ops.1");
    assert!(top.contains("\"parky-ops manual\"") && top.contains(".SH \"EXIT STATUS\""), "{top}");
    assert!(top.contains("\\fB130\\fR\ninterrupted"), "{top}");
    // Commands are there to be copied: on lines of their own.
    let replay = read("parky-ops-dlq-replay.1");
    let (_, examples) = replay.split_once(".SH EXAMPLES\n.nf\n").expect("examples");
    assert!(examples.starts_with("parky\\-ops dlq replay"), "{examples}");
    assert!(read("parky-ops-dlq.1").contains("\\fBparky\\-ops\\fR(1), \\fBparky\\-ops\\-dlq"));
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    let done = Run::new(home.path(), "man file/below").exits(1);
    assert!(done.stderr.contains("writing manual pages into"), "{}", done.stderr);
}

#[test]
fn the_topics_name_every_variable_and_every_key() {
    let home = at_home();
    let rows = |topic: &str| {
        let data = Run::new(home.path(), &format!("help {topic} --json")).exits(0).data();
        data["rows"].as_array().unwrap().clone()
    };
    let variables = rows("environment");
    assert!(variables.iter().any(|row| row["word"] == "DISCORD_WEBHOOK_<CHANNEL>"));
    let keys = rows("config");
    let red = keys.iter().find(|row| row["word"] == "thresholds.host_red_ms").unwrap();
    assert_eq!((&red["built_in"], &red["own"]), (&"3000".into(), &false.into()));
    let text = Run::new(home.path(), "help config").exits(0);
    assert!(text.stdout.contains("own") && text.stderr.contains("parky-ops config --help"));
}

#[test]
fn a_topic_is_a_list_that_says_whether_it_is_whole() {
    let home = at_home();
    let document = Run::new(home.path(), "help reasons --json").exits(0).json();
    assert_eq!(document["schema"], "parky-ops/help/v1");
    let data = &document["data"];
    assert_eq!((&data["complete"], &data["more"]), (&true.into(), &false.into()));
    let rows = data["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["word"] == "untold-p0"), "{data:#}");
}

#[test]
fn the_sandbox_says_which_feature_it_needs_or_works() {
    let home = at_home();
    for words in ["--sandbox=healthy config path", "sandbox scenarios"] {
        let run = Run::new(home.path(), words);
        if has_sandbox() {
            let _ = run.exits(0);
        } else {
            let done = run.exits(2);
            assert_eq!(done.stdout, "");
            assert!(done.stderr.contains("without the cargo feature 'sandbox'"), "{}", done.stderr);
        }
    }
}

#[test]
fn the_sandbox_and_a_configuration_exclude_each_other() {
    let home = at_home();
    let done = Run::new(home.path(), "triage --sandbox --config parky.toml").exits(2);
    assert!(done.stderr.contains("brings its own configuration"), "{}", done.stderr);
    assert_eq!(done.stdout, "");
}

#[test]
fn what_it_prints_can_be_pasted_back() {
    let site = Site::of(Scenario::BadTokens);
    site.sandbox().host("parky.co.jp").unwrap().behave(&Behaviour::Answers(500)).unwrap();
    let config = site.home().join("it's my.toml");
    fs::rename(site.config_path(), &config).unwrap();
    let run = Run::new(site.home(), "triage --json --config").arg(&config);
    let data = run.exits(10).data();
    let path = bin(site.home());
    let mut ours = Vec::new();
    for step in data["next"].as_array().unwrap() {
        let command = step["command"].as_str().unwrap();
        assert!(!command.contains('\n'), "{command}");
        if command.starts_with("parky-ops ") {
            ours.push(command);
        }
    }
    let words: Vec<_> = ours.iter().map(|line| shell_words::split(line).unwrap()).collect();
    assert!(words.iter().any(|words| words.contains(&"health".to_owned())), "{ours:?}");
    assert!(words.iter().any(|words| words.contains(&"doctor".to_owned())), "{ours:?}");
    for (line, words) in ours.iter().zip(&words) {
        assert_eq!(words[1..3], ["--config", config.to_str().unwrap()], "{line}");
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", line]).env_clear().env("PATH", &path).env("HOME", site.home());
        let output = shell.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(7 | 10)), "{line}: {stderr}");
        assert!(!output.stdout.is_empty(), "{line}");
    }
}

#[test]
fn the_environment_is_repeated_in_what_it_prints() {
    let home = at_home();
    let run = Run::new(home.path(), "triage --env dev --only workers --json");
    let data = run.exits(3).data();
    assert_eq!(data["next"][0]["command"], "parky-ops --env dev doctor");
}
