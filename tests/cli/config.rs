//! `parky-ops config`: written, shown, found, checked.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Done, Run, Site};

fn at_home(words: &str) -> (tempfile::TempDir, Run) {
    let home = tempfile::tempdir().unwrap();
    let run = Run::new(home.path(), words);
    (home, run)
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// stdout is empty, and stderr is one object with everything that the contract names.
fn is_one_error(done: &Done, code: &str, exit: u8) -> Value {
    assert_eq!(done.stdout, "");
    let whole: Value = serde_json::from_str(&done.stderr).expect("one JSON object");
    let error = whole["error"].clone();
    assert_eq!((&error["code"], &error["exit"]), (&json!(code), &json!(exit)));
    assert!(error["causes"].is_array(), "{error:#}");
    for key in ["message", "hint"] {
        assert!(!error[key].as_str().unwrap().is_empty(), "{key} of {error:#}");
    }
    error
}

#[test]
fn init_writes_a_private_file_that_validates_and_changes_nothing() {
    let (home, init) = at_home("config init --defaults");
    let done = init.exits(0);
    let path = home.path().join(".config/parky-ops/config.toml");
    assert_eq!(done.stdout, format!("wrote {}\n", path.display()));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let valid = Run::new(home.path(), "config validate").arg(&path).exits(0);
    assert_eq!(valid.stdout, format!("{} is in order\n", path.display()));

    let (_elsewhere, without) = at_home("config show --json");
    let with = Run::new(home.path(), "config show --json").exits(0);
    assert_eq!(with.data(), without.exits(0).data(), "every line of it is a comment");
}

#[test]
fn a_file_that_is_there_needs_a_yes_and_is_kept() {
    let (home, init) = at_home("config init --defaults --json");
    let directory = home.path().join(".config/parky-ops");
    let path = directory.join("config.toml");
    fs::create_dir_all(&directory).unwrap();
    fs::write(&path, "lang = \"en\" # mine\n").unwrap();

    let error = is_one_error(&init.exits(6), "unconfirmed", 6);
    assert!(error["message"].as_str().unwrap().contains("overwrite"), "{error:#}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "lang = \"en\" # mine\n");
    assert_eq!(names(&directory), ["config.toml"]);

    // What it says to type does what was wanted.
    assert_eq!(error["hint"], "parky-ops config init --defaults --yes");
    let data = Run::new(home.path(), "config init --defaults --yes --json").exits(0).data();
    let backup = directory.join("config.toml.bak");
    assert_eq!(data, json!({"path": path, "backup": backup}));
    assert_eq!(fs::read_to_string(&backup).unwrap(), "lang = \"en\" # mine\n");
    assert!(fs::read_to_string(&path).unwrap().starts_with("# Configuration of parky-ops."));
    assert_eq!(names(&directory), ["config.toml", "config.toml.bak"]);
}

#[test]
fn what_nobody_can_be_asked_is_not_guessed() {
    let (home, init) = at_home("config init --json");
    let error = is_one_error(&init.exits(2), "usage", 2);
    assert_eq!(error["hint"], "parky-ops config init --defaults");
    let elsewhere = Run::new(home.path(), "config init --json --config my.toml").exits(2);
    let error = is_one_error(&elsewhere, "usage", 2);
    // Whole: it may be pasted elsewhere.
    let file = home.path().join("my.toml");
    let hint = format!("parky-ops --config {} config init --defaults", file.display());
    assert_eq!(error["hint"], hint);
    assert_eq!(names(home.path()), Vec::<String>::new());
}

const FILE: &str = "lang = \"en\"
[env.prod.credentials]
cloudflare_api_token = \"cf-0123456789abcdef\"
supabase_db_url = \"op://vault/db/url\"
";

#[test]
fn every_value_is_shown_with_its_origin_and_secrets_are_not() {
    let site = Site::bare(FILE);
    let file = site.config_path().display().to_string();
    let run =
        site.run("config show --origin").var("CLOUDFLARE_API_BASE_URL", "https://cf.example.jp/v4");
    let text = run.exits(0);
    let line = |key: &str| {
        let line = text.stdout.lines().find(|line| line.starts_with(key));
        line.unwrap_or_else(|| panic!("no {key} in {}", text.stdout)).to_owned()
    };
    let says = |key: &str, words: &[&str]| {
        let line = line(key);
        assert!(words.iter().all(|word| line.contains(word)), "{words:?} in: {line}");
    };
    says("lang ", &["en", &format!("{file}:1")]);
    says("env.prod.credentials.cloudflare_api_token", &["***", &format!("{file}:3")]);
    let reference = ["***", &format!("{file}:4"), "(op://vault/db/url)"];
    says("env.prod.credentials.supabase_db_url", &reference);
    says("urls.cloudflare", &["https://cf.example.jp/v4", "$CLOUDFLARE_API_BASE_URL"]);
    says("thresholds.db_connect_red_ms", &["2000", "built in"]);
    assert!(!text.stdout.contains("cf-0123456789abcdef"), "{}", text.stdout);

    let done = site.run("config show --json").exits(0);
    assert!(!done.stdout.contains("cf-0123456789abcdef"), "{}", done.stdout);
    let data = done.data();
    let rows = data["rows"].as_array().unwrap();
    let token = rows.iter().find(|row| row["key"] == "env.prod.credentials.cloudflare_api_token");
    let expected = json!({
        "key": "env.prod.credentials.cloudflare_api_token", "value": "***",
        "origin": format!("{file}:3"), "secret": true, "reference": null,
    });
    assert_eq!(token, Some(&expected));
}

#[test]
fn both_files_are_told_whether_they_are_there_or_not() {
    let (home, run) = at_home("config path --json");
    let path = home.path().join(".config/parky-ops/config.toml");
    let absent = json!([{"role": "user", "path": path, "state": "absent", "why": null}]);
    let whole = json!({"rows": absent, "complete": true, "more": false});
    assert_eq!(run.exits(0).data(), whole);

    let site = Site::bare(FILE);
    let project = site.home().join("parky-ops.toml");
    fs::write(&project, "[thresholds]\nhost_red_ms = 1500\n").unwrap();
    let rows = site.run("config path --json").exits(0).data()["rows"].clone();
    let read =
        |role: &str, path: &Path| json!({"role": role, "path": path, "state": "read", "why": null});
    assert_eq!(rows, json!([read("user", &site.config_path()), read("project", &project)]));
}

#[test]
fn a_file_with_an_error_is_refused_by_its_line() {
    let (home, run) = at_home("config validate --json");
    let file = home.path().join("new.toml");
    fs::write(&file, format!("{FILE}[thresholds]\nhost_red_ms = \"soon\"\n")).unwrap();
    let error = is_one_error(&run.arg(&file).exits(3), "config", 3);
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with(&format!("{}:6:", file.display())), "{message}");
    assert!(message.contains("thresholds.host_red_ms"), "{message}");
    assert!(!error.to_string().contains("cf-0123456789abcdef"), "{error:#}");

    let (_home, run) = at_home("config validate no-such-file.toml --json");
    let error = is_one_error(&run.exits(3), "config", 3);
    assert!(error["message"].as_str().unwrap().contains("no-such-file.toml"), "{error:#}");
    assert!(error["hint"].as_str().unwrap().contains("no-such-file.toml config init"), "{error:#}");
}
