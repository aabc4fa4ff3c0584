//! `tail`: what workers say right now, without a lie about what was missed.
//!
//! A session per worker keeps a line open: it renews the tail before it expires, notices a dead line,
//! gets a lost one back and says how long the gap was. What comes is passed on as [`Item`]s, raw; it is
//! read ([`Trace`]), chosen ([`Filter`]) and counted ([`Summary`]) by pure functions, and a
//! trace that is only passed through is never taken apart and put together again.
//!
//! Opens and deletes tails of its own; changes nothing else.

mod books;
mod error;
mod event;
mod fault;
mod fields;
mod filter;
mod follow;
pub mod frame;
mod life;
mod line;
mod log;
mod overlap;
mod pace;
mod pick;
mod pipe;
mod pulse;
mod scan;
mod session;
mod sleep;
mod socket;
mod summary;
#[cfg(test)]
mod tests;
mod trace;
mod version;

use futures_util::future::join_all;
use tokio::sync::mpsc::Sender;

pub use books::Books;
pub use error::TailError;
pub use event::{Event, Request};
pub use fault::LineFault;
pub use filter::Filter;
pub use log::{Exception, Level, Line as LogLine, Log};
pub use pace::Pace;
pub use session::{Item, Watch};
pub use summary::{Percentiles, Summary, SummaryRow};
pub use trace::Trace;
pub use version::{NoVersion, version};

use crate::cloudflare::Client;
use crate::domain::Clock;
use crate::http::Roots;
use session::Session;

/// What a tail needs besides the list of workers.
pub struct Means<'a> {
    /// Where tails are opened, and noted so that they can be deleted.
    pub books: &'a Books,
    /// Where deployments are read.
    pub client: &'a Client,
    /// Whom to trust.
    pub roots: &'a Roots,
    /// The present.
    pub clock: Clock,
    /// How long to wait for what.
    pub pace: &'a Pace,
}

/// Watches all of `watches` until every line is lost for good, or nobody takes the items any more. May
/// be dropped at any time; [`Books::close`] then deletes what is open. A slow taker holds the lines up,
/// and loses nothing that the network keeps.
pub async fn watch(means: &Means<'_>, watches: &[Watch], out: Sender<Item>) {
    let sessions = watches.iter().enumerate().map(|(worker, watch)| {
        let Means { books, client, roots, clock, pace } = *means;
        Session { worker, watch, books, client, roots, clock, pace, out: out.clone() }.run()
    });
    let sessions: Vec<_> = sessions.collect();
    drop(out);
    join_all(sessions).await;
}
