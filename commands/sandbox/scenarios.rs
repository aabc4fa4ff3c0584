//! `parky-ops sandbox scenarios`: what can have gone wrong.

use parky_ops::sandbox::Scenario;
use serde::Serialize;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Row, RowStream, Ui};

pub(super) async fn run(ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    ui.list(Scenarios(Scenario::ALL.iter()), ctx.clock.now()).await?;
    Ok(Outcome::Done)
}

struct Scenarios(std::slice::Iter<'static, Scenario>);

#[derive(Serialize)]
struct Entry {
    scenario: &'static str,
    summary: &'static str,
}

impl Row<2> for Entry {
    fn cells(&self) -> [String; 2] {
        [self.scenario.to_owned(), self.summary.to_owned()]
    }
}

impl RowStream<2> for Scenarios {
    const COMMAND: &'static str = "sandbox scenarios";
    type Row = Entry;

    fn columns(&self) -> [&'static str; 2] {
        ["SCENARIO", "WHAT HAS GONE WRONG"]
    }

    async fn next(&mut self) -> anyhow::Result<Option<Entry>> {
        Ok(self.0.next().map(|s| Entry { scenario: s.word(), summary: s.summary() }))
    }
}
