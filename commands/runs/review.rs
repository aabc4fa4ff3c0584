//! `parky-ops runs approve|reject`: the word of a reviewer on a run that waits.
//!
//! Writes: one request, after the environment was named. A rejected run fails.

use anyhow::Context as _;
use parky_ops::domain::text::one_line;
use parky_ops::github::Gate;

use super::change::{self, Change};
use super::place::{Found, Place, RunArgs};
use crate::args::consent::ConsentArgs;
use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::Refusal;
use crate::ui::Ui;

/// Options of both.
#[derive(clap::Args, Debug)]
struct ReviewArgs {
    #[command(flatten)]
    target: RunArgs,

    /// Only this environment; may be given several times [default: all that wait]
    #[arg(long, value_name = "NAME")]
    environment: Vec<String>,

    /// What to say about it
    #[arg(long, default_value = "")]
    comment: String,

    #[command(flatten)]
    consent: ConsentArgs,
}

/// Let a run go on that waits for an approval
///
/// The environment has to be typed, or named with --confirm. Exit: 6 without it.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops runs approve 17400000061
  parky-ops runs approve 17400000061 --confirm production --comment 'checked by oncall'")]
pub(crate) struct ApproveArgs {
    #[command(flatten)]
    review: ReviewArgs,
}

/// Refuse a run that waits for an approval: it fails
///
/// The environment has to be typed, or named with --confirm. Exit: 6 without it.
#[derive(clap::Args, Debug)]
pub(crate) struct RejectArgs {
    #[command(flatten)]
    review: ReviewArgs,
}

pub(super) async fn approve(args: &ApproveArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    review(&args.review, true, ctx, ui).await
}

pub(super) async fn reject(args: &RejectArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    review(&args.review, false, ctx, ui).await
}

async fn review(
    args: &ReviewArgs,
    approved: bool,
    ctx: &Context,
    ui: &Ui,
) -> anyhow::Result<Outcome> {
    let place = Place::of_run(&args.target, ctx, ui).await?;
    let found = place.find(&args.target.run).await?;
    let gates = found.client.gates(found.run.id, place.deadline).await;
    let gates = args.chosen(gates.context("reading what it waits for")?, &found)?;
    let change = plan(&gates, approved, &found, &place);
    let consent = match change::agree(&change, &place, &found.run, &args.consent, ctx, ui).await? {
        Ok(consent) => consent,
        Err(outcome) => return Ok(outcome),
    };
    let ids: Vec<u64> = gates.iter().map(|gate| gate.id).collect();
    let Found { client, run } = &found;
    let answer =
        client.review(&consent, run.id, &ids, approved, &args.comment, Place::soon()).await;
    let posted = change::posted(answer)?;
    // The gates are gone once the word counts; the run shows it a little later.
    let held = change::until(async |until| {
        let left = client.gates(run.id, until).await.ok()?;
        left.iter().all(|gate| !ids.contains(&gate.id)).then_some(())
    });
    let held = held.await.is_some();
    let now = client.run(run.id, None, Place::soon()).await.ok();
    let (done, pending) = match approved {
        true => ("it is approved and goes on", "GitHub took it; the gate has not opened yet"),
        false => ("it is rejected: the run fails", "GitHub took it; the run has not failed yet"),
    };
    change::told(&change, &place, posted, (&found, now), (held, done, pending), (ctx, ui))
}

impl ReviewArgs {
    /// The gates that are meant.
    fn chosen(&self, gates: Vec<Gate>, found: &Found) -> anyhow::Result<Vec<Gate>> {
        if gates.is_empty() {
            anyhow::bail!("{} waits for no approval", change::name(&found.run));
        }
        let names = || gates.iter().map(|gate| gate.environment.as_str()).collect::<Vec<_>>();
        for wanted in &self.environment {
            if !names().contains(&wanted.as_str()) {
                let text = format!(
                    "it does not wait for '{}', but for {}",
                    one_line(wanted),
                    one_line(&names().join(", "))
                );
                let hint = format!("parky-ops runs approvals {}", found.run.id);
                return Err(Refusal::not_found(text, &hint).into());
            }
        }
        let meant = |gate: &Gate| {
            self.environment.is_empty() || self.environment.contains(&gate.environment)
        };
        Ok(gates.into_iter().filter(meant).collect())
    }
}

fn plan(gates: &[Gate], approved: bool, found: &Found, place: &Place) -> Change {
    let run = &found.run;
    let names: Vec<String> = gates.iter().map(|gate| gate.environment.clone()).collect();
    let (verb, command) =
        if approved { ("approve", "runs approve") } else { ("reject", "runs reject") };
    let changes = names.iter().map(|name| match approved {
        true => format!("the jobs that wait for {name} go on with commit {}", run.sha),
        false => format!("the jobs that wait for {name} fail, and with them the run"),
    });
    let mut warnings: Vec<String> = Vec::new();
    if approved {
        warnings.extend(change::deploys(run, place));
    }
    for gate in gates {
        if !gate.may_approve {
            let text = format!(
                "GitHub says that this token's owner may not decide on {}",
                gate.environment
            );
            warnings.push(text);
        }
        if gate.wait_minutes > 0 && approved {
            warnings.push(format!(
                "a timer of {} min runs, which no approval shortens",
                gate.wait_minutes
            ));
        }
    }
    let act = format!("{verb} {} for {}", change::name(run), names.join(", "));
    Change { command, act, changes: changes.collect(), warnings, names }
}
