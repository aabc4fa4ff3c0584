//! `parky-ops dlq replay`: delivers dead letters, at Discord's pace, each once.
//!
//! Shows the plan, asks, runs, and ends with a sum that comes out even. Ctrl-C once finishes the
//! message in flight; twice leaves at once, and that message is unsure.

mod card;
pub(super) mod show;
pub(super) mod summary;

use std::time::Instant;

use chrono::TimeDelta;
use parky_ops::discord::pace::Rate;
use parky_ops::dlq::outgoing::PingPolicy;
use parky_ops::dlq::plan::Choices;
use parky_ops::dlq::replay::{self, Hooks, Order, Parts};
use parky_ops::dlq::select::{Selected, Wanted, select};
use parky_ops::dlq::{FailureId, Filter};
use parky_ops::domain::Consent;
use serde_json::{Value, json};
use tokio::sync::watch;

use self::card::Card;
use self::show::Show;
use self::summary::Summary;
use super::site::{NEW_LEDGER, Site};
use crate::args::consent::ConsentArgs;
use crate::args::letters::{Letters, Limit};
use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::{NotFound, Refusal, Usage};
use crate::signals::Signals;
use crate::ui::{Format, Stream, Ui, prompt};

/// Deliver dead letters: plan, consent, run, summary
///
/// Needs at least one filter; without --since it looks at the last 24 h. Nobody is pinged unless
/// --ping says so. What may have arrived is never sent again by itself.
///
/// Exit: 0 all delivered or left out on purpose, 7 something was rejected, blocked, unsure or left,
/// 8 another run holds all channels (--no-wait), 130 interrupted with a clean state.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops dlq replay --since 24h --dry-run
  parky-ops dlq replay --channel p0-alerts --yes
  parky-ops dlq replay --id 4711 --ping original
  parky-ops --sandbox dlq replay --since 24h --yes")]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    letters: Letters,

    /// At most so many rows, the oldest first
    #[arg(long, value_name = "N|all", default_value = "all")]
    limit: Limit,

    /// How much of Discord's limits to use; P0 channels may use all of it
    #[arg(long, value_parser = ["polite", "full"], default_value = "polite")]
    rate: String,

    /// Whom to ping: nobody, whom a fresh P0 asks for that reached nobody, or whom each asks for
    #[arg(long, value_parser = ["none", "original", "force"], default_value = "none")]
    ping: String,

    /// Send payloads unchanged but for their mentions
    #[arg(long)]
    verbatim: bool,

    /// Rows of one to seven days too
    #[arg(long)]
    older: bool,

    /// Rows too that may have arrived at first
    #[arg(long)]
    include_maybe: bool,

    /// Rows too whose equal was delivered
    #[arg(long)]
    force_duplicate: bool,

    /// Rows too of which our own attempt may have arrived
    #[arg(long)]
    resend_unsure: bool,

    /// Leave channels to which somebody else replays
    #[arg(long)]
    no_wait: bool,

    /// Only if the plan still is the one of this id
    #[arg(long, value_name = "ID")]
    plan: Option<String>,

    #[command(flatten)]
    consent: ConsentArgs,
}

impl ReplayArgs {
    fn choices(&self, site: &Site) -> Choices {
        Choices {
            rate: if self.rate == "full" { Rate::Full } else { Rate::Polite },
            ping: match self.ping.as_str() {
                "original" => PingPolicy::Original,
                "force" => PingPolicy::Force,
                _ => PingPolicy::None,
            },
            verbatim: self.verbatim,
            older: self.older,
            include_maybe: self.include_maybe,
            force_duplicate: self.force_duplicate,
            resend_unsure: self.resend_unsure,
            lang: site.world.config.lang,
        }
    }

    async fn filter(&self, ctx: &Context) -> anyhow::Result<Filter> {
        if self.letters.is_empty() {
            let text = "a replay of everything is refused: say which rows are meant".to_owned();
            return Err(Usage::new(text, "parky-ops dlq replay --since 24h --dry-run").into());
        }
        if !self.letters.states.is_empty() {
            let text = "--state has no place in a replay: only open rows are sent".to_owned();
            return Err(Usage::new(text, "parky-ops dlq replay --since 24h --dry-run").into());
        }
        let span = self.letters.window().span(TimeDelta::hours(24), ctx.clock.now())?;
        self.letters.filter(span).await
    }
}

