//! Tokens, accounts and pins that are missing, no use, or somebody else's.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use parky_ops::sandbox::cloudflare::{ACCOUNT_ID, error_body, success_body};
use parky_ops::sandbox::server::{Act, Canned, Fault};
use serde_json::json;

use crate::harness::{CloudflareSite, Done, Run, Site, TOKEN_VARIABLE, closed_port};

const OTHER_ACCOUNT: &str = "0123456789abcdef0123456789abcdef";

/// Runs `triage --only workers` in every form, none of which may show one of `secrets`; the answer
/// in JSON.
fn triage(
    cloudflare: &CloudflareSite,
    code: i32,
    secrets: &[&str],
    with: impl Fn(Run) -> Run,
) -> Done {
    for form in ["", "-vv", "--markdown", "-vv --json"] {
        let done = with(cloudflare.run(&format!("triage --only workers {form}"))).exits(code);
        secrets.iter().for_each(|secret| done.hides(secret));
    }
    let done = with(cloudflare.run("triage --only workers --json")).exits(code);
    secrets.iter().for_each(|secret| done.hides(secret));
    done
}

/// What the check of the worker says; each of `words` has to be in its text.
fn says(done: &Done, expected: &str, words: &[&str]) {
    assert_eq!(done.says("workers", "public"), expected, "{}", done.stdout);
    let text = done.text("workers", "public");
    for word in words {
        assert!(text.contains(word), "no '{word}' in: {text}");
    }
}

#[test]
fn a_missing_token_is_unknown_and_says_what_to_set() {
    let cloudflare = CloudflareSite::new();
    let done = triage(&cloudflare, 3, &[], |run| run.without(TOKEN_VARIABLE));
    let words = [TOKEN_VARIABLE, "[env.prod.credentials] cloudflare_api_token", "config.toml"];
    says(&done, "unknown no-credential", &words);
    assert_eq!(done.data()["next"][0]["command"], "parky-ops doctor");
    assert_eq!(cloudflare.requests(), 0);

    // Of prod nobody borrows: a token of another environment is none.
    let dev =
        |run: Run| run.without(TOKEN_VARIABLE).var("PARKY_OPS_DEV_CLOUDFLARE_API_TOKEN", "x1");
    says(&triage(&cloudflare, 3, &[], dev), "unknown no-credential", &[]);
}

#[test]
fn a_token_with_a_line_break_is_refused_before_it_is_sent() {
    let cloudflare = CloudflareSite::new();
    let (first, second) = ("Zq7first-half-of-it", "Zq8second-half-of-it");
    let token = format!("{first}\n{second}");
    let done = triage(&cloudflare, 3, &[first, second], |run| run.var(TOKEN_VARIABLE, &token));
    let position = format!("a line break at position {}", first.len() + 1);
    says(&done, "unknown bad-credential", &[&format!("${TOKEN_VARIABLE}"), &position]);
    assert_eq!(cloudflare.requests(), 0);

    // In a file a last line break is the editor's; one within is not.
    let file = cloudflare.site.home().join("token");
    let from_file = |run: Run| run.without(TOKEN_VARIABLE).var("CLOUDFLARE_API_TOKEN_FILE", &file);
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let done = triage(&cloudflare, 3, &[first, second], from_file);
    says(&done, "unknown bad-credential", &["$CLOUDFLARE_API_TOKEN_FILE", &position]);
    assert_eq!(cloudflare.requests(), 0);
    std::fs::write(&file, format!("{}\n", cloudflare.token())).unwrap();
    says(&triage(&cloudflare, 0, &[cloudflare.token()], from_file), "green ok", &[]);
}

#[test]
fn a_blank_token_is_refused_before_it_is_sent() {
    let cloudflare = CloudflareSite::new();
    let done = triage(&cloudflare, 3, &[], |run| run.var(TOKEN_VARIABLE, "   "));
    says(
        &done,
        "unknown bad-credential",
        &[&format!("${TOKEN_VARIABLE}"), "a blank at position 1"],
    );
    // As everywhere, a variable that is empty is not set.
    let done = triage(&cloudflare, 3, &[], |run| run.var(TOKEN_VARIABLE, ""));
    says(&done, "unknown no-credential", &[TOKEN_VARIABLE]);
    cloudflare.site.set("env.prod.credentials.cloudflare_api_token", "\"\"");
    let done = triage(&cloudflare, 3, &[], |run| run.without(TOKEN_VARIABLE));
    says(&done, "unknown bad-credential", &["config.toml", "is empty"]);
    assert_eq!(cloudflare.requests(), 0);
}

/// Expects that `secret` stands in no file of the local state.
fn is_not_kept(home: &Path, secret: &str) {
    let files: Vec<_> = std::fs::read_dir(home.join(".local/state/parky-ops"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(!files.is_empty(), "triages are kept");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!found, "the secret stands in {}", file.display());
    }
}

