//! `parky-ops doctor`: each credential with its source, and whether it works.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use parky_ops::sandbox::Scenario;
use serde_json::json;

use crate::harness::{Done, HttpServer, Run, Site, closed_port, database_url};

fn text(done: &Done, source: &str, name: &str) -> String {
    done.check(source, name)["reason"]["text"].as_str().unwrap().to_owned()
}

/// The check says `expected`, with all of `words`.
fn says(done: &Done, (source, name): (&str, &str), expected: &str, words: &[&str]) {
    assert_eq!(done.says(source, name), expected, "{source}/{name}: {}", done.stdout);
    let text = text(done, source, name);
    assert!(words.iter().all(|word| text.contains(word)), "{words:?} in: {text}");
}

/// The line of the user file on which `key` is set, as origins are shown.
fn line_of(site: &Site, key: &str) -> String {
    let text = fs::read_to_string(site.config_path()).unwrap();
    let line = text.lines().position(|line| line.starts_with(key)).expect(key) + 1;
    format!("{}:{line}", site.config_path().display())
}

/// The webhook of a channel, as the user file has it.
fn webhook(site: &Site, channel: &str) -> String {
    let text = fs::read_to_string(site.config_path()).unwrap();
    let config: toml::Table = toml::from_str(&text).unwrap();
    config["env"]["prod"]["webhooks"][channel].as_str().unwrap().to_owned()
}

#[test]
fn a_webhook_that_posts_elsewhere_or_is_none_is_told_and_its_token_is_not() {
    let site = Site::of(Scenario::Healthy);
    let other = webhook(&site, "p0-alerts");
    let dead = format!("{}x", other.rsplit_once('/').unwrap().0) + "/gone-0123456789";
    for (url, expected, word) in [
        (other.as_str(), "unknown bad-credential", "not to the configured"),
        (dead.as_str(), "unknown bad-credential", "no webhook"),
        (
            "https://elsewhere.example/api/webhooks/1/some-token",
            "unknown bad-credential",
            "another host",
        ),
    ] {
        let done = site.run("doctor --json").var("DISCORD_WEBHOOK_P1_OPS", url).exits(7);
        says(&done, ("tokens", "#p1-ops"), expected, &[word, "$DISCORD_WEBHOOK_P1_OPS"]);
        done.hides(url.rsplit('/').next().unwrap());
    }
    // One that was deleted.
    let gone = format!("{}/{}", other.rsplit_once('/').unwrap().0, "g".repeat(68));
    let done = site.run("doctor --json").var("DISCORD_WEBHOOK_P1_OPS", &gone).exits(7);
    assert!(done.says("tokens", "#p1-ops").starts_with("unknown "), "{}", done.stdout);
}

