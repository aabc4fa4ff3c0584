//! Which layer wins, and what is shown of it.

use super::*;

#[test]
fn each_layer_beats_the_one_below_and_tells_its_origin() {
    let key = "sentry.org";
    let place = Place::new();
    assert!(place.config().sentry.org.is_none());
    let place = place.user("\n[sentry]\norg = 'user'");
    let (value, origin) = setting(&place.load().unwrap(), key);
    assert_eq!(value, "user");
    assert!(origin.ends_with("config.toml:3"), "{origin}");
    let place = place.project("[sentry]\norg = 'project'");
    let (value, origin) = setting(&place.load().unwrap(), key);
    assert_eq!(value, "project");
    assert!(origin.ends_with("parky-ops.toml:2"), "{origin}");
    let place = place.var("SENTRY_ORG", "variable");
    assert_eq!(setting(&place.load().unwrap(), key), (json!("variable"), "$SENTRY_ORG".to_owned()));
}

#[test]
fn tables_merge_by_key_and_lists_are_replaced_whole() {
    let place = Place::new()
        .user("[channels]\nbiz = { business = true }\np0-alerts = { id = '1' }\n[thresholds]\nhost_red_ms = 5000")
        .project("vendor = []\n[env.prod]\nhosts = ['x.example.jp', 'https://X.example.jp/']");
    let config = place.config();
    assert_eq!(names(&config.hosts), ["x.example.jp"], "and doubles are dropped");
    assert_eq!(config.vendors, []);
    assert_eq!(config.channels.len(), 5);
    assert_eq!(config.channels["p0-alerts"].severity.as_deref(), Some("P0"));
    assert_eq!(config.channels["p0-alerts"].id.as_deref(), Some("1"));
    assert_eq!((config.thresholds.host_red_ms, config.thresholds.host_yellow_ms), (5000, 1000));
}

#[test]
fn the_environment_by_flag_by_variable_and_by_default() {
    let place =
        Place::new().user("[env.staging]\nhosts = ['s.example.jp']").var("PARKY_OPS_ENV", "dev");
    assert_eq!(place.config().env.as_str(), "dev");
    assert_eq!(place.env("staging").config().env.as_str(), "staging");
}

#[test]
fn an_environment_that_nothing_defines_is_refused_with_a_suggestion() {
    for (name, hint) in [
        ("prodd", "did you mean --env prod?"),
        ("qa", "add [env.NAME]"),
        ("Prod", "did you mean"),
        ("../x", "add [env"),
    ] {
        let error = Place::new().env(name).load().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("no environment '{name}', named by --env; there are dev, prod")
        );
        assert!(error.hint().starts_with(hint), "{}", error.hint());
    }
}

#[test]
fn secrets_are_never_shown() {
    let place = Place::new().user("[env.prod.credentials]\ngithub_token = 'ghp_s3cr3t'\n[env.prod.webhooks]\n'a.b' = 'op://ops/x/y'");
    let loaded = place.load().unwrap();
    assert!(!format!("{loaded:?}").contains("s3cr3t"));
    let settings = loaded.settings();
    let token = settings.iter().find(|s| s.key == "env.prod.credentials.github_token").unwrap();
    assert_eq!((&token.value, token.secret, &token.reference), (&json!("***"), true, &None));
    let hook = settings.iter().find(|s| s.key == "env.prod.webhooks.\"a.b\"").unwrap();
    assert_eq!((&hook.value, hook.reference.as_deref()), (&json!("***"), Some("op://ops/x/y")));
}

#[test]
fn the_operator_is_one_harmless_line() {
    assert_eq!(Place::new().var("USER", "taro\u{1b}[2J").config().operator, "taro\\u{1b}[2J");
    let named = Place::new().var("USER", "taro").var("PARKY_OPS_OPERATOR", "hanako");
    assert_eq!(named.config().operator, "hanako");
    // A job of cron has neither variable; an account has no colon in its name.
    let nameless = Place::new().config().operator;
    let out = std::process::Command::new("id").arg("-un").output().unwrap();
    assert_eq!(nameless, String::from_utf8(out.stdout).unwrap().trim());
}
