//! The project file: announced, owned, and held to its place.

use super::*;

#[test]
fn a_project_file_is_announced_and_so_is_each_loosened_threshold() {
    let place = Place::new().user("[thresholds]\nhost_red_ms = 2000").project(
        "[thresholds]\nhost_red_ms = 2500\nhost_yellow_ms = 900\ncert_red_days = 1\ncert_yellow_days = 30",
    );
    let path = place.at("checkout/parky-ops.toml").display().to_string();
    assert_eq!(
        place.caveats("project-file"),
        [format!("inventory and thresholds also come from {path}")]
    );
    assert_eq!(
        place.caveats("threshold-loosened"),
        [
            format!("{path}:4 loosens thresholds.cert_red_days from 3 to 1"),
            format!("{path}:2 loosens thresholds.host_red_ms from 2000 to 2500"),
        ]
    );
}

#[test]
fn a_project_file_of_another_user_is_not_taken() {
    let mut place = Place::new().project("lang = 'this would be an error'");
    place.uid += 1;
    let loaded = place.load().unwrap();
    assert!(place.caveats("project-file-refused")[0].ends_with("belongs to another user"));
    assert!(matches!(loaded.files.last().unwrap().state, FileState::NotTaken(_)));
}

#[test]
fn the_owner_of_the_file_and_of_its_directory_both_count() {
    if file::own_uid() != 0 {
        return; // Only root can give a file away; the test above covers the rule for everyone.
    }
    for foreign in ["checkout", "checkout/parky-ops.toml"] {
        let place = Place::new().project("[sentry]\norg = 'theirs'");
        std::os::unix::fs::chown(place.at(foreign), Some(12_345), None).unwrap();
        assert_eq!(place.caveats("project-file-refused").len(), 1, "{foreign}");
        assert!(place.config().sentry.org.is_none());
    }
}

#[test]
fn a_project_file_cannot_aim_at_the_inside() {
    for host in [
        "localhost",
        "https://127.0.0.1:8443",
        "169.254.169.254",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "100.64.0.1",
        "0.0.0.0",
    ] {
        let place =
            Place::new().project(&format!("[env.prod]\nhosts = ['ok.example.jp', '{host}']"));
        let error = place.refusal();
        assert!(error.contains("parky-ops.toml:2: 'env.prod.hosts' names "), "{error}");
        assert!(error.contains("loopback, link-local or private"), "{error}");
    }
    let own = Place::new().user("[env.prod]\nhosts = ['http://127.0.0.1:1']");
    assert_eq!(own.config().hosts.len(), 1, "the operator may");
}

#[test]
fn a_project_files_folders_stay_inside_the_checkout() {
    for (key, path) in [
        ("[workers]\nconfig_dir", "'../out'"),
        ("[workers]\nconfig_dir", "'/etc'"),
        ("[workers]\nconfig_dir", "'leak'"),
        ("[workers]\nconfig_dir", "'~/x'"),
        ("[postmortem]\ndir", "'docs/../../out'"),
        ("[runbook]\ndirs", "['docs', 'leak/x']"),
        ("[runbook]\nstrategy", "'../x.md'"),
    ] {
        let place = Place::new().project(&format!("{key} = {path}"));
        fs::create_dir_all(place.at("out")).unwrap();
        symlink(place.at("out"), place.at("checkout/leak")).unwrap();
        assert!(place.refusal().contains("leads out of the checkout"), "{key} = {path}");
    }
}

#[test]
fn a_wrangler_file_of_a_project_stays_inside_too() {
    for config in ["../../out/w.toml", "link.toml"] {
        let place = Place::new().file("out/w.toml", "name = 'stolen'").project(&format!(
            "[workers]\nconfig_dir = 'api'\n[[worker]]\nname = 'public'\nconfig = '{config}'"
        ));
        fs::create_dir_all(place.at("checkout/api")).unwrap();
        symlink(place.at("out/w.toml"), place.at("checkout/api/link.toml")).unwrap();
        let script = place.config().workers[0].script.clone();
        assert!(script.unwrap_err().contains("lies outside of"), "{config}");
    }
}

#[test]
fn a_sandbox_ignores_the_project_file() {
    let place = Place::new().project("[sentry]\norg = 'project'");
    let vars = Vars::default();
    let cwd = place.at("checkout");
    let input = LoadInput { project: false, ..LoadInput::new(&vars, &cwd) };
    assert!(load(&input).unwrap().config.sentry.org.is_none());
}

#[test]
fn a_projects_list_keeps_what_only_the_operator_may_say() {
    let place = Place::new()
        .user("[[worker]]\nname = 'public'\nscript = { prod = 'parky-public-prod' }")
        .project("[[worker]]\nname = 'public'\n[[worker]]\nname = 'new'\n[[vendor]]\nname = 'GitHub'\ncomponents = ['Actions']");
    let config = place.config();
    let script = config.workers[0].script.as_ref().unwrap();
    assert_eq!(script.value, "parky-public-prod");
    assert!(script.origin.to_string().contains("config.toml"));
    assert!(config.workers[1].script.is_err());
    assert_eq!(config.vendors[0].url.as_str(), "https://www.githubstatus.com/");

    let unknown = Place::new().project("[[vendor]]\nname = 'Evil'").refusal();
    assert!(unknown.contains("Evil has no url, and only your own file may give one"), "{unknown}");
}

#[test]
fn an_entry_without_its_name_says_which() {
    let error = Place::new().user("[[worker]]\nname = 'a'\n[[worker]]\nconfig = 'b'").refusal();
    assert!(error.contains("config.toml:1"), "{error}");
    assert!(error.ends_with("'worker' entry 2: missing field `name`"), "{error}");
}
