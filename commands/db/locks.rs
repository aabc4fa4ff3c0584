//! `parky-ops db locks`: who blocks whom, root first.
//!
//! Reads only.

use std::fmt::{self, Write};

use parky_ops::database::{HeldLock, LockRow, Locks, locks};
use parky_ops::domain::{Caveat, Invocation};
use serde::Serialize;

use super::{caveats, failed, open, seconds, word};
use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Page, Table, Tone, Ui, View, Whole, paint};

/// Show the sessions that block others, with the session at the root of each queue
///
/// Waits for tables count as well as waits for rows: an ALTER TABLE behind an open transaction, and
/// everybody behind the ALTER TABLE.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops db locks
  parky-ops db kill 4711 --terminate")]
pub(crate) struct LocksArgs {}

pub(super) async fn run(_: &LocksArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let (world, mut aid) = open(ctx, ui).await?;
    let found = locks(&mut aid.session).await.map_err(failed)?;
    let mut caveats = caveats(&world, aid.limited_view());
    aid.session.close().await;
    caveats.extend(of(&found));
    let invocation = ctx.invocation(&world.config.env);
    let Locks { rows, more, waiting, locks, more_locks } = found;
    let rows = Whole::cut(rows, more);
    let answer = Answer { rows, waiting, locks, more_locks, invocation, caveats };
    ui.show(&answer, ctx.clock.now())?;
    Ok(Outcome::Done)
}

fn of(found: &Locks) -> Vec<Caveat> {
    let circle = found.is_circle().then(|| {
        let text = "the sessions that wait, wait for each other: the server ends one of them by itself \
                    (deadlock_timeout)";
        Caveat::new("circle", text)
    });
    let prepared = found.rows.iter().any(|row| row.root_pid == 0).then(|| {
        let text = "pid 0 is a prepared transaction without a session: see pg_prepared_xacts; only \
                    ROLLBACK PREPARED or COMMIT PREPARED ends it";
        Caveat::new("prepared-transaction", text)
    });
    let cut = (found.more || found.more_locks)
        .then(|| Caveat::new("cut", "there are more roots or locks than are listed"));
    circle.into_iter().chain(prepared).chain(cut).collect()
}

#[derive(Debug, Serialize)]
struct Answer {
    #[serde(flatten)]
    rows: Whole<LockRow>,
    waiting: u64,
    locks: Vec<HeldLock>,
    more_locks: bool,
    #[serde(skip)]
    invocation: Invocation,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl View for Answer {
    const COMMAND: &'static str = "db locks";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        if self.waiting == 0 {
            writeln!(out, "No session waits for another.")?;
        } else {
            self.roots(out, page)?;
        }
        if self.locks.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", paint(Tone::Strong, "Locks that are waited for or keep others out"))?;
        let header = ["PID", "ROLE", "LOCK", "ON", "STATE", "TRANSACTION", "QUERY"];
        let mut table = Table::new(page, header).lead(4);
        for lock in &self.locks {
            let pid = lock.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
            let kept = if lock.granted { "holds" } else { "wants" };
            let mode = format!("{kept} {}", lock.mode);
            table.row([
                &pid,
                word(lock.role.as_deref()),
                &mode,
                &lock.target,
                word(lock.state.as_deref()),
                &seconds(lock.transaction_s),
                word(lock.query.as_deref()),
            ]);
        }
        write!(out, "{table}")
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}

impl Answer {
    fn roots(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let header =
            ["ROOT", "ROLE", "APP", "STATE", "OPEN FOR", "BLOCKS", "DEPTH", "LONGEST", "QUERY"];
        let mut table = Table::new(page, header).lead(4);
        for row in &self.rows.rows {
            table.row([
                &row.root_pid.to_string(),
                word(row.root_role.as_deref()),
                word(row.root_app.as_deref()),
                word(row.root_state.as_deref()),
                &seconds(row.root_seconds),
                &row.blocked.to_string(),
                &row.depth.to_string(),
                &seconds(row.longest_wait_s),
                word(row.root_query.as_deref()),
            ]);
        }
        write!(out, "{table}")?;
        let Some(worst) = self.rows.rows.iter().find(|row| row.root_pid != 0) else {
            return Ok(());
        };
        let pid = worst.root_pid.to_string();
        // A session that sits in its transaction has no statement to cancel.
        let words: &[&str] = match worst.root_state.as_deref() {
            Some("active") => &["db", "kill", &pid],
            _ => &["db", "kill", &pid, "--terminate"],
        };
        let command = self.invocation.own(words.iter().copied());
        writeln!(out, "\n{} {}", paint(Tone::Good, "try:"), paint(Tone::Strong, &command))
    }
}
