//! `parky-ops sandbox up DIR`: a sandbox for other programs, until Ctrl-C.

use std::fmt::{self, Write};

use parky_ops::sandbox::{Options, Scenario};
use serde::Serialize;

use super::UpArgs;
use crate::context::Context;
use crate::exit::Outcome;
use crate::stage;
use crate::ui::{Page, Ui, View};

pub(super) fn run(args: &UpArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let word = args.scenario.as_deref().or(ctx.globals.sandbox.as_deref());
    let scenario = word.map(stage::scenario).transpose()?.unwrap_or(Scenario::BadDeploy);
    let directory = std::path::absolute(&args.directory)?;
    let options = Options {
        dir: Some(directory),
        ..Options::new(scenario, ctx.clock.now(), ctx.vars.clone())
    };
    let sandbox = stage::start(options, || {
        ui.note(&format!("SANDBOX {}: {}", scenario.word(), scenario.summary()));
    })?;
    ui.note(&format!("SANDBOX {}", sandbox.database_engine()));
    let variables = sandbox.exports().into_iter();
    let variables = variables.map(|(name, value)| Variable { name, value }).collect();
    ui.show_credentials(&Up { scenario: scenario.word(), variables }, ctx.clock.now())?;
    ui.note("paste these into another shell; Ctrl-C here ends it");
    let outcome = stage::until_signal()?;
    sandbox.shutdown();
    Ok(outcome)
}

#[derive(Serialize)]
struct Up {
    scenario: &'static str,
    variables: Vec<Variable>,
}

#[derive(Serialize)]
struct Variable {
    name: String,
    value: String,
}

impl View for Up {
    const COMMAND: &'static str = "sandbox up";

    fn text(&self, out: &mut dyn Write, _: &Page) -> fmt::Result {
        for Variable { name, value } in &self.variables {
            writeln!(out, "export {name}={}", shell_words::quote(value))?;
        }
        Ok(())
    }
}
