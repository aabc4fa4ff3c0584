//! `parky-ops triage`: every first-response check at once, one verdict, the next three commands.
//!
//! Reads only. The answer is kept in the local state, so that the next triage can tell since when
//! things have been red.

mod ask;
mod markdown;
mod memory;
mod view;
mod watch;

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::builder::TypedValueParser as _;
use parky_ops::checks::{World, gather};
use parky_ops::config::Lang;
use parky_ops::domain::{Moment, Source, parse_span};
use parky_ops::triage::{Question, Symptom, Triage, judge};
use tokio::time::Instant;

use self::memory::Memory;
use crate::args::host::find_host;
use crate::args::severity::SeverityArgs;
use crate::completion::{self, Kind};
use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::Usage;
use crate::signals::Signals;
use crate::ui::{Format, Progress, Ui};

/// Ask everything at once: what is broken, since when, why, who knows, what next
///
/// Exit: 0 green or yellow, 7 something could not be measured, 10 red. With --watch: 130 at Ctrl-C;
/// JSON is then one document a line, the first answer and one for each change.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops triage
  parky-ops triage --started 03:12 --symptom error-rate
  parky-ops triage --only hosts,workers --json
  parky-ops triage --watch 30s
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

    #[command(flatten)]
    severity: SeverityArgs,

    /// Ask only these sources
    #[arg(long, value_name = "SOURCE", value_delimiter = ',', value_parser = sources())]
    only: Vec<String>,

    /// Leave these sources out
    #[arg(long, value_name = "SOURCE", value_delimiter = ',', value_parser = sources())]
    skip: Vec<String>,

    /// Ask again and again, print only what has changed, and ring the bell [default: every 30s]
    #[arg(
        long,
        value_name = "SPAN",
        num_args = 0..=1,
        default_missing_value = "30s",
        value_parser = interval,
        conflicts_with = "markdown"
    )]
    watch: Option<Duration>,

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

fn interval(s: &str) -> Result<Duration, String> {
    let span = parse_span(s).and_then(|span| span.to_std().ok());
    span.filter(|span| !span.is_zero()).ok_or_else(|| "use a span such as 30s or 2m".to_owned())
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
    let question = args.question(&world, ctx.clock.now())?;
    ctx.announce(ui, &world.config);
    let whole = args.whole();
    let mut asking = Asking { ctx, ui, world: &world, wanted, limit, whole, question };
    if let Some(every) = args.watch {
        return watch::run(asking, every, &mut signals).await;
    }
    let begun = Instant::now();
    let mut round = asking.round(&mut signals).await;
    show(&round.answer, args, &world, ui, ctx.clock.now())?;
    // What was asked for is on the screen; keeping it must not hold up a deadline.
    asking.keep(&mut round, begun).await;
    if let Some(outcome) = round.stopped {
        return Ok(outcome);
    }
    if ask::worth_asking(&round.answer) && ctx.can_ask(ui) && !args.markdown {
        let (question, now) = (&mut asking.question, ctx.clock.now());
        let asked = ask::complete(question, &round.answer, &world, ui, &mut signals, now);
        if let Some(outcome) = asked.await? {
            return Ok(outcome);
        }
    }
    Ok(Outcome::of_checks(&round.answer.checks, ctx.globals.fail_on.is_some()))
}

/// What is asked, once or again and again.
struct Asking<'a> {
    ctx: &'a Context,
    ui: &'a Ui,
    world: &'a World,
    wanted: BTreeSet<Source>,
    /// For one answer.
    limit: Duration,
    /// Whether no source is left out.
    whole: bool,
    question: Question,
}

/// One answer.
struct Round {
    answer: Triage,
    memory: Memory,
    /// The signal that cut it short.
    stopped: Option<Outcome>,
}

impl Asking<'_> {
    /// Asks everything once.
    async fn round(&mut self, signals: &mut Signals) -> Round {
        let Self { ctx, ui, world, wanted, limit, question, .. } = self;
        let asked: Vec<_> = Source::TRIAGE.into_iter().filter(|s| wanted.contains(s)).collect();
        let mut progress = Progress::new(&ui.look, &asked);
        let mut stopped = None;
        let stop = async { stopped = Some(signals.next().await) };
        let watch = |source, name: &str, state| progress.seen(source, name, state);
        let recalled = Memory::recall(world, ctx.clock.now());
        let (mut memory, gathered) =
            tokio::join!(recalled, gather(world, wanted, *limit, stop, watch));
        drop(progress);
        question.red_streak = memory.red_streak;
        let invocation = ctx.invocation(&world.config.env);
        let mut answer = judge(gathered, question, &world.config, &invocation, ctx.clock.now());
        answer.caveats.extend(world.caveats());
        answer.caveats.append(&mut memory.caveats);
        Round { answer, memory, stopped }
    }

    /// Keeps the answer that was begun at `begun`, or says why not.
    async fn keep(&self, round: &mut Round, begun: Instant) {
        let left = self.limit.saturating_sub(begun.elapsed()).max(Duration::from_millis(200));
        let whole = self.whole && round.stopped.is_none();
        if let Err(error) = round.memory.keep(&round.answer, self.world, whole, left).await {
            self.ui.note(&format!("this triage was not kept: {error:#}"));
        }
    }
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
            answers: self.severity.answers(),
            red_streak: None,
        })
    }
}
