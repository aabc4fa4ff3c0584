//! Wrangler files, and thresholds that cross.

use super::*;

#[test]
fn names_and_accounts_come_from_the_wrangler_files() {
    let account = "0123456789abcdef0123456789abcdef";
    let place = Place::new()
        .project("[workers]\nconfig_dir = 'parky/api'")
        .user("[[worker]]\nname = 'public'\nscript = { prod = 'by-hand' }")
        .file("checkout/parky/api/wrangler.public.toml", &format!("name = 'parky-public'\naccount_id = '{account}'\n[env.prod]"))
        .file("checkout/parky/api/wrangler.admin.toml", "name = 'parky-admin'\n[env.dev]")
        .file("checkout/parky/api/wrangler.marketing.toml", "name = ")
        .project("[workers]\nconfig_dir = 'parky/api'\n[[worker]]\nname = 'public'\nconfig = 'wrangler.public.toml'\n[[worker]]\nname = 'admin'\nconfig = 'wrangler.admin.toml'\n[[worker]]\nname = 'marketing'\nconfig = 'wrangler.marketing.toml'\n[[worker]]\nname = 'store-sync'\nconfig = 'wrangler.store-sync.toml'");
    let workers = place.config().workers;
    let script = workers[0].script.as_ref().unwrap();
    assert_eq!(script.value, "parky-public-prod", "the file beats what was written by hand");
    assert!(script.origin.to_string().ends_with("wrangler.public.toml"));
    assert_eq!(workers[0].account_id.as_ref().unwrap().value, account);
    assert!(workers[0].wrangler_file.is_some());
    for (index, why) in
        [(1, "has no [env.prod], only dev"), (2, "not a wrangler file"), (3, "there is no ")]
    {
        let error = workers[index].script.as_ref().unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_relative_folder_of_the_user_file_is_below_the_working_directory_and_ours() {
    let mut place = Place::new()
        .user("[workers]\nconfig_dir = 'api'")
        .file("checkout/sub/api/wrangler.public.toml", "name = 'parky'\naccount_id = 'x'");
    assert_eq!(place.config().workers[0].script.as_ref().unwrap().value, "parky-prod");
    assert_eq!(place.caveats("account-malformed").len(), 1);
    place.uid += 1;
    let error = place.config().workers[0].script.clone().unwrap_err();
    assert!(error.ends_with("belongs to another user"), "{error}");
}

#[test]
fn a_yellow_beyond_its_red_is_a_caveat() {
    let place = Place::new().user("[thresholds]\nhost_yellow_ms = 9000\ncert_yellow_days = 1");
    assert_eq!(
        place.caveats("threshold-order"),
        [
            "cert_yellow_days (1) lies beyond cert_red_days (3): yellow never shows",
            "host_yellow_ms (9000) lies beyond host_red_ms (3000): yellow never shows",
        ]
    );
}
