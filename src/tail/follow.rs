//! Following an open line, with its renewal: the next line is opened before the tail expires, both are
//! read for a while, and the old one goes.

use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep_until};

use super::error::TailError;
use super::fault::LineFault;
use super::line::{Batch, Line};
use super::overlap::{Overlap, Side};
use super::session::{Item, Session, Unheard};

/// A line that was lost, and why.
pub(super) struct Lost {
    pub(super) line: Line,
    pub(super) error: TailError,
}

type Pending<'a, T> = Option<Pin<Box<dyn Future<Output = Result<T, TailError>> + Send + 'a>>>;

/// The change from one line to the next.
struct Change {
    overlap: Overlap,
    /// The line that goes, until it has gone.
    old: Option<Line>,
    /// Whether it has ended by itself.
    ended: bool,
    /// When the new line was open (UTC).
    opened: DateTime<Utc>,
    /// When the next step is due; `None` until the new line is open.
    until: Option<Instant>,
}

/// What is told of a line that had died before the next one was open, and was not noticed.
const SILENT: &str = "the line gave no sign of life when it was renewed";

/// What ended a wait.
enum Woken {
    Came,
    Taken,
    Opened(Result<Box<Line>, TailError>),
    Looked(Option<String>),
    Due,
    Unheard,
}

impl Session<'_> {
    /// Follows `line` and those that come after it, until one is lost.
    pub(super) async fn follow(&self, mut line: Line) -> Result<Lost, Unheard> {
        let mut batch = Batch::default();
        let mut change: Option<Change> = None;
        let mut opening: Pending<'_, Line> = None;
        let mut looking: Pending<'_, Option<String>> = None;
        let mut look_at = Instant::now() + self.pace.look;
        let mut fault: Option<TailError> = None;
        let mut renewals = 0;
        loop {
            let held_up = !batch.is_empty();
            if !held_up && fault.is_none() {
                fault = drain(&mut line, &mut change, &mut batch).err().map(TailError::Line);
            }
            if batch.is_empty()
                && let Some(error) = fault.take()
            {
                if let Some(old) = change.and_then(|change| change.old) {
                    self.drop_line(old).await;
                }
                return Ok(Lost { line, error });
            }
            let reading = batch.is_empty();
            let look_due = (self.watch.newest && looking.is_none()).then_some(look_at);
            let due = next_due(&line, change.as_ref(), opening.is_none(), reading, look_due);
            let old = change.as_mut().filter(|change| !change.ended);
            let old = old.and_then(|change| change.old.as_mut());
            let woken = tokio::select! {
                permit = self.out.reserve(), if !reading => match permit {
                    Ok(permit) => {
                        permit.send(self.item(std::mem::take(&mut batch)));
                        Woken::Taken
                    }
                    Err(_) => Woken::Unheard,
                },
                () = line.socket.wait(), if reading => Woken::Came,
                () = wait_for(old), if reading => Woken::Came,
                opened = maybe(&mut opening) => Woken::Opened(opened.map(Box::new)),
                looked = maybe(&mut looking) => Woken::Looked(looked.ok().flatten()),
                () = sleep_until(due) => Woken::Due,
            };
            let now = Instant::now();
            match woken {
                Woken::Came => {}
                Woken::Unheard => return Err(Unheard),
                Woken::Taken => resume(&mut line, change.as_mut(), now),
                Woken::Opened(Ok(next)) => {
                    opening = None;
                    renewals = 0;
                    let version = next.version.clone();
                    let mut old = std::mem::replace(&mut line, *next);
                    if let Some(change) = &mut change {
                        // Its answer shows that nothing was missed until here.
                        change.ended = old.ask(now).is_err();
                        change.opened = self.clock.now();
                        change.old = Some(old);
                        change.until = Some(now + line.overlap);
                    }
                    self.say(Item::Renewed { worker: self.worker, version }).await?;
                }
                Woken::Opened(Err(error)) => {
                    opening = None;
                    change = None;
                    let usual = self.pace.backoff.get(renewals).or(self.pace.backoff.last());
                    let usual = usual.copied().unwrap_or(self.pace.connect);
                    renewals += 1;
                    match error.again(usual, self.clock.now()) {
                        Some(wait) => line.renew_at = now + wait,
                        None => fault = Some(error),
                    }
                }
                Woken::Looked(newest) => {
                    looking = None;
                    look_at = now + self.pace.look;
                    if newest.is_some() && newest != line.version {
                        line.renew_at = now;
                    }
                }
                Woken::Due => {
                    line.notice_sleep(now);
                    if line.silent_from.is_some_and(|at| at <= now) && reading {
                        fault = Some(TailError::Expired);
                    } else if reading && line.pulse.due() <= now {
                        fault = line.beat(now).err().map(TailError::Line);
                    }
                    if opening.is_none() && change.is_none() && line.renew_at <= now {
                        // From here on, so that what is on its way twice is seen once.
                        change = Some(Change {
                            overlap: Overlap::default(),
                            old: None,
                            ended: false,
                            opened: self.clock.now(),
                            until: None,
                        });
                        opening = Some(Box::pin(self.open()));
                    }
                    if look_due.is_some_and(|at| at <= now) {
                        looking = Some(Box::pin(self.newest()));
                    }
                    if reading {
                        self.step(&mut change, &line, now).await?;
                    }
                }
            }
        }
    }

    /// Lets the old line go when the overlap is over, and forgets what was counted a while later. One
    /// that has not shown since `line` was open that it still lived had been dead for a while.
    async fn step(
        &self,
        change: &mut Option<Change>,
        line: &Line,
        now: Instant,
    ) -> Result<(), Unheard> {
        let Some(under_way) = change else { return Ok(()) };
        if under_way.until.is_none_or(|until| until > now) {
            return Ok(());
        }
        under_way.until = Some(now + line.overlap);
        let dead = under_way.old.as_ref().is_some_and(|old| old.last_life < under_way.opened);
        // Its answer may still be on the way.
        let patience = line.renew_at.saturating_duration_since(line.since) / 2;
        if dead && !under_way.ended && now < line.since + self.pace.ping.min(patience) {
            return Ok(());
        }
        let Some(old) = under_way.old.take() else {
            *change = None;
            return Ok(());
        };
        let (from, to) = (old.last_life, under_way.opened);
        self.drop_line(old).await;
        if dead {
            self.say(Item::Gap { worker: self.worker, from, to, cause: SILENT.to_owned() }).await?;
        }
        Ok(())
    }

    fn item(&self, batch: Batch) -> Item {
        let Batch { frames, garbled, .. } = batch;
        Item::Frames { worker: self.worker, at: self.clock.now(), frames, garbled }
    }
}

