//! What stands here in the production binary.

use std::path::Path;

use parky_ops::config::Vars;
use parky_ops::domain::Clock;

use crate::refusal::Usage;
use crate::ui::Ui;

const HINT: &str = "cargo run --release --locked --features sandbox -- triage --sandbox";

/// The error of everything that needs the stand-ins.
pub(crate) fn absent() -> anyhow::Error {
    let text = "this binary was built without the cargo feature 'sandbox'";
    Usage::new(text.to_owned(), HINT).into()
}

/// Never made.
pub(crate) enum Stage {}

impl Stage {
    pub(crate) fn raise(_: &str, _: &Vars, _: Clock, _: &Ui) -> anyhow::Result<(Self, Vars)> {
        Err(absent())
    }

    pub(crate) fn home(&self) -> &Path {
        match *self {}
    }
}
