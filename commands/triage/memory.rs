//! The local state, as far as it can be used: a triage never fails or waits for want of it.

use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use parky_ops::checks::World;
use parky_ops::domain::Caveat;
use parky_ops::state::{Remembered, State, StateError};
use parky_ops::triage::Triage;
use tokio::time::timeout;

/// What earlier triages say, and where this one will be kept.
pub(super) struct Memory {
    state: Option<State>,
    /// When the unbroken row of red triages began.
    pub(super) red_streak: Option<DateTime<Utc>>,
    pub(super) caveats: Vec<Caveat>,
}

/// How long another process that holds the file is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

impl Memory {
    pub(super) async fn recall(world: &World, now: DateTime<Utc>) -> Self {
        match timeout(PATIENCE.min(world.limit), read(world, now)).await {
            Ok(Ok(memory)) => memory,
            Ok(Err(error)) => Self::without(&error.to_string()),
            Err(_) => Self::without("another process holds the local state"),
        }
    }

    fn without(why: &str) -> Self {
        let text = format!("this triage is not kept, and earlier ones are not known: {why}");
        Self { state: None, red_streak: None, caveats: vec![Caveat::new("no-state", text)] }
    }

    /// Keeps `answer`, within `limit`. Without a state there is nothing to do: the answer says so.
    pub(super) async fn keep(
        &mut self,
        answer: &Triage,
        world: &World,
        whole: bool,
        limit: Duration,
    ) -> anyhow::Result<()> {
        let Some(mut state) = self.state.take() else { return Ok(()) };
        let document = serde_json::to_string(answer).context("writing the answer as JSON")?;
        let triage = Remembered {
            at: world.clock.now(),
            env: &world.config.env,
            whole,
            verdict: answer.verdict,
            document: &world.redactor.clean(&document),
        };
        let kept = async {
            state.remember(&triage).await?;
            state.close().await
        };
        let kept = timeout(limit, kept).await.context("another process holds the local state")?;
        Ok(kept?)
    }
}

async fn read(world: &World, now: DateTime<Utc>) -> Result<Memory, StateError> {
    let Some(directory) = &world.config.state_dir else {
        return Ok(Memory::without("no home directory"));
    };
    let mut state = State::open(directory).await?;
    let red_streak = state.red_streak(&world.config.env, now).await?;
    let damaged = state.replaced().map(|path| {
        let path = path.display();
        let text = format!("the local state was damaged and starts anew; kept as {path}");
        Caveat::new("state-damaged", text)
    });
    Ok(Memory { red_streak, caveats: damaged.into_iter().collect(), state: Some(state) })
}
