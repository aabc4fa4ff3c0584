//! `parky-ops runs approvals [ID|URL]`: what waits for a person, and what reviewers have said.
//!
//! Reads only. Without a run, every run that waits.

use std::fmt::{self, Write};

use anyhow::Context as _;
use futures_util::future::join_all;
use parky_ops::domain::Caveat;
use parky_ops::domain::text::{one_line, shorten};
use parky_ops::github::{Client, Gate, RepoName, Review, Run, RunQuery, RunRef};
use parky_ops::http::ApiError;
use serde::Serialize;

use super::list::RunRow;
use super::place::{Found, Place, RunArgs};
use super::view::GateRow;
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{Page, Tone, Ui, View, paint};

/// Show what waits for somebody to approve it
#[derive(clap::Args, Debug)]
pub(crate) struct ApprovalsArgs {
    /// The run: its id, or its pasted address [default: every run that waits]
    #[arg(value_name = "ID|URL")]
    run: Option<RunRef>,

    /// The repository, as owner/name [default: of the address, $GH_REPO, the configuration, the checkout]
    #[arg(long, value_name = "REPO")]
    repo: Option<RepoName>,
}

/// Runs of each repository that are looked through.
const NEWEST: usize = 100;

pub(super) async fn run(args: &ApprovalsArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        outcome = signals.next() => Ok(outcome),
        outcome = show(args, ctx, ui) => outcome,
    }
}

async fn show(args: &ApprovalsArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let (place, runs) = match &args.run {
        Some(run) => {
            let target = RunArgs { run: run.clone(), repo: args.repo.clone() };
            let place = Place::of_run(&target, ctx, ui).await?;
            let Found { client, run } = place.find(run).await?;
            (place, vec![(client, run)])
        }
        None => {
            let repos: Vec<_> = args.repo.iter().cloned().collect();
            let place = Place::open(&repos, ctx, ui).await?;
            let runs = waiting(&place).await.context("reading the runs that wait")?;
            (place, runs)
        }
    };
    let asked = runs.into_iter().map(async |(client, run)| {
        let (gates, reviews) = tokio::join!(
            client.gates(run.id, place.deadline),
            client.reviews(run.id, place.deadline)
        );
        Ok::<_, ApiError>((run, gates?, reviews?))
    });
    let answers: Result<Vec<_>, _> = join_all(asked).await.into_iter().collect();
    let now = ctx.clock.now();
    let rows = answers.context("reading what waits")?;
    let rows = rows.iter().map(|(run, gates, reviews)| Row::of(run, gates, reviews, now));
    let waits =
        Waits { rows: rows.collect(), complete: true, more: false, caveats: place.caveats() };
    ui.show(&waits, now)?;
    Ok(Outcome::Done)
}

/// Every run that waits; the filtered list of GitHub lags, so the newest runs are looked through too.
async fn waiting(place: &Place) -> Result<Vec<(Client, Run)>, ApiError> {
    let query =
        RunQuery { status: Some("waiting".to_owned()), limit: NEWEST, ..RunQuery::default() };
    let asked = place.clients().into_iter().map(async |client| {
        let listed = client.runs(&query, place.deadline).await?;
        Ok::<_, ApiError>(listed.runs.into_iter().map(|run| (client.clone(), run)).collect())
    });
    let answers: Result<Vec<Vec<_>>, _> = join_all(asked).await.into_iter().collect();
    Ok(answers?.into_iter().flatten().collect())
}

#[derive(Debug, Serialize)]
struct Waits {
    rows: Vec<Row>,
    complete: bool,
    more: bool,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

#[derive(Debug, Serialize)]
struct Row {
    run: RunRow,
    pending: Vec<GateRow>,
    reviews: Vec<ReviewRow>,
    #[serde(skip)]
    head: String,
}

#[derive(Debug, Serialize)]
struct ReviewRow {
    state: String,
    user: Option<String>,
    comment: String,
    environments: Vec<String>,
}

impl Row {
    fn of(
        run: &Run,
        gates: &[Gate],
        reviews: &[Review],
        now: chrono::DateTime<chrono::Utc>,
    ) -> Self {
        let sha: String = run.sha.chars().take(8).collect();
        let title = shorten(&run.title, 100);
        let branch = run.branch.as_deref().unwrap_or("no branch");
        let head = format!("{} {} · {branch} · {sha} · {title}", run.workflow, run.id);
        let review = |review: &Review| ReviewRow {
            state: review.state.clone(),
            user: review.user.clone(),
            comment: review.comment.clone(),
            environments: review.environments.clone(),
        };
        Self {
            run: RunRow::of(run, now),
            pending: gates.iter().map(GateRow::from).collect(),
            reviews: reviews.iter().map(review).collect(),
            head,
        }
    }
}

impl View for Waits {
    const COMMAND: &'static str = "runs approvals";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        if self.rows.iter().all(|row| row.pending.is_empty() && row.reviews.is_empty()) {
            return writeln!(out, "Nothing waits for an approval.");
        }
        for row in &self.rows {
            writeln!(out, "{}", paint(Tone::Strong, &one_line(&row.head)))?;
            for gate in &row.pending {
                writeln!(out, "  {}", gate.text(page.now))?;
            }
            for review in &row.reviews {
                let who = review.user.as_deref().unwrap_or("somebody");
                let on = review.environments.join(", ");
                let text = format!("{who} {} {on}: {}", review.state, review.comment);
                writeln!(out, "  {}", one_line(text.trim_end_matches([':', ' '])))?;
            }
        }
        Ok(())
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
