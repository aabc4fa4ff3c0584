//! Turns the spinners of several lines, all on one thread.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use indicatif::ProgressBar;

/// See the module. Draws nothing any more when it has been dropped.
pub(super) struct Ticker(Option<(Sender<()>, JoinHandle<()>)>);

impl Ticker {
    /// Turns `lines` so often. Where no thread is to be had they stand still.
    pub(super) fn start(lines: Vec<ProgressBar>, every: Duration) -> Self {
        let (running, over) = channel();
        let turn = move || {
            while over.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                lines.iter().for_each(ProgressBar::tick);
            }
        };
        let thread = Builder::new().name("spinners".to_owned()).spawn(turn);
        Self(thread.ok().map(|thread| (running, thread)))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        if let Some((running, thread)) = self.0.take() {
            drop(running);
            let _ = thread.join();
        }
    }
}
