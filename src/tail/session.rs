//! What one worker's tail is followed with: how its line is opened and closed, and what is told of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc::Sender;
use tokio::time::Instant;
use tungstenite::Bytes;

use super::books::Books;
use super::error::TailError;
use super::line::Line;
use super::pace::Pace;
use super::socket::Socket;
use crate::cloudflare::{Client, TailFilters};
use crate::domain::Clock;
use crate::http::Roots;

/// One worker to be watched.
#[derive(Debug, Clone)]
pub struct Watch {
    /// Its name in the configuration, or as it was typed.
    pub worker: String,
    /// Its name on Cloudflare.
    pub script: String,
    /// What Cloudflare leaves out.
    pub filters: TailFilters,
    /// Whether to look at the newest deployment's version only, and to change to the next one with it.
    pub newest: bool,
}

/// What happens on the lines; `worker` is the place in the list of watches.
#[derive(Debug)]
pub enum Item {
    /// The first line is open.
    Open {
        /// Whose.
        worker: usize,
        /// The version that is looked at, where it is one.
        version: Option<String>,
    },
    /// Frames came.
    Frames {
        /// From whom.
        worker: usize,
        /// When (UTC).
        at: DateTime<Utc>,
        /// Each should hold an event.
        frames: Vec<Bytes>,
        /// So many more were text that is none.
        garbled: u64,
    },
    /// Another tail has taken over. Where the one before it turns out to have been dead, a gap follows.
    Renewed {
        /// Whose.
        worker: usize,
        /// The version that is looked at, where it is one.
        version: Option<String>,
    },
    /// The line is lost, or could not be made, and is tried again.
    Retrying {
        /// Whose.
        worker: usize,
        /// Why.
        cause: String,
        /// After this long.
        wait: Duration,
    },
    /// The line is back.
    Gap {
        /// Whose.
        worker: usize,
        /// The last sign of life before (UTC).
        from: DateTime<Utc>,
        /// When it was back (UTC).
        to: DateTime<Utc>,
        /// Why it was lost.
        cause: String,
    },
    /// The line is gone for good.
    Lost {
        /// Whose.
        worker: usize,
        /// The last sign of life (UTC); `None` where there never was a line.
        from: Option<DateTime<Utc>>,
        /// Why.
        error: TailError,
    },
}

/// What all sessions share.
pub(super) struct Session<'a> {
    pub(super) worker: usize,
    pub(super) watch: &'a Watch,
    pub(super) books: &'a Books,
    pub(super) client: &'a Client,
    pub(super) roots: &'a Roots,
    pub(super) clock: Clock,
    pub(super) pace: &'a Pace,
    pub(super) out: Sender<Item>,
}

/// Nobody takes what comes any more.
pub(super) struct Unheard;

impl Session<'_> {
    /// A new tail and its line.
    pub(super) async fn open(&self) -> Result<Line, TailError> {
        let mut filters = self.watch.filters.clone();
        if self.watch.newest {
            filters.version = self.newest().await?;
        }
        let deadline = Instant::now() + self.pace.connect;
        let script = &self.watch.script;
        let tail = self.books.create(script, &filters, self.clock.now(), deadline).await?;
        let begun = Instant::now();
        match Socket::connect(&tail.url, self.roots, begun + self.pace.connect).await {
            Ok(socket) => {
                let means = (self.pace, self.clock);
                Ok(Line::new(socket, &tail, filters.version, begun, means))
            }
            Err(fault) => {
                self.books.delete(script, &tail.id, begun + 2 * self.pace.connect).await;
                Err(fault.into())
            }
        }
    }

    /// The version that the newest deployment brought.
    pub(super) async fn newest(&self) -> Result<Option<String>, TailError> {
        let Watch { worker, script, .. } = self.watch;
        let deadline = Instant::now() + self.pace.connect;
        let deployments = self.client.deployments(worker, script, deadline).await?;
        let newest = deployments.first();
        let version = newest.and_then(|newest| newest.new_version(deployments.get(1)));
        Ok(version.map(|version| version.version_id.clone()))
    }

    /// Closes a line and deletes its tail, without waiting for either.
    pub(super) async fn drop_line(&self, line: Line) {
        let deadline = Instant::now() + self.pace.connect;
        self.books.delete(&self.watch.script, &line.tail_id, deadline).await;
        tokio::spawn(line.socket.close(deadline));
    }

    pub(super) async fn give_up(
        &self,
        from: Option<DateTime<Utc>>,
        error: TailError,
    ) -> Result<(), Unheard> {
        self.say(Item::Lost { worker: self.worker, from, error }).await
    }

    pub(super) async fn say(&self, item: Item) -> Result<(), Unheard> {
        self.out.send(item).await.map_err(|_| Unheard)
    }
}
