//! A run of GitHub Actions as the checks show it.

use serde_json::json;

use crate::domain::Judgement;
use crate::github::Run;

/// The run that a check is about, as evidence.
pub(super) fn with_run(judgement: Judgement, run: &Run) -> Judgement {
    judgement
        .with("run_id", run.id)
        .with("repo", run.repo.to_string())
        .with("workflow", run.workflow.as_str())
        .with("path", run.path.as_str())
        .with("branch", json!(run.branch))
        .with("event", run.event.as_str())
        .with("status", run.status.as_str())
        .with("conclusion", json!(run.conclusion))
        .with("attempt", run.attempt)
        .with("created_at", json!(run.created_at))
        .with("sha", run.sha.as_str())
        .with("actor", json!(run.actor))
        .with("title", run.title.as_str())
        .with("url", run.url.as_str())
}

#[cfg(test)]
pub(crate) mod test_support {
    //! Runs for the tables of tests.

    use chrono::{DateTime, Utc};

    use crate::github::Run;

    /// A run on `main` that was made `at`; `word` is its conclusion, or its status while it is not
    /// complete.
    pub(crate) fn run(id: u64, workflow: &str, word: &str, at: DateTime<Utc>) -> Run {
        let open = ["queued", "in_progress", "waiting", "pending", "requested"].contains(&word);
        let file = workflow.to_ascii_lowercase().replace(' ', "-");
        Run {
            repo: "parky/parky".parse().unwrap(),
            id,
            title: format!("title {id}"),
            workflow: workflow.to_owned(),
            path: format!(".github/workflows/{file}.yml"),
            workflow_id: None,
            branch: Some("main".to_owned()),
            event: "push".to_owned(),
            status: if open { word } else { "completed" }.to_owned(),
            conclusion: (!open).then(|| word.to_owned()),
            attempt: 1,
            sha: "0badc0de12345678".to_owned(),
            actor: Some("mori".to_owned()),
            created_at: Some(at),
            started_at: Some(at),
            updated_at: Some(at),
            url: String::new(),
            check_suite: None,
        }
    }
}
