//! Ctrl-C, SIGTERM and SIGHUP end a command in order: what is under way is dropped, the terminal and
//! the state stay clean, and the exit code says so.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Outcome;

/// A listener that one part of the command left for the next, so that a signal between the two is
/// neither lost nor seen twice.
static HANDED_ON: Mutex<Option<Signals>> = Mutex::new(None);

/// Listens from its making on, so that no signal is missed before the first await.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// The listener that was handed on, or a new one.
    pub(crate) fn listen() -> std::io::Result<Self> {
        if let Some(kept) = HANDED_ON.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Ok(kept);
        }
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Leaves the listener to whoever listens next.
    pub(crate) fn hand_on(self) {
        *HANDED_ON.lock().unwrap_or_else(PoisonError::into_inner) = Some(self);
    }

    /// The outcome that the next signal asks for.
    pub(crate) async fn next(&mut self) -> Outcome {
        tokio::select! {
            _ = self.interrupt.recv() => Outcome::Interrupted,
            _ = self.terminate.recv() => Outcome::Terminated,
            _ = self.hangup.recv() => Outcome::Terminated,
        }
    }
}

/// Runs `work` on a runtime of this thread. The runtime is dropped without waiting for a question
/// that nobody answers any more.
pub(crate) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    done
}
