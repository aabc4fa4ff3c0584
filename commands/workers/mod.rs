//! `parky-ops workers`: what runs on Cloudflare. Reads only; all workers at once, each in one round trip
//! (`show`: two).

mod deployments;
mod list;
mod show;
mod versions;

use futures_util::future::join_all;
use parky_ops::checks::World;
use parky_ops::checks::access::Cloudflare;
use parky_ops::config::Worker;
use parky_ops::domain::{Caveat, VersionShare};
use parky_ops::rollback::Past;
use parky_ops::rollback::look::{self, NoCard};
use tokio::time::Instant;

use crate::args::worker::find_workers;
use crate::context::Context;
use crate::exit::Outcome;
use crate::rollback::reach;
use crate::signals::Signals;
use crate::ui::Ui;

/// What runs on Cloudflare: versions, deployments, splits
#[derive(clap::Subcommand, Debug)]
pub(crate) enum WorkersCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Deployments(deployments::DeploymentsArgs),
    Versions(versions::VersionsArgs),
}

pub(crate) async fn run(
    command: &WorkersCommand,
    ctx: &Context,
    ui: &Ui,
) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let work = async {
        match command {
            WorkersCommand::List(args) => Box::pin(list::run(args, ctx, ui)).await,
            WorkersCommand::Show(args) => Box::pin(show::run(args, ctx, ui)).await,
            WorkersCommand::Deployments(args) => Box::pin(deployments::run(args, ctx, ui)).await,
            WorkersCommand::Versions(args) => Box::pin(versions::run(args, ctx, ui)).await,
        }
    };
    tokio::select! {
        outcome = signals.next() => Ok(outcome),
        done = work => done,
    }
}

/// A worker and what Cloudflare said of it.
struct Told<'a> {
    worker: &'a Worker,
    past: Result<Past, NoCard>,
}

/// What Cloudflare says of the workers that `words` name.
struct Asked {
    world: World,
    access: Cloudflare,
    deadline: Instant,
}

impl Asked {
    async fn reach(ctx: &Context, ui: &Ui) -> anyhow::Result<Self> {
        let (world, access, deadline) = reach(ctx, ui).await?;
        Ok(Self { world, access, deadline })
    }

    /// All at once. Where none could be read, the first reason is the error.
    async fn all(&self, words: &[String]) -> anyhow::Result<Vec<Told<'_>>> {
        let workers = find_workers(&self.world.config, words)?;
        let told = workers.into_iter().map(|worker| async move {
            let config = &self.world.config;
            let past = look::past(&self.access, config, worker, self.deadline).await;
            Told { worker, past }
        });
        let mut told = join_all(told).await;
        if !told.is_empty() && told.iter().all(|told| told.past.is_err()) {
            told.swap_remove(0).past?;
        }
        Ok(told)
    }

    fn caveats(&self, told: &[Told<'_>]) -> Vec<Caveat> {
        let unread = told.iter().filter_map(|told| {
            let error = told.past.as_ref().err()?;
            Some(Caveat::new("not-read", format!("{}: {error}", told.worker.name)))
        });
        unread.chain(self.world.caveats()).collect()
    }
}

/// Exit 7 where a worker could not be read.
fn outcome(told: &[Told<'_>]) -> Outcome {
    match told.iter().any(|told| told.past.is_err()) {
        true => Outcome::Partly,
        false => Outcome::Done,
    }
}

/// `@142 10% + @141 90%`; one version alone without its share.
fn shares(versions: &[VersionShare]) -> String {
    let name = |share: &VersionShare| {
        let id: String = share.version_id.chars().take(8).collect();
        share.number.map_or_else(|| id.clone(), |number| format!("@{number} ({id})"))
    };
    match versions {
        [one] if one.percentage >= 100.0 => name(one),
        several => {
            let shares =
                several.iter().map(|share| format!("{} {}%", name(share), share.percentage));
            shares.collect::<Vec<_>>().join(" + ")
        }
    }
}
