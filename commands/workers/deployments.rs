//! `parky-ops workers deployments`: who deployed what, newest first, over all workers.

use std::fmt::{self, Write};

use parky_ops::domain::clock::span;
use parky_ops::domain::{Caveat, Deployment, Jst};
use serde::Serialize;

use super::{Asked, outcome, shares};
use crate::completion::{self, Kind};
use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Page, Table, Ui, View};

/// List deployments, newest first
///
/// Cloudflare lists about the ten latest of each worker.
#[derive(clap::Args, Debug)]
pub(crate) struct DeploymentsArgs {
    /// Only these workers [default: all]
    #[arg(value_name = "NAME", add = completion::of(Kind::Worker))]
    names: Vec<String>,

    /// Only this worker; the same as NAME
    #[arg(long, value_name = "NAME")]
    worker: Vec<String>,

    /// Stop after this many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

pub(super) async fn run(args: &DeploymentsArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let asked = Asked::reach(ctx, ui).await?;
    let words: Vec<_> = args.names.iter().chain(&args.worker).cloned().collect();
    let told = asked.all(&words).await?;
    let read = told.iter().filter_map(|told| told.past.as_ref().ok());
    let mut rows: Vec<_> = read.flat_map(|past| past.deployments.clone()).collect();
    rows.sort_by_key(|deployment| std::cmp::Reverse(deployment.at));
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let complete = told.iter().all(|told| told.past.is_ok());
    let answer = Deployments { rows, complete, more, caveats: asked.caveats(&told) };
    ui.show(&answer, ctx.clock.now())?;
    Ok(outcome(&told))
}

#[derive(Debug, Serialize)]
struct Deployments {
    rows: Vec<Deployment>,
    complete: bool,
    more: bool,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl View for Deployments {
    const COMMAND: &'static str = "workers deployments";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        if self.rows.is_empty() {
            return writeln!(out, "no deployments");
        }
        let mut table =
            Table::new(page, ["", "WORKER", "VERSION", "AT", "AGE", "AUTHOR", "MESSAGE"]).lead(3);
        for row in &self.rows {
            let mark = if row.live { "live" } else { "" };
            let back = if row.is_rollback { "rollback: " } else { "" };
            let made = match row.triggered_by.as_deref() {
                Some("secret") => "changed secret",
                _ => row.message.as_deref().unwrap_or_default(),
            };
            table.row([
                mark,
                &row.worker,
                &shares(&row.versions),
                &Jst(row.at).to_string(),
                &span(page.now - row.at),
                row.author.as_deref().unwrap_or_default(),
                &format!("{back}{made}"),
            ]);
        }
        write!(out, "{table}")
    }

    fn caveats(&self) -> Vec<Caveat> {
        let mut caveats = self.caveats.clone();
        if self.more {
            let text =
                format!("more deployments exist than the {} shown; raise --limit", self.rows.len());
            caveats.push(Caveat::new("cut", text));
        }
        caveats
    }
}
