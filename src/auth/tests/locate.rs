//! Where credentials are found, in which order.

use super::*;

#[test]
fn what_is_nowhere_names_what_to_set() {
    for (env, name, hint) in [
        (
            "prod",
            CLOUDFLARE,
            "set CLOUDFLARE_API_TOKEN, or [env.prod.credentials] cloudflare_api_token in ~/.config/parky-ops/config.toml",
        ),
        (
            "dev",
            CLOUDFLARE,
            "set PARKY_OPS_DEV_CLOUDFLARE_API_TOKEN, or [env.dev.credentials] cloudflare_api_token in ~/.config/parky-ops/config.toml",
        ),
        (
            "prod",
            CredentialName::webhook("#p0-alerts"),
            "set DISCORD_WEBHOOK_P0_ALERTS, or [env.prod.webhooks] p0-alerts in ~/.config/parky-ops/config.toml",
        ),
        (
            "prod",
            CredentialName::MailTo,
            "set PARKY_OPS_MAIL_TO, or [env.prod.credentials] mail_to in ~/.config/parky-ops/config.toml",
        ),
    ] {
        let error = Place::new().env(env).locate(&name).unwrap_err();
        assert_eq!(error.hint(), hint);
        assert_eq!(error.code(), ReasonCode::NoCredential);
    }
    let error = Place::new().locate(&CLOUDFLARE).unwrap_err();
    assert_eq!(error.to_string(), "no Cloudflare API token for prod");
}

#[test]
fn without_a_home_the_hint_needs_none() {
    let (vars, cwd) = (Vars::default(), Path::new("/"));
    let config = load(&LoadInput::new(&vars, cwd)).unwrap().config;
    let locator = Locator { vars: &vars, config: &config, sandbox: false };
    for name in [CLOUDFLARE, GITHUB] {
        let hint = locator.locate(&name).unwrap_err().hint();
        assert!(hint.ends_with(" in a file that PARKY_OPS_CONFIG names"), "{hint}");
    }
    assert!(locator.account().is_err());
}

#[test]
fn the_order_differs_between_prod_and_the_others() {
    let file = "[env.prod.credentials]\ncloudflare_api_token = 'file'\n[env.dev.credentials]\ncloudflare_api_token = 'file'";
    let sources = [
        ("own", "PARKY_OPS_PROD_CLOUDFLARE_API_TOKEN", "PARKY_OPS_DEV_CLOUDFLARE_API_TOKEN"),
        ("ours", "PARKY_OPS_CLOUDFLARE_API_TOKEN", "PARKY_OPS_CLOUDFLARE_API_TOKEN"),
        ("usual", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_TOKEN"),
    ];
    let found = |env: &'static str, set: &[&str], with_file: bool| {
        let mut place = Place::new().env(env);
        for (short, prod, dev) in sources {
            if set.contains(&short) {
                place = place.var(if env == "prod" { prod } else { dev }, short);
            }
        }
        if with_file {
            place = place.user(file);
        }
        place.origin(&CLOUDFLARE)
    };
    let in_file = "/home/.config/parky-ops/config.toml";
    for (env, set, with_file, wanted) in [
        ("prod", &["own", "ours", "usual"][..], true, "$PARKY_OPS_PROD_CLOUDFLARE_API_TOKEN"),
        ("prod", &["ours", "usual"], true, "$PARKY_OPS_CLOUDFLARE_API_TOKEN"),
        ("prod", &["usual"], true, "$CLOUDFLARE_API_TOKEN"),
        ("prod", &[], true, in_file),
        ("dev", &["own", "ours", "usual"], true, "$PARKY_OPS_DEV_CLOUDFLARE_API_TOKEN"),
        ("dev", &["ours", "usual"], true, in_file),
        ("dev", &["ours", "usual"], false, "$PARKY_OPS_CLOUDFLARE_API_TOKEN"),
        ("dev", &["usual"], false, "$CLOUDFLARE_API_TOKEN"),
    ] {
        let origin = found(env, set, with_file);
        assert!(origin.starts_with(wanted), "{env} {set:?} {with_file}: {origin}");
    }
}

#[test]
fn the_variables_of_another_environment_do_not_count() {
    let place = Place::new()
        .var("PARKY_OPS_PROD_SUPABASE_DB_URL", "x")
        .user("[env.prod.credentials]\nsupabase_db_url = 'x'")
        .env("dev");
    assert!(place.locate(&DATABASE).is_err());
}

#[test]
fn an_unscoped_variable_outside_prod_is_a_caveat() {
    let place = Place::new().var("SUPABASE_DB_URL", "x");
    let prod = place.locate(&DATABASE).unwrap();
    assert_eq!((prod.scope, prod.caveat(&EnvName::prod())), (Scope::Unscoped, None));
    let dev = place.env("dev").locate(&DATABASE).unwrap();
    let caveat = dev.caveat(&"dev".parse().unwrap()).unwrap();
    assert_eq!(
        caveat.text,
        "the database URL from $SUPABASE_DB_URL is not tied to dev; PARKY_OPS_DEV_SUPABASE_DB_URL would be"
    );
    let own = Place::new().env("dev").var("PARKY_OPS_DEV_SUPABASE_DB_URL", "x");
    assert_eq!(own.locate(&DATABASE).unwrap().caveat(&"dev".parse().unwrap()), None);
}

#[test]
fn every_variable_may_name_a_file_instead() {
    let place = Place::new().var("CLOUDFLARE_API_TOKEN_FILE", "/run/t");
    assert!(
        matches!(place.locate(&CLOUDFLARE).unwrap().kind, Kind::File(path) if path == Path::new("/run/t"))
    );
    let both = place.var("CLOUDFLARE_API_TOKEN", "x");
    assert_eq!(both.origin(&CLOUDFLARE), "$CLOUDFLARE_API_TOKEN");
    let stronger = both.var("PARKY_OPS_CLOUDFLARE_API_TOKEN_FILE", "/run/t");
    assert_eq!(stronger.origin(&CLOUDFLARE), "$PARKY_OPS_CLOUDFLARE_API_TOKEN_FILE");
}

#[test]
fn an_empty_variable_counts_as_unset() {
    assert!(Place::new().var("CLOUDFLARE_API_TOKEN", "").locate(&CLOUDFLARE).is_err());
}

#[test]
fn a_variable_that_could_mean_two_channels_is_refused() {
    let place = Place::new()
        .user("[channels]\n'p0.alerts' = { business = true }")
        .var("DISCORD_WEBHOOK_P0_ALERTS", "https://discord.com/api/webhooks/1/x");
    let error = place.locate(&CredentialName::webhook("p0-alerts")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "$DISCORD_WEBHOOK_P0_ALERTS could mean the webhook of #p0-alerts or of #p0.alerts"
    );
    let named = Place::new().user("[env.prod.webhooks]\np0-alerts = 'a'\n'p0.alerts' = 'b'");
    assert!(named.locate(&CredentialName::webhook("p0.alerts")).is_ok(), "by file both work");
}
