//! `parky-ops completions SHELL`: the line that teaches a shell to complete this program.
//!
//! The script asks the program itself at each TAB, so it never goes stale.

use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};

use crate::exit::Outcome;
use crate::ui::Ui;

/// The variable by which a shell asks for completions.
pub(crate) const VARIABLE: &str = "PARKY_OPS_COMPLETE";

/// Print the completion script of a shell
///
/// bash: parky-ops completions bash > ~/.local/share/bash-completion/completions/parky-ops
/// zsh:  parky-ops completions zsh > "${fpath[1]}/_parky-ops"
/// fish: parky-ops completions fish > ~/.config/fish/completions/parky-ops.fish
#[derive(clap::Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct CompletionsArgs {
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(clap::ValueEnum, Debug, Clone, Copy)]
enum Shell {
    Bash,
    Fish,
    Zsh,
}

pub(crate) fn run(args: &CompletionsArgs, ui: &Ui) -> anyhow::Result<Outcome> {
    let completer: &dyn EnvCompleter = match args.shell {
        Shell::Bash => &Bash,
        Shell::Fish => &Fish,
        Shell::Zsh => &Zsh,
    };
    let mut script = Vec::new();
    let name = "parky-ops";
    completer.write_registration(VARIABLE, name, name, name, &mut script)?;
    ui.show_raw(&String::from_utf8(script)?)?;
    Ok(Outcome::Done)
}
