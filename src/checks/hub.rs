//! The way to GitHub: its API with the environment's token, and the cache beside the local state.

use tokio::time::Instant;

use super::World;
use crate::auth::target::{self, PinState};
use crate::auth::{AuthError, CredentialName, Scope, WriteRefusal};
use crate::config::Origin;
use crate::domain::EnvName;
use crate::github::{Cache, Hub};
use crate::http::Service;

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
}

impl World {
    /// GitHub with the environment's token, by `deadline`.
    ///
    /// # Errors
    /// No token, or one that cannot be used.
    pub async fn github(&self, deadline: Instant) -> Result<Github, AuthError> {
        let token = self.credential(&CredentialName::GithubToken, deadline).await?;
        let base = self.config.urls.github.value.clone();
        let folder = self.config.state_dir.as_ref().map(|state| state.value.join(CACHE));
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
