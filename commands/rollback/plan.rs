//! `parky-ops rollback plan`: where every worker and Pages project would go back to. Reads only.

use std::fmt::{self, Write};

use futures_util::future::join_all;
use parky_ops::checks::World;
use parky_ops::checks::access::Cloudflare;
use parky_ops::domain::{Caveat, VersionRef};
use parky_ops::rollback::card::Card;
use parky_ops::rollback::look::{self, NoCard};
use parky_ops::rollback::{Act, End, Wanted, pages};
use serde::Serialize;
use tokio::time::Instant;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{self, Page, Table, Ui};

/// Show where every worker and Pages project would go back to; changes nothing
#[derive(clap::Args, Debug)]
pub(crate) struct PlanArgs {}

pub(super) async fn run(_: &PlanArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let (world, access, deadline) = super::reach(ctx, ui).await?;
    let (workers, projects) =
        tokio::join!(workers(&world, &access, deadline), projects(&world, &access, deadline));
    let mut answers: Vec<_> = workers.into_iter().chain(projects).collect();
    // Where nothing at all could be read, the reason is the answer.
    let read = answers.iter().any(|(_, _, card)| !card.as_ref().is_err_and(failed));
    if !read && let Some(at) = answers.iter().position(|(_, _, card)| card.is_err()) {
        let (_, _, card) = answers.swap_remove(at);
        card?;
    }
    let partly = answers.iter().any(|(_, _, card)| card.as_ref().is_err_and(failed));
    let invocation = ctx.invocation(&world.config.env);
    let rows = answers.into_iter().map(|(kind, name, card)| {
        let words = ["rollback", if kind == Act::Worker { "worker" } else { "pages" }, &name];
        let command = |card: &Card| invocation.own(words.into_iter().chain(["--to", &card.to.id]));
        match card {
            Ok(card) => Row {
                command: Some(command(&card)),
                card: Some(card),
                kind,
                target: name,
                reason: None,
            },
            Err(error) => Row {
                command: None,
                card: None,
                kind,
                target: name,
                reason: Some(error.to_string()),
            },
        }
    });
    let answer = Plan { rows: rows.collect(), caveats: world.caveats() };
    ui.show(&answer, ctx.clock.now())?;
    Ok(if partly { Outcome::Partly } else { Outcome::Done })
}

/// Whether Cloudflare could not be asked; that there is nothing to go back to is an answer.
fn failed(error: &NoCard) -> bool {
    !matches!(error, NoCard::NoTarget(_) | NoCard::NoDeployment(_))
}

type Answer = (Act, String, Result<Card, NoCard>);

/// All workers at once, in the order in which they are rolled back.
async fn workers(world: &World, access: &Cloudflare, deadline: Instant) -> Vec<Answer> {
    let order = &world.config.rollback.order;
    let place = |name: &str| order.iter().position(|known| known == name).unwrap_or(order.len());
    let mut workers: Vec<_> = world.config.workers.iter().collect();
    workers.sort_by_key(|worker| place(&worker.name));
    let wanted = Wanted::Version(VersionRef::Previous);
    let cards = workers.into_iter().map(|worker| {
        let wanted = &wanted;
        async move {
            let card = look::card(access, &world.config, worker, wanted, deadline).await;
            (Act::Worker, worker.name.clone(), card)
        }
    });
    join_all(cards).await
}

async fn projects(world: &World, access: &Cloudflare, deadline: Instant) -> Vec<Answer> {
    let cards = world.config.pages.iter().map(|project| async move {
        let past = pages::past(access, &world.config, project, deadline).await;
        let card =
            past.and_then(|past| pages::card(access, &world.config, &past, &VersionRef::Previous));
        (Act::Pages, project.clone(), card)
    });
    join_all(cards).await
}

#[derive(Debug)]
struct Row {
    kind: Act,
    target: String,
    card: Option<Card>,
    reason: Option<String>,
    command: Option<String>,
}

impl Serialize for Row {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            kind: Act,
            target: &'a str,
            script: Option<&'a str>,
            from: Option<End>,
            to: Option<End>,
            split: Option<&'a str>,
            warnings: &'a [String],
            reason: Option<&'a str>,
            command: Option<&'a str>,
        }
        let card = self.card.as_ref();
        let [from, to] = card.map(Card::ends).map_or([None, None], |ends| ends.map(Some));
        Shape {
            kind: self.kind,
            target: &self.target,
            script: card.map(|card| card.script.as_str()),
            from,
            to,
            split: card.and_then(|card| card.split.as_deref()),
            warnings: card.map(|card| card.warnings.as_slice()).unwrap_or_default(),
            reason: self.reason.as_deref(),
            command: self.command.as_deref(),
        }
        .serialize(serializer)
    }
}

#[derive(Debug, Serialize)]
struct Plan {
    rows: Vec<Row>,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl ui::View for Plan {
    const COMMAND: &'static str = "rollback plan";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let mut table = Table::new(page, ["WHAT", "LIVE", "BACK TO", "NOTE"]);
        for row in &self.rows {
            let (live, to) = row.card.as_ref().map_or_else(Default::default, |card| {
                let live = card.split.clone().unwrap_or_else(|| card.live.name());
                (live, card.to.name())
            });
            let warnings = row.card.as_ref().map(|card| card.warnings.join("; "));
            let note = row.reason.clone().or(warnings).unwrap_or_default();
            table.row([&row.target, &live, &to, &note]);
        }
        write!(out, "{table}")?;
        for command in self.rows.iter().filter_map(|row| row.command.as_ref()) {
            writeln!(out, "  {command}")?;
        }
        writeln!(out, "nothing has been done")
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