/// What has come on either line. The old one may end at any time: the new one is there.
fn drain(line: &mut Line, change: &mut Option<Change>, batch: &mut Batch) -> Result<(), LineFault> {
    let Some(Change { overlap, old, ended, until, .. }) = change else {
        return line.drain(batch, None);
    };
    if let Some(going) = old.as_mut().filter(|_| !*ended)
        && going.drain(batch, Some((overlap, Side::Old))).is_err()
    {
        (*ended, *until) = (true, Some(Instant::now()));
    }
    let side = if until.is_some() { Side::New } else { Side::Old };
    line.drain(batch, Some((overlap, side)))
}

/// After a reader was slow: what waits in the sockets gets its time.
fn resume(line: &mut Line, change: Option<&mut Change>, now: Instant) {
    if line.pulse.due() <= now {
        line.pulse.held_up(now);
    }
    if let Some(until) = change.and_then(|change| change.until.as_mut())
        && *until <= now
    {
        *until = now + line.overlap / 2;
    }
}

/// When to look again, whatever comes. While the reader holds everything up, only a renewal counts.
fn next_due(
    line: &Line,
    change: Option<&Change>,
    may_open: bool,
    reading: bool,
    look: Option<Instant>,
) -> Instant {
    let far = Instant::now() + Duration::from_secs(3600);
    let renew = (may_open && change.is_none()).then_some(line.renew_at);
    let step = change.and_then(|change| change.until).filter(|_| reading);
    let pulse = reading.then(|| line.pulse.due());
    let silent = line.silent_from.filter(|_| reading);
    [renew, step, pulse, silent, look].into_iter().flatten().fold(far, Instant::min)
}

async fn wait_for(line: Option<&mut Line>) {
    match line {
        Some(line) => line.socket.wait().await,
        None => pending().await,
    }
}

async fn maybe<T>(work: &mut Pending<'_, T>) -> Result<T, TailError> {
    match work {
        Some(work) => work.await,
        None => pending().await,
    }
}
