//! `parky-ops tail WORKER..`: what workers say right now, in one stream.
//!
//! Reads. Opens tails, which other viewers of the same workers compete for, and deletes them on every
//! way out.

mod args;
mod choose;
mod copy;
mod desk;
mod failure;
mod figures;
mod notice;
mod scrub;
mod status;
mod text;

use std::future::pending;
use std::io;
use std::time::Duration;

use parky_ops::checks::access::NoAccess;
use parky_ops::cloudflare::Tails;
use parky_ops::tail::{Books, Item, Means, Pace, TailError, Watch, watch};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, sleep_until};

pub(crate) use self::args::TailArgs;
use self::choose::Chosen;
use self::desk::{Desk, Limits};
use self::status::Status;
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{Departure, Outlet, Ui};

/// The words of the command, as in the schema's name.
const COMMAND: &str = "tail";
/// For the credentials.
const PATIENCE: Duration = Duration::from_secs(30);
/// Items that may wait; each holds up to half a MiB.
const ROOM: usize = 8;

pub(crate) async fn run(args: &TailArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let limit = ctx.globals.timeout.map(|limit| Instant::now() + limit);
    let world = ctx.world(PATIENCE)?;
    let prepared = async {
        let access = world.cloudflare(Instant::now() + PATIENCE).await.map_err(reason)?;
        let client = access.client();
        let chosen = choose::choose(args, &world.config, &client).await?;
        anyhow::Ok((access, client, chosen))
    };
    let (access, client, chosen) = tokio::select! {
        outcome = signals.next() => return Ok(outcome),
        prepared = prepared => prepared?,
    };
    ctx.announce(ui, &world.config);
    ui.note_caveats(&world.caveats());
    let file = args.out.as_deref().map(copy::make).transpose()?;
    let account = access.account.id.value.clone();
    let books = Books::new(Tails::new(access.api.clone(), account.as_str()));
    let pace = Pace::default();
    let means = Means {
        books: &books,
        client: &client,
        roots: world.roots(),
        clock: ctx.clock,
        pace: &pace,
    };
    let watches: Vec<Watch> = chosen.iter().map(|one| one.watch.clone()).collect();
    let workers: Vec<String> = watches.iter().map(|watch| watch.worker.clone()).collect();
    let limits = Limits { max_events: args.max_events, until_error: args.until_error };
    let asked = (args.ours(), limits);
    let copies = file.is_some();
    let mut desk = Desk::new(ui, ctx.clock, &workers, asked, copies, args.summary.is_some());
    let (outlet, mut departure) = Outlet::open(ui, file)?;

    let (out, items) = mpsc::channel(ROOM);
    let ended = {
        let watching = watch(&means, &watches, out);
        let stream = Stream { args, signals: &mut signals, limit, workers: workers.len() };
        let streaming = stream.run(items, &mut desk, &outlet, &mut departure);
        tokio::pin!(watching, streaming);
        tokio::select! {
            ended = &mut streaming => ended,
            // Every line is gone: the stream ends when it has taken what was said of that.
            () = &mut watching => streaming.await,
        }
    };
    let farewell = Instant::now() + pace.farewell;
    let explained = explain(ended, &chosen, &world.config, books.tails(), &account, farewell);
    let (left, ended) = tokio::join!(books.close(farewell), explained);
    let ended = ended?;
    if let Some(reason) = ended.reason {
        desk.end(reason)?;
    }
    let (lines, copy) = desk.ready();
    if !matches!(ended.how, How::Unheard) {
        tokio::select! {
            () = outlet.room() => outlet.put(lines, copy),
            () = sleep_until(farewell) => {}
        }
    }
    let written = outlet.finish(departure, farewell).await;
    for (script, error) in left {
        let why = error.map(|error| format!(": {error}")).unwrap_or_default();
        ui.note(&format!("the tail of {script} may stay open until it expires{why}"));
    }
    if let Some(reason) = ended.reason {
        ui.note(&desk.closing(reason));
    }
    match ended.how {
        How::Failed(error) => Err(error),
        // The reader has left, which is a quiet end.
        How::Unheard => Ok(Outcome::Done),
        How::Over(outcome) => written.map(|()| outcome).map_err(Into::into),
    }
}

/// The error inside, by which the exit code is chosen.
fn reason(error: NoAccess) -> anyhow::Error {
    match error {
        NoAccess::Auth(error) => error.into(),
        error @ NoAccess::DatabaseUrl { .. } => error.into(),
    }
}

/// How the stream ended.
enum How {
    Over(Outcome),
    /// Nobody reads it any more.
    Unheard,
    Failed(anyhow::Error),
}

struct Ended<T = How> {
    how: T,
    /// The word for it; `None` where nothing had begun.
    reason: Option<&'static str>,
}

