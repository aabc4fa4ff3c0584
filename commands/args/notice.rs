//! Whether, and in which language, the team's channel is told of a change.

use clap::Args;
use parky_ops::config::Lang;

/// Options of every command that tells a channel what it does.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Notice")]
pub(crate) struct NoticeArgs {
    /// Tell no channel: otherwise prod is told in #p1-ops, every other environment in #p2-deploys
    #[arg(long)]
    pub(crate) no_notify: bool,

    /// Language of what the channel is told [default: lang of the configuration]
    #[arg(long, value_parser = ["ja", "en"])]
    lang: Option<String>,
}

impl NoticeArgs {
    /// The language, where the configuration says `configured`.
    pub(crate) fn lang(&self, configured: Lang) -> Lang {
        match self.lang.as_deref() {
            Some("en") => Lang::En,
            Some(_) => Lang::Ja,
            None => configured,
        }
    }
}
