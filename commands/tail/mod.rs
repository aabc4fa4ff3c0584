//! `parky-ops tail WORKER..`: what workers say right now, in one stream.
//!
//! Reads. Opens tails, which other viewers of the same workers compete for, and deletes them on every
//! way out.

mod apart;
mod args;
mod choose;
mod copy;
mod desk;
mod failure;
mod figures;
mod flow;
mod fold;
mod notice;
mod quiet;
mod scrub;
mod status;
mod text;

use std::time::Duration;

use parky_ops::checks::access::NoAccess;
use parky_ops::cloudflare::Tails;
use parky_ops::tail::{Books, Means, Pace, TailError, Watch, watch};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use self::apart::Apart;
pub(crate) use self::args::TailArgs;
use self::choose::Chosen;
use self::desk::{Desk, Limits};
pub(crate) use self::failure::in_a_line as no_tail_in_a_line;
use self::flow::Flow;
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{Outlet, Ui};

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
    let watches: Vec<Watch> = chosen.iter().map(|one| one.watch.clone()).collect();
    let workers: Vec<String> = watches.iter().map(|watch| watch.worker.clone()).collect();
    let limits = Limits { max_events: args.max_events, until_error: args.until_error };
    let asked = (args.ours(), limits);
    let copies = file.is_some();
    let mut desk = Desk::new(ui, ctx.clock, &workers, asked, copies, args.summary.is_some());
    let (outlet, mut departure) = Outlet::open(ui, file)?;

    let (out, items) = mpsc::channel(ROOM);
    let mut lines = {
        let (books, roots, clock) = (books.clone(), world.roots().clone(), ctx.clock);
        Apart::start(async move {
            let (books, client, roots, pace) = (&books, &client, &roots, &Pace::default());
            watch(&Means { books, client, roots, clock, pace }, &watches, out).await;
        })?
    };
    let ended = {
        let quiet = quiet::text(&chosen, args.filters(), &account);
        let flow = Flow { args, signals: &mut signals, limit, workers: workers.len(), quiet };
        let streaming = flow.run(items, &mut desk, &outlet, &mut departure);
        // Where every line is gone it ends when it has taken what was said of that.
        streaming.await
    };
    let farewell = Instant::now() + Pace::default().farewell;
    lines.stop().await;
    let explained = explain(ended, &chosen, &world.config, books.tails(), &account, farewell);
    let (left, ended) = tokio::join!(books.close(farewell), explained);
    let ended = ended?;
    if let Some(reason) = ended.reason {
        desk.end(reason)?;
    }
    if !matches!(ended.how, How::Unheard) {
        tokio::select! {
            () = outlet.room() => outlet.put(desk.ready()),
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
