//! `parky-ops triage`: every first-response check at once, one verdict, the next three commands.
//!
//! Reads only. The answer is kept in the local state, so that the next triage can tell since when
//! things have been red.

mod ask;
mod markdown;
mod memory;
mod view;

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::builder::TypedValueParser as _;
use parky_ops::checks::{World, gather};
use parky_ops::config::Lang;
use parky_ops::domain::severity::{Answers, Impact};
use parky_ops::domain::{Moment, Source};
use parky_ops::triage::{Question, Symptom, Triage, judge};

use self::memory::Memory;
use crate::args::host::find_host;
use crate::completion::{self, Kind};
use crate::context::Context;
use crate::exit::Outcome;
use crate::report::Usage;
use crate::signals::Signals;
use crate::ui::{Format, Progress, Ui};

/// Ask everything at once: what is broken, since when, why, who knows, what next
///
/// Exit: 0 green or yellow, 7 something could not be measured, 10 red.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops triage
  parky-ops triage --started 03:12 --symptom error-rate
  parky-ops triage --only hosts,workers --json
  parky-ops --sandbox triage")]
pub(crate) struct TriageArgs {
    /// The host that is affected, as named in the configuration
    #[arg(long, add = completion::of(Kind::Host))]
    host: Option<String>,

    /// What it looks like from outside
    #[arg(long, value_parser = symptom())]
    symptom: Option<Symptom>,

    /// When it started: 2h (ago), 03:12 (JST) or RFC 3339 [default: from the signs]
    #[arg(long, value_name = "TIME")]
    started: Option<Moment>,

    /// Are users of production hit? yes, no or unknown
    #[arg(long, value_name = "ANSWER", help_heading = "Severity")]
    prod_impact: Option<Impact>,

    /// Production is fully down
    #[arg(long, help_heading = "Severity")]
    full_outage: bool,

    /// Payments fail
    #[arg(long, help_heading = "Severity")]
    payment: bool,

    /// Data is lost or damaged
    #[arg(long, help_heading = "Severity")]
    data_loss: bool,

    /// Security is affected
    #[arg(long, help_heading = "Severity")]
    security: bool,

    /// Only dev, or only monitoring, is affected
    #[arg(long, help_heading = "Severity")]
    dev_only: bool,

    /// Ask only these sources
    #[arg(long, value_name = "SOURCE", value_delimiter = ',', value_parser = sources())]
    only: Vec<String>,

    /// Leave these sources out
    #[arg(long, value_name = "SOURCE", value_delimiter = ',', value_parser = sources())]
    skip: Vec<String>,

    /// Print Markdown for the incident thread
    #[arg(long)]
    markdown: bool,

    /// Language of the Markdown [default: lang of the configuration]
    #[arg(long, value_parser = ["ja", "en"])]
    lang: Option<String>,
}

fn symptom() -> impl clap::builder::TypedValueParser<Value = Symptom> {
    let words = Symptom::WORDS.map(|(word, _)| word);
    clap::builder::PossibleValuesParser::new(words).try_map(|word| word.parse::<Symptom>())
}

fn sources() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(Source::TRIAGE.map(Source::word))
}

/// Deadline of the whole command, where `--timeout` does not say otherwise.
const LIMIT: Duration = Duration::from_secs(15);

