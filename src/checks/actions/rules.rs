//! Which runs count, and as what. Pure.

use crate::config::GithubSettings;
use crate::github::{Run, State};

/// Which runs count, and as what.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// The branch that is deployed.
    pub(super) branch: String,
    /// The workflows that deploy.
    pub(super) deploys: Vec<String>,
    /// The workflow that is judged by itself.
    pub(super) healthcheck: Option<String>,
    /// Whether names need the repository in front.
    pub(super) several: bool,
}

impl Rules {
    /// As the configuration has them.
    pub(super) fn of(settings: &GithubSettings, several: bool) -> Self {
        Self {
            branch: settings.branch.clone(),
            deploys: settings.deploy_workflows.clone(),
            healthcheck: settings.healthcheck_workflow.clone(),
            several,
        }
    }

    /// Whether `run` is one of the workflow that is called `word`: by its file, its id or its name.
    pub(super) fn is_of(&self, run: &Run, word: &str) -> bool {
        let file = word.rsplit('/').next().unwrap_or(word);
        let id = run.workflow_id.is_some_and(|id| word.parse() == Ok(id));
        id || file_of(run) == Some(file) || run.workflow.eq_ignore_ascii_case(word)
    }

    /// Whether it says something of the branch. A pull request from a fork's `main` does not, nor do
    /// GitHub's own housekeepers.
    pub(super) fn on_branch(&self, run: &Run) -> bool {
        let foreign = run.event.starts_with("pull_request") || run.event == "dynamic";
        run.branch.as_deref() == Some(&self.branch) && !foreign
    }

    /// The same of the healthcheck. What a schedule started is of the default branch, whatever that is
    /// called.
    pub(super) fn looks(&self, run: &Run) -> bool {
        run.event == "schedule" || self.on_branch(run)
    }

    /// Whether its workflow deploys: one that is named, or where none is, one that is called so.
    pub(super) fn deploys(&self, run: &Run) -> bool {
        if self.deploys.is_empty() {
            let words =
                [file_of(run).unwrap_or_default(), &run.workflow].map(str::to_ascii_lowercase);
            return words.iter().any(|word| word.contains("deploy") || word.contains("release"));
        }
        self.deploys.iter().any(|word| self.is_of(run, word))
    }

    /// Whether it has changed what is live, or is at it.
    pub(super) fn deployed(&self, run: &Run) -> bool {
        let at_it = run.state() == State::Good || run.status == "in_progress";
        self.on_branch(run) && self.deploys(run) && at_it
    }

    /// Whether it is judged here: on the branch, or a deploy that waits for somebody wherever it came from.
    pub(super) fn counts(&self, run: &Run) -> bool {
        let healthcheck = self.healthcheck.as_deref().is_some_and(|word| self.is_of(run, word));
        let pull_request = run.event.starts_with("pull_request");
        let waits = run.state() == State::Waiting && self.deploys(run) && !pull_request;
        !healthcheck && (self.on_branch(run) || waits)
    }
}

/// The workflow's file without its folder.
fn file_of(run: &Run) -> Option<&str> {
    let path = key(run);
    path.rsplit('/').next().filter(|file| !file.is_empty())
}

/// What tells workflows apart: the path, without the ref that those of an organisation have behind it.
pub(super) fn key(run: &Run) -> &str {
    let path = run.path.split('@').next().unwrap_or_default();
    if path.is_empty() { &run.workflow } else { path }
}