pub(crate) async fn run(args: &ReplayArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let planned = async {
        let filter = args.filter(ctx).await?;
        let mut site = Site::open(ctx, ui, "replay").await?;
        site.tidy(ui).await?;
        let choices = args.choices(&site);
        let selected = plan(&mut site, args, &filter, &choices, ctx).await?;
        anyhow::Ok((site, filter, choices, selected))
    };
    let (mut site, filter, choices, selected) = tokio::select! {
        biased;
        outcome = signals.next() => return Ok(outcome),
        planned = planned => planned?,
    };
    let plan = &selected.plan;
    if args.plan.as_ref().is_some_and(|id| *id != plan.id) {
        let text = format!("the rows have changed: the plan is {} by now", plan.id);
        let hint = "parky-ops dlq replay … --dry-run";
        return Err(Refusal::new("plan-changed", Outcome::Failed, text, hint).into());
    }
    if plan.rows.is_empty() && !selected.missing.is_empty() {
        return Err(NotFound::rows(&selected.missing).into());
    }
    let card = Card::of(&selected, &choices, &site, ctx.clock.now());
    let view = card.view();
    if args.consent.dry_run {
        ui.show_plan(&view, &site.caveats(), ctx.clock.now())?;
        return Ok(Outcome::Done);
    }
    // Where nothing would leave there is nothing to agree to.
    if plan.to_send().next().is_none() && !plan.has_proofs() {
        let mut show = Show::new(ui, begun(ui, &card, ctx)?, &plan.lanes());
        let tally = replay::without_sending(plan, &mut show);
        let caveats = site.caveats();
        return Summary::of_nothing(tally, show).show(ui, ctx, &site, &caveats);
    }
    if ctx.can_ask(ui) {
        ui.say_plan(&view);
    }
    let agreed = prompt::agree(&view.act, &view.names, &args.consent, &ctx.asked(ui)).await?;
    let Some(consent) = agreed else {
        ui.show_plan(&view, &site.caveats(), ctx.clock.now())?;
        return Ok(Outcome::Unconfirmed);
    };
    if view.names.iter().any(|name| name == NEW_LEDGER) {
        site.accept_new_ledger(&consent).await?;
    }
    let show = Show::new(ui, begun(ui, &card, ctx)?, &plan.lanes());
    let run = Run { args, ctx, ui, site, choices, selected, filter: filter_words(&filter) };
    Box::pin(run.carry_out(show, &consent, signals)).await
}

/// The stream with its plan on it, for scripts. A closed pipe shows here, before anything is sent.
fn begun<'a>(ui: &'a Ui, card: &Card, ctx: &Context) -> anyhow::Result<Option<Stream<'a>>> {
    if ui.look.format != Format::Json {
        return Ok(None);
    }
    let stream = Stream::start(ui, "dlq replay", ctx.clock.now())?;
    stream.event("plan", card)?;
    Ok(Some(stream))
}

/// A filter as the record keeps it.
fn filter_words(filter: &Filter) -> Value {
    let ids: Vec<_> = filter.ids.iter().map(FailureId::as_str).collect();
    json!({
        "ids": ids,
        "since": filter.since,
        "until": filter.until,
        "severities": filter.severities,
        "channels": filter.channels,
        "http_statuses": filter.http_statuses,
        "title": filter.title,
        "fingerprint": filter.fingerprint,
        "no_fallback": filter.no_fallback,
    })
}

async fn plan(
    site: &mut Site,
    args: &ReplayArgs,
    filter: &Filter,
    choices: &Choices,
    ctx: &Context,
) -> anyhow::Result<Selected> {
    let wanted = Wanted { filter, limit: args.limit.number(), choices, now: ctx.clock.now() };
    let channels = site.channel_ids();
    let bot = site.bot().cloned();
    let bot = bot.as_ref().map(|discord| (discord, &channels));
    let Site { source, store, roads, world, .. } = site;
    let road = async |lane: &str| roads.of(world, lane).await;
    Ok(select(source, store, &wanted, bot, road).await?)
}

/// A run that was agreed to.
struct Run<'a> {
    args: &'a ReplayArgs,
    ctx: &'a Context,
    ui: &'a Ui,
    site: Site,
    choices: Choices,
    selected: Selected,
    filter: Value,
}

impl Run<'_> {
    async fn carry_out(
        mut self,
        mut show: Show<'_>,
        consent: &Consent,
        mut signals: Signals,
    ) -> anyhow::Result<Outcome> {
        let (order, orders) = watch::channel(Order::Go);
        let (guild, channel_ids) = (self.site.guild(), self.site.channel_ids());
        let begun = Instant::now();
        let mut signal = None;
        let ended = {
            let Site { source, store, journal, owner, discord, roads, .. } = &mut self.site;
            let parts = Parts {
                store,
                journal,
                source,
                discord,
                webhooks: roads.webhooks(),
                guild: guild.as_deref(),
                channel_ids: &channel_ids,
                choices: self.choices,
                no_wait: self.args.no_wait,
                owner,
                filter: self.filter.clone(),
                watch: &mut show,
                clock: self.ctx.clock,
                hooks: hooks(self.ctx),
            };
            let running = replay::run(parts, &self.selected.plan, consent, orders);
            tokio::pin!(running);
            loop {
                tokio::select! {
                    ended = &mut running => break Some(ended?),
                    outcome = signals.next() => {
                        // The second time: leave now. What is in flight is on record as unsure.
                        if signal.replace(outcome).is_some() {
                            break None;
                        }
                        order.send_replace(Order::Finish);
                        self.ui.note("finishing the message in flight; once more to leave at once");
                    }
                }
            }
        };
        let seconds = begun.elapsed().as_secs();
        let caveats = self.site.caveats();
        let summary = Summary::new(ended, show, seconds, signal);
        summary.show(self.ui, self.ctx, &self.site, &caveats)
    }
}

/// Where a test lets this process die or sleep.
#[cfg_attr(not(feature = "sandbox"), expect(unused_variables, reason = "no hooks here"))]
fn hooks(ctx: &Context) -> Hooks {
    #[cfg(feature = "sandbox")]
    if let Some(word) = ctx.vars.get("PARKY_OPS_HOOK") {
        return Hooks::parse(word);
    }
    Hooks::default()
}
