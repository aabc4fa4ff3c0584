//! The repository that a checkout belongs to, by its git remotes. Reads `.git/config`, runs nothing.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use url::Url;

use super::repo::RepoName;

/// Remotes in the order in which people mean them; then the others by name.
const ORDER: [&str; 3] = ["upstream", "github", "origin"];
/// A longer file is no configuration, in bytes.
const LONGEST: u64 = 1 << 20;

/// The repository of the checkout around `folder`, as GitHub at `base` has it, and the file that says
/// so.
pub fn repository(folder: &Path, base: &Url) -> Option<(RepoName, PathBuf)> {
    let config = folder.ancestors().find_map(config)?;
    let mut text = String::new();
    fs::File::open(&config).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    Some((best(&text, base)?, config))
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

/// A remote of the configuration.
#[derive(Debug, Default)]
struct Remote<'a> {
    name: &'a str,
    url: Option<&'a str>,
    /// What `gh repo set-default` left: `base`, or a repository.
    resolved: Option<&'a str>,
}

fn best(text: &str, base: &Url) -> Option<RepoName> {
    let mut remotes = remotes(text);
    let place = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
    remotes.sort_by_key(|remote| (remote.resolved.is_none(), place(remote.name), remote.name));
    remotes.into_iter().find_map(|remote| {
        let own = named(remote.url?, base)?;
        match remote.resolved {
            Some(other) if other != "base" => other.parse().ok(),
            _ => Some(own),
        }
    })
}

fn remotes(text: &str) -> Vec<Remote<'_>> {
    let mut all: Vec<Remote<'_>> = Vec::new();
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            let name = line.strip_prefix("[remote \"").and_then(|rest| rest.strip_suffix("\"]"));
            all.extend(name.map(|name| Remote { name, ..Remote::default() }));
            inside = name.is_some();
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let (Some(remote), true) = (all.last_mut(), inside) else { continue };
        match key.trim() {
            "url" => remote.url = remote.url.or(Some(value.trim())),
            "gh-resolved" => remote.resolved = Some(value.trim()),
            _ => {}
        }
    }
    all
}

/// The repository of an address, `git@HOST:O/R.git`, `ssh://…`, `https://…`, where the host is GitHub.
fn named(address: &str, base: &Url) -> Option<RepoName> {
    if let Ok(url) = Url::parse(address)
        && let Some(host) = url.host_str()
    {
        return is_github(host, base).then(|| address.parse().ok()).flatten();
    }
    let (host, path) = address.split_once(':')?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    is_github(host, base).then(|| path.parse().ok()).flatten()
}

/// Whether a checkout of `host` may be one of GitHub at `base`. A name without a dot is an alias of
/// ssh's own configuration, which may stand for anything.
fn is_github(host: &str, base: &Url) -> bool {
    let own = base.host_str().unwrap_or_default();
    let own = own.strip_prefix("api.").unwrap_or(own);
    let host = host.to_ascii_lowercase();
    let below = |of: &str| host == of || host.ends_with(&format!(".{of}"));
    below("github.com") || below("ghe.com") || below(own) || !host.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        "https://api.github.com".parse().unwrap()
    }

    fn of(text: &str) -> Option<String> {
        best(text, &base()).map(|repo| repo.to_string())
    }

    fn remote(name: &str, url: &str) -> String {
        format!("[remote \"{name}\"]\n\turl = {url}\n\tfetch = +refs/heads/*\n")
    }

    #[test]
    fn remotes_by_rank_and_spelling() {
        let origin = remote("origin", "git@github.com:me/fork.git");
        let upstream = remote("upstream", "https://github.com/parky/parky.git");
        assert_eq!(of(&origin).as_deref(), Some("me/fork"));
        assert_eq!(of(&format!("{origin}{upstream}")).as_deref(), Some("parky/parky"));
        for url in ["ssh://git@github.com/a/b", "ssh://git@ssh.github.com:443/a/b.git", "work:a/b"]
        {
            assert_eq!(of(&remote("x", url)).as_deref(), Some("a/b"), "{url}");
        }
        assert_eq!(of(&remote("x", "/srv/git/thing")), None);
        assert_eq!(of("[core]\n\turl = https://github.com/a/b\n"), None);
    }

    #[test]
    fn what_gh_was_told_comes_first() {
        let upstream = remote("upstream", "https://github.com/parky/parky");
        let origin = remote("origin", "https://github.com/me/fork");
        let told = |value: &str| of(&format!("{upstream}{origin}\tgh-resolved = {value}\n"));
        assert_eq!(told("base").as_deref(), Some("me/fork"));
        assert_eq!(told("parky/other").as_deref(), Some("parky/other"));
    }

    #[test]
    fn a_checkout_of_another_place_is_no_repository_of_github() {
        let origin = remote("origin", "git@gitlab.example:a/b.git");
        assert_eq!(of(&origin), None);
        let mirror = remote("mirror", "https://github.com/parky/parky");
        assert_eq!(of(&format!("{origin}{mirror}")).as_deref(), Some("parky/parky"));
        let own = "https://github.corp.example/api/v3".parse().unwrap();
        let found = best(&remote("origin", "git@github.corp.example:a/b.git"), &own);
        assert_eq!(found.unwrap().to_string(), "a/b");
    }

    #[test]
    fn a_checkout_is_found_upwards() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        let text = "[remote \"origin\"]\n url = https://github.com/parky/parky\n";
        fs::write(folder.path().join(".git/config"), text).unwrap();
        assert_eq!(repository(&deep, &base()).unwrap().0.to_string(), "parky/parky");
    }
}
