//! `parky-ops runs list`: the newest runs of one or several repositories.
//!
//! Reads only. Each repository is asked at once with the others; one that cannot be read is a row with
//! its reason. GitHub's filtered list lags, so the newest runs are looked through here as well.

use std::fmt::{self, Write};

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use parky_ops::domain::clock::span;
use parky_ops::domain::{Caveat, Moment};
use parky_ops::github::{Listed, RepoName, Run, RunQuery, State};
use parky_ops::http::ApiError;
use parky_ops::state::{Offer, OfferKind};
use serde::Serialize;

use super::glyph;
use super::place::Place;
use crate::completion;
use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::Usage;
use crate::signals::Signals;
use crate::ui::{Page, Table, Ui, View};

/// List the newest runs
///
/// Exit: 7 if one of several repositories could not be read.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops runs list
  parky-ops runs list --workflow deploy.yml --branch main --since 2h
  parky-ops runs list --status failure --repo parky/parky --repo parky/infra --json")]
pub(crate) struct ListArgs {
    /// The repositories, as owner/name [default: $GH_REPO, the configuration, the checkout]
    #[arg(long, value_name = "REPO")]
    repo: Vec<RepoName>,

    /// Only this workflow: its file, name or id
    #[arg(long)]
    workflow: Option<String>,

    /// Only this branch
    #[arg(long)]
    branch: Option<String>,

    /// Only this status or conclusion
    #[arg(long, value_name = "WORD", value_parser = STATUSES, ignore_case = true)]
    status: Option<String>,

    /// Only runs that this triggered, such as push or schedule
    #[arg(long)]
    event: Option<String>,

    /// Only runs that this person triggered
    #[arg(long)]
    actor: Option<String>,

    /// Only runs since: 2h (ago), 03:12 (JST) or RFC 3339
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,

    /// Stop after this many runs
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

/// Statuses, then conclusions, as GitHub's filter takes them.
const STATUSES: [&str; 15] = [
    "queued",
    "in_progress",
    "requested",
    "pending",
    "waiting",
    "completed",
    "success",
    "failure",
    "cancelled",
    "timed_out",
    "action_required",
    "startup_failure",
    "neutral",
    "skipped",
    "stale",
];

pub(super) async fn run(args: &ListArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let query = args.query(ctx.clock.now())?;
    let place = Place::open(&args.repo, ctx, ui).await?;
    let clients = place.clients();
    let asked = join_all(clients.iter().map(|client| client.runs(&query, place.deadline)));
    let answers = tokio::select! {
        outcome = signals.next() => return Ok(outcome),
        answers = asked => answers,
    };
    let now = ctx.clock.now();
    let mut listing = Listing::of(place.repos.iter().zip(answers), query.limit, now)?;
    listing.caveats.extend(place.caveats());
    let partly = listing.rows.iter().any(|row| row.error.is_some());
    ui.show(&listing, now)?;
    let seen = listing.rows.iter().filter_map(|row| {
        let title = row.title.as_deref().unwrap_or_default();
        Some(Offer::new(row.id?.to_string(), title))
    });
    let seen: Vec<Offer> = seen.collect();
    completion::keep(&place.world.config, OfferKind::Run, &seen, now).await;
    Ok(if partly { Outcome::Partly } else { Outcome::Done })
}

impl ListArgs {
    fn query(&self, now: DateTime<Utc>) -> anyhow::Result<RunQuery> {
        let since = self.since.map(|moment| moment.before(now)).transpose().map_err(|error| {
            Usage::new(format!("--since: {error}"), "parky-ops runs list --since 2h")
        })?;
        let word = |word: &Option<String>| word.clone().filter(|word| !word.trim().is_empty());
        Ok(RunQuery {
            workflow: word(&self.workflow),
            branch: word(&self.branch),
            status: self.status.as_ref().map(|status| status.to_ascii_lowercase()),
            event: word(&self.event),
            actor: word(&self.actor),
            since,
            limit: usize::from(self.limit),
        })
    }
}

#[derive(Debug, Serialize)]
struct Listing {
    rows: Vec<RunRow>,
    complete: bool,
    more: bool,
    #[serde(skip)]
    several: bool,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

/// A run as it stands in lists; a repository that could not be read has only its name and the reason.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RunRow {
    pub(super) id: Option<u64>,
    repo: String,
    pub(super) title: Option<String>,
    workflow: Option<String>,
    branch: Option<String>,
    event: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    attempt: Option<u64>,
    created_at: Option<DateTime<Utc>>,
    started_at: Option<DateTime<Utc>>,
    elapsed_s: Option<i64>,
    url: Option<String>,
    actor: Option<String>,
    sha: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip)]
    state: Option<State>,
}

impl RunRow {
    pub(super) fn of(run: &Run, now: DateTime<Utc>) -> Self {
        Self {
            id: Some(run.id),
            repo: run.repo.to_string(),
            title: Some(run.title.clone()),
            workflow: Some(run.workflow.clone()),
            branch: run.branch.clone(),
            event: Some(run.event.clone()),
            status: Some(run.status.clone()),
            conclusion: run.conclusion.clone(),
            attempt: Some(run.attempt),
            created_at: run.created_at,
            started_at: run.started_at,
            elapsed_s: run.elapsed(now).map(|elapsed| elapsed.num_seconds()),
            url: Some(run.url.clone()),
            actor: run.actor.clone(),
            sha: Some(run.sha.clone()),
            error: None,
            state: Some(run.state()),
        }
    }

