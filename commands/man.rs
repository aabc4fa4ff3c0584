//! `parky-ops man DIR`: a manual page for the program and for each command.

use std::fmt::{self, Write};
use std::fs;
use std::io;
use std::path::PathBuf;

use anyhow::Context as _;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use parky_ops::config;
use serde::Serialize;

use crate::context::Context;
use crate::exit::{CODES, Outcome};
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
    let source = concat!("parky-ops ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(source).manual("parky-ops manual");
    keep(&man.get_filename(), &page(&man, command)?)?;
    command.get_subcommands().try_for_each(|below| write(below, keep))
}

/// The page of one command, in the usual order of sections.
fn page(man: &Man, command: &clap::Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::new();
    let whole = command.get_version().is_some();
    if whole {
        exit_status(&mut roff);
        environment(&mut roff);
    }
    examples(&mut roff, command);
    see_also(&mut roff, command, whole);
    roff.to_writer(&mut page)?;
    Ok(page)
}

/// What stands below the options in the help, line by line as it is there.
fn examples(roff: &mut Roff, command: &clap::Command) {
    let Some(text) = command.get_after_long_help().or(command.get_after_help()) else { return };
    let text = text.to_string();
    let lines = text.lines().flat_map(|line| {
        let line = line.strip_prefix("Examples:").or(line.strip_prefix("Example:")).unwrap_or(line);
        Some(line.trim()).filter(|line| !line.is_empty())
    });
    roff.control("SH", ["EXAMPLES"]);
    // Neither filled nor hyphenated: a command is to be copied.
    roff.control("nf", []);
    for line in lines {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

fn exit_status(roff: &mut Roff) {
    roff.control("SH", ["EXIT STATUS"]);
    for (code, means) in CODES {
        roff.control("TP", []);
        roff.text([bold(code.to_string())]);
        roff.text([roman(*means)]);
    }
}

fn environment(roff: &mut Roff) {
    roff.control("SH", ["ENVIRONMENT"]);
    for variable in config::environment() {
        roff.control("TP", []);
        roff.text([bold(variable.name)]);
        roff.text([roman(variable.about)]);
    }
}

fn see_also(roff: &mut Roff, command: &clap::Command, whole: bool) {
    let own = command.get_display_name().unwrap_or(command.get_name());
    let above = own.rsplit_once('-').map(|(above, _)| above.to_owned()).filter(|_| !whole);
    let below = command
        .get_subcommands()
        .map(|below| below.get_display_name().unwrap_or(below.get_name()).to_owned());
    let pages: Vec<_> = above.into_iter().chain(below).collect();
    roff.control("SH", ["SEE ALSO"]);
    let mut words = Vec::new();
    for (nth, page) in pages.into_iter().enumerate() {
        words.push(roman(if nth == 0 { "" } else { ", " }));
        words.push(bold(page));
        words.push(roman("(1)"));
    }
    roff.text(words);
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
