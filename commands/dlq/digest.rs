//! `parky-ops dlq digest`: many rows told in a few messages.

use std::time::Instant;

use chrono::TimeDelta;
use parky_ops::discord::pace::Rate;
use parky_ops::dlq::digest::{Told, parts, plan_id};
use parky_ops::dlq::outgoing::PingPolicy;
use parky_ops::dlq::plan::{Choices, Fate, PlannedRow};
use parky_ops::dlq::replay::{self, Hooks, Order, Parts};
use parky_ops::dlq::select::{Selected, Wanted, select};
use parky_ops::dlq::{FailureId, Letter, fingerprint};
use parky_ops::domain::Moment;
use parky_ops::domain::text::counted;
use serde_json::{Map, json};
use tokio::sync::watch;

use super::replay::show::Show;
use super::replay::summary::Summary;
use super::site::Site;
use crate::args::consent::ConsentArgs;
use crate::args::letters::Letters;
use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::Usage;
use crate::signals::Signals;
use crate::ui::{Format, PlanView, Stream, Ui, prompt};

/// Tell many rows in a few messages instead of sending each
///
/// Good for more than 20 rows of P2 or P3 in a channel. Equal alerts are told once, with their count;
/// nobody is pinged.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops dlq digest --channel p3-insights --since 24h --dry-run
  parky-ops dlq digest --weekly --yes")]
pub(crate) struct DigestArgs {
    #[command(flatten)]
    letters: Letters,

    /// The Monday digest: P3 of the last 7 days, to #p3-insights
    #[arg(long)]
    weekly: bool,

    #[command(flatten)]
    consent: ConsentArgs,
}

impl DigestArgs {
    /// The letters that are meant, and the one channel that they go to.
    fn letters(&self) -> anyhow::Result<(Letters, String)> {
        let mut letters = self.letters.clone();
        if self.weekly {
            letters.channels = vec!["p3-insights".to_owned()];
            letters.severities = vec!["P3".to_owned()];
            if letters.window().since.is_none() {
                letters.since(Moment::Ago(TimeDelta::days(7)));
            }
        }
        match &letters.channels[..] {
            [channel] => {
                let channel = channel.clone();
                Ok((letters, channel))
            }
            _ => {
                let text = "a digest goes to one channel: say which".to_owned();
                let hint = "parky-ops dlq digest --channel p3-insights --since 24h";
                Err(Usage::new(text, hint).into())
            }
        }
    }
}

pub(crate) async fn run(args: &DigestArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let now = ctx.clock.now();
    let (letters, channel) = args.letters()?;
    let filter = letters.filter(letters.window().span(TimeDelta::hours(24), now)?).await?;
    let mut site = Site::open(ctx, ui, "digest").await?;
    site.tidy(ui).await?;
    let choices = choices(&site);
    let wanted = Wanted { filter: &filter, limit: None, choices: &choices, now };
    let Site { source, store, roads, world, .. } = &mut site;
    let road = async |lane: &str| roads.of(world, lane).await;
    let Selected { plan, .. } = select(source, store, &wanted, None, road).await?;
    let rows: Vec<PlannedRow> = plan.rows.into_iter().filter(is_told).collect();
    let ids: Vec<FailureId> = rows.iter().map(|row| row.id.clone()).collect();
    let table = site.source.table().clone();
    let letters = table.read_many(site.source.connected().await?, &ids).await?;
    let digest = parts(letters.iter().filter_map(told).collect());
    let view = PlanView {
        command: "dlq digest",
        id: plan_id(&digest),
        act: format!(
            "tell {} in {} to #{channel}",
            counted(rows.len() as u64, "dead letter"),
            counted(digest.len() as u64, "message")
        ),
        target: site.target(),
        changes: vec![
            "the rows are settled once the message that tells them is delivered".to_owned(),
        ],
        warnings: Vec::new(),
        names: Vec::new(),
        more: Map::from_iter([
            ("selected".to_owned(), json!(rows.len())),
            ("messages".to_owned(), json!(digest.len())),
        ]),
    };
    if args.consent.dry_run {
        ui.show_plan(&view, &site.caveats(), now)?;
        return Ok(Outcome::Done);
    }
    let stream = || match ui.look.format {
        Format::Json => Stream::start(ui, "dlq digest", now).map(Some),
        Format::Text => Ok(None),
    };
    if rows.is_empty() {
        let show = Show::new(ui, stream()?, &[].into());
        let caveats = site.caveats();
        return Summary::of_nothing(replay::Tally::default(), show).show(ui, ctx, &site, &caveats);
    }
    if ctx.can_ask(ui) {
        ui.say_plan(&view);
    }
    let agreed = prompt::agree(&view.act, &[], &args.consent, &ctx.asked(ui)).await?;
    let Some(consent) = agreed else {
        ui.show_plan(&view, &site.caveats(), now)?;
        return Ok(Outcome::Unconfirmed);
    };
    let mut show = Show::new(ui, stream()?, &[(channel.as_str(), rows.len())].into());
    let (order, orders) = watch::channel(Order::Go);
    let (guild, channel_ids) = (site.guild(), site.channel_ids());
    let (begun, mut signal) = (Instant::now(), None);
    let ended = {
        let Site { source, store, journal, owner, discord, roads, .. } = &mut site;
        let parts = Parts {
            store,
            journal,
            source,
            discord,
            webhooks: roads.webhooks(),
            guild: guild.as_deref(),
            channel_ids: &channel_ids,
            choices,
            no_wait: false,
            owner,
            filter: json!({ "channel": channel, "since": filter.since }),
            watch: &mut show,
            clock: ctx.clock,
            hooks: Hooks::default(),
        };
        let telling = replay::digest(parts, &channel, &digest, &rows, &consent, orders);
        tokio::pin!(telling);
        loop {
            tokio::select! {
                ended = &mut telling => break Some(ended?),
                outcome = signals.next() => {
                    if signal.replace(outcome).is_some() {
                        break None;
                    }
                    order.send_replace(Order::Finish);
                }
            }
        }
    };
    let caveats = site.caveats();
    Summary::new(ended, show, begun.elapsed().as_secs(), signal).show(ui, ctx, &site, &caveats)
}

fn choices(site: &Site) -> Choices {
    Choices {
        rate: Rate::Polite,
        ping: PingPolicy::None,
        verbatim: true,
        older: true,
        include_maybe: true,
        force_duplicate: true,
        resend_unsure: false,
        lang: site.world.config.lang,
    }
}

/// Rows whose payload is no message can be told too; those in doubt, or settled, are not.
fn is_told(row: &PlannedRow) -> bool {
    use parky_ops::dlq::plan::SkipKind;
    match &row.fate {
        Fate::Send { .. } | Fate::Reject(_) => true,
        Fate::Skip(kind, _) => *kind != SkipKind::Other,
        Fate::Unsure(_) | Fate::Block(_) => false,
    }
}

fn told(letter: &Letter) -> Option<Told> {
    Some(Told {
        id: letter.id.clone()?,
        severity: letter.severity.clone(),
        title: letter.title.clone(),
        attempted_at: letter.attempted_at,
        group: fingerprint::loose(&letter.channel, &letter.severity, &letter.title),
    })
}
