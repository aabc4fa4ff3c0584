//! `parky-ops workers list`: what is live, since when, and whether something newer waits.

use std::fmt::{self, Write};

use parky_ops::domain::clock::span;
use parky_ops::domain::{Caveat, Cohort, Deployment, Version, VersionShare};
use serde::Serialize;

use super::{Asked, Told, outcome, shares};
use crate::completion::{self, Kind};
use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Page, Table, Ui, View, Whole};

/// List the workers: live version, split, age, author, and whether something newer waits
#[derive(clap::Args, Debug)]
pub(crate) struct ListArgs {
    /// Only these workers [default: all]
    #[arg(value_name = "NAME", add = completion::of(Kind::Worker))]
    names: Vec<String>,
}

pub(super) async fn run(args: &ListArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let asked = Asked::reach(ctx, ui).await?;
    let told = asked.all(&args.names).await?;
    let rows = told.iter().map(Row::of).collect();
    let answer = List { whole: Whole::new(rows), caveats: asked.caveats(&told) };
    ui.show(&answer, ctx.clock.now())?;
    Ok(outcome(&told))
}

#[derive(Debug, Serialize)]
struct List {
    #[serde(flatten)]
    whole: Whole<Row>,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

#[derive(Debug, Serialize)]
struct Row {
    worker: String,
    script: Option<String>,
    /// The versions that take traffic.
    live: Vec<VersionShare>,
    cohorts: Vec<Cohort>,
    deployment_id: Option<String>,
    at: Option<chrono::DateTime<chrono::Utc>>,
    author: Option<String>,
    source: Option<String>,
    message: Option<String>,
    tag: Option<String>,
    is_rollback: bool,
    /// The newest version that could be deployed.
    latest: Option<Version>,
    /// Whether that is the one that takes all traffic; `None` where it could not be read.
    deployed_is_latest: Option<bool>,
    /// Why it could not be read.
    error: Option<String>,
}

impl Row {
    fn of(told: &Told<'_>) -> Self {
        let past = told.past.as_ref().ok();
        let live = past.and_then(|past| past.deployments.first());
        let latest = past.and_then(|past| past.versions.first()).cloned();
        let whole = live.and_then(Deployment::whole).map(|share| share.version_id.as_str());
        let main = live.and_then(Deployment::main_version);
        let tag =
            past.zip(main).and_then(|(past, main)| past.version(&main.version_id)?.tag.clone());
        Self {
            worker: told.worker.name.clone(),
            script: told.worker.script.as_ref().ok().map(|script| script.value.clone()),
            live: live.map(|live| live.versions.clone()).unwrap_or_default(),
            cohorts: live.map(|live| live.cohorts.clone()).unwrap_or_default(),
            deployment_id: live.map(|live| live.deployment_id.clone()),
            at: live.map(|live| live.at),
            author: live.and_then(|live| live.author.clone()),
            source: live.and_then(|live| live.source.clone()),
            message: live.and_then(|live| live.message.clone()),
            tag,
            is_rollback: live.is_some_and(|live| live.is_rollback),
            deployed_is_latest: past.map(|_| {
                latest.as_ref().is_none_or(|latest| whole == Some(latest.version_id.as_str()))
            }),
            latest,
            error: told.past.as_ref().err().map(ToString::to_string),
        }
    }

    /// What is remarkable, in the last column.
    fn note(&self) -> String {
        let mut notes = Vec::new();
        if let Some(error) = &self.error {
            return error.clone();
        }
        if self.live.is_empty() {
            notes.push("nothing is deployed".to_owned());
        }
        if self.live.len() > 1 {
            notes.push("split".to_owned());
        }
        if let (Some(false), Some(latest), [_]) =
            (self.deployed_is_latest, &self.latest, self.live.as_slice())
        {
            notes.push(format!("{} is newer and not deployed", latest.name()));
        }
        if self.is_rollback {
            notes.push("rolled back".to_owned());
        }
        notes.extend(self.cohorts.iter().map(|cohort| format!("cohort {}", cohort.name)));
        notes.extend(self.message.as_ref().map(|message| format!("\"{message}\"")));
        notes.join("; ")
    }
}

impl View for List {
    const COMMAND: &'static str = "workers list";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let mut table = Table::new(page, ["WORKER", "LIVE", "AGE", "AUTHOR", "NOTE"]).lead(2);
        for row in &self.whole.rows {
            let age = row.at.map(|at| span(page.now - at)).unwrap_or_default();
            let author = row.author.as_deref().unwrap_or_default();
            table.row([&row.worker, &shares(&row.live), &age, author, &row.note()]);
        }
        write!(out, "{table}")
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
