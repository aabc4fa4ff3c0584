//! `parky-ops runs approvals [ID|URL]`: what waits for a person, and what reviewers have said.
//!
//! Reads only. Without a run, every run that waits.

use std::fmt::{self, Write};

use anyhow::Context as _;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use parky_ops::domain::Caveat;
use parky_ops::domain::text::{one_line, shorten};
use parky_ops::github::{Client, Gate, RepoName, Review, Run, RunQuery, RunRef};
use serde::Serialize;

use super::list::RunRow;
use super::place::{Found, Place, RunArgs};
use super::view::GateRow;
use crate::completion::{self, Kind};
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{Page, Tone, Ui, View, paint};

/// Show what waits for somebody to approve it
#[derive(clap::Args, Debug)]
pub(crate) struct ApprovalsArgs {
    /// The run: its id, or its pasted address [default: every run that waits]
    #[arg(value_name = "ID|URL", add = completion::of(Kind::Run))]
    run: Option<RunRef>,

    /// The repository, as owner/name [default: of the address, $GH_REPO, the configuration, the checkout]
    #[arg(long, value_name = "REPO")]
    repo: Option<RepoName>,
}

/// Runs of each repository that are looked through.
const NEWEST: usize = 100;
/// Runs that are asked about at once.
const AT_ONCE: usize = 6;

pub(super) async fn run(args: &ApprovalsArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        outcome = signals.next() => Ok(outcome),
        outcome = show(args, ctx, ui) => outcome,
    }
}

async fn show(args: &ApprovalsArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut waits = Waits { rows: Vec::new(), complete: true, more: false, caveats: Vec::new() };
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
            let runs = waiting(&place, &mut waits).await?;
            (place, runs)
        }
    };
    let now = ctx.clock.now();
    let asked = runs.into_iter().map(async |(client, run)| {
        let (gates, reviews) = tokio::join!(
            client.gates(run.id, place.deadline),
            client.reviews(run.id, place.deadline)
        );
        (run, gates, reviews)
    });
    let answers: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    for (run, gates, reviews) in answers {
        // What reviewers said is told beside what waits; alone it is no answer.
        let gates = gates.context("reading what waits")?;
        let reviews = reviews.unwrap_or_else(|error| {
            let text = format!("what reviewers said of {} is not shown: {error}", run.id);
            waits.caveats.push(Caveat::new("reviews", text));
            Vec::new()
        });
        waits.rows.push(Row::of(&run, &gates, &reviews, now));
    }
    waits.caveats.extend(place.caveats());
    let complete = waits.complete;
    ui.show(&waits, now)?;
    Ok(if complete { Outcome::Done } else { Outcome::Partly })
}

/// Every run that waits: for a gate, or, of a fork, for a first approval. The filtered list of GitHub
/// lags, so the newest runs are looked through too. A repository that cannot be read is a caveat; where
/// none can be, that is the error.
async fn waiting(place: &Place, waits: &mut Waits) -> anyhow::Result<Vec<(Client, Run)>> {
    let query = |status: &str| RunQuery {
        status: Some(status.to_owned()),
        limit: NEWEST,
        ..RunQuery::default()
    };
    let (gated, forks) = (query("waiting"), query("action_required"));
    let asked = place.clients().into_iter().map(async |client| {
        let (gated, forks) =
            tokio::join!(client.runs(&gated, place.deadline), client.runs(&forks, place.deadline));
        (client, gated.and_then(|gated| Ok([gated, forks?])))
    });
    let (mut runs, mut failure, mut read) = (Vec::new(), None, 0);
    for (client, answer) in join_all(asked).await {
        match answer {
            Ok(listed) => {
                read += 1;
                waits.more |= listed.iter().any(|listed| listed.more);
                let all = listed.into_iter().flat_map(|listed| listed.runs);
                runs.extend(all.map(|run| (client.clone(), run)));
            }
            Err(error) => {
                waits.complete = false;
                let text = format!("{} could not be read: {error}", client.repo);
                waits.caveats.push(Caveat::new("unread", text));
                failure.get_or_insert(error);
            }
        }
    }
    match failure {
        Some(error) if read == 0 => Err(error).context("reading the runs that wait"),
        _ => Ok(runs),
    }
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
    /// A fork's run that nobody has let begin.
    #[serde(skip)]
    fork: Option<String>,
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
            fork: (run.conclusion.as_deref() == Some("action_required")).then(|| run.url.clone()),
        }
    }
}

impl View for Waits {
    const COMMAND: &'static str = "runs approvals";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let empty =
            |row: &Row| row.pending.is_empty() && row.reviews.is_empty() && row.fork.is_none();
        if self.rows.iter().all(empty) {
            return writeln!(out, "Nothing waits for an approval.");
        }
        for row in &self.rows {
            writeln!(out, "{}", paint(Tone::Strong, &one_line(&row.head)))?;
            for gate in &row.pending {
                writeln!(out, "  {}", gate.text(page.now))?;
            }
            if let Some(url) = &row.fork {
                let text = format!("a fork's run: somebody has to let it begin at {url}");
                writeln!(out, "  {}", one_line(&text))?;
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
