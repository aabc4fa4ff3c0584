//! Built-in values, the template, and the user file.

use super::*;

#[test]
fn without_home_or_file_the_inventory_is_built_in() {
    let vars = Vars::default();
    let loaded = load(&LoadInput::new(&vars, Path::new("/"))).unwrap();
    let config = &loaded.config;
    assert!(config.env.is_prod());
    assert_eq!(
        names(&config.hosts),
        ["parky.co.jp", "api.parky.co.jp", "admin.parky.co.jp", "owner.parky.co.jp"]
    );
    let served: Vec<(&str, Vec<String>)> =
        config.workers.iter().map(|w| (w.name.as_str(), w.hosts.clone())).collect();
    assert_eq!(served[0], ("public", vec!["api.parky.co.jp".to_owned()]));
    assert_eq!(served[1], ("admin", vec!["admin.parky.co.jp".to_owned()]));
    assert_eq!((served[2].0, served[2].1.len()), ("marketing", 0));
    assert_eq!((served[3].0, served[3].1.len()), ("store-sync", 0));
    assert_eq!(
        config.workers[0].script.as_ref().unwrap_err().split(',').next().unwrap(),
        "workers.config_dir is not set"
    );
    assert_eq!(config.dlq.to_string(), "admin.notification_failures");
    assert_eq!(config.vendors.len(), 6);
    assert_eq!(config.channels["p0-alerts"].mention.as_deref(), Some("here"));
    assert_eq!(config.calendar.closures.len(), 6);
    assert_eq!(config.logpush_jobs, [1_606_777, 1_606_779]);
    assert_ne!(config.operator, "");
    assert_eq!(config.state_dir, None);
    assert_eq!(config.caveats, []);
    assert_eq!(loaded.files, []);
}

#[test]
fn the_other_environment_has_its_own_hosts() {
    let config = Place::new().env("dev").config();
    assert_eq!(config.hosts[1].name, "dev-api.parky.co.jp");
    assert_eq!(config.workers[0].hosts, ["dev-api.parky.co.jp"]);
    assert_eq!(config.env_origin, Origin::Flag("--env"));
}

#[test]
fn table_and_typed_thresholds_are_in_step() {
    let config = Place::new().config();
    let typed = serde_json::to_value(&config.thresholds).unwrap();
    let mut typed: Vec<String> =
        typed.as_object().unwrap().keys().map(|key| format!("thresholds.{key}")).collect();
    let mut table: Vec<&str> = schema::KEYS
        .iter()
        .filter(|key| key.path.starts_with("thresholds."))
        .map(|key| key.path)
        .collect();
    typed.sort();
    table.sort_unstable();
    assert_eq!(typed, table);
    assert!(schema::KEYS.iter().all(|k| k.looser.is_some() == k.path.starts_with("thresholds.")));
}

#[test]
fn a_file_with_every_key_loads() {
    let place = Place::new().user(&template::uncommented());
    let config = place.config();
    assert_eq!(config.pins.supabase_ref.as_ref().unwrap().value, "abcdefghijklmnopqrst");
    assert_eq!(config.slos[0].source, SloSource::AnalyticsEngine);
    assert_eq!(config.rotation["cloudflare_api_token"].max_age_days, Some(90));
    assert_eq!(config.workers[0].script.as_ref().unwrap().value, "parky-public-prod");
    assert_eq!(
        config
            .credentials
            .get("credentials.github_token")
            .unwrap()
            .origin
            .to_string()
            .rsplit('/')
            .next()
            .unwrap()
            .split(':')
            .next()
            .unwrap(),
        "config.toml"
    );
    assert_eq!(config.credentials.webhook_channels().collect::<Vec<_>>(), ["p0-alerts"]);
}

#[test]
fn the_template_changes_nothing() {
    let (with, without) = (Place::new().user(&template()), Place::new());
    let settings = |place: &Place| place.load().unwrap().settings();
    assert_eq!(settings(&with), settings(&without));
}

#[test]
fn a_file_that_was_named_has_to_be_there() {
    let place = Place::new().var("PARKY_OPS_CONFIG", "/none/config.toml");
    let error = place.load().unwrap_err();
    assert_eq!(
        error.to_string(),
        "no configuration file at /none/config.toml, which $PARKY_OPS_CONFIG names"
    );
    assert!(error.hint().contains("config init"));

    let vars = Vars::default();
    let mut input = LoadInput::new(&vars, Path::new("/"));
    input.flags.config = Some("none.toml".into());
    let error = load(&input).unwrap_err().to_string();
    assert_eq!(error, "no configuration file at /none.toml, which --config names");
}

#[test]
fn the_flag_beats_the_variable() {
    let place = Place::new().file("a.toml", "lang = 'en'").file("b.toml", "lang = 'fr'");
    let vars: Vars =
        [("PARKY_OPS_CONFIG", place.at("b.toml").display().to_string())].into_iter().collect();
    let mut input = LoadInput::new(&vars, Path::new("/"));
    input.flags.config = Some(place.at("a.toml"));
    assert_eq!(load(&input).unwrap().config.lang, Lang::En);
}

#[test]
fn a_plain_credential_that_others_may_read_is_a_caveat() {
    let text = |value: &str| {
        format!("[env.prod.credentials]\ngithub_token = '{value}'\nmail_to = 'a@example.jp'")
    };
    for (value, mode, caveat) in [
        ("ghp_s3cr3t", 0o644, true),
        ("ghp_s3cr3t", 0o640, true),
        ("ghp_s3cr3t", 0o600, false),
        ("op://ops/github/token", 0o644, false),
    ] {
        let place = Place::new().user(&text(value));
        let path = place.at("home/.config/parky-ops/config.toml");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let found = place.caveats("config-readable");
        assert_eq!(found.len(), usize::from(caveat), "{value} {mode:o}");
        assert!(!format!("{found:?}").contains("s3cr3t"));
        assert!(found.iter().all(|text| text.contains("chmod 600 ")));
    }
}

#[test]
fn a_root_certificate_is_looked_for_beside_the_file_that_names_it() {
    let place = Place::new().user("[postgres]\nroot_cert = 'ca.pem'");
    let found = place.config().postgres.root_cert.unwrap();
    assert_eq!(found, place.at("home/.config/parky-ops/ca.pem"));
}
