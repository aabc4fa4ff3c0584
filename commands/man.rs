//! `parky-ops man DIR`: a manual page for the program and for each command.

use std::fmt::{self, Write};
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use clap_mangen::Man;
use serde::Serialize;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Page, Ui, View};

/// Write the manual pages, one for each command
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Example:
  parky-ops man ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Folder for the pages; made where it is missing
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// `cli` is the whole command tree.
pub(crate) fn run(
    args: &ManArgs,
    cli: clap::Command,
    ctx: &Context,
    ui: &Ui,
) -> anyhow::Result<Outcome> {
    let directory = ctx.cwd.join(&args.directory);
    let at = || format!("writing manual pages into {}", directory.display());
    fs::create_dir_all(&directory).with_context(at)?;
    let mut pages = Vec::new();
    // `help` is written out here, so that each page is its own text and no copy of another.
    let mut cli = cli.disable_help_subcommand(true);
    cli.build();
    write(&cli, &mut |name, page| {
        pages.push(name.to_owned());
        fs::write(directory.join(name), page).with_context(at)
    })?;
    let directory = directory.to_string_lossy().into_owned();
    ui.show(&Pages { directory, pages }, ctx.clock.now())?;
    Ok(Outcome::Done)
}

fn write(
    command: &clap::Command,
    keep: &mut impl FnMut(&str, &[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    man.render(&mut page)?;
    keep(&man.get_filename(), &page)?;
    command.get_subcommands().try_for_each(|below| write(below, keep))
}

#[derive(Debug, Serialize)]
struct Pages {
    directory: String,
    pages: Vec<String>,
}

impl View for Pages {
    const COMMAND: &'static str = "man";

    fn text(&self, out: &mut dyn Write, _: &Page) -> fmt::Result {
        writeln!(out, "{} pages in {}", self.pages.len(), self.directory)
    }
}
