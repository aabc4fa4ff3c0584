//! `parky-ops config validate`: reads a file as the program would, and says what is wrong with it.

use std::fmt::{self, Write};
use std::path::PathBuf;

use parky_ops::config::{FileState, Flags, LoadInput};
use parky_ops::domain::Caveat;
use serde::Serialize;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Page, Ui, View};

/// Check the configuration, or a file before it is put in its place
#[derive(clap::Args, Debug)]
pub(crate) struct ValidateArgs {
    /// A user file to check instead of the one in use
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) fn run(args: &ValidateArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let file = args.file.clone().or_else(|| ctx.globals.config.clone());
    let flags = Flags { config: file, ..ctx.flags() };
    let input = LoadInput { flags, ..LoadInput::new(&ctx.vars, &ctx.cwd) };
    let loaded = parky_ops::config::load(&input)?;
    let read = loaded.files.iter().filter(|file| file.state == FileState::Read);
    let files = read.map(|file| file.path.clone()).collect();
    ui.show(&Valid { files, caveats: loaded.config.caveats }, ctx.clock.now())?;
    Ok(Outcome::Done)
}

#[derive(Serialize)]
struct Valid {
    files: Vec<PathBuf>,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl View for Valid {
    const COMMAND: &'static str = "config validate";

    fn text(&self, out: &mut dyn Write, _: &Page) -> fmt::Result {
        match self.files.as_slice() {
            [] => writeln!(out, "no file is in use; the built-in values serve"),
            files => {
                files.iter().try_for_each(|file| writeln!(out, "{} is in order", file.display()))
            }
        }
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
