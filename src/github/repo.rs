//! Repositories and runs as people name them: `owner/name`, an id, a pasted address. Pure.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use url::Url;

use crate::domain::text::{one_line, shorten};

/// `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoName {
    /// The person or organisation.
    pub owner: String,
    /// The repository.
    pub name: String,
}

/// A run, a job of it, or an attempt, as it was typed or pasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRef {
    /// The repository, where an address told it.
    pub repo: Option<RepoName>,
    /// The run; `None` where only the job is known.
    pub run: Option<u64>,
    /// The attempt, counted from 1.
    pub attempt: Option<u64>,
    /// The job.
    pub job: Option<u64>,
}

/// Why a text names no run, or no repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadRunRef(String);

impl FromStr for RepoName {
    type Err = BadRunRef;

    /// `owner/name`, `host/owner/name`, or an address.
    fn from_str(text: &str) -> Result<Self, BadRunRef> {
        let bad = || {
            let shown = shorten(&one_line(text), 80);
            BadRunRef(format!("'{shown}' is no repository: use owner/name"))
        };
        let path = match Url::parse(text) {
            Ok(url) if url.has_host() => url.path().trim_start_matches('/').to_owned(),
            _ => text.to_owned(),
        };
        let mut parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        if parts.len() == 3 && path == text {
            parts.remove(0);
        }
        let [owner, name, ..] = parts.as_slice() else { return Err(bad()) };
        let name = name.strip_suffix(".git").unwrap_or(name);
        let plain = |part: &str| {
            let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !part.is_empty() && part.chars().all(good) && part.chars().any(|c| c != '.')
        };
        let whole = parts.len() == 2 || path != text;
        if !(whole && plain(owner) && plain(name)) {
            return Err(bad());
        }
        Ok(Self { owner: (*owner).to_owned(), name: name.to_owned() })
    }
}

impl fmt::Display for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl Serialize for RepoName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for RunRef {
    type Err = BadRunRef;

    /// An id, or the address of a run, an attempt or a job.
    fn from_str(text: &str) -> Result<Self, BadRunRef> {
        let bad = || {
            let shown = shorten(&one_line(text), 80);
            BadRunRef(format!("'{shown}' is no run: use its id, or paste its address"))
        };
        if let Some(run) = id(text.trim()) {
            return Ok(Self { repo: None, run: Some(run), attempt: None, job: None });
        }
        let url = Url::parse(text.trim()).map_err(|_| bad())?;
        let parts: Vec<&str> = url.path().trim_matches('/').split('/').collect();
        // The API's own addresses have `repos` in front, those of a server of one's own more.
        let parts = parts.strip_prefix(&["api", "v3"]).unwrap_or(&parts);
        let parts = parts.strip_prefix(&["repos"]).unwrap_or(parts);
        let (owner, name, rest) = match parts {
            [owner, name, "actions", rest @ ..] => (owner, name, rest),
            // A check, as commits and pull requests link to it: its id is the job's.
            [owner, name, "runs", job] => (owner, name, &["jobs", *job][..]),
            _ => return Err(bad()),
        };
        let repo = Some(format!("{owner}/{name}").parse()?);
        let found = match rest {
            ["runs", run] => (id(run), None, None),
            ["runs", run, "attempts", attempt] => (id(run), id(attempt), None),
            ["runs", run, "job" | "jobs", job] => (id(run), None, id(job)),
            ["runs", run, "attempts", attempt, ..] => (id(run), id(attempt), None),
            ["jobs", job] => (None, None, id(job)),
            ["runs", run, ..] => (id(run), None, None),
            _ => (None, None, None),
        };
        match found {
            (None, _, None) => Err(bad()),
            (run, attempt, job) => Ok(Self { repo, run, attempt, job }),
        }
    }
}

fn id(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|id| digits && *id > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts = (Option<String>, Option<u64>, Option<u64>, Option<u64>);

    fn run(text: &str) -> Option<Parts> {
        let found: RunRef = text.parse().ok()?;
        Some((found.repo.map(|repo| repo.to_string()), found.run, found.attempt, found.job))
    }

    #[test]
    fn runs_by_id_and_by_address() {
        let repo = || Some("parky/parky".to_owned());
        let base = "https://github.com/parky/parky/actions";
        assert_eq!(run("17400000060"), Some((None, Some(17_400_000_060), None, None)));
        assert_eq!(run(&format!("{base}/runs/5")), Some((repo(), Some(5), None, None)));
        assert_eq!(run(&format!("{base}/runs/5/")), Some((repo(), Some(5), None, None)));
        let attempt = format!("{base}/runs/5/attempts/2");
        assert_eq!(run(&attempt), Some((repo(), Some(5), Some(2), None)));
        let job = format!("{base}/runs/5/job/7?pr=12#step:4:1");
        assert_eq!(run(&job), Some((repo(), Some(5), None, Some(7))));
        let api = "https://api.github.com/repos/parky/parky/actions/jobs/7";
        assert_eq!(run(api), Some((repo(), None, None, Some(7))));
        let check = "https://github.com/parky/parky/runs/7?check_suite_focus=true";
        assert_eq!(run(check), Some((repo(), None, None, Some(7))));
        let own = "https://github.corp.example/api/v3/repos/parky/parky/actions/runs/5";
        assert_eq!(run(own), Some((repo(), Some(5), None, None)));
        for bad in ["", "0", "-5", "5x", "main", "https://github.com/parky/parky", "5 ; rm"] {
            assert_eq!(run(bad), None, "{bad}");
        }
        let error = "\u{1b}[2J".parse::<RunRef>().unwrap_err().to_string();
        assert!(!error.contains('\u{1b}'));
    }

    #[test]
    fn repositories_in_their_spellings() {
        let repo = |text: &str| text.parse::<RepoName>().map(|repo| repo.to_string()).ok();
        for good in [
            "parky/parky",
            "github.com/parky/parky",
            "https://github.com/parky/parky",
            "https://github.com/parky/parky.git",
        ] {
            assert_eq!(repo(good).as_deref(), Some("parky/parky"), "{good}");
        }
        for bad in ["parky", "parky/", "/parky", "a/b/c/d", "a b/c", "../x", "parky/..", "a/b?c"] {
            assert_eq!(repo(bad), None, "{bad}");
        }
    }
}
