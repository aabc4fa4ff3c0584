//! `parky-ops config show`: every value that is in force; secrets as `***` with their source.

use std::fmt::{self, Write};

use parky_ops::config::Setting;
use parky_ops::domain::Caveat;
use serde::Serialize;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Page, Table, Ui, View, Whole};

/// Print every value that is in force
#[derive(clap::Args, Debug)]
pub(crate) struct ShowArgs {
    /// Tell where each value came from
    #[arg(long)]
    origin: bool,
}

pub(super) fn run(args: &ShowArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let loaded = ctx.load()?;
    let (list, caveats) = (Whole::new(loaded.settings()), loaded.config.caveats.clone());
    ui.show(&Show { list, caveats, origin: args.origin }, ctx.clock.now())?;
    Ok(Outcome::Done)
}

#[derive(Serialize)]
struct Show {
    #[serde(flatten)]
    list: Whole<Setting>,
    #[serde(skip)]
    caveats: Vec<Caveat>,
    #[serde(skip)]
    origin: bool,
}

impl View for Show {
    const COMMAND: &'static str = "config show";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        if !self.origin {
            let mut table = Table::new(page, ["KEY", "VALUE"]);
            self.list.rows.iter().for_each(|row| table.row([&row.key, &value(row)]));
            return write!(out, "{table}");
        }
        let mut table = Table::new(page, ["KEY", "ORIGIN", "VALUE"]);
        for row in &self.list.rows {
            let reference = row.reference.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
            table.row([&row.key, &format!("{}{reference}", row.origin), &value(row)]);
        }
        write!(out, "{table}")
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}

fn value(row: &Setting) -> String {
    row.value.as_str().map_or_else(|| row.value.to_string(), str::to_owned)
}
