//! `--via script`: the team's own script does it, with the same card, agreement and reading back.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// A site whose user file names a script with this body.
fn site(body: &str) -> (CloudflareSite, tempfile::TempDir) {
    let site = three();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rollback.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    site.site.edit(|config| format!("{config}\n[rollback]\nscript = \"{}\"\n", path.display()));
    (site, folder)
}

const VIA: &str = "rollback worker public --via script --confirm public --verify 0 --json";

/// Deploys as a script would, with nothing but what it was given.
const DEPLOYS: &str = r#"
test "$1" = public && test "$2" = "$ROLLBACK_TO" && test "$PARKY_OPS_ENV" = prod || exit 9
python3 - <<'PY'
import json, os, urllib.request
url = f"{os.environ['CLOUDFLARE_API_BASE_URL']}/accounts/{os.environ['CLOUDFLARE_ACCOUNT_ID']}/workers/scripts/{os.environ['ROLLBACK_SCRIPT_NAME']}/deployments"
body = {"strategy": "percentage", "versions": [{"version_id": os.environ["ROLLBACK_TO"], "percentage": 100}]}
request = urllib.request.Request(url, json.dumps(body).encode(), {"Authorization": "Bearer " + os.environ["CLOUDFLARE_API_TOKEN"]})
urllib.request.urlopen(request)
PY
echo "token $CLOUDFLARE_API_TOKEN was used"
"#;

#[test]
fn the_script_does_it_and_what_is_live_is_read_from_cloudflare() {
    let (site, _folder) = site(DEPLOYS);
    let done = site.run(VIA).var("OTHER_SECRET", "must-not-arrive").exits(0);
    assert_eq!((said(&done), site.live()), ("sent live".to_owned(), vec![13]));
    done.hides(site.token());
    let notes = done.data()["notes"].to_string();
    assert!(notes.contains("token *** was used"), "{notes}");
    let plan = site.run(&format!("{VIA} --dry-run --to @12")).exits(0).data()["plan"].clone();
    assert!(plan["target"]["via"].as_str().unwrap().ends_with("rollback.sh"));
}

#[test]
fn a_script_that_says_yes_and_does_nothing_is_not_believed() {
    let (site, _folder) = site("env; echo done");
    let done = site.run(VIA).var("OTHER_SECRET", "must-not-arrive").exits(1);
    assert_eq!((said(&done), site.live()), ("sent not_live".to_owned(), vec![14]));
    assert!(!done.stdout.contains("must-not-arrive"), "{}", done.stdout);
}

#[test]
fn a_script_that_fails_is_read_back_too() {
    let (site, _folder) = site("echo broken >&2; exit 3");
    let done = site.run(VIA).exits(1);
    assert_eq!(said(&done), "lost not_live");
    assert!(done.data()["notes"].to_string().contains("broken"), "{:#}", done.data());
}

#[test]
fn a_script_that_is_not_there_or_not_named_runs_nothing() {
    let (site, folder) = site("true");
    drop(folder);
    let done = site.run(VIA).exits(1);
    assert_eq!(said(&done), "none not_live");
    assert_eq!(done.data()["refused"]["code"], "script");
    let unnamed = three().run(VIA).exits(2);
    assert!(unnamed.stderr.contains("no script is named"), "{}", unnamed.stderr);
}
