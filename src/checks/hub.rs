//! The way to GitHub: its API with the environment's token, and the cache beside the local state.

use std::path::PathBuf;

use tokio::time::Instant;

use super::World;
use crate::auth::target::{self, PinState};
use crate::auth::{AuthError, CredentialName, Scope, WriteRefusal};
use crate::config::Origin;
use crate::domain::{Caveat, EnvName, Judgement, Reason, ReasonCode};
use crate::github::{BadRunRef, Cache, Client, Hub, RepoName, remote};
use crate::http::{ApiError, Fault, Service, Unreadable};

/// Where answers are kept, below the folder of the local state.
const CACHE: &str = "github";

/// GitHub, as far as it can be asked.
#[derive(Debug)]
pub struct Github {
    /// GitHub with its token.
    pub hub: Hub,
    /// Where the token came from.
    pub token_from: Origin,
    scope: Scope,
    env: EnvName,
}

impl Github {
    /// Whether something may be changed with this token.
    ///
    /// # Errors
    /// The token could be of any environment.
    pub fn may_write(&self) -> Result<(), WriteRefusal> {
        target::may_write(&self.env, self.scope, &self.token_from, &PinState::None, &[])
    }

    /// Why GitHub did not tell of the repository of `client`: whose token that concerns, and where the
    /// repository went if it was renamed, which is one more request.
    pub async fn refusal(&self, client: &Client, error: &ApiError, deadline: Instant) -> Judgement {
        let mut judgement = error.judgement();
        let (code, text) = (judgement.reason.code, judgement.reason.text.clone());
        let repo = &client.repo;
        let (code, text) = match &error.fault {
            Fault::Unreadable(Unreadable::Redirect(_)) => {
                let now = client.moved_to(error, deadline).await;
                let now = now.map_or_else(String::new, |now| format!(" and is {now} now"));
                let text =
                    format!("{repo} was renamed or moved{now}: correct [github] repos or $GH_REPO");
                (ReasonCode::Moved, text)
            }
            Fault::Unauthorized | Fault::Forbidden => {
                (code, format!("{text} (token from {})", self.token_from))
            }
            Fault::NotFound => (code, format!("{repo}: {text} (token from {})", self.token_from)),
            _ => (code, text),
        };
        judgement.reason = Reason::new(code, text);
        judgement.with("repo", repo.to_string())
    }
}

/// The configuration names something that is no repository.
#[derive(Debug, thiserror::Error)]
#[error("{error} (by {from})")]
pub struct BadRepository {
    error: BadRunRef,
    from: Origin,
}

impl World {
    /// The repositories that are meant where none is named: those of the configuration, else the one
    /// of the checkout around the working directory, which is noted. Empty where there is neither.
    ///
    /// # Errors
    /// The configuration names something that is no repository.
    pub fn repositories(&self) -> Result<Vec<RepoName>, BadRepository> {
        let named = &self.config.github.repos;
        let repos: Result<Vec<RepoName>, _> = named.value.iter().map(|repo| repo.parse()).collect();
        let repos = repos.map_err(|error| BadRepository { error, from: named.origin.clone() })?;
        if !repos.is_empty() {
            return Ok(repos);
        }
        let base = &self.config.urls.github.value;
        let Some((repo, file)) = remote::repository(&self.folder, base) else {
            return Ok(Vec::new());
        };
        let text = format!("the repository is {repo} by {}", file.display());
        self.note([Caveat::new("repository-of-checkout", text)]);
        Ok(vec![repo])
    }

    /// GitHub with the environment's token, by `deadline`.
    ///
    /// # Errors
    /// No token, or one that cannot be used.
    pub async fn github(&self, deadline: Instant) -> Result<Github, AuthError> {
        let folder = self.config.state_dir.as_ref().map(|state| state.value.join(CACHE));
        self.github_with(folder, deadline).await
    }

    /// The same for a single look, of which nothing is kept on the disk.
    ///
    /// # Errors
    /// No token, or one that cannot be used.
    pub async fn github_once(&self, deadline: Instant) -> Result<Github, AuthError> {
        self.github_with(None, deadline).await
    }

    async fn github_with(
        &self,
        folder: Option<PathBuf>,
        deadline: Instant,
    ) -> Result<Github, AuthError> {
        let token = self.credential(&CredentialName::GithubToken, deadline).await?;
        let base = self.config.urls.github.value.clone();
        let cache = Cache::new(folder, &token.value);
        let links = self.http().links(Service::GitHub, &base);
        let api = self.http().api(Service::GitHub, base.clone(), Some(token.value));
        Ok(Github {
            hub: Hub::new(api, links, base, cache, self.clock),
            token_from: token.origin,
            scope: token.scope,
            env: self.config.env.clone(),
        })
    }
}
