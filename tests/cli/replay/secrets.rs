//! No token of a webhook or of the bot stands anywhere but in the configuration.

use parky_ops::sandbox::discord::Mishap;
use parky_ops::sandbox::{Engine, LEAKED_TOKEN, Options, Scenario};
use secrecy::ExposeSecret as _;

use crate::harness::{PgClient, Site};

/// Everything that the database and the local state hold.
fn kept(site: &Site) -> String {
    let mut admin = PgClient::admin(site);
    let tables =
        admin.texts("SELECT tablename::text FROM pg_tables WHERE schemaname = 'parky_ops'");
    assert!(tables.len() >= 6, "{tables:?}");
    let mut kept = String::new();
    for table in tables {
        kept += &admin.texts(&format!("SELECT t::text FROM parky_ops.{table} t")).join("\n");
    }
    assert!(kept.contains("delivered"), "the runs left their mark");
    let mut files = 0;
    for entry in std::fs::read_dir(site.home().join("state")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        kept += &String::from_utf8_lossy(&bytes);
        files += 1;
    }
    assert!(files > 0, "there is a local ledger");
    kept
}

#[test]
fn no_token_is_printed_or_kept_whatever_happens() {
    let site =
        Site::with(|options| Options { engine: Engine::Native, ..options }, Scenario::DeadLetters);
    let discord = site.sandbox().discord();
    let mut secrets = vec![discord.token().expose_secret().to_owned(), LEAKED_TOKEN.to_owned()];
    for (_, channel) in discord.channels() {
        let url = channel.webhook_url().expose_secret().to_owned();
        secrets.push(url.rsplit('/').next().unwrap().to_owned());
    }
    discord.channel("p0-alerts").unwrap().meet(&Mishap::ResetAfterAccept, 1);
    discord.channel("p2-deploys").unwrap().meet(&Mishap::BadGatewayAfterAccept, 1);
    discord.channel("p3-insights").unwrap().revoke();
    let state = site.home().join("state");
    let mut printed = String::new();
    for words in [
        "dlq replay --since 24h --dry-run -vv",
        "dlq replay --since 24h --dry-run --json",
        "dlq replay --since 24h --rate full --yes -vv --limit 40",
        "dlq replay --since 24h --rate full --yes --json -vv",
    ] {
        let done = site.run(words).var("PARKY_OPS_STATE_DIR", &state).done();
        assert!(matches!(done.code, Some(0 | 7)), "{words}: {}\n{}", done.stdout, done.stderr);
        printed = printed + &done.stdout + &done.stderr;
    }
    assert!(printed.contains("/***"), "requests were told, their tokens hidden: {printed}");
    for (place, text) in [("print", printed), ("storage", kept(&site))] {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "a token stands in {place}");
        }
    }
}
