//! The answer: a table for people and, as serialized, the JSON contract.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use parky_ops::domain::{Caveat, Check, Source, Verdict};
use parky_ops::smoke::Standing;
use parky_ops::smoke::judge::standing;
use serde::Serialize;

use crate::exit::Outcome;
use crate::ui::{self, Page, Table, Tone, View, paint};

#[derive(Debug, Serialize)]
pub(super) struct Smoke {
    pub(super) verdict: Verdict,
    /// What must not be skipped.
    pub(super) required: BTreeSet<Source>,
    /// What was, although it is required.
    pub(super) missing: Vec<Source>,
    pub(super) checks: Vec<Check>,
    #[serde(skip)]
    pub(super) fail_on_yellow: bool,
    #[serde(skip)]
    pub(super) caveats: Vec<Caveat>,
}

impl Smoke {
    pub(super) fn outcome(&self) -> Outcome {
        match Outcome::of_checks(&self.checks, self.fail_on_yellow) {
            Outcome::Red => Outcome::Red,
            _ if !self.missing.is_empty() => Outcome::Configuration,
            outcome => outcome,
        }
    }

    pub(super) fn standing(&self, check: &Check) -> Standing {
        standing(check, &self.required)
    }

    /// The required sources that were skipped, in words; empty where there is none.
    pub(super) fn missing_said(&self) -> String {
        let words: Vec<_> = self.missing.iter().map(|source| source.word()).collect();
        match words.as_slice() {
            [] => String::new(),
            words => format!("required, but skipped: {}", words.join(", ")),
        }
    }
}

impl View for Smoke {
    const COMMAND: &'static str = "smoke";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let mut table = Table::new(page, ["STATE", "WHAT", "NAME", "SAYS"]);
        for check in &self.checks {
            let cells = [check.source.word(), &check.name, &check.reason.text];
            table.painted_row(&ui::state(check.state), cells);
        }
        write!(out, "{table}")?;
        if !self.missing.is_empty() {
            writeln!(out, "\n{}", paint(Tone::Bad, &self.missing_said()))?;
        }
        Ok(())
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
