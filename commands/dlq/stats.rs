//! `parky-ops dlq stats`: how many alerts were lost, where, when, and why. Reads only.

use std::fmt::{self, Write};

use chrono::{DateTime, TimeDelta, Utc};
use parky_ops::dlq::diagnosis::{Diagnosis, diagnose};
use parky_ops::dlq::table::Stats;
use parky_ops::domain::clock::span;
use parky_ops::domain::text::one_line;
use parky_ops::domain::{Caveat, Jst};
use serde::Serialize;

use super::desk::Desk;
use crate::args::window::{Span, Window};
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{Page, Table, Tone, Ui, View, paint};

/// Count the alerts that Discord did not take: by its answer, by channel, over time
///
/// The last 24 h, unless --since says otherwise. Says whether it is the webhook, Discord, the network,
/// the pace or the messages themselves, by the newest hour in which alerts were lost.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops dlq stats
  parky-ops dlq stats --since 1h
  parky-ops dlq stats --since 03:00 --until 04:00 --json")]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    window: Window,
}

pub(crate) async fn run(args: &StatsArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let now = ctx.clock.now();
    let window = args.window.span(TimeDelta::hours(24), now)?;
    let answer = tokio::select! {
        biased;
        outcome = signals.next() => return Ok(outcome),
        answer = ask(window, now, ctx, ui) => answer?,
    };
    ui.show(&answer, now)?;
    Ok(Outcome::Done)
}

async fn ask(window: Span, now: DateTime<Utc>, ctx: &Context, ui: &Ui) -> anyhow::Result<Answer> {
    let mut desk = Desk::open(ctx, ui).await?;
    let settled = desk.known.settled().await.ids;
    let (since, until) = (window.since, window.until.unwrap_or(now));
    let stats = desk.table.stats(&mut desk.session, since, until, &settled).await?;
    // What broke this morning may be mended, and something else broken now.
    let newest = stats.buckets.iter().rev().find(|bucket| bucket.open > 0).map(|bucket| bucket.to);
    let hour = match newest {
        Some(end) if end - since > TimeDelta::hours(1) => {
            let from = end - TimeDelta::hours(1);
            Some(desk.table.stats(&mut desk.session, from, end, &settled).await?)
        }
        _ => None,
    };
    let judged = hour.as_ref().filter(|hour| hour.open > 0).unwrap_or(&stats);
    let Diagnosis { code, text } = diagnose(&judged.answers());
    let text = match newest {
        Some(_) => format!("{text} (from {} to {})", Jst(judged.since), Jst(judged.until)),
        None => text,
    };
    let mut caveats = desk.caveats();
    if stats.undated > 0 {
        let text = format!("{} open rows have no time and are in no window", stats.undated);
        caveats.push(Caveat::new("undated", text));
    }
    Ok(Answer { stats, diagnosis: Diagnosis { code, text }, caveats })
}

#[derive(Debug, Serialize)]
struct Answer {
    #[serde(flatten)]
    stats: Stats,
    diagnosis: Diagnosis,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

/// Widest bar, in columns.
const BAR: usize = 40;

impl View for Answer {
    const COMMAND: &'static str = "dlq stats";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let Stats { since, until, rows, open, .. } = self.stats;
        let window = format!("{} to {} ({})", Jst(since), Jst(until), span(until - since));
        writeln!(out, "{}", paint(Tone::Strong, &window))?;
        writeln!(out, "{open} open, {} not open any more", rows - open.min(rows))?;
        writeln!(out, "{}", one_line(&self.diagnosis.text))?;
        if rows == 0 {
            return Ok(());
        }
        self.by_status(out, page)?;
        self.by_channel(out, page)?;
        self.by_word(out, page)?;
        self.chart(out)
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}

impl Answer {
    fn by_status(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let mut table = Table::new(page, ["HTTP", "OPEN", "ALL"]);
        for row in &self.stats.by_status {
            let status = row.http_status.map_or_else(|| "none".to_owned(), |n| n.to_string());
            table.row([&status, &row.open.to_string(), &row.rows.to_string()]);
        }
        write!(out, "\n{table}")
    }

    fn by_channel(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let mut table = Table::new(page, ["CHANNEL", "OPEN", "ALL"]);
        for row in &self.stats.by_channel {
            let channel = format!("#{}", row.channel);
            table.row([&channel, &row.open.to_string(), &row.rows.to_string()]);
        }
        write!(out, "\n{table}")
    }

    fn by_word(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let mut table = Table::new(page, ["STATUS", "ALL"]);
        for row in &self.stats.by_word {
            table.row([&row.status, &row.rows.to_string()]);
        }
        write!(out, "\n{table}")
    }

    /// A bar for each stretch of time, `█` for open rows and `░` for the others.
    fn chart(&self, out: &mut dyn Write) -> fmt::Result {
        let most = self.stats.buckets.iter().map(|bucket| bucket.rows).max().unwrap_or(0).max(1);
        let columns = |rows: u64| {
            let scaled = (rows * BAR as u64).div_ceil(most);
            usize::try_from(scaled).unwrap_or(BAR)
        };
        writeln!(out)?;
        for bucket in &self.stats.buckets {
            let open = columns(bucket.open);
            let other = columns(bucket.rows).saturating_sub(open);
            let bar = format!("{}{}", "█".repeat(open), "░".repeat(other));
            let line = format!("{}  {:>6}  {bar}", Jst(bucket.from), bucket.rows);
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use parky_ops::dlq::table::{Bucket, ByChannel, ByStatus, ByWord};

    use super::*;

    #[test]
    fn the_page_says_window_cause_and_course() {
        let since: DateTime<Utc> = "2026-11-21T17:00:00Z".parse().unwrap();
        let bucket = |nth: i32, open, rows| Bucket {
            from: since + TimeDelta::minutes(20) * nth,
            to: since + TimeDelta::minutes(20) * (nth + 1),
            open,
            rows,
        };
        let answer = Answer {
            stats: Stats {
                since,
                until: since + TimeDelta::hours(1),
                rows: 15,
                open: 12,
                by_status: vec![
                    ByStatus { http_status: Some(503), open: 9, rows: 9 },
                    ByStatus { http_status: None, open: 3, rows: 6 },
                ],
                by_channel: vec![ByChannel { channel: "p0-\u{1b}[2J".into(), open: 12, rows: 15 }],
                by_word: vec![
                    ByWord { status: "failed".into(), rows: 12 },
                    ByWord { status: "delivered".into(), rows: 3 },
                ],
                buckets: vec![bucket(0, 0, 0), bucket(1, 9, 12), bucket(2, 3, 3)],
                undated: 0,
            },
            diagnosis: Diagnosis {
                code: "discord-down",
                text: "Discord was down (5xx); 12 open".into(),
            },
            caveats: Vec::new(),
        };
        let mut text = String::new();
        answer.text(&mut text, &Page { width: None, now: since }).unwrap();
        let text = text.replace(['\u{2061}', '\u{2062}', '\u{2063}', '\u{2064}'], "");
        insta::assert_snapshot!(text, @r"
        2026-11-22 02:00 JST to 2026-11-22 03:00 JST (1 h 00 min)
        12 open, 3 not open any more
        Discord was down (5xx); 12 open

        HTTP  OPEN  ALL
        503   9     9
        none  3     6

        CHANNEL        OPEN  ALL
        #p0-\u{1b}[2J  12    15

        STATUS     ALL
        failed     12
        delivered  3

        2026-11-22 02:00 JST       0
        2026-11-22 02:20 JST      12  ██████████████████████████████░░░░░░░░░░
        2026-11-22 02:40 JST       3  ██████████
        ");
    }
}