#[test]
fn an_expired_token_is_unknown_and_named_with_its_source() {
    let refused = Canned::json(401, &error_body(10000, "Authentication error"));
    let cloudflare = CloudflareSite::failing(Fault::answer(refused));
    let ended =
        json!({ "id": "0a1b2c", "status": "expired", "expires_on": "2026-01-31T15:00:00Z" });
    let verified = Canned::json(200, &success_body(&ended));
    let faults = cloudflare.stand_in.server().faults();
    faults.set("/client/v4/user/tokens/verify", Fault::answer(verified));
    let token = cloudflare.token();
    let done = triage(&cloudflare, 3, &[token], |run| run);
    let words = ["HTTP 401", "code 10000", "token from $CLOUDFLARE_API_TOKEN"];
    says(&done, "unknown unauthorized", &words);
    assert_eq!(done.data()["next"][0]["command"], "parky-ops doctor");
    is_not_kept(cloudflare.site.home(), token);

    let doctor = cloudflare.run("doctor --json -vv").done();
    doctor.hides(token);
    assert_eq!(doctor.says("tokens", "Cloudflare"), "unknown unauthorized");
    let text = doctor.text("tokens", "Cloudflare");
    assert!(text.contains("expired, ends 2026-02-01"), "{text}");
    assert!(text.contains("$CLOUDFLARE_API_TOKEN"), "{text}");
}

#[test]
fn an_under_scoped_token_names_the_permission_and_the_source() {
    let refused = Canned::json(403, &error_body(10000, "Authentication error"));
    let cloudflare = CloudflareSite::failing(Fault::answer(refused));
    let done = triage(&cloudflare, 3, &[cloudflare.token()], |run| run);
    let words = ["Workers Scripts Read", "token from $CLOUDFLARE_API_TOKEN", "HTTP 403"];
    says(&done, "unknown no-permission", &words);

    // A right that nothing but the account's name needs is not missed.
    let refused = Canned::json(403, &error_body(9109, "Unauthorized to access requested resource"));
    let cloudflare = CloudflareSite::new();
    let faults = cloudflare.stand_in.server().faults();
    let account = format!("/client/v4/accounts/{ACCOUNT_ID}");
    faults.set(&account, Fault::answer(refused));
    faults.set(&format!("{account}/workers"), Fault::new(Act::Own));
    let doctor = cloudflare.run("doctor --json").done();
    assert_eq!(doctor.says("tokens", "Cloudflare Workers"), "green ok");
    assert_eq!(doctor.says("tokens", "Cloudflare account"), "green ok");
}

#[test]
fn a_wrong_account_is_named() {
    // Somebody else's: Cloudflare cannot tell that from a missing right.
    let cloudflare = CloudflareSite::of_account(OTHER_ACCOUNT);
    let done = triage(&cloudflare, 3, &[cloudflare.token()], |run| run);
    let config = cloudflare.site.config_path();
    let named = format!("account {OTHER_ACCOUNT} from {}", config.display());
    says(&done, "unknown no-permission", &[&named, "token from $CLOUDFLARE_API_TOKEN"]);
    let doctor = cloudflare.run("doctor --json").done();
    assert_eq!(doctor.says("tokens", "Cloudflare"), "green ok");
    assert_eq!(doctor.says("tokens", "Cloudflare account"), "unknown wrong-account");
    let text = doctor.text("tokens", "Cloudflare account");
    assert!(text.contains(&named) && !text.contains("make a new one"), "{text}");

    // Nobody's: it cannot even be routed.
    let body = error_body(
        7003,
        "Could not route to /accounts/x, perhaps your object identifier is invalid?",
    );
    let cloudflare = CloudflareSite::failing(Fault::answer(Canned::json(404, &body)));
    let id = |run: Run| run.var("CLOUDFLARE_ACCOUNT_ID", ACCOUNT_ID.to_uppercase());
    let done = triage(&cloudflare, 3, &[cloudflare.token()], id);
    let named = format!("account {ACCOUNT_ID} from $CLOUDFLARE_ACCOUNT_ID");
    says(&done, "unknown wrong-account", &[&named]);

    // No id at all: nothing is sent.
    let cloudflare = CloudflareSite::new();
    let name = |run: Run| run.var("CLOUDFLARE_ACCOUNT_ID", "parky");
    let done = triage(&cloudflare, 3, &[cloudflare.token()], name);
    says(&done, "unknown bad-credential", &["$CLOUDFLARE_ACCOUNT_ID", "not 32 hex digits"]);
    assert_eq!(cloudflare.requests(), 0);
}

