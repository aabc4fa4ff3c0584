//! Which version it goes back to, and which it refuses.

use parky_ops::sandbox::cloudflare::{
    CloudflareFacts, CloudflareStandIn, Release, ScriptHistory, TokenKind,
};
use parky_ops::sandbox::server::Stage;

use super::*;
use crate::harness::{Site, cloudflare_config};

fn to_number(site: &CloudflareSite, words: &str) -> u64 {
    let plan =
        site.run(&format!("rollback worker public --dry-run --json {words}")).exits(0).data();
    plan["plan"]["to"]["number"].as_u64().unwrap()
}

fn refused(site: &CloudflareSite, words: &str, code: i32) -> String {
    let done = site.run(&format!("{AGREED} {words}")).exits(code);
    assert_eq!((done.stdout.as_str(), site.posts()), ("", 0));
    done.error()["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_redeploy_of_the_live_version_is_passed_over() {
    let site =
        CloudflareSite::of_releases(vec![release(14, 1), release(14, 2), release(13, 3)], None);
    assert_eq!(to_number(&site, ""), 13);
}

#[test]
fn what_was_rolled_back_from_is_passed_over() {
    let site = three();
    let _ = site.run(AGREED).exits(0);
    assert_eq!(to_number(&site, ""), 12);
    assert_eq!(to_number(&site, "--to @14"), 14, "named outright it may come back");
}

#[test]
fn a_version_made_by_a_changed_secret_is_told() {
    let secret = Release::secret(14, TimeDelta::hours(1), "platform@parky.co.jp", &["API_KEY"]);
    let site = CloudflareSite::of_releases(vec![secret, release(13, 20)], None);
    let plan = site.run("rollback worker public --dry-run --json").exits(0).data();
    let warnings = plan["plan"]["warnings"].to_string();
    assert!(
        warnings.contains("@14") && warnings.contains("made by a changed secret"),
        "{warnings}"
    );
    assert!(warnings.contains("--force-secrets"), "{warnings}");
}

#[test]
fn an_upload_that_was_never_deployed_is_refused() {
    let site = CloudflareSite::of_releases(vec![release(14, 1), release(13, 20)], Some(15));
    assert_eq!(to_number(&site, ""), 13);
    let message = refused(&site, "--to @15", 2);
    assert!(message.contains("uploaded and never deployed"), "{message}");
}

#[test]
fn what_is_live_already_is_refused() {
    let message = refused(&three(), "--to @14", 2);
    assert!(message.contains("is live already"), "{message}");
}

#[test]
fn a_beginning_of_an_id_has_to_be_long_and_to_fit_one_version() {
    let site = three();
    assert_eq!(to_number(&site, &format!("--to {}", &id(12)[..8])), 12);
    assert_eq!(to_number(&site, &format!("--to {}", id(12))), 12);
    let short = site.run("rollback worker public --to 1a2b3c").exits(2);
    assert!(short.stderr.contains("too short"), "{}", short.stderr);
    let message = refused(&site, "--to 00000000", 4);
    assert!(message.contains("no version 00000000 among the 3"), "{message}");
}

#[test]
fn a_version_of_another_worker_or_account_is_refused() {
    let site = three();
    let other = parky_ops::sandbox::cloudflare::version_id("parky-admin-prod", 88);
    assert!(refused(&site, &format!("--to {other}"), 4).contains("no version"));
    let page = |account: &str, script: &str| {
        format!(
            "--to https://dash.cloudflare.com/{account}/workers/services/view/{script}/production/deployments/{}",
            id(12)
        )
    };
    assert_eq!(to_number(&site, &page(ACCOUNT_ID, SCRIPT)), 12);
    assert!(
        refused(&site, &page(ACCOUNT_ID, "parky-admin-prod"), 2)
            .contains("not of parky-public-prod")
    );
    assert!(refused(&site, &page(&"a".repeat(32), SCRIPT), 2).contains("not of account"));
}

#[test]
fn a_past_of_splits_alone_has_no_way_back_by_itself() {
    let split = |number, hours| release(number, hours).beside(number - 1, 50);
    let site = CloudflareSite::of_releases(vec![split(14, 1), split(13, 2), release(12, 3)], None);
    assert_eq!(to_number(&site, ""), 12, "the only one that was live for all");
    let site = CloudflareSite::of_releases(vec![release(14, 1), split(13, 2)], None);
    let message = refused(&site, "", 4);
    assert!(message.contains("none of the 1 deployments"), "{message}");
}

#[test]
fn a_worker_that_nobody_knows_is_named_with_near_ones() {
    let site = three();
    let done = site.run("rollback worker publik --json").exits(4);
    assert!(done.error()["message"].as_str().unwrap().contains("did you mean public?"));
    // Known here, and not on Cloudflare: the name that was asked for, and where it came from.
    site.site.edit(|text| text.replace("parky-public-prod", "parky-publik-prod"));
    for words in
        ["rollback worker public --json", "workers show public --json", "workers list --json"]
    {
        let done = site.run(words).exits(4);
        let message = done.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("no Worker parky-publik-prod (from "), "{message}");
        assert!(message.contains("did you mean parky-public-prod?"), "{message}");
    }
}

