//! The stand-ins under one command: started before it, gone after it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use parky_ops::config::Vars;
use parky_ops::domain::Clock;
use parky_ops::sandbox::{Options, Sandbox, Scenario};

use crate::exit::Outcome;
use crate::refusal::{Stopped, Usage};
use crate::signals::{self, Signals};
use crate::ui::Ui;

/// A sandbox that lives as long as this does.
pub(crate) struct Stage {
    home: PathBuf,
    _sandbox: Sandbox,
}

impl Stage {
    /// Starts the stand-ins, and gives the variables of a program that runs among them.
    pub(crate) fn raise(
        word: &str,
        outer: &Vars,
        clock: Clock,
        ui: &Ui,
    ) -> anyhow::Result<(Self, Vars)> {
        let scenario = scenario(word)?;
        let options = Options::new(scenario, clock.now(), outer.clone());
        let sandbox = start(options, || {
            ui.note(&format!("SANDBOX {}: {}", scenario.word(), scenario.summary()));
        })?;
        ui.note(&format!("SANDBOX {}", sandbox.database_engine()));
        let vars = sandbox.vars(outer);
        Ok((Self { home: sandbox.home(), _sandbox: sandbox }, vars))
    }

    /// The empty home that the command sees.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }
}

/// The scenario of this name.
pub(crate) fn scenario(word: &str) -> anyhow::Result<Scenario> {
    word.parse().map_err(|error: String| Usage::new(error, "parky-ops sandbox scenarios").into())
}

/// Starts a sandbox. A signal from `announce` on is obeyed as soon as it is up and can be taken down
/// whole.
pub(crate) fn start(options: Options, announce: impl FnOnce()) -> anyhow::Result<Sandbox> {
    signals::block_on(async {
        let mut signals = Signals::listen()?;
        announce();
        let starting = tokio::task::spawn_blocking(|| Sandbox::start(options));
        tokio::pin!(starting);
        let (started, outcome) = tokio::select! {
            started = &mut starting => (started, None),
            outcome = signals.next() => (starting.await, Some(outcome)),
        };
        match outcome {
            None => {
                signals.hand_on();
                started.context("starting the sandbox")?.context("starting the sandbox")
            }
            // Whether it came up or not, and what did is taken down here.
            Some(outcome) => {
                drop(started);
                Err(Stopped(outcome).into())
            }
        }
    })
}

/// Waits for the signal that ends a sandbox that was started to stay.
pub(crate) fn until_signal() -> anyhow::Result<Outcome> {
    signals::block_on(async { Ok(Signals::listen()?.next().await) })
}
