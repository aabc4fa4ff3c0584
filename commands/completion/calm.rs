//! Values before options: whoever presses TAB at the beginning of a word wants to see the workers, and
//! not thirty options around them. Options come at `-`, or where nothing else may stand.
//!
//! A look that was given up offers nothing at all: the options alone would be taken for an answer, and
//! a shell would insert what they begin with.

use std::ffi::OsString;
use std::io::{Error, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use clap_complete::env::EnvCompleter;

/// A shell, asked like that.
#[derive(Debug)]
pub(crate) struct Calm<T>(pub(crate) T);

/// Whether a look of this process was given up.
static GIVEN_UP: AtomicBool = AtomicBool::new(false);

/// Notes that there was no time to look.
pub(super) fn give_up() {
    GIVEN_UP.store(true, Ordering::Relaxed);
}

impl<T: EnvCompleter> EnvCompleter for Calm<T> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn is(&self, name: &str) -> bool {
        self.0.is(name)
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        self.0.write_registration(var, name, bin, completer, buf)
    }

    fn write_complete(
        &self,
        cmd: &mut clap::Command,
        args: Vec<OsString>,
        current_dir: Option<&Path>,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        let vars = parky_ops::config::Vars::of_the_process();
        let index = vars.get("_CLAP_COMPLETE_INDEX").and_then(|index| index.parse().ok());
        let word = args.get(index.unwrap_or(args.len().saturating_sub(1)));
        let option = word.is_some_and(|word| word.to_string_lossy().starts_with('-'));
        if !option {
            *cmd = options_last(std::mem::take(cmd));
        }
        let mut page = Vec::new();
        self.0.write_complete(cmd, args, current_dir, &mut page)?;
        if !option && GIVEN_UP.load(Ordering::Relaxed) {
            return Ok(());
        }
        buf.write_all(&page)
    }
}

/// What is hidden is offered only where nothing else is.
fn options_last(cmd: clap::Command) -> clap::Command {
    let hidden = |arg: clap::Arg| if arg.is_positional() { arg } else { arg.hide(true) };
    cmd.mut_args(hidden).mut_subcommands(options_last)
}
