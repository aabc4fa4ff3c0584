//! `parky-ops db kill PID`: ends the statement of one session, or the session itself.
//!
//! Changes something: shows what runs there and who waits for it, and wants the pid typed.

use std::fmt::{self, Write};
use std::time::Duration;

use parky_ops::database::{After, Aid, Ended, Signal, Victim, kill, open_for_change, victim};
use parky_ops::domain::text::shorten;
use parky_ops::domain::{Caveat, Consent};
use serde::Serialize;
use serde_json::{Map, json};
use tokio::time::Instant;

use super::{seconds, word};
use crate::args::consent::ConsentArgs;
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{Page, PlanView, Tone, Ui, View, paint, prompt};

/// Cancel the statement of a session, or terminate the session
///
/// Cancelling ends the statement that runs, and with it its transaction's locks. A session that sits in
/// an open transaction runs nothing: only --terminate ends that. Sessions of the platform and of the
/// server itself are refused. Whether the session is still the one that was shown is checked again in
/// the statement that ends it.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops db kill 4711 --dry-run
  parky-ops db kill 4711
  parky-ops db kill 4711 --terminate --confirm 4711

Exit: 0 done and seen, 1 it does what it did, 3 refused, 4 no such session, 6 nobody agreed,
7 whether it was sent is not known.")]
pub(crate) struct KillArgs {
    /// The session's process id, as `db locks` shows it
    #[arg(value_name = "PID", value_parser = clap::value_parser!(i64).range(1..=i64::from(i32::MAX)))]
    pid: i64,

    /// End the session, not only its statement
    #[arg(long)]
    terminate: bool,

    #[command(flatten)]
    consent: ConsentArgs,
}

/// How long a person may look at the plan, where `--timeout` does not say otherwise. Each step has a
/// deadline of its own besides.
const LIMIT: Duration = Duration::from_secs(600);

pub(super) async fn run(args: &KillArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let signal = if args.terminate { Signal::Terminate } else { Signal::Cancel };
    let limit = ctx.globals.timeout.unwrap_or(LIMIT);
    let world = ctx.world(limit)?;
    ctx.announce(ui, &world.config);
    let look = async {
        let mut aid = open_for_change(&world, Instant::now() + limit).await?;
        let found = victim(&mut aid.session, args.pid).await?;
        anyhow::Ok((aid, found))
    };
    let mut signals = Signals::listen()?;
    let (mut aid, found) = tokio::select! {
        biased;
        outcome = signals.next() => return Ok(outcome),
        looked = look => looked?,
    };
    let caveats = world.caveats();
    let plan = plan(&aid, &found, signal);
    if args.consent.dry_run {
        aid.session.close().await;
        ui.show_plan(&plan, &caveats, ctx.clock.now())?;
        return Ok(Outcome::Done);
    }
    let asked = ctx.asked(ui);
    let named = args.consent.confirm.iter().any(|name| plan.names.contains(name));
    if asked.can_ask || named {
        ui.say_plan(&plan);
    }
    // The question listens by itself.
    signals.hand_on();
    let agreed = prompt::agree(&plan.act, &plan.names, &args.consent, &asked).await?;
    let Some(consent) = agreed else {
        aid.session.close().await;
        if !asked.can_ask {
            ui.show_plan(&plan, &caveats, ctx.clock.now())?;
        }
        ui.note(&format!("nothing was done; it wants the pid typed, or --confirm {}", args.pid));
        return Ok(Outcome::Unconfirmed);
    };
    let mut signals = Signals::listen()?;
    let ended = tokio::select! {
        biased;
        outcome = signals.next() => {
            ui.say("interrupted: whether the signal was sent is not known");
            return Ok(outcome);
        }
        ended = kill(&mut aid.session, &found, signal, &consent) => ended?,
    };
    aid.session.close().await;
    let next = next(&ended, signal, args.pid).map(|words| {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        ctx.invocation(&world.config.env).own(words)
    });
    show(ended, &found, signal, &consent, next, caveats, ctx, ui)
}

/// What to type where the signal did not help.
fn next(ended: &Ended, signal: Signal, pid: i64) -> Option<Vec<String>> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match (ended.session, signal) {
        (After::Gone, _) => None,
        (After::Cancelled, _) if ended.blocked_after == 0 => None,
        (_, Signal::Cancel) => Some(words(&["db", "kill", &pid.to_string(), "--terminate"])),
        (_, Signal::Terminate) => Some(words(&["db", "locks"])),
    }
}

