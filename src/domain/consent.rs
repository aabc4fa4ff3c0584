//! Proof that an operator agreed to a change.

use chrono::{DateTime, Utc};

/// How the operator agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// Answered the question on the terminal.
    Answered,
    /// Gave `--yes`.
    Yes,
    /// Typed, or gave behind `--confirm`, the name that a severe act asks for.
    Named(String),
}

/// An operator's agreement to one act. Functions of the library that change something outside this
/// process take one by reference, so that forgetting to ask does not compile.
#[derive(Debug)]
pub struct Consent {
    act: String,
    operator: String,
    agreement: Agreement,
    at: DateTime<Utc>,
}

impl Consent {
    /// Records that `operator` agreed to `act`. Only the prompt of the binary may call this; a lint
    /// (`clippy.toml`) refuses every other caller.
    pub fn given(act: &str, operator: &str, agreement: Agreement, at: DateTime<Utc>) -> Self {
        Self { act: act.to_owned(), operator: operator.to_owned(), agreement, at }
    }

    /// Whether the operator agreed to exactly `act`.
    pub fn is_for(&self, act: &str) -> bool {
        self.act == act
    }

    /// The audit line: who agreed to what, how, and when.
    pub fn audit(&self) -> String {
        let how = match &self.agreement {
            Agreement::Answered => "answered yes".to_owned(),
            Agreement::Yes => "--yes".to_owned(),
            Agreement::Named(name) => format!("named {name}"),
        };
        format!("{} {} ({how}): {}", self.at.to_rfc3339(), self.operator, self.act)
    }
}