#[test]
fn a_healthy_world_is_green_with_the_origin_of_each_credential() {
    let site = Site::of(Scenario::Healthy);
    site.set("env.prod.credentials.github_token", r#""ghp_0123456789abcdefghijABCDEFGHIJ012345""#);
    // GitHub and Sentry, who take every token.
    let others = HttpServer::answering("200 OK", "application/json", "{}");
    let url = database_url(&site);
    let webhook = webhook(&site, "p1-ops");
    let run = site
        .run("doctor --json")
        .var("SUPABASE_DB_URL", url.as_str())
        .var("PARKY_OPS_GITHUB_URL", others.url())
        .var("PARKY_OPS_SENTRY_URL", others.url())
        .var("DISCORD_WEBHOOK_P1_OPS", &webhook);
    let done = run.exits(0);
    assert_eq!(done.data()["verdict"], "green");
    let token = line_of(&site, "cloudflare_api_token");
    let by_file =
        |name, key: &str| says(&done, ("credentials", name), "green ok", &[&line_of(&site, key)]);
    by_file("Cloudflare API token", "cloudflare_api_token");
    by_file("Cloudflare account id", "cloudflare_account");
    by_file("GitHub token", "github_token");
    says(&done, ("credentials", "database URL"), "green ok", &["$SUPABASE_DB_URL"]);
    says(&done, ("credentials", "webhook of #p1-ops"), "green ok", &["$DISCORD_WEBHOOK_P1_OPS"]);
    says(&done, ("tokens", "Cloudflare"), "green ok", &["active", &token]);
    says(&done, ("tokens", "#p1-ops"), "green ok", &["is there", "$DISCORD_WEBHOOK_P1_OPS"]);
    says(&done, ("database", "connect"), "green ok", &["connected"]);

    // The right to change something is proved by no harmless call.
    says(
        &done,
        ("tokens", "Cloudflare Workers"),
        "green ok",
        &["Read works", "Edit: not measurable"],
    );
    says(&done, ("tokens", "GitHub"), "green ok", &["edit right: not measurable"]);
    says(&done, ("dlq", "readable"), "green ok", &["right to update: not measurable"]);
    // What no command needs yet is no fault, and says how to set it.
    let smtp = ("credentials", "SMTP URL");
    says(&done, smtp, "skipped not-configured", &["set PARKY_OPS_SMTP_URL"]);

    let said = format!("{}{}", done.stdout, done.stderr);
    assert!(!said.contains(url.password().unwrap()) && !said.contains(&webhook), "{said}");
    assert!(!said.contains(webhook.rsplit('/').next().unwrap()), "{said}");
}

#[test]
fn refused_credentials_are_unknown_and_named_with_their_source() {
    let site = Site::of(Scenario::BadTokens);
    site.set("env.prod.credentials.github_token", r#""ghp_0123456789abcdefghijABCDEFGHIJ012345""#);
    let done = site.run("doctor --json").exits(7);
    assert_eq!(done.data()["verdict"], "unknown");
    let (token, url) = (line_of(&site, "cloudflare_api_token"), line_of(&site, "supabase_db_url"));
    for name in ["Cloudflare", "Cloudflare account", "Cloudflare Workers"] {
        let words = ["refused", token.as_str()];
        says(&done, ("tokens", name), "unknown unauthorized", &words);
    }
    for check in [("database", "connect"), ("database", "query"), ("dlq", "readable")] {
        says(&done, check, "unknown unauthorized", &["wrong password", &url]);
    }
    says(&done, ("tokens", "GitHub"), "unknown unauthorized", &["refused"]);

    let page = site.run("doctor").exits(7);
    assert!(page.stdout.starts_with("STATE"), "{}", page.stdout);
    let line = page.stdout.lines().find(|line| line.contains("wrong password")).unwrap();
    assert!(line.starts_with("? unknown") && line.contains(&url), "{line}");
}

#[test]
fn without_any_credential_it_says_what_to_set() {
    let home = tempfile::tempdir().unwrap();
    let done = Run::new(home.path(), "doctor --json").exits(7);
    let file = "[env.prod.credentials]";
    for (name, words) in [
        ("Cloudflare API token", ["CLOUDFLARE_API_TOKEN", file]),
        ("Cloudflare account id", ["CLOUDFLARE_ACCOUNT_ID", "cloudflare_account"]),
        ("database URL", ["SUPABASE_DB_URL", file]),
    ] {
        says(&done, ("credentials", name), "unknown no-credential", &words);
    }
    says(&done, ("tokens", "Cloudflare"), "unknown no-credential", &["CLOUDFLARE_"]);
    says(&done, ("database", "connect"), "unknown no-credential", &["SUPABASE_DB_URL"]);
    says(&done, ("config", "user file"), "skipped not-configured", &["built-in values serve"]);
}

#[test]
fn a_broken_configuration_is_its_finding() {
    let site = Site::bare("[env.prod]\nhosts = 1\n");
    let done = site.run("doctor --json").exits(3);
    assert_eq!(done.data()["checks"].as_array().unwrap().len(), 1);
    let place = format!("{}:2:", site.config_path().display());
    let words = [&place, "'env.prod.hosts'", "a list of host names or URLs"];
    says(&done, ("config", "configuration"), "unknown bad-config", &words);
    let page = site.run("doctor").exits(3);
    assert!(page.stdout.contains(&place), "{}", page.stdout);
}

/// A stand-in for 1Password's `op` in `home`/bin: it logs how it was called, then does as `body` says.
fn op(home: &Path, body: &str) -> String {
    let bin = home.join("bin");
    fs::create_dir_all(&bin).unwrap();
    let log = bin.join("log");
    let script = format!(
        "#!/bin/sh\necho \"$*\" >>'{log}'\nenv >>'{log}.env'\ncat >>'{log}.stdin'\n{body}\n",
        log = log.display()
    );
    let file = bin.join("op");
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:/usr/bin:/bin", bin.display())
}

/// A site without stand-ins, whose database URL is a reference.
fn referring() -> Site {
    Site::bare("[env.prod.credentials]\nsupabase_db_url = \"op://Parky/db/url\"\n")
}

#[test]
fn a_reference_is_read_once_and_by_op_alone() {
    let site = referring();
    let url = format!("postgres://parky:from-the-vault@127.0.0.1:{}/postgres", closed_port());
    let path = op(site.home(), &format!("echo '{url}'"));
    let run =
        site.run("doctor --json").var("PATH", path).var("OP_SERVICE_ACCOUNT_TOKEN", "ops_token");
    // Nothing listens at that address, so the URL did arrive where it is used.
    let done = run.var("CLOUDFLARE_API_TOKEN", "a-token-not-for-op").exits(10);
    let words = [line_of(&site, "supabase_db_url"), "by op from op://Parky/db/url".to_owned()];
    let words = words.each_ref().map(String::as_str);
    says(&done, ("credentials", "database URL"), "green ok", &words);
    says(&done, ("database", "connect"), "red refused", &[]);
    let said = format!("{}{}", done.stdout, done.stderr);
    assert!(!said.contains("from-the-vault") && !said.contains("ops_token"), "{said}");

    let log = |name: &str| fs::read_to_string(site.home().join("bin").join(name)).unwrap();
    assert_eq!(log("log"), "read op://Parky/db/url\n");
    assert_eq!(log("log.stdin"), "");
    let env = log("log.env");
    assert!(
        env.contains("OP_SERVICE_ACCOUNT_TOKEN=ops_token") && !env.contains("not-for-op"),
        "{env}"
    );
}

#[test]
fn a_reference_that_op_refuses_is_unknown_with_its_words() {
    let site = referring();
    let path =
        op(site.home(), "echo '[ERROR] \"db\" isn'\"'\"'t an item in \"Parky\"' >&2; exit 1");
    let done = site.run("doctor --json").var("PATH", path).exits(7);
    for check in [("credentials", "database URL"), ("database", "connect")] {
        let words = ["op://Parky/db/url", "isn't an item", "op read op://Parky/db/url >/dev/null"];
        says(&done, check, "unknown bad-credential", &words);
    }

    let missing = referring();
    let empty = missing.home().display().to_string();
    let done = missing.run("doctor --json").var("PATH", empty).exits(7);
    let words = ["op is needed", "not installed", "install the 1Password CLI"];
    says(&done, ("credentials", "database URL"), "unknown bad-credential", &words);
    assert_eq!(done.json()["caveats"], json!([]));
}
