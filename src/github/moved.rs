//! Where a repository went that GitHub points elsewhere for: it was renamed, or given to another owner.

use serde::Deserialize;
use tokio::time::Instant;

use super::client::Client;
use super::repo::RepoName;
use crate::http::{ApiError, Fault, Unreadable};

#[derive(Debug, Deserialize)]
struct Repository {
    full_name: Option<String>,
}

impl Client {
    /// The repository's name of today, where `error` says that it has another one: one request. Only the
    /// repository's number is taken from where GitHub points, so no answer can send the token elsewhere.
    pub async fn moved_to(&self, error: &ApiError, deadline: Instant) -> Option<RepoName> {
        let Fault::Unreadable(Unreadable::Redirect(to)) = &error.fault else { return None };
        let id = number(to)?.to_string();
        let reply = self.hub.read(&["repositories", &id], &[], deadline).await.ok()?;
        let found: Repository = self.hub.parse(&reply).ok()?;
        found.full_name?.parse().ok()
    }
}

/// The number in `…/repositories/731118/actions/runs`.
fn number(to: &str) -> Option<u64> {
    let (_, rest) = to.split_once("/repositories/")?;
    rest.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_is_taken_from_where_it_points() {
        let api = "https://api.github.com/repositories";
        assert_eq!(number(&format!("{api}/731118/actions/runs")), Some(731_118));
        assert_eq!(number(&format!("{api}/731118")), Some(731_118));
        for other in ["https://evil.example/x", &format!("{api}/../user"), &format!("{api}/"), ""] {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
