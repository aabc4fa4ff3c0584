//! `parky-ops triage`: every first-response check at once, one verdict, the next three commands.
//!
//! Reads only. The answer is kept in the local state, so that the next triage can tell since when
//! things have been red.

mod ask;
mod markdown;
mod view;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use parky_ops::checks::{World, gather};
use parky_ops::config::{Host, Lang};
use parky_ops::domain::severity::{Answers, Impact};
use parky_ops::domain::text::nearest;
use parky_ops::domain::{Caveat, Moment, Source};
use parky_ops::state::{Remembered, State};
use parky_ops::triage::{Question, Symptom, Triage, judge};

use crate::context::Context;
use crate::exit::Outcome;
use crate::report::Usage;
use crate::signals::Signals;
use crate::ui::{Progress, Ui};

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
    #[arg(long)]
    host: Option<String>,

    /// What it looks like from outside
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Symptom::WORDS.map(|w| w.0)))]
    symptom: Option<String>,

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
    #[arg(long, conflicts_with = "json")]
    markdown: bool,

    /// Language of the Markdown [default: lang of the configuration]
    #[arg(long, value_parser = ["ja", "en"])]
    lang: Option<String>,
}

fn sources() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(Source::TRIAGE.map(Source::word))
}

/// Deadline of the whole command, where `--timeout` does not say otherwise.
const LIMIT: Duration = Duration::from_secs(15);

pub(crate) async fn run(args: &TriageArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
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
    let memory = async {
        let mut memory = Memory::open(&world).await;
        let streak = memory.red_streak(&world, ctx.clock.now()).await;
        (memory, streak)
    };
    let ((mut memory, streak), gathered) =
        tokio::join!(memory, gather(&world, &wanted, limit, stop, watch));
    drop(progress);
    question.red_streak = streak;
    let invocation = ctx.invocation(&world.config.env);
    let now = ctx.clock.now();
    let mut answer = judge(gathered, &question, &world.config, &invocation, now);
    answer.caveats.extend(world.caveats());
    answer.caveats.append(&mut memory.caveats);
    show(&answer, args, &world, ui, now)?;
    // What was asked for is on the screen; keeping it must not hold up a deadline.
    let left = limit.saturating_sub(begun.elapsed()).max(Duration::from_millis(200));
    let kept = tokio::time::timeout(left, memory.keep(&answer, &world, args.whole())).await;
    if let Ok(Err(error)) = kept {
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
        ui.show(&view::Page { answer, env: &world.config.env, sandbox: ui.sandbox() }, now)
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
        let symptom = self.symptom.as_deref();
        Ok(Question {
            started,
            host: host.transpose()?,
            symptom: Symptom::WORDS.into_iter().find(|w| Some(w.0) == symptom).map(|w| w.1),
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

/// The configured host that `word` names: its whole name, or a part that only one host has.
pub(crate) fn find_host(hosts: &[Host], word: &str) -> anyhow::Result<String> {
    let by_name = |host: &&Host| host.name == word || host.url.host_str() == Some(word);
    if let Some(host) = hosts.iter().find(by_name) {
        return Ok(host.name.clone());
    }
    let mut parts = hosts.iter().filter(|host| host.name.contains(word));
    match (parts.next(), parts.next()) {
        (Some(host), None) => Ok(host.name.clone()),
        (first, _) => {
            let names = || hosts.iter().map(|host| host.name.as_str());
            let says = match (first, nearest(word, names())) {
                (Some(_), _) => format!("'{word}' fits several hosts: {}", list(names())),
                (None, Some(near)) => format!("no host '{word}', did you mean '{near}'?"),
                (None, None) => format!("no host '{word}'; there are {}", list(names())),
            };
            Err(Usage::new(says, "parky-ops config show").into())
        }
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// The local state, as far as it can be used: a triage never fails for want of it.
struct Memory {
    state: Option<State>,
    caveats: Vec<Caveat>,
}

impl Memory {
    async fn open(world: &World) -> Self {
        let Some(directory) = &world.config.state_dir else {
            let text = "no home directory: this triage is not kept, and earlier ones are not known";
            return Self { state: None, caveats: vec![Caveat::new("no-state", text)] };
        };
        match State::open(directory).await {
            Ok(state) => {
                let damaged = state.replaced().map(|path| {
                    let text = format!(
                        "the local state was damaged and starts anew; kept as {}",
                        path.display()
                    );
                    Caveat::new("state-damaged", text)
                });
                Self { state: Some(state), caveats: damaged.into_iter().collect() }
            }
            Err(error) => {
                let text = format!("this triage is not kept: {error}");
                Self { state: None, caveats: vec![Caveat::new("no-state", text)] }
            }
        }
    }

    async fn red_streak(&mut self, world: &World, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.state.as_mut()?.red_streak(&world.config.env, now).await {
            Ok(streak) => streak,
            Err(error) => {
                let text = format!("earlier triages could not be read: {error}");
                self.caveats.push(Caveat::new("no-state", text));
                None
            }
        }
    }

    async fn keep(&mut self, answer: &Triage, world: &World, whole: bool) -> anyhow::Result<()> {
        let Some(mut state) = self.state.take() else { return Ok(()) };
        let document = serde_json::to_string(answer).context("writing the answer as JSON")?;
        let triage = Remembered {
            at: world.clock.now(),
            env: &world.config.env,
            whole,
            verdict: answer.verdict,
            document: &world.redactor.clean(&document),
        };
        state.remember(&triage).await?;
        Ok(state.close().await?)
    }
}
