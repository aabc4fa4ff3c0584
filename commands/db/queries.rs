//! `parky-ops db queries`: what runs for long, and what the server has spent its time on.
//!
//! Reads only.

use std::fmt::{self, Write};
use std::time::Duration;

use parky_ops::database::{
    NoStatements, Queries, RunningQuery, Statement, Statements, queries, statements,
};
use parky_ops::domain::{Caveat, parse_span};
use serde::Serialize;

use super::{caveats, failed, open, seconds, word};
use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Page, Table, Tone, Ui, View, Whole, paint};

/// Show long statements and open transactions, and the most expensive statements where
/// pg_stat_statements counts them
///
/// Exit: 7 where the role may not see what other sessions do.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops db queries
  parky-ops db queries --longer-than 1m --limit 5")]
pub(crate) struct QueriesArgs {
    /// Only what has lasted so long
    #[arg(long, value_name = "SPAN", default_value = "1s", value_parser = span)]
    longer_than: Duration,

    /// Show so many of each kind
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
}

fn span(s: &str) -> Result<Duration, String> {
    let span = parse_span(s).and_then(|span| span.to_std().ok());
    span.ok_or_else(|| "use a span such as 5s or 2m".to_owned())
}

pub(super) async fn run(args: &QueriesArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let (world, mut aid) = open(ctx, ui).await?;
    let found = queries(&mut aid.session, args.longer_than).await.map_err(failed)?;
    let top = statements(&mut aid.session, args.limit).await;
    let mut caveats = caveats(&world, aid.limited_view());
    aid.session.close().await;
    let seen = found.is_some();
    let Queries { mut rows, mut more } = found.unwrap_or_default();
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    more |= rows.len() > limit;
    rows.truncate(limit);
    if more {
        caveats.push(Caveat::new("cut", "there are more statements; raise --limit"));
    }
    let answer = Answer { seen, rows: Whole::cut(rows, more), top: Top::from(top), caveats };
    ui.show(&answer, ctx.clock.now())?;
    Ok(if seen { Outcome::Done } else { Outcome::Partly })
}

#[derive(Debug, Serialize)]
struct Answer {
    /// Whether the role may see what other sessions do; else no rows say nothing.
    seen: bool,
    #[serde(flatten)]
    rows: Whole<RunningQuery>,
    top: Top,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

/// The most expensive statements, or why there are none.
#[derive(Debug, Serialize)]
struct Top {
    available: bool,
    version: Option<String>,
    reason: Option<String>,
    rows: Vec<Statement>,
}

impl From<Result<Statements, NoStatements>> for Top {
    fn from(found: Result<Statements, NoStatements>) -> Self {
        match found {
            Ok(Statements { version, rows }) => {
                Self { available: true, version: Some(version), reason: None, rows }
            }
            Err(why) => Self {
                available: false,
                version: None,
                reason: Some(why.to_string()),
                rows: Vec::new(),
            },
        }
    }
}

impl View for Answer {
    const COMMAND: &'static str = "db queries";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        match (self.seen, self.rows.rows.is_empty()) {
            (false, _) => {
                let unknown = paint(Tone::Unsure, "unknown:");
                writeln!(out, "{unknown} the role may not see what other sessions do.")?;
            }
            (true, true) => {
                writeln!(out, "No statement or transaction of others lasts that long.")?;
            }
            (true, false) => self.running(out, page)?,
        }
        writeln!(out, "\n{}", paint(Tone::Strong, "Most time in all, by pg_stat_statements"))?;
        if let Some(reason) = &self.top.reason {
            return writeln!(out, "{} {reason}", paint(Tone::Unsure, "unknown:"));
        }
        let mut table =
            Table::new(page, ["TOTAL", "MEAN", "CALLS", "ROWS", "I/O", "QUERY"]).lead(3);
        for row in &self.top.rows {
            let ms = |ms: f64| format!("{ms:.1} ms");
            table.row([
                &seconds(Some(row.total_ms / 1000.0)),
                &ms(row.mean_ms),
                &row.calls.to_string(),
                &row.rows.to_string(),
                &ms(row.io_ms),
                word(row.query.as_deref()),
            ]);
        }
        write!(out, "{table}")
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}

impl Answer {
    fn running(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let header = ["PID", "ROLE", "STATE", "FOR", "TRANSACTION", "WAITS FOR", "APP", "QUERY"];
        let mut table = Table::new(page, header).lead(4);
        for row in &self.rows.rows {
            let state = match row.blocking {
                true => format!("{}, blocks others", row.state),
                false => row.state.clone(),
            };
            table.row([
                &row.pid.to_string(),
                word(Some(&row.role)),
                &state,
                &seconds(Some(row.seconds)),
                &seconds(row.transaction_s),
                word(row.waiting_on.as_deref()),
                word(Some(&row.app)),
                word(row.query.as_deref()),
            ]);
        }
        write!(out, "{table}")
    }
}
