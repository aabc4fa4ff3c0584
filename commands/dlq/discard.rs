//! `parky-ops dlq discard`: settles rows that are not worth a message any more, with a reason.

use chrono::TimeDelta;
use parky_ops::discord::pace::Rate;
use parky_ops::dlq::outgoing::PingPolicy;
use parky_ops::dlq::plan::{Choices, PlannedRow, Road};
use parky_ops::dlq::select::{Selected, Wanted, select};
use parky_ops::dlq::store::Frozen;
use parky_ops::domain::parse_span;
use parky_ops::domain::text::counted;
use serde::Serialize;
use serde_json::{Map, json};

use super::site::Site;
use crate::args::consent::ConsentArgs;
use crate::args::letters::Letters;
use crate::args::window::Span;
use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::{NotFound, Usage};
use crate::ui::{Page, PlanView, Ui, View, prompt};

/// Settle rows with a reason, without sending them
///
/// The rows stay in the table, and nothing is deleted: the ledger says that they are settled. Rows of
/// which our own attempt may have arrived are settled too.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops dlq discard --older 90d --reason 'retention'
  parky-ops dlq discard --id 4711 --reason 'incident INC-12 is closed'")]
pub(crate) struct DiscardArgs {
    #[command(flatten)]
    letters: Letters,

    /// Rows older than this, such as 90d
    #[arg(long, value_name = "SPAN", value_parser = span)]
    older: Option<TimeDelta>,

    /// Why; it is kept with each row
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: String,

    #[command(flatten)]
    consent: ConsentArgs,
}

fn span(word: &str) -> Result<TimeDelta, String> {
    let span = parse_span(word).filter(|span| *span > TimeDelta::zero());
    span.ok_or_else(|| "use a span such as 90d".to_owned())
}

pub(crate) async fn run(args: &DiscardArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let now = ctx.clock.now();
    if args.letters.is_empty() && args.older.is_none() {
        let text = "everything is not discarded at once: say which rows are meant".to_owned();
        return Err(Usage::new(text, "parky-ops dlq discard --older 90d --reason TEXT").into());
    }
    let span = match args.older {
        // All there is up to then, unless a window was named too.
        Some(older) if args.letters.window().is_empty() => {
            Span { since: chrono::DateTime::UNIX_EPOCH, until: Some(now - older) }
        }
        _ => args.letters.window().span(TimeDelta::hours(24), now)?,
    };
    let filter = args.letters.filter(span).await?;
    let mut site = Site::open(ctx, ui, "discard").await?;
    site.tidy(ui).await?;
    let choices = lenient(&site);
    let wanted = Wanted { filter: &filter, limit: None, choices: &choices, now };
    let Site { source, store, .. } = &mut site;
    // Where a row would go does not matter here.
    let road = async |_: &str| Road::Unknown;
    let Selected { plan, missing, .. } = select(source, store, &wanted, None, road).await?;
    if plan.rows.is_empty() && !missing.is_empty() {
        return Err(NotFound::rows(&missing).into());
    }
    let view = PlanView {
        command: "dlq discard",
        id: plan.id.clone(),
        act: format!("discard {}", counted(plan.rows.len() as u64, "dead letter")),
        target: site.target(),
        changes: vec![format!("reason: {}", args.reason)],
        warnings: Vec::new(),
        names: Vec::new(),
        more: by_channel(&plan.rows),
    };
    if args.consent.dry_run {
        ui.show_plan(&view, &site.caveats(), now)?;
        return Ok(Outcome::Done);
    }
    let asked = ctx.asked(ui);
    if !plan.rows.is_empty() {
        let Some(consent) = prompt::agree(&view.act, &[], &args.consent, &asked).await? else {
            ui.show_plan(&view, &site.caveats(), now)?;
            return Ok(Outcome::Unconfirmed);
        };
        let rows: Vec<Frozen> = plan.rows.iter().map(PlannedRow::frozen).collect();
        let done = parky_ops::dlq::doubt::discard(
            &mut site.store,
            &rows,
            &args.reason,
            &asked.operator,
            &consent,
        );
        let done = done.await?;
        let left = (rows.len() - done.len().min(rows.len())) as u64;
        ui.show(&Discarded { discarded: done.len() as u64, left }, now)?;
        return Ok(if left > 0 { Outcome::Partly } else { Outcome::Done });
    }
    ui.show(&Discarded { discarded: 0, left: 0 }, now)?;
    Ok(Outcome::Done)
}

/// Every open row counts, whatever a replay would say of it.
fn lenient(site: &Site) -> Choices {
    Choices {
        rate: Rate::Polite,
        ping: PingPolicy::None,
        verbatim: true,
        older: true,
        include_maybe: true,
        force_duplicate: true,
        resend_unsure: true,
        lang: site.world.config.lang,
    }
}

fn by_channel(rows: &[PlannedRow]) -> Map<String, serde_json::Value> {
    let mut channels = std::collections::BTreeMap::<&str, u64>::new();
    for row in rows {
        *channels.entry(&row.lane).or_default() += 1;
    }
    Map::from_iter([("by_channel".to_owned(), json!(channels))])
}

#[derive(Debug, Serialize)]
struct Discarded {
    discarded: u64,
    /// Somebody else was faster.
    left: u64,
}

impl View for Discarded {
    const COMMAND: &'static str = "dlq discard";

    fn text(&self, out: &mut dyn std::fmt::Write, _: &Page) -> std::fmt::Result {
        write!(out, "{} discarded", self.discarded)?;
        match self.left {
            0 => writeln!(out),
            left => writeln!(out, ", {left} left: somebody else settled or holds them"),
        }
    }
}