    fn unread(repo: &RepoName, error: &ApiError) -> Self {
        Self {
            id: None,
            repo: repo.to_string(),
            title: None,
            workflow: None,
            branch: None,
            event: None,
            status: None,
            conclusion: None,
            attempt: None,
            created_at: None,
            started_at: None,
            elapsed_s: None,
            url: None,
            actor: None,
            sha: None,
            error: Some(error.to_string()),
            state: None,
        }
    }
}

impl Listing {
    /// Puts the answers together; where nothing could be read, that is the error.
    fn of<'a>(
        answers: impl Iterator<Item = (&'a RepoName, Result<Listed, ApiError>)>,
        limit: usize,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        let answers: Vec<_> = answers.collect();
        let several = answers.len() > 1;
        if answers.iter().all(|(_, answer)| answer.is_err())
            && let Some(error) = answers.iter().find_map(|(_, answer)| answer.as_ref().err())
        {
            let error = anyhow::Error::new(error.clone());
            return Err(error.context("reading the runs"));
        }
        let mut listing =
            Self { rows: Vec::new(), complete: true, more: false, several, caveats: Vec::new() };
        let mut runs = Vec::new();
        for (repo, answer) in answers {
            match answer {
                Ok(listed) => listing.take(repo, listed, &mut runs),
                Err(error) => {
                    listing.complete = false;
                    listing.rows.push(RunRow::unread(repo, &error));
                }
            }
        }
        runs.sort_by_key(|run| std::cmp::Reverse((run.created_at, run.id)));
        listing.more |= runs.len() > limit;
        runs.truncate(limit);
        listing.rows.extend(runs.iter().map(|run| RunRow::of(run, now)));
        if listing.more {
            let text = "more runs exist; raise --limit or narrow the list".to_owned();
            listing.caveats.push(Caveat::new("limit", text));
        }
        Ok(listing)
    }

    fn take(&mut self, repo: &RepoName, listed: Listed, runs: &mut Vec<Run>) {
        runs.extend(listed.runs);
        self.more |= listed.more;
        if listed.lagging {
            let text = format!(
                "GitHub's filtered list of {repo} lags behind; the newest 100 runs were looked through as well"
            );
            self.caveats.push(Caveat::new("filter-lags", text));
        }
        if let Some(total) = listed.unreachable {
            let text = format!("{total} runs of {repo} fit; a filter reaches the newest 1000");
            self.caveats.push(Caveat::new("filter-reach", text));
        }
    }
}

impl RunRow {
    fn painted(&self) -> String {
        match self.state {
            Some(state) => {
                let status = self.status.as_deref().unwrap_or_default();
                glyph::state(state, status, self.conclusion.as_deref())
            }
            None => crate::ui::state(parky_ops::domain::State::Unknown),
        }
    }

    /// The workflow, and the repository where there are several.
    fn place(&self, several: bool) -> String {
        match (several || self.error.is_some(), &self.workflow) {
            (true, workflow) => format!("{} {}", self.repo, word(workflow.as_ref())),
            (false, workflow) => word(workflow.as_ref()),
        }
    }

    fn age(&self, now: DateTime<Utc>) -> String {
        self.created_at.map_or_else(|| "-".to_owned(), |at| span(now - at))
    }

    /// What is shown of it, or why it could not be read.
    fn said(&self) -> &str {
        self.error.as_deref().or(self.title.as_deref()).unwrap_or_default()
    }
}

fn word(word: Option<&String>) -> String {
    word.cloned().unwrap_or_else(|| "-".to_owned())
}

fn number(number: Option<u64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

impl Listing {
    fn wide(&self, page: &Page) -> Table {
        let header = ["STATE", "ID", "WORKFLOW", "BRANCH", "EVENT", "TRY", "AGE", "TOOK", "TITLE"];
        let mut table = Table::new(page, header).lead(2);
        for row in &self.rows {
            let elapsed = row.elapsed_s.and_then(chrono::TimeDelta::try_seconds);
            let cells = [
                &number(row.id),
                &row.place(self.several),
                &word(row.branch.as_ref()),
                &word(row.event.as_ref()),
                &number(row.attempt),
                &row.age(page.now),
                &glyph::took(elapsed),
                row.said(),
            ];
            table.painted_row(&row.painted(), cells);
        }
        table
    }

    /// What a narrow terminal has room for in a line or two.
    fn narrow(&self, page: &Page) -> Table {
        let mut table = Table::new(page, ["STATE", "ID", "AGE", "RUN"]).lead(2);
        for row in &self.rows {
            let branch = row.branch.as_ref().map(|branch| format!(" {branch}"));
            let place = format!("{}{}", row.place(self.several), branch.unwrap_or_default());
            let run = match row.workflow.as_deref() == Some(row.said()) {
                true => place,
                false => format!("{place}: {}", row.said()),
            };
            table.painted_row(&row.painted(), [&number(row.id), &row.age(page.now), &run]);
        }
        table
    }
}

impl View for Listing {
    const COMMAND: &'static str = "runs list";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        if self.rows.is_empty() {
            return writeln!(out, "No runs.");
        }
        let wide = self.wide(page);
        let table = if wide.is_stacked() { self.narrow(page) } else { wide };
        write!(out, "{table}")
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
