//! The newest runs that fit. A filtered list comes from a search index that lags, at times for hours;
//! the plain list does not. So both are asked at once, and the plain one is filtered here as well.

use std::collections::HashSet;

use chrono::{DateTime, SecondsFormat, Utc};
use tokio::time::Instant;

use super::client::Client;
use super::model::Run;
use super::pages::{ROWS, has_next};
use super::wire;
use crate::http::ApiError;

/// A filter reaches no further than this, whatever the total count says (GitHub's docs).
const REACH: u64 = 1000;

/// Which runs are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunQuery {
    /// A workflow: its file, its id, or its name.
    pub workflow: Option<String>,
    /// The branch.
    pub branch: Option<String>,
    /// A status or a conclusion.
    pub status: Option<String>,
    /// What triggered it.
    pub event: Option<String>,
    /// Who triggered it.
    pub actor: Option<String>,
    /// Made at or after this time.
    pub since: Option<DateTime<Utc>>,
    /// So many at most.
    pub limit: usize,
}

/// The runs that were found, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// The runs.
    pub runs: Vec<Run>,
    /// Whether more exist than were asked for.
    pub more: bool,
    /// Whether GitHub's filter did not know runs that the plain list has.
    pub lagging: bool,
    /// How many fit by GitHub's count, where a filter cannot reach all of them.
    pub unreachable: Option<u64>,
}

impl RunQuery {
    /// What GitHub is asked to filter by.
    fn filters(&self) -> Vec<(&'static str, String)> {
        let since = self
            .since
            .map(|since| format!(">={}", since.to_rfc3339_opts(SecondsFormat::Secs, true)));
        let words = [
            ("branch", self.branch.clone()),
            ("status", self.status.clone()),
            ("event", self.event.clone()),
            ("actor", self.actor.clone()),
            ("created", since),
        ];
        words.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Whether `run` is wanted.
    fn fits(&self, run: &Run) -> bool {
        let is = |wanted: &Option<String>, value: Option<&str>| {
            wanted
                .as_deref()
                .is_none_or(|wanted| value.is_some_and(|value| value.eq_ignore_ascii_case(wanted)))
        };
        let branch = self.branch.is_none() || self.branch == run.branch;
        branch
            && (is(&self.status, Some(&run.status)) || is(&self.status, run.conclusion.as_deref()))
            && is(&self.event, Some(&run.event))
            && is(&self.actor, run.actor.as_deref())
            && self.since.is_none_or(|since| run.created_at.is_some_and(|at| at >= since))
    }
}

impl Client {
    /// The newest runs that `query` wants: one request where it filters nothing, two at once where it
    /// does.
    ///
    /// # Errors
    /// No answer, a refusal, or no such workflow.
    pub async fn runs(&self, query: &RunQuery, deadline: Instant) -> Result<Listed, ApiError> {
        let workflow = match &query.workflow {
            Some(word) => Some(self.workflow(word, deadline).await?),
            None => None,
        };
        let mut rest = vec!["actions"];
        rest.extend(workflow.iter().flat_map(|workflow| ["workflows", workflow]));
        rest.push("runs");
        let filters = query.filters();
        if filters.is_empty() {
            return self.pages(&rest, &filters, query.limit, deadline).await;
        }
        let plain = self.pages(&rest, &[], usize::try_from(ROWS).unwrap_or(100), deadline);
        let filtered = self.pages(&rest, &filters, query.limit, deadline);
        let (plain, filtered) = tokio::join!(plain, filtered);
        Ok(merged(plain?, filtered?, query))
    }

    /// The newest runs that GitHub's own filter finds, whatever the workflow: one request. The filter
    /// lags: that a run is not among them proves nothing.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn filtered(&self, query: &RunQuery, deadline: Instant) -> Result<Listed, ApiError> {
        self.pages(&["actions", "runs"], &query.filters(), query.limit, deadline).await
    }

    /// A workflow's file or id; a name is looked up.
    async fn workflow(&self, word: &str, deadline: Instant) -> Result<String, ApiError> {
        let file = word.rsplit('/').next().unwrap_or(word);
        let is_file = file.ends_with(".yml") || file.ends_with(".yaml");
        if is_file || word.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(file.to_owned());
        }
        let rest = ["actions", "workflows"];
        let known: wire::Workflows = self.get(&rest, &[("per_page", "100")], deadline).await?;
        let named = known.workflows.into_iter().find(|known| {
            let stem = known.path.as_deref().and_then(|path| path.rsplit('/').next());
            let stem = stem.and_then(|file| file.rsplit_once('.')).map(|(stem, _)| stem);
            let is = |name: &str| name.eq_ignore_ascii_case(word);
            known.name.as_deref().is_some_and(is) || stem.is_some_and(is)
        });
        // An unknown name goes to GitHub as it is, which says that there is no such thing.
        Ok(named.map_or_else(|| word.to_owned(), |known| known.id.to_string()))
    }

    async fn pages(
        &self,
        rest: &[&str],
        filters: &[(&str, String)],
        limit: usize,
        deadline: Instant,
    ) -> Result<Listed, ApiError> {
        let path = self.path(rest);
        let rows = limit.clamp(1, usize::try_from(ROWS).unwrap_or(100)).to_string();
        let mut listed = Listed::default();
        let (mut seen, mut known) = (0, HashSet::new());
        for page in 1u32.. {
            let page = page.to_string();
            let mut query: Vec<(&str, &str)> =
                vec![("per_page", &rows), ("exclude_pull_requests", "true")];
            query.extend(filters.iter().map(|(name, value)| (*name, value.as_str())));
            if page != "1" {
                query.push(("page", &page));
            }
            let reply = self.hub.read(&path, &query, deadline).await?;
            let found: wire::Runs = self.hub.parse(&reply)?;
            let total = found.total_count;
            let empty = found.workflow_runs.is_empty();
            listed.unreachable = Some(total).filter(|total| !filters.is_empty() && *total > REACH);
            seen += found.workflow_runs.len() as u64;
            // A run that starts while pages are read moves others to the next one.
            let new = found.workflow_runs.into_iter().map(|run| run.of(&self.repo));
            listed.runs.extend(new.filter(|run| known.insert(run.id)));
            let follows = !empty && has_next(&reply, seen, total);
            listed.more = follows || listed.runs.len() > limit;
            if !follows || listed.runs.len() >= limit {
                break;
            }
        }
        listed.runs.truncate(limit);
        Ok(listed)
    }
}

/// What the filter found, and what it should have found in the newest runs.
fn merged(plain: Listed, filtered: Listed, query: &RunQuery) -> Listed {
    let Listed { mut runs, more, unreachable, .. } = filtered;
    // The index may still know an older state of a run that the plain list shows.
    runs.retain_mut(|run| match plain.runs.iter().find(|known| known.id == run.id) {
        Some(known) => {
            run.clone_from(known);
            query.fits(known)
        }
        None => true,
    });
    let oldest = runs.last().and_then(|run| run.created_at);
    let mut lagging = false;
    for run in plain.runs.into_iter().filter(|run| query.fits(run)) {
        if runs.iter().all(|known| known.id != run.id) {
            // Older ones were left out because of the limit, which is no sign of a lag.
            lagging |= !more || run.created_at > oldest;
            runs.push(run);
        }
    }
    runs.sort_by_key(|run| std::cmp::Reverse((run.created_at, run.id)));
    let cut = runs.len() > query.limit;
    runs.truncate(query.limit);
    let beyond = unreachable.is_some_and(|total| total > runs.len() as u64);
    Listed { runs, more: more || cut || beyond, lagging, unreachable }
}