fn caveat(done: &Done, code: &str) -> String {
    let caveats = done.json()["caveats"].clone();
    let found = caveats.as_array().unwrap().iter().find(|caveat| caveat["code"] == code);
    found.and_then(|c| c["text"].as_str()).unwrap_or_else(|| panic!("{caveats:#}")).to_owned()
}

#[test]
fn two_accounts_that_differ_are_a_caveat() {
    let cloudflare = CloudflareSite::of_account(OTHER_ACCOUNT);
    let with = |run: Run| run.var("CLOUDFLARE_ACCOUNT_ID", ACCOUNT_ID);
    let done = triage(&cloudflare, 0, &[cloudflare.token()], with);
    says(&done, "green ok", &[]);
    let text = caveat(&done, "target-conflict");
    let config = cloudflare.site.config_path().display().to_string();
    for word in [ACCOUNT_ID, "$CLOUDFLARE_ACCOUNT_ID", OTHER_ACCOUNT, &config] {
        assert!(text.contains(word), "no '{word}' in: {text}");
    }
    let shown = with(cloudflare.run("triage --only workers")).exits(0);
    assert!(
        shown.stderr.contains(OTHER_ACCOUNT),
        "a caveat is said to people too: {}",
        shown.stderr
    );
}

/// An `op` that leaves its process id in the home and then does nothing for ten minutes.
fn silent_op(home: &Path) -> PathBuf {
    let programs = home.join("bin");
    std::fs::create_dir(&programs).unwrap();
    let op = programs.join("op");
    std::fs::write(&op, "#!/bin/sh\necho $$ >> \"$HOME/op.pid\"\nexec sleep 600\n").unwrap();
    std::fs::set_permissions(&op, std::fs::Permissions::from_mode(0o755)).unwrap();
    programs
}

#[test]
fn an_op_that_hangs_is_given_up() {
    let cloudflare = CloudflareSite::new();
    let programs = silent_op(cloudflare.site.home());
    let path = format!("{}:/usr/bin:/bin", programs.display());
    let reference = "op://ops/cloudflare/token";
    let run = |words: &str| {
        let run = cloudflare.run(words).var("PATH", &path).var(TOKEN_VARIABLE, reference);
        run.var("SUPABASE_DB_URL", "op://ops/supabase/url").exits(3)
    };
    let done = run("triage --only workers,database --json");
    assert!(done.took < 3 * Duration::from_secs(8), "took {:?}", done.took);
    says(&done, "unknown bad-credential", &["op gave no answer", reference]);
    assert_eq!(done.says("database", "connect"), "unknown bad-credential");
    assert!(done.text("database", "connect").contains("op://ops/supabase/url"));
    assert_eq!(cloudflare.requests(), 0);

    let started = std::fs::read_to_string(cloudflare.site.home().join("op.pid")).unwrap();
    assert_eq!(started.lines().count(), 2, "each reference is read once");
    for pid in started.lines() {
        assert!(ends(pid), "op is still there: {pid}");
    }
}

/// Whether the `sleep` that the process became goes away soon.
fn ends(pid: &str) -> bool {
    let is_sleeping = || {
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline"));
        line.is_ok_and(|line| line.contains("sleep"))
    };
    (0..100).any(|_| {
        let ended = !is_sleeping();
        if !ended {
            std::thread::sleep(Duration::from_millis(50));
        }
        ended
    })
}

#[test]
fn dev_with_the_pin_of_another_project_is_a_caveat() {
    let site = Site::bare("[env.dev]\nhosts = []\nsupabase_ref = \"devdevdevdevdevdevde\"\n");
    let url = format!(
        "postgresql://postgres.prodprodprodprodprod:hunter2hunter2@127.0.0.1:{}/postgres",
        closed_port()
    );
    let run = |words: &str| {
        let done = site.run(words).var("SUPABASE_DB_URL", &url).exits(10);
        done.hides("hunter2hunter2");
        done
    };
    let done = run("--env dev triage --only database --json");
    assert_eq!(done.json()["env"], "dev");
    assert_eq!(done.says("database", "connect"), "red refused");
    let text = caveat(&done, "target-conflict");
    let config = site.config_path().display().to_string();
    for word in ["prodprodprodprodprod", "$SUPABASE_DB_URL", "devdevdevdevdevdevde", &config] {
        assert!(text.contains(word), "no '{word}' in: {text}");
    }
    // The variable belongs to no environment, which is a caveat of its own.
    let text = caveat(&done, "unscoped-credential");
    assert!(text.contains("PARKY_OPS_DEV_SUPABASE_DB_URL"), "{text}");
    let shown = run("--env dev triage --only database -vv");
    assert!(shown.stderr.contains("prodprodprodprodprod"), "{}", shown.stderr);
}
