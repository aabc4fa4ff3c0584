//! A workflow that GitHub starts by itself every so often, for as long as the stand-in is up.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::run::Run;
use super::{GithubStandIn, World};
use crate::sandbox::server::Stage;

/// When the workflow runs, and what its runs are.
#[derive(Debug, Clone, Copy)]
pub struct Cron {
    /// The repository, as `owner/name`.
    pub repo: &'static str,
    /// The file of the workflow.
    pub file: &'static str,
    /// From one run to the next.
    pub every: Duration,
    /// The run of this id that begins at this time, and finds things well or not.
    pub run: fn(u64, DateTime<Utc>, bool) -> Run,
}

impl GithubStandIn {
    /// Goes on with `cron` from its newest run. `well` says, at the time of each, what it finds.
    pub fn keep_running(
        &self,
        stage: &Stage,
        cron: Cron,
        well: impl Fn() -> bool + Send + 'static,
    ) {
        let world = Arc::clone(&self.world);
        stage.spawn(async move {
            tokio::time::sleep(world.until_next(&cron)).await;
            loop {
                world.start(&cron, well());
                tokio::time::sleep(cron.every).await;
            }
        });
    }
}

impl World {
    /// How long it is until the next run; the first is due at once where there was none.
    fn until_next(&self, cron: &Cron) -> Duration {
        let now = self.now();
        let state = self.state();
        let repo = state.repos.iter().find(|repo| repo.name == cron.repo);
        let runs = repo.iter().flat_map(|repo| &repo.runs);
        let newest = runs.filter(|run| run.path.ends_with(cron.file)).map(|run| run.created).max();
        let passed = newest.and_then(|newest| (now - newest).to_std().ok());
        passed.map_or(Duration::ZERO, |passed| cron.every.saturating_sub(passed))
    }

    fn start(&self, cron: &Cron, well: bool) {
        let now = self.now();
        let mut state = self.state();
        let id = state.next_id();
        if let Some(repo) = state.repos.iter_mut().find(|repo| repo.name == cron.repo) {
            repo.runs.push((cron.run)(id, now, well));
        }
    }
}
