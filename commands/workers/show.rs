//! `parky-ops workers show NAME`: what the live version stands on, or how two versions differ.

use std::fmt::{self, Write};

use futures_util::future::try_join_all;
use parky_ops::domain::clock::span;
use parky_ops::domain::{
    Caveat, Deployment, Difference, Version, VersionDetail, VersionRef, differences,
};
use parky_ops::rollback::Past;
use parky_ops::rollback::look;
use serde::Serialize;

use super::{Asked, shares};
use crate::args::worker::find_worker;
use crate::completion::{self, Kind};
use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Page, Tone, Ui, View, paint};

/// Show what the live version of a worker stands on, or how two versions differ
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops workers show public
  parky-ops workers show public --diff @141 @142")]
pub(crate) struct ShowArgs {
    /// The worker, by its name in the configuration or its script's
    #[arg(value_name = "NAME", add = completion::of(Kind::Worker))]
    name: String,

    /// How these two versions differ: previous, @NUMBER, an id or its first 8 characters
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    diff: Option<Vec<VersionRef>>,
}

pub(super) async fn run(args: &ShowArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let asked = Asked::reach(ctx, ui).await?;
    let config = &asked.world.config;
    let worker = find_worker(config, &args.name)?;
    let script = look::script(config, worker)?;
    let past = look::past(&asked.access, config, worker, asked.deadline).await?;
    let wanted = wanted(args, &past, script, &asked.access.account.id.value)?;
    let client = asked.access.client();
    let details = wanted.iter().map(|id| client.version(script, id, asked.deadline));
    let details = match try_join_all(details).await {
        Ok(details) => details,
        Err(error) => {
            let error =
                look::explain(&asked.access, &client, worker, script, error, asked.deadline);
            return Err(error.await.into());
        }
    };
    let diff = match (args.diff.is_some(), details.as_slice()) {
        (true, [a, b]) => Some(differences(a, b)),
        _ => None,
    };
    let live = past.deployments.first().cloned();
    let latest = past.versions.first().cloned();
    let whole = live.as_ref().and_then(Deployment::whole).map(|share| share.version_id.clone());
    let deployed_is_latest =
        latest.as_ref().is_none_or(|latest| whole.as_ref() == Some(&latest.version_id));
    let worker = worker.name.clone();
    let script = script.to_owned();
    let caveats = asked.world.caveats();
    let versions = details;
    ui.show(
        &Shown { worker, script, live, latest, deployed_is_latest, versions, diff, caveats },
        ctx.clock.now(),
    )?;
    Ok(Outcome::Done)
}

/// The two versions to compare, else those that take traffic.
fn wanted(
    args: &ShowArgs,
    past: &Past,
    script: &str,
    account: &str,
) -> anyhow::Result<Vec<String>> {
    if let Some(pair) = &args.diff {
        let ids = pair.iter().map(|reference| {
            let version = past.resolve(reference, script, account).map_err(look::NoCard::from)?;
            Ok(version.version_id)
        });
        return ids.collect();
    }
    let live = past.deployments.first().into_iter().flat_map(|live| &live.versions);
    Ok(live.map(|share| share.version_id.clone()).collect())
}

#[derive(Debug, Serialize)]
struct Shown {
    worker: String,
    script: String,
    live: Option<Deployment>,
    latest: Option<Version>,
    deployed_is_latest: bool,
    versions: Vec<VersionDetail>,
    /// On the way from the first of `versions` to the second.
    diff: Option<Vec<Difference>>,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl View for Shown {
    const COMMAND: &'static str = "workers show";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let live = self.live.as_ref();
        let says = live.map_or_else(
            || "nothing is deployed".to_owned(),
            |live| format!("{}, {} ago", shares(&live.versions), span(page.now - live.at)),
        );
        writeln!(out, "{} ({}): {says}", paint(Tone::Strong, &self.worker), self.script)?;
        for cohort in live.into_iter().flat_map(|live| &live.cohorts) {
            writeln!(out, "  cohort {}: {}", cohort.name, shares(&cohort.versions))?;
        }
        if let Some(latest) = self.latest.as_ref().filter(|_| !self.deployed_is_latest) {
            writeln!(
                out,
                "  {} {} is the newest version and does not have all traffic",
                paint(Tone::Warn, "!"),
                latest.name()
            )?;
        }
        if let Some(diff) = &self.diff {
            return self.difference(out, diff);
        }
        self.versions.iter().try_for_each(|version| detail(out, version, page))
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}

impl Shown {
    fn difference(&self, out: &mut dyn Write, diff: &[Difference]) -> fmt::Result {
        let names: Vec<_> = self.versions.iter().map(|detail| detail.version.name()).collect();
        writeln!(out, "{}", names.join(" -> "))?;
        if diff.is_empty() {
            writeln!(out, "  the same bindings, secrets' names, compatibility and migrations")?;
        }
        diff.iter().try_for_each(|difference| writeln!(out, "  - {}", difference.says()))
    }
}

fn detail(out: &mut dyn Write, detail: &VersionDetail, page: &Page) -> fmt::Result {
    let version = &detail.version;
    writeln!(out, "{}", version.name())?;
    let mut line = |what: &str, how: Option<String>| match how {
        Some(how) if !how.is_empty() => writeln!(out, "  {what:13} {how}"),
        _ => Ok(()),
    };
    line("made", version.at.map(|at| format!("{} ago", span(page.now - at))))?;
    line("author", version.author.clone())?;
    line("message", version.message.clone())?;
    line("tag", version.tag.clone())?;
    line("by", version.triggered_by.clone())?;
    let flags = detail.compatibility_flags.join(" ");
    let date = detail.compatibility_date.clone().unwrap_or_default();
    line("compatibility", Some(format!("{date} {flags}").trim().to_owned()))?;
    line("migration", detail.migration_tag.clone())?;
    line("handlers", Some(detail.handlers.join(", ")))?;
    for binding in &detail.bindings {
        let to = binding.to.as_deref().unwrap_or_default();
        writeln!(out, "  binding       {} {} {to}", binding.name, binding.kind)?;
    }
    Ok(())
}
