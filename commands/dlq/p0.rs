//! `parky-ops dlq p0`: every open P0, and whether anyone was told. A verdict; reads only.

use std::fmt::{self, Write};
use std::time::Instant;

use parky_ops::checks::dlq::{ByLedger, P0, Span, judge_p0};
use parky_ops::dlq::table::OpenP0;
use parky_ops::domain::{Caveat, Check, Reason, Source, Verdict};
use serde::Serialize;

use super::desk::Desk;
use super::row::{Leaks, LetterRow};
use crate::args::letters::Limit;
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{self, Page, Row as _, Table, Ui, View};

/// Tell every open P0, those first of which nobody was told by mail either
///
/// Exit 10 where nobody was told of one of the last 24 h.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: parky-ops dlq p0 --json")]
pub(crate) struct P0Args {
    /// Show so many rows; all are counted
    #[arg(long, value_name = "N|all", default_value = "1000")]
    limit: Limit,
}

pub(crate) async fn run(args: &P0Args, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let answer = tokio::select! {
        biased;
        outcome = signals.next() => return Ok(outcome),
        answer = ask(args, ctx, ui) => answer?,
    };
    ui.show(&answer, ctx.clock.now())?;
    let checks = std::slice::from_ref(&answer.check);
    Ok(Outcome::of_checks(checks, ctx.globals.fail_on.is_some()))
}

async fn ask(args: &P0Args, ctx: &Context, ui: &Ui) -> anyhow::Result<Answer> {
    let begun = Instant::now();
    let mut desk = Desk::open(ctx, ui).await?;
    let settled = desk.known.settled().await;
    let most = args.limit.number().and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
    let found = desk.table.p0(&mut desk.session, &settled.ids, most, ctx.clock.now()).await?;
    let ids: Vec<_> = found.rows.iter().filter_map(|row| row.id.clone()).collect();
    let items = desk.known.items(&ids).await;
    let mut leaks = Leaks::default();
    let mut row = |letter| {
        let letter: &parky_ops::dlq::Letter = letter;
        let item = letter.id.as_ref().and_then(|id| items.get(id));
        LetterRow::new(letter, item, &desk.table, &mut leaks)
    };
    let rows = found.rows.iter().map(&mut row).collect();
    let judgement = judge_p0(&counts(&found, settled.only_delivered, desk.table.is_filtered()));
    let check = judgement.check(Source::Dlq, "p0", desk.world.times(begun));
    let mut caveats = desk.caveats();
    if found.more {
        let text = "more rows exist: raise --limit; all of them are counted";
        caveats.push(Caveat::new("more", text));
    }
    caveats.extend(leaks.caveat());
    Ok(Answer {
        verdict: Verdict::over([&check]),
        reason: check.reason.clone(),
        untold: found.untold + found.untold_older,
        untold_24h: found.untold,
        told: found.told + found.told_older,
        rows,
        complete: true,
        more: found.more,
        check,
        caveats,
    })
}

fn counts(found: &OpenP0, only_delivered: bool, filtered: bool) -> P0 {
    let OpenP0 { untold, told, untold_older, told_older, .. } = *found;
    let times = || found.rows.iter().filter_map(|row| row.attempted_at);
    let span = Span { first_at: times().min(), last_at: times().max() };
    let by_ledger = ByLedger { rows: found.settled, only_delivered };
    P0 { untold, told, untold_older, told_older, by_ledger, span, filtered }
}

#[derive(Debug, Serialize)]
struct Answer {
    verdict: Verdict,
    reason: Reason,
    /// All of which nobody was told, however old.
    untold: u64,
    untold_24h: u64,
    told: u64,
    rows: Vec<LetterRow>,
    complete: bool,
    more: bool,
    #[serde(skip)]
    check: Check,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl View for Answer {
    const COMMAND: &'static str = "dlq p0";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        writeln!(out, "{}  {}", ui::state(self.verdict.state()), self.reason.text)?;
        if self.rows.is_empty() {
            return Ok(());
        }
        writeln!(out)?;
        let header = ["WHEN", "ID", "CHANNEL", "HTTP", "TOLD BY MAIL", "TITLE", "ERROR"];
        let mut table = Table::new(page, header);
        for row in &self.rows {
            let [when, id, channel, _, http, _, _, title, error] = row.cells();
            let told = if row.fallback_email_sent { "yes" } else { "NO" };
            table.row([&when, &id, &channel, &http, told, &title, &error]);
        }
        write!(out, "{table}")
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
