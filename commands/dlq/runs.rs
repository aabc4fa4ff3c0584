//! `parky-ops dlq runs`: who replays or replayed what, since when, and how far. Reads only.

use parky_ops::dlq::store::{RunRecord, Store as _};
use parky_ops::domain::Jst;
use serde::Serialize;
use serde_json::Value;

use super::site::Site;
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{Page, Table, Ui, View, Whole};

/// Show the newest replays: who, since when, how far
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: parky-ops dlq runs --limit 5")]
pub(crate) struct RunsArgs {
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

pub(crate) async fn run(args: &RunsArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let read = async {
        let mut site = Site::open(ctx, ui, "replay").await?;
        let runs = site.store.runs(args.limit, &site.owner).await?;
        anyhow::Ok(Runs(Whole::new(runs.into_iter().map(Run::from).collect())))
    };
    let runs = tokio::select! {
        biased;
        outcome = signals.next() => return Ok(outcome),
        runs = read => runs?,
    };
    ui.show(&runs, ctx.clock.now())?;
    Ok(Outcome::Done)
}

#[derive(Debug, Serialize)]
struct Run {
    state: &'static str,
    #[serde(flatten)]
    record: RunRecord,
}

impl From<RunRecord> for Run {
    fn from(record: RunRecord) -> Self {
        let state = match (record.ended_at, record.dead) {
            (Some(_), _) if record.ended_how.as_deref() == Some("interrupted") => "interrupted",
            (Some(_), _) if record.ended_how.as_deref() == Some("halted") => "halted",
            (Some(_), _) => "ended",
            (None, true) => "dead",
            (None, false) => "running",
        };
        Self { state, record }
    }
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Runs(Whole<Run>);

impl View for Runs {
    const COMMAND: &'static str = "dlq runs";

    fn text(&self, out: &mut dyn std::fmt::Write, page: &Page) -> std::fmt::Result {
        if self.0.rows.is_empty() {
            return writeln!(out, "No replay is on record.");
        }
        let header = ["STARTED", "BY", "HOST", "STATE", "DONE", "DELIVERED", "PLAN", "RUN"];
        let mut table = Table::new(page, header);
        for Run { state, record } in &self.0.rows {
            let count = |key: &str| record.counts.get(key).and_then(Value::as_u64).unwrap_or(0);
            let skipped = record.counts.get("skipped").and_then(Value::as_object);
            let skipped: u64 = skipped.map_or(0, |by| by.values().filter_map(Value::as_u64).sum());
            // What is left is not done.
            let ends = ["delivered", "rejected", "unsure", "blocked"];
            let done: u64 = ends.iter().map(|key| count(key)).sum();
            let selected = count("selected").max(record.selected);
            table.row([
                &Jst(record.started_at).to_the_second(),
                &record.owner.operator,
                &record.owner.host,
                state,
                &format!("{}/{selected}", done + skipped),
                &count("delivered").to_string(),
                &record.plan_id,
                &record.run.to_string(),
            ]);
        }
        write!(out, "{table}")
    }
}
