//! The answer of a verdict command: checks, and the word over them.

use std::fmt::{self, Write};

use parky_ops::domain::{Caveat, Check, Verdict};
use serde::Serialize;

use super::{Page, Table, state};

/// Checks with their verdict, as `health`, `vendors` and `db` print them.
#[derive(Debug, Serialize)]
pub(crate) struct Checks {
    verdict: Verdict,
    pub(crate) checks: Vec<Check>,
    #[serde(skip)]
    pub(crate) caveats: Vec<Caveat>,
}

impl Checks {
    pub(crate) fn new(checks: Vec<Check>, caveats: Vec<Caveat>) -> Self {
        Self { verdict: Verdict::over(&checks), checks, caveats }
    }

    /// A row for each check.
    pub(crate) fn table(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let mut table = Table::new(page, ["STATE", "CHECK", "REASON"]);
        for check in &self.checks {
            let name = match check.name == check.source.word() {
                true => check.name.clone(),
                false => format!("{} {}", check.source, check.name),
            };
            table.painted_row(&state(check.state), [&name, &check.reason.text]);
        }
        write!(out, "{table}")
    }
}
