//! `parky-ops pages`: what production serves, and how its builds went. Reads only.

mod list;
mod logs;
mod show;

use parky_ops::domain::PagesDeployment;

use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::Ui;

/// Pages projects: what production serves, deployments, build logs
#[derive(clap::Subcommand, Debug)]
pub(crate) enum PagesCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Logs(logs::LogsArgs),
}

pub(crate) async fn run(command: &PagesCommand, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let work = async {
        match command {
            PagesCommand::List(args) => Box::pin(list::run(args, ctx, ui)).await,
            PagesCommand::Show(args) => Box::pin(show::run(args, ctx, ui)).await,
            PagesCommand::Logs(args) => Box::pin(logs::run(args, ctx, ui)).await,
        }
    };
    tokio::select! {
        outcome = signals.next() => Ok(outcome),
        done = work => done,
    }
}

/// How the build went: `deploy success`, `build failure`.
fn build(deployment: &PagesDeployment) -> String {
    let word = |word: &Option<String>| word.clone().unwrap_or_default();
    format!("{} {}", word(&deployment.stage), word(&deployment.status)).trim().to_owned()
}
