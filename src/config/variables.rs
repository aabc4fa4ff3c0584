//! Environment variables that stand for a key of the files: the layer above every file. Pure.

use super::error::{Problem, ProblemKind, Problems};
use super::keys::{Found, Key, Kind, find};
use super::origin::Origin;
use super::schema::KEYS;
use super::tree::{Leaf, Tree};
use super::vars::Vars;
use super::{ConfigError, value};
use serde_json::Value;

/// Variables by the key that they stand for, the stronger one first.
pub(super) const VARIABLES: &[(&str, &[&str])] = &[
    ("urls.cloudflare", &["PARKY_OPS_CLOUDFLARE_URL", "CLOUDFLARE_API_BASE_URL"]),
    ("urls.github", &["PARKY_OPS_GITHUB_URL", "GITHUB_API_URL"]),
    ("urls.discord", &["PARKY_OPS_DISCORD_URL"]),
    ("urls.sentry", &["PARKY_OPS_SENTRY_URL", SENTRY_ROOT]),
    ("github.repos", &["GH_REPO"]),
    ("sentry.org", &["SENTRY_ORG"]),
    ("sentry.projects", &["SENTRY_PROJECT"]),
];

/// Sentry's own variable names the root of the server, not its API.
const SENTRY_ROOT: &str = "SENTRY_URL";

/// What the variables say.
///
/// # Errors
/// A value that cannot be used, by the variable's name.
pub(crate) fn read(vars: &Vars) -> Result<Tree, ConfigError> {
    let mut tree = Tree::default();
    let mut problems = Vec::new();
    for (path, names) in VARIABLES {
        let set = names.iter().find_map(|name| Some((*name, vars.get(name)?)));
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        let (Some((name, text)), Found::Key(key)) = (set, find(KEYS, &path)) else { continue };
        let origin = Origin::Variable(name.to_owned());
        match read_one(key, name, text) {
            Ok(value) => tree.set(path, Leaf::new(key, value, origin)),
            Err(why) => problems.push(Problem::new(origin, key.path, ProblemKind::Refused(why))),
        }
    }
    Problems::check(problems)?;
    Ok(tree)
}

fn read_one(key: &Key, name: &str, text: &str) -> Result<Value, String> {
    let text = match name {
        SENTRY_ROOT => format!("{}/api/0", text.trim_end_matches('/')),
        // gh allows the host in front; the host is that of the base URL here.
        "GH_REPO" => match text.split('/').count() {
            3 => text.split_once('/').map_or(text, |(_, rest)| rest).to_owned(),
            _ => text.to_owned(),
        },
        _ => text.to_owned(),
    };
    value::check_text(key.kind, &text)?;
    Ok(match key.kind {
        Kind::Repos | Kind::Texts => Value::from(vec![text]),
        _ => Value::from(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pairs: &[(&str, &str)], key: &str) -> Option<(String, String)> {
        let tree = read(&pairs.iter().copied().collect()).unwrap();
        let leaf = tree.get(key)?;
        Some((leaf.open()?.to_string(), leaf.origin.to_string()))
    }

    #[test]
    fn our_own_variable_beats_the_services_usual_one() {
        for (key, own, usual) in [
            ("urls.cloudflare", "PARKY_OPS_CLOUDFLARE_URL", "CLOUDFLARE_API_BASE_URL"),
            ("urls.github", "PARKY_OPS_GITHUB_URL", "GITHUB_API_URL"),
            ("urls.sentry", "PARKY_OPS_SENTRY_URL", "SENTRY_URL"),
        ] {
            let (a, b) = ((own, "https://own.example"), (usual, "https://usual.example"));
            assert_eq!(text(&[a, b], key).unwrap().1, format!("${own}"));
            assert_eq!(text(&[b], key).unwrap().1, format!("${usual}"));
            assert_eq!(text(&[], key), None);
        }
    }

    #[test]
    fn sentrys_root_gets_its_api_path() {
        let root = [("SENTRY_URL", "https://sentry.example/")];
        assert_eq!(text(&root, "urls.sentry").unwrap().0, "\"https://sentry.example/api/0\"");
        let base = [("PARKY_OPS_SENTRY_URL", "https://sentry.example/api/0")];
        assert_eq!(text(&base, "urls.sentry").unwrap().0, "\"https://sentry.example/api/0\"");
    }

    #[test]
    fn a_repository_may_have_its_host_in_front() {
        let repo = |name| text(&[("GH_REPO", name)], "github.repos").unwrap().0;
        assert_eq!(repo("parky/parky"), "[\"parky/parky\"]");
        assert_eq!(repo("github.com/parky/parky"), "[\"parky/parky\"]");
    }

    #[test]
    fn plain_http_and_passwords_are_refused_by_the_variables_name() {
        for (value, why) in
            [("http://x.example", "is plain http"), ("https://u:s3cr3t@x.example", "password")]
        {
            let vars = [("PARKY_OPS_GITHUB_URL", value)].into_iter().collect();
            let error = read(&vars).unwrap_err().to_string();
            assert!(error.starts_with("$PARKY_OPS_GITHUB_URL: "), "{error}");
            assert!(error.contains(why) && !error.contains("s3cr3t"), "{error}");
        }
    }
}
