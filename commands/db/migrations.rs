//! `parky-ops db migrations`: the newest migrations, as the Supabase CLI keeps them.
//!
//! Reads only.

use std::fmt::{self, Write};

use anyhow::Context as _;
use parky_ops::database::{Migration, Migrations, migrations};
use parky_ops::domain::{Caveat, Jst};
use serde::Serialize;

use super::{caveats, open, word};
use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Page, Table, Ui, View, Whole};

/// List the newest migrations of the database
///
/// The table supabase_migrations.schema_migrations tells which were applied and when their files were
/// made, not when they were applied.
#[derive(clap::Args, Debug)]
pub(crate) struct MigrationsArgs {
    /// Show so many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

pub(super) async fn run(args: &MigrationsArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let (world, mut aid) = open(ctx, ui).await?;
    let found = migrations(&mut aid.session, args.limit).await;
    let mut caveats = caveats(&world, None);
    aid.session.close().await;
    let Migrations { rows, more, filtered } = found.context("reading the migrations")?;
    if filtered {
        let text = "row security hides rows from this role: there are at least these migrations";
        caveats.push(Caveat::new("row-security", text));
    }
    if more {
        caveats.push(Caveat::new("cut", "there are older migrations; raise --limit"));
    }
    let answer = Answer { rows: Whole::cut(rows, more), filtered, caveats };
    ui.show(&answer, ctx.clock.now())?;
    // No row where rows may be hidden says nothing.
    Ok(if filtered { Outcome::Partly } else { Outcome::Done })
}

#[derive(Debug, Serialize)]
struct Answer {
    #[serde(flatten)]
    rows: Whole<Migration>,
    filtered: bool,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl View for Answer {
    const COMMAND: &'static str = "db migrations";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        if self.rows.rows.is_empty() {
            return writeln!(out, "No migrations.");
        }
        let mut table = Table::new(page, ["VERSION", "WRITTEN", "NAME"]);
        for row in &self.rows.rows {
            let written = row.written_at.map_or_else(|| "-".to_owned(), |at| Jst(at).to_string());
            table.row([&row.version, &written, word(row.name.as_deref())]);
        }
        write!(out, "{table}")
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
