//! The stream while it runs: what comes goes to the desk, what is ready to stdout, and whatever is to
//! end it is noticed at once, a slow reader or not.

use std::future::pending;
use std::io;
use std::time::Duration;

use parky_ops::tail::Item;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, sleep_until};

use super::args::TailArgs;
use super::desk::Desk;
use super::status::{self, Status};
use super::{Ended, How, Raw, quiet};
use crate::exit::Outcome;
use crate::refusal::Refusal;
use crate::signals::Signals;
use crate::ui::{Departure, Outlet};

/// See the module.
pub(super) struct Flow<'a> {
    pub(super) args: &'a TailArgs,
    pub(super) signals: &'a mut Signals,
    /// The deadline of the whole command.
    pub(super) limit: Option<Instant>,
    pub(super) workers: usize,
    /// What to say where nothing comes for long.
    pub(super) quiet: String,
}

impl Flow<'_> {
    pub(super) async fn run(
        self,
        mut items: mpsc::Receiver<Item>,
        desk: &mut Desk<'_>,
        outlet: &Outlet,
        departure: &mut Departure,
    ) -> Ended<Raw> {
        let Self { args, signals, limit, workers, quiet } = self;
        let far = Instant::now() + Duration::from_secs(366 * 86_400);
        let mut until: Option<Instant> = None;
        let mut begun = false;
        let mut hint_at: Option<Instant> = None;
        let mut status = outlet.has_status().then(Status::new);
        let mut redraw = interval_at(Instant::now() + status::EVERY, status::EVERY);
        let stretch = args.summary.unwrap_or(Duration::from_secs(3600));
        let mut figures = interval_at(Instant::now() + stretch, stretch);
        loop {
            let ready = desk.has_ready();
            if !ready && let Some(reason) = desk.reached {
                return over(as_asked(desk), reason);
            }
            let done = tokio::select! {
                biased;
                outcome = signals.next() => return stopped(outcome, begun),
                ended = departure.comes() => {
                    let closed = || io::ErrorKind::BrokenPipe.into();
                    return failed(ended.err().unwrap_or_else(closed), begun);
                }
                () = sleep_until(until.unwrap_or(far)) => match desk.figures() {
                    Ok(()) => return over(as_asked(desk), "for"),
                    Err(error) => Err(error),
                },
                () = sleep_until(limit.unwrap_or(far)) => return late(begun),
                () = sleep_until(hint_at.unwrap_or(far)) => {
                    hint_at = None;
                    desk.hint_if_quiet(&quiet);
                    Ok(())
                }
                () = outlet.room(), if ready => {
                    outlet.put(desk.ready());
                    Ok(())
                }
                _ = redraw.tick(), if status.is_some() => {
                    if let Some(status) = &mut status {
                        outlet.show(&status.line(desk));
                    }
                    Ok(())
                }
                _ = figures.tick(), if begun && !ready => desk.figures(),
                item = next(&mut items, desk), if !ready => match item {
                    // Everything that could be said has been.
                    None => return over(Outcome::Unreachable, "lost"),
                    Some(Item::Lost { worker, from: None, error })
                        if !args.all || (!begun && desk.counts.lost + 1 == workers) =>
                    {
                        let reason = begun.then_some("failed");
                        return Ended { how: Raw::Refused(worker, error), reason };
                    }
                    Some(item) => {
                        let first = !begun && matches!(item, Item::Open { .. });
                        let started = if first { desk.start() } else { Ok(()) };
                        if first {
                            begun = true;
                            hint_at = Some(Instant::now() + quiet::AFTER);
                            until = args.span.map(|span| Instant::now() + span);
                        }
                        started.and_then(|()| desk.take(&item))
                    }
                },
            };
            if let Err(error) = done {
                return failed(error, begun);
            }
        }
    }
}

/// The next item; while the stream is over, none.
async fn next(items: &mut mpsc::Receiver<Item>, desk: &Desk<'_>) -> Option<Item> {
    match desk.reached {
        None => items.recv().await,
        Some(_) => pending().await,
    }
}

/// The outcome of a stream that ended as it was asked to; a line that is lost by then is told by it.
fn as_asked(desk: &Desk<'_>) -> Outcome {
    if desk.counts.lost > 0 { Outcome::Unreachable } else { Outcome::Done }
}

fn over(outcome: Outcome, reason: &'static str) -> Ended<Raw> {
    Ended { how: Raw::How(How::Over(outcome)), reason: Some(reason) }
}

fn stopped(outcome: Outcome, begun: bool) -> Ended<Raw> {
    let word = if outcome == Outcome::Interrupted { "interrupted" } else { "terminated" };
    Ended { reason: begun.then_some(word), ..over(outcome, word) }
}

fn late(begun: bool) -> Ended<Raw> {
    if begun {
        return over(Outcome::Unreachable, "timeout");
    }
    let error = Refusal::unreachable("no line before the deadline".to_owned(), "parky-ops doctor");
    Ended { how: Raw::How(How::Failed(error.into())), reason: None }
}

fn failed(error: io::Error, begun: bool) -> Ended<Raw> {
    let how = match error.kind() {
        io::ErrorKind::BrokenPipe => How::Unheard,
        _ => How::Failed(error.into()),
    };
    Ended { how: Raw::How(how), reason: begun.then_some("failed") }
}
