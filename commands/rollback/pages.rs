//! `parky-ops rollback pages PROJECT`: production serves an earlier build again.
//!
//! Changes what is live, once a person agreed to what was shown; in prod by the project's name.

use std::time::Duration;

use parky_ops::domain::VersionRef;
use parky_ops::rollback::pages;

use super::job::Job;
use super::planned::Planned;
use super::window;
use crate::args::consent::ConsentArgs;
use crate::args::notice::NoticeArgs;
use crate::args::worker::find_project;
use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::Ui;

/// Let production serve an earlier build of a Pages project
///
/// The default is the newest successful build of production before the live one. The next push to the
/// production branch deploys over it. The team's channel is told when it begins and how it ends, which
/// holds nothing up.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops rollback pages parky-web --dry-run
  parky-ops rollback pages parky-web --to 8e736bae --confirm parky-web")]
pub(crate) struct PagesArgs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: String,

    /// Deployment: previous, an id or its first 8 characters, or an address
    #[arg(long, value_name = "ID", default_value = "previous")]
    to: VersionRef,

    /// Watch the project's hosts for so long afterwards; 0 for not at all
    #[arg(long, value_name = "SPAN", default_value = "2m", value_parser = window)]
    verify: Duration,

    /// Why, for the notice and the journal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    notice: NoticeArgs,

    #[command(flatten)]
    consent: ConsentArgs,
}

pub(super) async fn run(args: &PagesArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let (world, access, deadline) = super::unless_stopped(super::reach(ctx, ui)).await??;
    let project = find_project(&world.config, &args.project)?;
    let past = pages::past(&access, &world.config, project, deadline);
    let look = Planned::beside(&world, &args.notice, None, past);
    let (past, notice) = super::unless_stopped(Box::pin(look)).await?;
    let past = past?;
    let card = pages::card(&access, &world.config, &past, &args.to)?;
    let served = |host: &&parky_ops::config::Host| {
        host.url
            .host_str()
            .is_some_and(|name| past.project.domains.iter().any(|known| known == name))
    };
    let hosts = world.config.hosts.iter().filter(served).collect();
    let (window, consent) = (args.verify.min(world.limit), &args.consent);
    let (world, access, reason) = (&world, &access, args.reason.as_deref());
    let (program, force) = (None, false);
    Job { world, access, card, program, force, reason, notice, hosts, window, consent }
        .run(ctx, ui)
        .await
}