pub(crate) async fn run(args: &TriageArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    if args.markdown && ui.look.format == Format::Json {
        let text = "--markdown and JSON are two forms of one answer: choose one".to_owned();
        return Err(Usage::new(text, "parky-ops triage --markdown").into());
    }
    let wanted = args.wanted()?;
    let limit = ctx.globals.timeout.unwrap_or(LIMIT);
    let world = ctx.world(limit)?;
    let mut question = args.question(&world, ctx.clock.now())?;
    ctx.announce(ui, &world.config);

    let begun = tokio::time::Instant::now();
    let asked: Vec<_> = Source::TRIAGE.into_iter().filter(|s| wanted.contains(s)).collect();
    let mut progress = Progress::new(&ui.look, &asked);
    let mut signal = None;
    let stop = async { signal = Some(signals.next().await) };
    let watch = |source, name: &str, state| progress.seen(source, name, state);
    let recalled = Memory::recall(&world, ctx.clock.now());
    let (mut memory, gathered) =
        tokio::join!(recalled, gather(&world, &wanted, limit, stop, watch));
    drop(progress);
    question.red_streak = memory.red_streak;
    let invocation = ctx.invocation(&world.config.env);
    let now = ctx.clock.now();
    let mut answer = judge(gathered, &question, &world.config, &invocation, now);
    answer.caveats.extend(world.caveats());
    answer.caveats.append(&mut memory.caveats);
    show(&answer, args, &world, ui, now)?;
    // What was asked for is on the screen; keeping it must not hold up a deadline.
    let left = limit.saturating_sub(begun.elapsed()).max(Duration::from_millis(200));
    let whole = args.whole() && signal.is_none();
    if let Err(error) = memory.keep(&answer, &world, whole, left).await {
        ui.note(&format!("this triage was not kept: {error:#}"));
    }
    if let Some(outcome) = signal {
        return Ok(outcome);
    }
    if ask::worth_asking(&answer) && ctx.can_ask(ui) && !args.markdown {
        let now = ctx.clock.now();
        if let Some(outcome) =
            ask::complete(&mut question, &answer, &world, ui, &mut signals, now).await?
        {
            return Ok(outcome);
        }
    }
    Ok(Outcome::of_checks(&answer.checks, ctx.globals.fail_on.is_some()))
}

fn show(
    answer: &Triage,
    args: &TriageArgs,
    world: &World,
    ui: &Ui,
    now: DateTime<Utc>,
) -> std::io::Result<()> {
    if args.markdown {
        let lang = match args.lang.as_deref() {
            Some("en") => Lang::En,
            Some(_) => Lang::Ja,
            None => world.config.lang,
        };
        ui.show_page(&markdown::page(answer, &world.config.env, lang, now))
    } else {
        let (env, sandbox) = (&world.config.env, ui.sandbox());
        ui.show(&view::Page { answer, env, sandbox, all: ui.look.verbose }, now)
    }
}

impl TriageArgs {
    fn wanted(&self) -> anyhow::Result<BTreeSet<Source>> {
        let named = |words: &[String]| -> BTreeSet<Source> {
            words.iter().filter_map(|word| word.parse().ok()).collect()
        };
        let (only, skip) = (named(&self.only), named(&self.skip));
        let all = Source::TRIAGE.into_iter();
        let wanted: BTreeSet<_> =
            all.filter(|s| (only.is_empty() || only.contains(s)) && !skip.contains(s)).collect();
        if wanted.is_empty() {
            let error = Usage::new("nothing is left to ask".to_owned(), "parky-ops triage");
            return Err(error.into());
        }
        Ok(wanted)
    }

    fn whole(&self) -> bool {
        self.only.is_empty() && self.skip.is_empty()
    }

    fn question(&self, world: &World, now: DateTime<Utc>) -> anyhow::Result<Question> {
        let started = self.started.map(|moment| moment.before(now)).transpose();
        let started = started.map_err(|error| {
            Usage::new(format!("--started: {error}"), "parky-ops triage --started 03:12")
        })?;
        let host = self.host.as_deref().map(|host| find_host(&world.config.hosts, host));
        Ok(Question {
            started,
            host: host.transpose()?,
            symptom: self.symptom,
            answers: Answers {
                prod_impact: self.prod_impact,
                full_outage: self.full_outage,
                payment: self.payment,
                data_loss: self.data_loss,
                security: self.security,
                dev_only: self.dev_only,
            },
            red_streak: None,
            psql: world.psql(),
        })
    }
}
