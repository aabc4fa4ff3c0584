//! `parky-ops workers versions NAME`: what could be deployed, newest first.

use std::fmt::{self, Write};

use parky_ops::domain::clock::span;
use parky_ops::domain::{Caveat, Version};
use serde::Serialize;

use super::{Asked, Told, outcome};
use crate::completion::{self, Kind};
use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Page, Table, Ui, View};

/// List the versions that can be deployed, newest first
///
/// Cloudflare keeps the 100 latest. A version that was only uploaded has no deployment.
#[derive(clap::Args, Debug)]
pub(crate) struct VersionsArgs {
    /// Only these workers [default: all]
    #[arg(value_name = "NAME", add = completion::of(Kind::Worker))]
    names: Vec<String>,

    /// Stop after this many of each worker
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
}

pub(super) async fn run(args: &VersionsArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let asked = Asked::reach(ctx, ui).await?;
    let told = asked.all(&args.names).await?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    let mut more = false;
    for told in &told {
        let all = rows_of(told);
        more |= all.len() > limit;
        rows.extend(all.into_iter().take(limit));
    }
    let complete = told.iter().all(|told| told.past.is_ok());
    let answer = Versions { rows, complete, more, caveats: asked.caveats(&told) };
    ui.show(&answer, ctx.clock.now())?;
    Ok(outcome(&told))
}

fn rows_of(told: &Told<'_>) -> Vec<Row> {
    let Ok(past) = &told.past else { return Vec::new() };
    let percentage = |id: &str| {
        let live = past.deployments.first()?;
        Some(live.versions.iter().find(|share| share.version_id == id)?.percentage)
    };
    let deployed = |id: &str| {
        past.deployments.iter().any(|d| d.versions.iter().any(|share| share.version_id == id))
    };
    let row = |version: &Version| Row {
        worker: told.worker.name.clone(),
        version: version.clone(),
        percentage: percentage(&version.version_id),
        deployed: deployed(&version.version_id),
    };
    past.versions.iter().map(row).collect()
}

#[derive(Debug, Serialize)]
struct Row {
    worker: String,
    #[serde(flatten)]
    version: Version,
    /// Its share of the traffic now; `None` where it has none.
    percentage: Option<f64>,
    /// Whether one of the listed deployments has it.
    deployed: bool,
}

#[derive(Debug, Serialize)]
struct Versions {
    rows: Vec<Row>,
    complete: bool,
    more: bool,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl View for Versions {
    const COMMAND: &'static str = "workers versions";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        if self.rows.is_empty() {
            return writeln!(out, "no versions");
        }
        let header = ["TRAFFIC", "WORKER", "VERSION", "AGE", "AUTHOR", "BY", "TAG", "MESSAGE"];
        let mut table = Table::new(page, header).lead(3);
        for row in &self.rows {
            let traffic = match (row.percentage, row.deployed) {
                (Some(percentage), _) => format!("{percentage}%"),
                (None, true) => String::new(),
                (None, false) => "not deployed".to_owned(),
            };
            let word = |word: &Option<String>| word.clone().unwrap_or_default();
            table.row([
                traffic.as_str(),
                &row.worker,
                &row.version.name(),
                &row.version.at.map(|at| span(page.now - at)).unwrap_or_default(),
                &word(&row.version.author),
                &word(&row.version.triggered_by),
                &word(&row.version.tag),
                &word(&row.version.message),
            ]);
        }
        write!(out, "{table}")
    }

    fn caveats(&self) -> Vec<Caveat> {
        let mut caveats = self.caveats.clone();
        if self.more {
            caveats.push(Caveat::new("cut", "more versions exist; raise --limit"));
        }
        caveats
    }
}
