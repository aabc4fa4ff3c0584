//! Lists: filters, pages, and the filter's index that lags.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse as _;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::World;
use super::answer::{Answer, Json};
use super::asked::{InRepo, Shared, in_repo};
use super::render;
use super::run::Run;

/// The filters and the page of a list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    actor: Option<String>,
    branch: Option<String>,
    event: Option<String>,
    status: Option<String>,
    created: Option<String>,
    head_sha: Option<String>,
    per_page: Option<usize>,
    page: Option<usize>,
}

impl Wanted {
    fn filters(&self) -> bool {
        let all = [&self.actor, &self.branch, &self.event, &self.status, &self.created];
        all.into_iter().chain([&self.head_sha]).any(Option::is_some)
    }

    fn fits(&self, run: &Run, now: DateTime<Utc>) -> bool {
        let (_, attempt) = run.latest();
        let state = attempt.map(|attempt| run.state(attempt, now)).unwrap_or_default();
        let is = |wanted: &Option<String>, value: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| Some(wanted) == value)
        };
        is(&self.actor, Some(&run.actor))
            && is(&self.branch, run.branch.as_deref())
            && is(&self.event, Some(run.event))
            && is(&self.head_sha, Some(&run.sha))
            && (is(&self.status, Some(state.0)) || is(&self.status, state.1))
            && self.created.as_deref().is_none_or(|range| created_in(range, run.created))
    }
}

/// `>=TIME`, or a range whose ends may be `*`.
fn created_in(range: &str, created: DateTime<Utc>) -> bool {
    let time = |text: &str| text.parse::<DateTime<Utc>>().ok();
    match (range.strip_prefix(">="), range.split_once("..")) {
        (Some(from), _) => time(from).is_none_or(|from| created >= from),
        (None, Some((from, to))) => {
            time(from).is_none_or(|from| created >= from) && time(to).is_none_or(|to| created <= to)
        }
        (None, None) => true,
    }
}

/// How many rows a filter reaches, whatever it counts.
const REACH: usize = 1000;

/// One page of `all`, with the link to the next.
pub(super) fn paged(
    all: &[Value],
    key: Option<&str>,
    wanted: &Wanted,
    usual: usize,
    next: &str,
) -> axum::response::Response {
    let (page, size) = (wanted.page.unwrap_or(1).max(1), wanted.per_page.unwrap_or(usual));
    let size = size.clamp(1, 100);
    let first = (page - 1).saturating_mul(size);
    let reach = if wanted.filters() { REACH.min(all.len()) } else { all.len() };
    let rows: Vec<_> = all.iter().take(reach).skip(first).take(size).cloned().collect();
    let more = first + rows.len() < reach;
    let body = match key {
        Some(key) => json!({ "total_count": all.len(), key: rows }),
        None => Value::from(rows),
    };
    let mut response = Json(body).into_response();
    let link = format!("<{next}?per_page={size}&page={}>; rel=\"next\"", page + 1);
    if let (true, Ok(link)) = (more, link.parse()) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

fn list_runs(
    world: &World,
    (owner, name): (&str, &str),
    headers: &HeaderMap,
    wanted: &Wanted,
    workflow: Option<&str>,
) -> Answer {
    let lag = world.state().index_lag;
    in_repo(world, (owner, name), headers, |repo, links, now| {
        let only = match workflow {
            Some(word) => Some(repo.workflow(word)?.id),
            None => None,
        };
        let mut runs: Vec<_> = repo.runs.iter().collect();
        runs.sort_by_key(|run| std::cmp::Reverse((run.created, run.id)));
        let runs = runs.into_iter().filter(|run| {
            only.is_none_or(|id| id == run.workflow_id)
                && wanted.fits(run, now)
                && (!wanted.filters() || run.created <= now - lag)
        });
        let all: Vec<_> = runs
            .filter_map(|run| {
                let (number, attempt) = run.latest();
                Some(render::run((repo, run), (number, attempt?), links, now))
            })
            .collect();
        let next = format!("{}/repositories/{}/actions/runs", links.base, repo.id);
        Some(paged(&all, Some("workflow_runs"), wanted, 30, &next))
    })
}

pub(super) async fn runs(
    State(world): Shared,
    Path((owner, name)): InRepo,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Answer {
    list_runs(&world, (&owner, &name), &headers, &wanted, None)
}

pub(super) async fn workflow_runs(
    State(world): Shared,
    Path((owner, name, word)): Path<(String, String, String)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Answer {
    list_runs(&world, (&owner, &name), &headers, &wanted, Some(&word))
}
