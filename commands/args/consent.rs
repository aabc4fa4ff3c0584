//! How an operator agrees to a change.

use clap::Args;

/// Options of every command that changes something.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Consent")]
pub(crate) struct ConsentArgs {
    /// Agree without being asked; a severe act wants its name besides
    #[arg(long)]
    pub(crate) yes: bool,

    /// Agree to a severe act by its name; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) confirm: Vec<String>,

    /// Show the plan and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
