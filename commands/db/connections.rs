//! `parky-ops db connections`: who holds the connections.
//!
//! Reads only.

use std::fmt::{self, Write};

use parky_ops::checks::connections::judge;
use parky_ops::database::{Holder, Holders, holders};
use parky_ops::domain::{Caveat, State};
use serde::Serialize;

use super::{caveats, failed, open, seconds, word};
use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{self, Page, Table, Ui, View, Whole};

/// Count the connections against the limit, by role, application and state
#[derive(clap::Args, Debug)]
pub(crate) struct ConnectionsArgs {}

pub(super) async fn run(_: &ConnectionsArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let (world, mut aid) = open(ctx, ui).await?;
    let Holders { connections, rows, more } = holders(&mut aid.session).await.map_err(failed)?;
    let mut caveats = caveats(&world, aid.limited_view());
    aid.session.close().await;
    if more {
        caveats.push(Caveat::new("cut", "there are more groups than are listed"));
    }
    let judgement = judge(&connections, &world.config.thresholds);
    let answer = Answer {
        used: connections.used,
        usable: connections.usable,
        max_connections: connections.max,
        state: judgement.state,
        says: judgement.reason.text,
        rows: Whole::cut(rows, more),
        caveats,
    };
    ui.show(&answer, ctx.clock.now())?;
    Ok(Outcome::Done)
}

#[derive(Debug, Serialize)]
struct Answer {
    used: u64,
    usable: u64,
    max_connections: u64,
    state: State,
    #[serde(skip)]
    says: String,
    #[serde(flatten)]
    rows: Whole<Holder>,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl View for Answer {
    const COMMAND: &'static str = "db connections";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        writeln!(out, "{}  {}\n", ui::state(self.state), self.says)?;
        let header = ["N", "ROLE", "STATE", "OLDEST TRANSACTION", "OLDEST SESSION", "APP"];
        let mut table = Table::new(page, header).lead(3);
        for row in &self.rows.rows {
            table.row([
                &row.n.to_string(),
                row.role.as_deref().unwrap_or("(background)"),
                row.state.as_deref().unwrap_or("hidden"),
                &seconds(row.oldest_transaction_s),
                &seconds(row.oldest_session_s),
                word(row.app.as_deref()),
            ]);
        }
        write!(out, "{table}")
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