fn plan(aid: &Aid, found: &Victim, signal: Signal) -> PlanView {
    let known = [
        ("database", json!(aid.target.to_string())),
        ("project", json!(aid.target.supabase_ref)),
        ("url_from", json!(aid.from.to_string())),
        ("pid", json!(found.pid)),
        ("role", json!(found.role)),
        ("app", json!(found.app)),
        ("state", json!(found.state)),
        ("query", json!(found.query)),
    ];
    let known = known.into_iter().filter(|(_, value)| !value.is_null());
    let target = known.map(|(key, value)| (key.to_owned(), value)).collect();
    let mut more = Map::new();
    more.insert("signal".to_owned(), json!(signal));
    more.insert("session".to_owned(), json!(found));
    let blocks: Vec<_> = found.behind.iter().map(|waiter| waiter.pid).collect();
    more.insert("blocks".to_owned(), json!(blocks));
    PlanView {
        command: "db kill",
        id: format!("{}-{}", found.pid, found.backend_start),
        act: found.act(signal),
        target,
        changes: changes(found, signal),
        warnings: warnings(found, signal),
        names: vec![found.pid.to_string()],
        more,
    }
}

/// Waiting sessions that are told one by one.
const TOLD: usize = 10;

fn changes(found: &Victim, signal: Signal) -> Vec<String> {
    let what = match signal {
        Signal::Cancel if !found.is_active() => "nothing: no statement runs",
        Signal::Cancel => "its statement ends with an error, and its transaction is rolled back",
        Signal::Terminate => "its connection breaks, and its transaction is rolled back",
    };
    let open = found.transaction_s.map(|_| seconds(found.transaction_s));
    let open = open.map(|open| format!(" (open for {open})")).unwrap_or_default();
    let freed = match found.behind.len() {
        0 => "no session waits for it".to_owned(),
        1 => "1 session waits for it".to_owned(),
        n => format!("{n} sessions wait for it"),
    };
    let waiting = found.behind.iter().take(TOLD).map(|waiter| {
        let query = shorten(word(waiter.query.as_deref()), 120);
        let (role, since) = (word(waiter.role.as_deref()), seconds(waiter.waits_s));
        format!("pid {} ({role}) has waited for {since}: {query}", waiter.pid)
    });
    [format!("{what}{open}"), freed].into_iter().chain(waiting).collect()
}

fn warnings(found: &Victim, signal: Signal) -> Vec<String> {
    let nothing_runs = (signal == Signal::Cancel && !found.is_active()).then(|| {
        format!("it is {}: no statement runs that could be cancelled; use --terminate", found.state)
    });
    let in_the_middle = (!found.waits_for.is_empty()).then(|| {
        let pids: Vec<_> = found.waits_for.iter().take(TOLD).map(ToString::to_string).collect();
        format!("it waits itself for pid {}: the root of the queue is there", pids.join(", "))
    });
    let harmless = found.behind.is_empty().then(|| "ending it frees nobody".to_owned());
    nothing_runs.into_iter().chain(in_the_middle).chain(harmless).collect()
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    executed: bool,
    act: String,
    signal: Signal,
    target: &'a Victim,
    #[serde(flatten)]
    ended: Ended,
    audit: String,
    next: Option<String>,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

#[expect(clippy::too_many_arguments, reason = "the parts of one answer")]
fn show(
    ended: Ended,
    found: &Victim,
    signal: Signal,
    consent: &Consent,
    next: Option<String>,
    caveats: Vec<Caveat>,
    ctx: &Context,
    ui: &Ui,
) -> anyhow::Result<Outcome> {
    let failed = ended.session == After::Unchanged;
    let (act, audit) = (found.act(signal), consent.audit());
    let answer = Answer { executed: true, act, signal, target: found, ended, audit, next, caveats };
    ui.show(&answer, ctx.clock.now())?;
    ui.note(&answer.audit);
    Ok(if failed { Outcome::Failed } else { Outcome::Done })
}

impl View for Answer<'_> {
    const COMMAND: &'static str = "db kill";

    fn text(&self, out: &mut dyn Write, _: &Page) -> fmt::Result {
        let pid = self.target.pid;
        let Ended { sent, session, state, blocked_before, blocked_after } = &self.ended;
        let state = word(state.as_deref());
        match (session, sent) {
            (After::Gone, true) => writeln!(out, "pid {pid} is gone."),
            (After::Gone, false) => {
                writeln!(out, "pid {pid} had ended by itself; nothing was sent.")
            }
            (After::Cancelled, _) => {
                writeln!(out, "The statement of pid {pid} has ended; the session is {state}.")
            }
            (After::Unchanged, _) => {
                let no = paint(Tone::Bad, "No effect:");
                writeln!(out, "{no} pid {pid} is still {state}.")
            }
        }?;
        writeln!(out, "Sessions behind it: {blocked_before} before, {blocked_after} now.")?;
        match &self.next {
            Some(next) => {
                writeln!(out, "{} {}", paint(Tone::Good, "try:"), paint(Tone::Strong, next))
            }
            None => Ok(()),
        }
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
