//! Why a credential cannot be used, and what to do about it. Never the value.

use std::path::PathBuf;
use std::time::Duration;

use super::name::CredentialName;
use crate::config::Origin;
use crate::domain::{ReasonCode, text};

/// Why a credential cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// It was found nowhere.
    #[error("no {name} for {env}{}", note.as_deref().map(|n| format!(" ({n})")).unwrap_or_default())]
    NotSet {
        /// The credential.
        name: CredentialName,
        /// The environment.
        env: String,
        /// The variable and the key to set, and where.
        set: String,
        /// What stood in the way of a weaker source.
        note: Option<String>,
    },
    /// Two channels share the name of a variable that is set.
    #[error("${variable} could mean the webhook of #{first} or of #{second}")]
    ChannelClash {
        /// The variable.
        variable: String,
        /// The channel asked for.
        first: String,
        /// The other one.
        second: String,
        /// The section that tells them apart.
        section: String,
    },
    /// It holds a sign that no such credential has.
    #[error("the {name} from {origin} has {what} at position {position}")]
    Malformed {
        /// The credential.
        name: CredentialName,
        /// Where it came from.
        origin: Origin,
        /// What is wrong there.
        what: &'static str,
        /// The place, counted in characters from 1.
        position: usize,
    },
    /// It is empty.
    #[error("the {name} from {origin} is empty")]
    Empty {
        /// The credential.
        name: CredentialName,
        /// Where it came from.
        origin: Origin,
    },
    /// It is no account id.
    #[error("the {name} from {origin} is not 32 hex digits")]
    NotAnAccount {
        /// The credential.
        name: CredentialName,
        /// Where it came from.
        origin: Origin,
    },
    /// The file that a variable names cannot be read.
    #[error("{origin} names a file that cannot be read: {why}")]
    File {
        /// The variable.
        origin: Origin,
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The token of `op` itself cannot be used.
    #[error("the 1Password token from {origin} cannot be used: {why}")]
    OpToken {
        /// Where it came from.
        origin: Origin,
        /// Why.
        why: String,
    },
    /// `op` is not installed.
    #[error("op is needed for {} and is not installed", shown(reference))]
    OpMissing {
        /// The reference.
        reference: String,
    },
    /// A pipeline in which nobody is signed in to 1Password.
    #[error("no 1Password account in this pipeline for {}", shown(reference))]
    OpNobody {
        /// The reference.
        reference: String,
    },
    /// `op` gave no answer.
    #[error("op gave no answer for {} within {:.1} s", shown(reference), limit.as_secs_f64())]
    OpTimeout {
        /// The reference.
        reference: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// `op` refused.
    #[error("op could not read {}: {line}", shown(reference))]
    OpFailed {
        /// The reference.
        reference: String,
        /// The last line that it said, without secrets.
        line: String,
    },
    /// A sandbox touches no real secret.
    #[error("{} is not read in a sandbox", shown(reference))]
    Sandboxed {
        /// The reference, or the program.
        reference: String,
    },
    /// `gh` gave no token.
    #[error("gh gave no token for {}: {why}", text::one_line(host))]
    Gh {
        /// The host.
        host: String,
        /// Why.
        why: String,
    },
}

fn shown(reference: &str) -> String {
    text::shorten(&text::one_line(reference), 120)
}

impl AuthError {
    /// What to do about it, in a line.
    pub fn hint(&self) -> String {
        match self {
            Self::NotSet { set, .. } => set.clone(),
            Self::ChannelClash { section, .. } => {
                format!("unset it, and name each webhook under {section} in your own file")
            }
            Self::Malformed { origin, .. }
            | Self::Empty { origin, .. }
            | Self::NotAnAccount { origin, .. } => format!("set it anew at {origin}"),
            Self::File { path, .. } => {
                format!("look at it with: ls -l {}", shell_words::quote(&path.to_string_lossy()))
            }
            Self::OpToken { .. } => {
                "set OP_SERVICE_ACCOUNT_TOKEN, or put the token alone into ~/.op/sa_token.txt"
                    .to_owned()
            }
            Self::OpMissing { .. } => {
                "install the 1Password CLI, or set the value itself in the variable".to_owned()
            }
            Self::OpNobody { .. } => {
                "give the job OP_SERVICE_ACCOUNT_TOKEN; a fork's pull request gets no secrets"
                    .to_owned()
            }
            Self::OpTimeout { reference, .. } | Self::OpFailed { reference, .. } => {
                // The value goes to /dev/null: a shared screen is no place for it.
                format!(
                    "try it by hand: op read {} >/dev/null",
                    shell_words::quote(&shown(reference))
                )
            }
            Self::Sandboxed { .. } => "leave --sandbox out to use real credentials".to_owned(),
            Self::Gh { host, .. } => format!(
                "log in with: gh auth login --hostname {}, or set GH_TOKEN",
                shell_words::quote(&text::one_line(host))
            ),
        }
    }

    /// The word for a check that could not look because of this.
    pub fn code(&self) -> ReasonCode {
        match self {
            Self::NotSet { .. } | Self::Gh { .. } | Self::OpNobody { .. } => {
                ReasonCode::NoCredential
            }
            _ => ReasonCode::BadCredential,
        }
    }
}
