//! `parky-ops runs`: GitHub Actions: what ran, what failed, what waits, and running it again.

mod approvals;
mod cancel;
mod change;
mod glyph;
mod list;
mod logs;
mod place;
mod rerun;
mod review;
mod view;
mod watch;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::Ui;

/// GitHub Actions: runs, logs, re-runs, approvals
///
/// A run is named by its id or by its pasted address; a job's address works too.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum RunsCommand {
    List(list::ListArgs),
    View(view::ViewArgs),
    Logs(logs::LogsArgs),
    Watch(watch::WatchArgs),
    Rerun(rerun::RerunArgs),
    Cancel(cancel::CancelArgs),
    Approvals(approvals::ApprovalsArgs),
    Approve(review::ApproveArgs),
    Reject(review::RejectArgs),
}

pub(crate) async fn run(command: &RunsCommand, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    match command {
        RunsCommand::List(args) => list::run(args, ctx, ui).await,
        RunsCommand::View(args) => view::run(args, ctx, ui).await,
        RunsCommand::Logs(args) => logs::run(args, ctx, ui).await,
        RunsCommand::Watch(args) => watch::run(args, ctx, ui).await,
        RunsCommand::Rerun(args) => rerun::run(args, ctx, ui).await,
        RunsCommand::Cancel(args) => cancel::run(args, ctx, ui).await,
        RunsCommand::Approvals(args) => approvals::run(args, ctx, ui).await,
        RunsCommand::Approve(args) => review::approve(args, ctx, ui).await,
        RunsCommand::Reject(args) => review::reject(args, ctx, ui).await,
    }
}
