//! The project file `parky-ops.toml`: found upwards, taken only where nobody else could have put it
//! there, and held to what a checkout may say. Read-only.

use std::fs;
use std::path::{Path, PathBuf};

use url::Url;

use super::document::{self, Trust, dotted};
use super::error::{Problem, ProblemKind, Problems};
use super::keys::{Kind, Looser};
use super::tree::Tree;
use super::{ConfigError, address, file, places};
use crate::domain::Caveat;

const NAME: &str = "parky-ops.toml";

/// A project file that was taken.
pub(crate) struct Project {
    /// The file.
    pub(crate) path: PathBuf,
    /// The root of its checkout, as far as it is concerned: its own directory.
    pub(crate) dir: PathBuf,
    /// What it says.
    pub(crate) tree: Tree,
}

/// What the search upwards found.
pub(crate) enum Search {
    /// Nothing.
    None,
    /// A file that is not taken, and why.
    Refused(PathBuf, String),
    /// A file that is.
    Taken(Project),
}

/// Looks for a project file from `cwd` upwards; the first one counts.
///
/// # Errors
/// It is there and ours, and says something that it may not.
pub(crate) fn search(cwd: &Path, uid: u32) -> Result<Search, ConfigError> {
    let Some(dir) = cwd.ancestors().find(|dir| fs::symlink_metadata(dir.join(NAME)).is_ok()) else {
        return Ok(Search::None);
    };
    let path = dir.join(NAME);
    for owned in [dir.to_owned(), path.clone()] {
        if file::is_foreign(&owned, uid) {
            let why = format!("{} belongs to another user", owned.display());
            return Ok(Search::Refused(path, why));
        }
    }
    let Some(text) = file::read(&path)? else {
        return Ok(Search::Refused(path, "it is a link that leads nowhere".to_owned()));
    };
    let tree = document::read(&path, &text, Trust::Project)?;
    Problems::check(escapes(&tree, dir).chain(internal_hosts(&tree)).collect())?;
    Ok(Search::Taken(Project { dir: dir.to_owned(), path, tree }))
}

/// Folders and files that lie outside the checkout.
fn escapes<'a>(tree: &'a Tree, dir: &'a Path) -> impl Iterator<Item = Problem> + 'a {
    tree.iter().filter(|(_, leaf)| matches!(leaf.key.kind, Kind::Path | Kind::Paths)).filter_map(
        |(path, leaf)| {
            // `~` would become the home directory.
            let leads_out =
                |text: &str| text.starts_with('~') || !places::is_inside(dir, &dir.join(text));
            let outside = texts(leaf.open()).any(leads_out);
            let why = format!("leads out of the checkout {}", dir.display());
            outside
                .then(|| Problem::new(leaf.origin.clone(), dotted(path), ProblemKind::Refused(why)))
        },
    )
}

/// Hosts that are not in public: a checkout must not aim probes at the operator's own network.
fn internal_hosts(tree: &Tree) -> impl Iterator<Item = Problem> {
    let hosts = tree.iter().filter(|(_, leaf)| leaf.key.kind == Kind::Hosts);
    hosts.filter_map(|(path, leaf)| {
        let urls = texts(leaf.open()).filter_map(|text| address::host(text).ok());
        let inside: Option<Url> = urls.map(|host| host.url).find(address::is_internal);
        inside.map(|url| {
            let why = format!(
                "names {}, a loopback, link-local or private address; only your own file may",
                url.host_str().unwrap_or_default()
            );
            Problem::new(leaf.origin.clone(), dotted(path), ProblemKind::Refused(why))
        })
    })
}

fn texts(value: Option<&serde_json::Value>) -> impl Iterator<Item = &str> {
    use serde_json::Value;
    let items = match value {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    items.iter().filter_map(Value::as_str)
}

/// That a project file is in use, and each threshold that it loosens against what stood `before`.
pub(crate) fn caveats(project: &Project, before: &Tree) -> Vec<Caveat> {
    let text = format!("inventory and thresholds also come from {}", project.path.display());
    let mut caveats = vec![Caveat::new("project-file", text)];
    for (path, leaf) in project.tree.iter() {
        let number = |value: Option<&serde_json::Value>| value.and_then(serde_json::Value::as_i64);
        let old = number(before.at(path).and_then(|leaf| leaf.open()));
        let new = number(leaf.open());
        let (Some(looser), Some(old), Some(new)) = (leaf.key.looser, old, new) else { continue };
        let loosened = match looser {
            Looser::Higher => new > old,
            Looser::Lower => new < old,
        };
        if loosened {
            let text = format!("{} loosens {} from {old} to {new}", leaf.origin, dotted(path));
            caveats.push(Caveat::new("threshold-loosened", text));
        }
    }
    caveats
}
