//! The repository that a checkout belongs to, by its git remotes. Reads `.git/config`, runs nothing.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::repo::RepoName;

/// Remotes in the order in which people mean them; then the others by name.
const ORDER: [&str; 3] = ["upstream", "github", "origin"];
/// A longer file is no configuration, in bytes.
const LONGEST: u64 = 1 << 20;

/// The repository of the checkout around `folder`, and the file that says so.
pub fn repository(folder: &Path) -> Option<(RepoName, PathBuf)> {
    let config = folder.ancestors().find_map(config)?;
    let mut text = String::new();
    fs::File::open(&config).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    Some((best(&text)?, config))
}

/// The configuration of a checkout at exactly `folder`; a linked worktree's is elsewhere.
fn config(folder: &Path) -> Option<PathBuf> {
    let git = folder.join(".git");
    if git.is_dir() {
        return Some(git.join("config"));
    }
    let text = fs::read_to_string(&git).ok()?;
    let own = folder.join(text.strip_prefix("gitdir:")?.trim());
    let common = fs::read_to_string(own.join("commondir")).ok()?;
    Some(own.join(common.trim()).join("config"))
}

fn best(text: &str) -> Option<RepoName> {
    let mut found: Vec<(usize, &str, RepoName)> = Vec::new();
    let mut remote = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            remote = line.strip_prefix("[remote \"").and_then(|rest| rest.strip_suffix("\"]"));
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        if let (Some(name), "url") = (remote, key.trim()) {
            let rank = ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
            found.extend(named(value.trim()).map(|repo| (rank, name, repo)));
        }
    }
    found.sort_by_key(|(rank, name, _)| (*rank, *name));
    found.into_iter().next().map(|(_, _, repo)| repo)
}

/// The repository of an address: `git@HOST:O/R.git`, `ssh://…`, `https://…`.
fn named(address: &str) -> Option<RepoName> {
    if address.contains("://") {
        return address.parse().ok();
    }
    let (_, path) = address.split_once(':')?;
    path.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_by_rank_and_spelling() {
        let of = |text: &str| best(text).map(|repo| repo.to_string());
        let remote = |name: &str, url: &str| format!("[remote \"{name}\"]\n\turl = {url}\n");
        let origin = remote("origin", "git@github.com:me/fork.git");
        let upstream = remote("upstream", "https://github.com/parky/parky.git");
        assert_eq!(of(&origin).as_deref(), Some("me/fork"));
        assert_eq!(of(&format!("{origin}{upstream}")).as_deref(), Some("parky/parky"));
        assert_eq!(of(&remote("x", "ssh://git@github.com/a/b")).as_deref(), Some("a/b"));
        assert_eq!(of(&remote("x", "/srv/git/thing")), None);
        assert_eq!(of("[core]\n\turl = https://github.com/a/b\n"), None);
    }

    #[test]
    fn a_checkout_is_found_upwards() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        let text = "[remote \"origin\"]\n url = https://github.com/parky/parky\n";
        fs::write(folder.path().join(".git/config"), text).unwrap();
        assert_eq!(repository(&deep).unwrap().0.to_string(), "parky/parky");
    }
}