/// How the stream ended, before it is explained.
enum Raw {
    How(How),
    /// A worker could not be followed at all.
    Refused(usize, TailError),
}

async fn explain(
    ended: Ended<Raw>,
    chosen: &[Chosen],
    config: &parky_ops::config::Config,
    tails: &Tails,
    account: &str,
    deadline: Instant,
) -> anyhow::Result<Ended> {
    let Ended { how, reason } = ended;
    let how = match how {
        Raw::How(how) => how,
        Raw::Refused(worker, error) => {
            let one = chosen.get(worker).ok_or_else(|| anyhow::anyhow!("no such worker"))?;
            let scripts = config.workers.iter().filter_map(|w| w.script.as_ref().ok());
            let others: Vec<String> = scripts.map(|script| script.value.clone()).collect();
            How::Failed(failure::explain(error, one, &others, tails, account, deadline).await)
        }
    };
    Ok(Ended { how, reason })
}

/// The stream while it runs.
struct Stream<'a> {
    args: &'a TailArgs,
    signals: &'a mut Signals,
    limit: Option<Instant>,
    workers: usize,
}

impl Stream<'_> {
    async fn run(
        self,
        mut items: mpsc::Receiver<Item>,
        desk: &mut Desk<'_>,
        outlet: &Outlet,
        departure: &mut Departure,
    ) -> Ended<Raw> {
        let Self { args, signals, limit, workers } = self;
        let over =
            |outcome, reason| Ended { how: Raw::How(How::Over(outcome)), reason: Some(reason) };
        let failed = |error: io::Error, begun: bool| Ended {
            how: Raw::How(match error.kind() {
                io::ErrorKind::BrokenPipe => How::Unheard,
                _ => How::Failed(error.into()),
            }),
            reason: begun.then_some("failed"),
        };
        let far = Instant::now() + Duration::from_secs(366 * 86_400);
        let mut until: Option<Instant> = None;
        let mut begun = false;
        let mut status = outlet.has_status().then(Status::new);
        let mut redraw = interval_at(Instant::now() + status::EVERY, status::EVERY);
        let stretch = args.summary.unwrap_or(Duration::from_secs(3600));
        let mut figures = interval_at(Instant::now() + stretch, stretch);
        loop {
            let ready = desk.has_ready();
            if !ready && let Some(reason) = desk.reached {
                return over(
                    if desk.counts.lost > 0 { Outcome::Unreachable } else { Outcome::Done },
                    reason,
                );
            }
            let item = tokio::select! {
                biased;
                outcome = signals.next() => {
                    let reason = if outcome == Outcome::Interrupted { "interrupted" } else { "terminated" };
                    return Ended { reason: begun.then_some(reason), ..over(outcome, reason) };
                }
                ended = departure.comes() => match ended {
                    Ok(()) => return failed(io::ErrorKind::BrokenPipe.into(), begun),
                    Err(error) => return failed(error, begun),
                },
                () = sleep_until(until.unwrap_or(far)) => {
                    if args.summary.is_some() && let Err(error) = desk.figures() {
                        return failed(error, begun);
                    }
                    let outcome = if desk.counts.lost > 0 { Outcome::Unreachable } else { Outcome::Done };
                    return over(outcome, "for");
                }
                () = sleep_until(limit.unwrap_or(far)) => {
                    return Ended { reason: begun.then_some("timeout"), ..over(Outcome::Unreachable, "timeout") };
                }
                () = outlet.room(), if ready => {
                    let (lines, copy) = desk.ready();
                    outlet.put(lines, copy);
                    continue;
                }
                _ = redraw.tick(), if status.is_some() => {
                    if let Some(status) = &mut status {
                        outlet.show(&status.line(desk));
                    }
                    continue;
                }
                _ = figures.tick(), if args.summary.is_some() && begun && !ready => {
                    if let Err(error) = desk.figures() {
                        return failed(error, begun);
                    }
                    continue;
                }
                item = next(&mut items, desk), if !ready => item,
            };
            let Some(item) = item else {
                // Everything that could be said has been.
                return over(Outcome::Unreachable, "lost");
            };
            if !begun && matches!(item, Item::Open { .. }) {
                begun = true;
                until = args.span.map(|span| Instant::now() + span);
                if let Err(error) = desk.start() {
                    return failed(error, begun);
                }
            }
            if let Item::Lost { worker, from: None, error } = &item
                && (!args.all || workers == desk.counts.lost + 1)
                && (!begun || !args.all)
            {
                let how = Raw::Refused(*worker, error.clone());
                return Ended { how, reason: begun.then_some("failed") };
            }
            if let Err(error) = desk.take(&item) {
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
