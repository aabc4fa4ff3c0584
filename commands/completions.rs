//! `parky-ops completions SHELL`: the script that teaches a shell to complete this program.
//!
//! The usual script asks the program itself at each TAB, so it never goes stale. A static one knows
//! the commands and options of this version only; nushell has no other.

use clap::Command;
use clap_complete::aot::{self, Generator};
use clap_complete::env::{Elvish, EnvCompleter, Fish, Powershell, Zsh};

use crate::completion::{Bash, VARIABLE};
use crate::exit::Outcome;
use crate::ui::Ui;

/// Print the completion script of a shell
///
/// bash:       parky-ops completions bash > ~/.local/share/bash-completion/completions/parky-ops
/// zsh:        parky-ops completions zsh > "${fpath[1]}/_parky-ops"
/// fish:       parky-ops completions fish > ~/.config/fish/completions/parky-ops.fish
/// elvish:     parky-ops completions elvish >> ~/.config/elvish/rc.elv
/// powershell: parky-ops completions powershell >> $PROFILE
/// nushell:    parky-ops completions nushell | save parky-ops.nu
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct CompletionsArgs {
    #[arg(value_enum)]
    shell: Shell,

    /// A script that holds commands and options itself instead of asking the program; it knows no
    /// values, and goes stale with the next version
    #[arg(long = "static")]
    fixed: bool,
}

#[derive(clap::ValueEnum, Debug, Clone, Copy)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Nushell,
    Powershell,
    Zsh,
}

const NAME: &str = "parky-ops";

pub(crate) fn run(
    args: &CompletionsArgs,
    mut command: Command,
    ui: &Ui,
) -> anyhow::Result<Outcome> {
    let script = match (args.shell, args.fixed) {
        (Shell::Bash, false) => asking(&Bash)?,
        (Shell::Elvish, false) => asking(&Elvish)?,
        (Shell::Fish, false) => asking(&Fish)?,
        (Shell::Powershell, false) => asking(&Powershell)?,
        (Shell::Zsh, false) => asking(&Zsh)?,
        (Shell::Bash, true) => fixed(aot::Bash, &mut command),
        (Shell::Elvish, true) => fixed(aot::Elvish, &mut command),
        (Shell::Fish, true) => fixed(aot::Fish, &mut command),
        (Shell::Powershell, true) => fixed(aot::PowerShell, &mut command),
        (Shell::Zsh, true) => fixed(aot::Zsh, &mut command),
        (Shell::Nushell, _) => fixed(clap_complete_nushell::Nushell, &mut command),
    };
    ui.show_raw(&String::from_utf8(script)?)?;
    Ok(Outcome::Done)
}

fn asking(shell: &dyn EnvCompleter) -> anyhow::Result<Vec<u8>> {
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, NAME, NAME, NAME, &mut script)?;
    Ok(script)
}

fn fixed(shell: impl Generator, command: &mut Command) -> Vec<u8> {
    let mut script = Vec::new();
    aot::generate(shell, command, NAME, &mut script);
    script
}
