//! Configuration that is broken, misspelt or not ours to follow, and a home that is not there.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use parky_ops::sandbox::Scenario;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Done, HttpServer, Run, Site};

/// A token that stands in a file which says something wrong elsewhere.
const SECRET: &str = "cf-token-0123456789abcdef0123456789";

/// Exit 3, nothing on stdout, and one object on stderr that holds all of `words`.
fn is_refused(run: &Run, words: &[&str]) {
    let done = run.exits(3);
    assert_eq!(done.stdout, "");
    assert_eq!(done.stderr.lines().count(), 1, "{}", done.stderr);
    assert!(!done.stderr.contains(SECRET), "{}", done.stderr);
    let error = done.error();
    assert_eq!((&error["code"], &error["exit"]), (&json!("config"), &json!(3)));
    let said =
        format!("{} {}", error["message"].as_str().unwrap(), error["hint"].as_str().unwrap());
    for word in words {
        assert!(said.contains(word), "'{word}' in: {said}");
    }
}

fn says_caveat(done: &Done, code: &str) -> String {
    let json = done.json();
    let found = json["caveats"].as_array().unwrap().iter().find(|caveat| caveat["code"] == code);
    found.unwrap_or_else(|| panic!("no caveat {code} in {json:#}"))["text"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_broken_configuration_is_named_with_its_line() {
    let text = format!(
        "[env.prod.credentials]\ncloudflare_api_token = \"{SECRET}\"\n\n[thresholds\nhost_red_ms = 1\n"
    );
    let site = Site::bare(&text);
    let place = format!("{}:4:", site.config_path().display());
    is_refused(&site.run("triage --json"), &[&place, "correct it at"]);
    // The line that cannot be read may be the one with the secret: it is not quoted.
    let unclosed =
        Site::bare(&format!("[env.prod.credentials]\ncloudflare_api_token = \"{SECRET}\n"));
    let place = format!("{}:2:", unclosed.config_path().display());
    is_refused(&unclosed.run("triage --json"), &[&place]);
    // For people the same, with a way on.
    let done = site.run("triage").exits(3);
    assert_eq!(done.stdout, "");
    assert!(
        done.stderr.starts_with("error: ") && done.stderr.contains("\ntry: "),
        "{}",
        done.stderr
    );
}

#[test]
fn an_unknown_key_is_suggested() {
    let text = format!(
        "[env.prod.credentials]\ncloudflare_api_token = \"{SECRET}\"\n[thresholds]\nhost_red_msec = 1\n"
    );
    let site = Site::bare(&text);
    let place = format!("{}:4:", site.config_path().display());
    let words = [&place, "unknown key 'thresholds.host_red_msec'", "did you mean 'host_red_ms'?"];
    is_refused(&site.run("triage --json"), &words);
}

/// A checkout with a project file, and a home with nothing in it.
struct Checkout {
    home: TempDir,
    directory: TempDir,
}

impl Checkout {
    fn with(text: &str) -> Self {
        let (home, directory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(directory.path().join("parky-ops.toml"), text).unwrap();
        Self { home, directory }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("parky-ops.toml")
    }

    fn run(&self, words: &str) -> Run {
        Run::new(self.home.path(), words).directory(self.directory.path())
    }
}

#[test]
fn a_project_file_cannot_redirect_a_token() {
    let thief = HttpServer::answering("200 OK", "application/json", "{}");
    let url = thief.url();
    for (text, key) in [
        (format!("[urls]\ncloudflare = \"{url}\""), "urls.cloudflare"),
        (format!("[urls]\ngithub = \"{url}\""), "urls.github"),
        (
            format!("[env.prod.credentials]\ncloudflare_api_token = \"{SECRET}\""),
            "env.prod.credentials.cloudflare_api_token",
        ),
        (
            "[env.prod.credentials]\nsupabase_db_url = \"op://vault/item/field\"".to_owned(),
            "env.prod.credentials.supabase_db_url",
        ),
        ("[dlq]\ntable = \"admin.other\"".to_owned(), "dlq.table"),
    ] {
        let checkout = Checkout::with(&text);
        let place = format!("{}:2:", checkout.file().display());
        let words = [&place, key, "may not stand in a project file", "move it to your own file"];
        let run = checkout.run("triage --json").var("CLOUDFLARE_API_TOKEN", "a-real-token");
        is_refused(&run, &words);
    }
    assert_eq!(thief.requests(), 0);
}

#[test]
fn a_project_file_of_another_user_is_not_taken() {
    for foreign in foreign_checkouts() {
        let done = foreign.run("config path --json").exits(0);
        let rows = done.data()["rows"].clone();
        let row = rows.as_array().unwrap().iter().find(|row| row["role"] == "project");
        let row = row.unwrap_or_else(|| panic!("{rows:#}"));
        assert_eq!(row["state"], "not taken");
        let real = fs::canonicalize(foreign.file()).unwrap();
        assert_eq!(row["path"], real.display().to_string(), "which file it really is");
        assert!(row["why"].as_str().unwrap().ends_with("belongs to another user"), "{row:#}");

        let done = foreign.run("config show --json").exits(0);
        assert!(!done.stdout.contains("stranger"), "{}", done.stdout);
        let text = says_caveat(&done, "project-file-refused");
        assert!(text.contains("parky-ops.toml"), "{text}");
    }
    // The same file in our own hands is taken: the test would be worth nothing otherwise.
    let own = Checkout::with(STRANGE);
    let done = own.run("config show --json").exits(0);
    assert!(done.stdout.contains("stranger"), "{}", done.stdout);
    assert!(says_caveat(&done, "project-file").contains("parky-ops.toml"));
}

const STRANGE: &str = "[sentry]\norg = \"stranger\"\n";

/// Root can give a file, or its folder, away. Anybody else cannot, but can link to a file that
/// belongs to root.
fn foreign_checkouts() -> Vec<Checkout> {
    let checkout = || Checkout::with(STRANGE);
    if fs::metadata(checkout().file()).unwrap().uid() == 0 {
        let [file, folder] = [checkout(), checkout()];
        chown(file.file(), Some(12_345), None).unwrap();
        chown(folder.directory.path(), Some(12_345), None).unwrap();
        return vec![file, folder];
    }
    let linked = checkout();
    fs::remove_file(linked.file()).unwrap();
    assert_eq!(fs::metadata("/etc/hostname").unwrap().uid(), 0, "a file of root's");
    symlink("/etc/hostname", linked.file()).unwrap();
    vec![linked]
}

#[test]
fn a_project_file_cannot_point_probes_inwards() {
    let inner = HttpServer::answering("200 OK", "text/plain", "ok");
    let url = inner.url();
    for host in [&url, "http://localhost:8080", "http://[::1]/", "169.254.169.254", "10.0.0.1"] {
        let checkout = Checkout::with(&format!("[env.prod]\nhosts = [\"{host}\"]\n"));
        let place = format!("{}:2:", checkout.file().display());
        let words =
            [&place, "env.prod.hosts", "loopback, link-local or private", "only your own file"];
        is_refused(&checkout.run("triage --json --only hosts"), &words);
        is_refused(&checkout.run("health --json"), &words);
    }
    assert_eq!(inner.requests(), 0);
}

/// The whole answer of the bad deploy, and the one caveat that it is not kept.
fn answers_and_is_not_kept(done: &Done, words: &[&str]) {
    assert_eq!(done.data()["verdict"], "red");
    let ours = |check: &&Value| check["reason"]["code"] == "internal";
    assert_eq!(done.data()["checks"].as_array().unwrap().iter().filter(ours).count(), 0);
    assert_eq!(done.says("workers", "public"), "yellow fresh-deploy");
    assert_eq!(done.says("dlq", "p0"), "red untold-p0");
    let text = says_caveat(done, "no-state");
    for word in words {
        assert!(text.contains(word), "'{word}' in: {text}");
    }
}

#[test]
fn without_a_home_triage_still_answers() {
    let site = Site::of(Scenario::BadDeploy);
    let done = site.run("triage --json").without("HOME").exits(10);
    answers_and_is_not_kept(&done, &["no home directory", "not kept"]);
    // Without a home there is no place for a file either; the built-in values serve.
    let done = site.run("config show --json").without("HOME").without("PARKY_OPS_CONFIG").exits(0);
    assert!(done.stdout.contains("api.parky.co.jp"), "{}", done.stdout);
    let done = site
        .run("config init --defaults --json")
        .without("HOME")
        .without("PARKY_OPS_CONFIG")
        .exits(2);
    assert!(done.error()["hint"].as_str().unwrap().contains("--config FILE"), "{}", done.stderr);
}

/// Root may write into every folder, however its rights are set. Nobody may make anything below a
/// file, nor in /proc.
#[test]
fn with_a_read_only_home_triage_still_answers() {
    let site = Site::of(Scenario::BadDeploy);
    let file = site.home().join("a-file");
    fs::write(&file, "").unwrap();
    for home in [file.as_path(), Path::new("/proc/sys")] {
        let done = site.run("triage --json").var("HOME", home).exits(10);
        answers_and_is_not_kept(&done, &["not kept", &home.display().to_string()]);
        let done = site.run("triage").var("HOME", home).exits(10);
        assert!(done.stdout.contains("public"), "{}", done.stdout);
        assert!(done.stderr.contains("this triage is not kept"), "{}", done.stderr);
    }
    assert_eq!(fs::read(&file).unwrap(), b"", "the file is as it was");
}