/// A checkout whose wrangler file is `text`.
fn with_wrangler_file(text: &str) -> (CloudflareSite, tempfile::TempDir) {
    let site = three();
    let checkout = tempfile::tempdir().unwrap();
    std::fs::write(checkout.path().join("wrangler.public.toml"), text).unwrap();
    let folder = checkout.path().display().to_string();
    site.site.edit(|config| {
        format!("{config}\n[workers]\nconfig_dir = \"{folder}\"\n")
            .replace("name = \"public\"", "name = \"public\"\nconfig = \"wrangler.public.toml\"")
    });
    (site, checkout)
}

#[test]
fn an_environment_that_the_wrangler_file_does_not_have_is_named() {
    let (site, _checkout) = with_wrangler_file("name = 'parky-public'\n[env.dev]\n[env.stg]");
    let message = refused(&site, "", 3);
    assert!(message.contains("has no [env.prod], only dev, stg"), "{message}");
}

#[test]
fn service_environments_are_named() {
    let (site, _checkout) = with_wrangler_file("name = 'parky-public'\nlegacy_env = false");
    let message = refused(&site, "", 3);
    assert!(message.contains("legacy_env = false"), "{message}");
}

#[test]
fn no_account_id_says_what_to_set() {
    let site = three();
    site.site.edit(|config| config.replace("cloudflare_account", "# cloudflare_account"));
    let done = site.run(AGREED).exits(3);
    assert!(done.stderr.contains("CLOUDFLARE_ACCOUNT_ID"), "{}", done.stderr);
}

#[test]
fn two_account_ids_that_differ_refuse_a_rollback() {
    let site = three();
    let other = "0123456789abcdef0123456789abcdef";
    site.site.edit(|config| config.replace(ACCOUNT_ID, other));
    let run = |words: &str| site.run(words).var("CLOUDFLARE_ACCOUNT_ID", ACCOUNT_ID);
    let done = run(AGREED).exits(3);
    assert!(done.error()["message"].as_str().unwrap().contains(other), "{}", done.stderr);
    assert_eq!(site.posts(), 0);
    let read = run("rollback worker public --dry-run --json").exits(0);
    assert!(read.json()["caveats"].to_string().contains("target-conflict"));
    assert!(read.data()["plan"]["warnings"].to_string().contains("would be refused"));
}

#[test]
fn an_unscoped_token_does_not_write_to_another_environment() {
    let stage = Stage::start().unwrap();
    let releases = vec![release(14, 1), release(13, 20)];
    let scripts = vec![ScriptHistory { script: "parky-public-dev", releases, undeployed: None }];
    let facts = CloudflareFacts { now: chrono::Utc::now(), token: TokenKind::User, scripts };
    let stand_in = CloudflareStandIn::start(&stage, &facts).unwrap();
    let config = cloudflare_config(&stand_in.url(), ACCOUNT_ID);
    let config = config.replace(
        "script = { prod = \"parky-public-prod\" }",
        "script = { dev = \"parky-public-dev\" }",
    );
    let site = Site::bare(&config);
    let token = secrecy::ExposeSecret::expose_secret(stand_in.token()).to_owned();
    let run = |variable: &str| {
        site.run("--env dev rollback worker public --yes --verify 0 --json")
            .var("CLOUDFLARE_ACCOUNT_ID", ACCOUNT_ID)
            .var(variable, &token)
    };
    let done = run("CLOUDFLARE_API_TOKEN").exits(3);
    assert_eq!(done.error()["hint"], "set PARKY_OPS_DEV_CLOUDFLARE_API_TOKEN instead");
    // What is tied to dev may, with a yes: only prod wants the name.
    let done = run("PARKY_OPS_DEV_CLOUDFLARE_API_TOKEN").exits(0);
    assert_eq!(said(&done), "sent live");
    let undo = done.data()["undo"].as_str().unwrap().to_owned();
    assert!(undo.starts_with("parky-ops --env dev rollback worker public --to "), "{undo}");
}

#[test]
fn newer_migrations_of_the_database_are_told() {
    let site = three();
    let checkout = tempfile::tempdir().unwrap();
    let folder = checkout.path().join("supabase/migrations");
    std::fs::create_dir_all(&folder).unwrap();
    let stamp = (chrono::Utc::now() - TimeDelta::hours(2)).format("%Y%m%d%H%M%S").to_string();
    std::fs::write(folder.join(format!("{stamp}_drop_column.sql")), "alter table a drop b;")
        .unwrap();
    std::fs::write(folder.join("20200101000000_old.sql"), "select 1;").unwrap();
    let run = site.run("rollback worker public --dry-run --json").directory(checkout.path());
    let plan = run.exits(0).data()["plan"].clone();
    assert_eq!(plan["newer_migrations"], serde_json::json!([format!("{stamp}_drop_column")]));
    let warnings = plan["warnings"].to_string();
    assert!(warnings.contains("by the stamps of their files"), "{warnings}");
}
