//! `parky-ops config path`: which files are read, or would be.

use std::fmt::{self, Write};

use parky_ops::config::{FileRole, FileState, FileUse};
use serde::Serialize;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Page, Table, Ui, View, Whole};

/// Print which files are read, or would be
#[derive(clap::Args, Debug)]
pub(crate) struct PathArgs {}

pub(super) fn run(ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let rows = ctx.load()?.files.iter().map(Row::of).collect();
    ui.show(&Files(Whole::new(rows)), ctx.clock.now())?;
    Ok(Outcome::Done)
}

#[derive(Serialize)]
struct Files(Whole<Row>);

#[derive(Serialize)]
struct Row {
    role: &'static str,
    path: String,
    state: &'static str,
    why: Option<String>,
}

impl Row {
    fn of(file: &FileUse) -> Self {
        let (state, why) = match &file.state {
            FileState::Read => ("read", None),
            FileState::Absent => ("absent", None),
            FileState::NotTaken(why) => ("not taken", Some(why.clone())),
        };
        let role = match file.role {
            FileRole::User => "user",
            FileRole::Project => "project",
        };
        Self { role, path: file.path.display().to_string(), state, why }
    }
}

impl View for Files {
    const COMMAND: &'static str = "config path";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let mut table = Table::new(page, ["FILE", "STATE", "PATH", "WHY"]);
        for row in &self.0.rows {
            table.row([row.role, row.state, &row.path, row.why.as_deref().unwrap_or_default()]);
        }
        write!(out, "{table}")
    }
}
