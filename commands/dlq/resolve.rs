//! `parky-ops dlq resolve ID`: an operator's word on a row in doubt.

use parky_ops::dlq::FailureId;
use parky_ops::dlq::store::{InDoubt, Store as _};
use serde::Serialize;
use serde_json::Map;

use super::site::Site;
use crate::args::consent::ConsentArgs;
use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::Refusal;
use crate::ui::{Page, PlanView, Ui, View, prompt};

/// Say of a row in doubt whether it was delivered
///
/// A row that was not delivered waits for the next replay again.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops dlq resolve 4711 --delivered 1400000000000000123
  parky-ops dlq resolve 4711 --not-delivered")]
#[command(group = clap::ArgGroup::new("word").required(true))]
pub(crate) struct ResolveArgs {
    /// Its key, as 'dlq unsure' shows it
    #[arg(value_name = "ID")]
    id: String,

    /// It stands in the channel, as this message (its id, or the pasted link)
    #[arg(long, value_name = "MESSAGE", group = "word", value_parser = message)]
    delivered: Option<String>,

    /// It does not stand in the channel
    #[arg(long, group = "word")]
    not_delivered: bool,

    #[command(flatten)]
    consent: ConsentArgs,
}

/// A message's id, or the last part of its link.
fn message(word: &str) -> Result<String, String> {
    let id = word.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let fits = (15..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(id.to_owned()) } else { Err("use a message's id, or its link".to_owned()) }
}

pub(crate) async fn run(args: &ResolveArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut site = Site::open(ctx, ui, "replay").await?;
    site.tidy(ui).await?;
    let typed = FailureId::new(args.id.as_str());
    let id = site.source.table().key()?.normal(&typed).unwrap_or(typed);
    let doubts = site.store.in_doubt(&site.owner).await?;
    let Some(doubt) = doubts.into_iter().find(|doubt| doubt.id == id) else {
        let text = format!("{id} is not in doubt");
        let hint = "parky-ops dlq unsure";
        return Err(Refusal::new("not-found", Outcome::NotFound, text, hint).into());
    };
    let plan = plan(args, &doubt, &site);
    if args.consent.dry_run {
        ui.show_plan(&plan, &site.caveats(), ctx.clock.now())?;
        return Ok(Outcome::Done);
    }
    let asked = ctx.asked(ui);
    let Some(consent) = prompt::agree(&plan.act, &[], &args.consent, &asked).await? else {
        ui.show_plan(&plan, &site.caveats(), ctx.clock.now())?;
        return Ok(Outcome::Unconfirmed);
    };
    let done = parky_ops::dlq::doubt::resolve(
        &mut site.store,
        &id,
        args.delivered.as_deref(),
        &asked.operator,
        &consent,
    );
    if !done.await? {
        let text = format!("{id} is not in doubt any more: somebody else was faster");
        return Err(Refusal::new("changed", Outcome::Failed, text, "parky-ops dlq unsure").into());
    }
    let state = if args.not_delivered { "open" } else { "delivered" };
    let answer = Resolved { id: id.as_str().to_owned(), state, message_id: args.delivered.clone() };
    ui.show(&answer, ctx.clock.now())?;
    Ok(Outcome::Done)
}

fn plan(args: &ResolveArgs, doubt: &InDoubt, site: &Site) -> PlanView {
    let id = &doubt.id;
    let (act, change) = match &args.delivered {
        Some(message) => (
            format!("record that {id} was delivered as message {message}"),
            "it is delivered, and never sent again".to_owned(),
        ),
        None => (
            format!("record that {id} was not delivered"),
            "it is open, and the next replay may send it".to_owned(),
        ),
    };
    PlanView {
        command: "dlq resolve",
        id: id.as_str().to_owned(),
        act,
        target: site.target(),
        changes: vec![change],
        warnings: Vec::new(),
        names: Vec::new(),
        more: Map::new(),
    }
}

#[derive(Debug, Serialize)]
struct Resolved {
    id: String,
    state: &'static str,
    message_id: Option<String>,
}

impl View for Resolved {
    const COMMAND: &'static str = "dlq resolve";

    fn text(&self, out: &mut dyn std::fmt::Write, _: &Page) -> std::fmt::Result {
        writeln!(out, "{} is {} now", parky_ops::domain::text::one_line(&self.id), self.state)
    }
}
