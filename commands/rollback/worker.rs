//! `parky-ops rollback worker NAME`: an earlier version takes all traffic again.
//!
//! Changes what is live, once a person agreed to what was shown; in prod by the worker's name.

use std::time::Duration;

use parky_ops::checks::World;
use parky_ops::checks::access::Cloudflare;
use parky_ops::config::{Config, Origin, Worker};
use parky_ops::domain::VersionRef;
use parky_ops::rollback::look::{self, NoCard};
use parky_ops::rollback::script::Program;
use parky_ops::rollback::{NoTarget, Wanted};

use super::job::Job;
use super::planned::Planned;
use super::window;
use crate::args::consent::ConsentArgs;
use crate::args::notice::NoticeArgs;
use crate::args::worker::find_worker;
use crate::completion::{self, Kind};
use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::Usage;
use crate::ui::Ui;

/// Put an earlier version of a worker back
///
/// Shows the way from what is live to the target, asks, looks again, sends once, reads back, and
/// watches: probes of the worker's hosts, and a tail of the version that came back. A worker without a
/// host is judged by its tail alone. The team's channel is told when it begins and how it ends, which
/// holds nothing up. Exit: 0 live and well, 10 live but red, 1 not live, 7 unknown, 3 secrets have
/// changed since.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops rollback worker public --dry-run
  parky-ops rollback worker public --to @141 --reason '503s since 02:57' --confirm public
  parky-ops rollback worker public --abort-canary")]
pub(crate) struct WorkerArgs {
    /// The worker, by its name in the configuration or its script's
    #[arg(value_name = "NAME", add = completion::of(Kind::Worker))]
    name: String,

    /// Version: previous, @NUMBER, an id or its first 8 characters, or a dashboard address
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "previous",
        conflicts_with = "abort_canary"
    )]
    to: VersionRef,

    /// End a split: all traffic to the member that was live for all before it
    #[arg(long)]
    abort_canary: bool,

    /// Go back although secrets have changed since; nothing else implies this
    #[arg(long)]
    force_secrets: bool,

    /// Why, for the message of the new deployment, the notice and the journal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Watch hosts and tail for so long afterwards; 0 for not at all
    #[arg(long, value_name = "SPAN", default_value = "2m", value_parser = window)]
    verify: Duration,

    /// How it is done: by Cloudflare's API, or by the script that the user file names
    #[arg(long, default_value = "api", value_parser = ["api", "script"])]
    via: String,

    #[command(flatten)]
    notice: NoticeArgs,

    /// Tell the channel with --via script too, which is left to the script otherwise
    #[arg(long, conflicts_with = "no_notify", help_heading = "Notice")]
    notify: bool,

    #[command(flatten)]
    consent: ConsentArgs,
}

pub(super) async fn run(args: &WorkerArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let (world, access, deadline) = super::unless_stopped(super::reach(ctx, ui)).await??;
    let worker = find_worker(&world.config, &args.name)?;
    let program = match args.via.as_str() {
        "script" => Some(program(&world, &access, ctx).await?),
        _ => None,
    };
    let wanted = match args.abort_canary {
        true => Wanted::AbortCanary,
        false => Wanted::Version(args.to.clone()),
    };
    let card = look::card(&access, &world.config, worker, &wanted, deadline);
    let off = (program.is_some() && !args.notify)
        .then_some("the script tells it; --notify for a notice of ours");
    let look = Planned::beside(&world, &args.notice, off, Box::pin(card));
    let (card, notice) = super::unless_stopped(Box::pin(look)).await?;
    let card = match card {
        Err(NoCard::NoTarget(NoTarget::NotSplit { name })) => {
            return super::report::nothing_to_abort(&worker.name, &name, ui, ctx);
        }
        card => card?.with_migrations(&ctx.cwd),
    };
    let hosts = hosts_of(&world.config, worker);
    let force = args.force_secrets;
    let (window, consent) = (args.verify.min(world.limit), &args.consent);
    let (world, access, reason) = (&world, &access, args.reason.as_deref());
    Job { world, access, card, program, force, reason, notice, hosts, window, consent }
        .run(ctx, ui)
        .await
}

fn hosts_of<'a>(config: &'a Config, worker: &Worker) -> Vec<&'a parky_ops::config::Host> {
    config.hosts.iter().filter(|host| worker.hosts.contains(&host.name)).collect()
}

/// The script that the user file names, with what it needs.
async fn program(world: &World, access: &Cloudflare, ctx: &Context) -> anyhow::Result<Program> {
    let Some(script) = &world.config.rollback.script else {
        let text = "--via script: no script is named; only the user file may do that".to_owned();
        let hint = "set [rollback] script in the user file, or leave --via out";
        return Err(Usage::new(text, hint).into());
    };
    let kept = ["HOME", "PATH", "LANG", "LC_ALL", "USER", "TMPDIR"];
    let env =
        kept.iter().filter_map(|name| Some(((*name).to_owned(), ctx.vars.get(name)?.to_owned())));
    let url = &world.config.urls.cloudflare;
    let base = (url.origin != Origin::BuiltIn).then(|| url.value.to_string());
    Ok(Program {
        path: std::path::absolute(&script.value)?,
        directory: ctx.cwd.clone(),
        env: env.collect(),
        token: access.token.clone(),
        base,
        redactor: ctx.redactor.clone(),
    })
}
