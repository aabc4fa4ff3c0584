//! stdout for streams, on a thread of its own, where secrets are taken out and colours put in too: a
//! reader that is slow holds up nobody who can wait, and one that leaves is noticed even while nothing is
//! written. Below the lines a status may stand, where stderr is a terminal.

use std::fs::File;
use std::io::{self, Write as _};
use std::thread;
use std::time::Duration;

use parky_ops::domain::Redactor;
use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::{Lines, Ui, paint};

/// Parcels that may wait.
const ROOM: usize = 4;

/// See the module.
pub(crate) struct Outlet {
    parcels: mpsc::Sender<Sent>,
    /// Columns, where a status can be shown.
    status: Option<u16>,
}

/// Tells when there is no use in writing any more.
pub(crate) struct Departure {
    written: oneshot::Receiver<io::Result<()>>,
    left: oneshot::Receiver<()>,
    told: bool,
}

/// What is to be written.
#[derive(Debug, Default)]
pub(crate) struct Parcel {
    /// For stdout.
    pub(crate) lines: Lines,
    /// For the copy.
    pub(crate) copy: Lines,
    /// For stderr.
    pub(crate) notes: String,
}

enum Sent {
    Parcel(Parcel),
    /// What stands below from now on.
    Status(String),
}

impl Outlet {
    /// Begins; what is for the copy goes to `copy`.
    pub(crate) fn open(ui: &Ui, copy: Option<File>) -> io::Result<(Self, Departure)> {
        let (parcels, arriving) = mpsc::channel(ROOM);
        let (done, written) = oneshot::channel();
        let (leaves, left) = oneshot::channel();
        let (redactor, colour) = (ui.redactor.clone(), ui.look.colour_out);
        let writer = Writer { copy, redactor, colour, status: String::new() };
        thread::Builder::new().name("stdout".to_owned()).spawn(move || {
            // Nobody waits for the answer where the command has ended without it.
            let _ = done.send(writer.run(arriving));
        })?;
        thread::Builder::new().name("stdout's reader".to_owned()).spawn(move || {
            if reader_leaves() {
                let _ = leaves.send(());
            }
        })?;
        let shown = ui.look.animate && !ui.look.quiet && ui.look.format == super::Format::Text;
        let status = shown.then_some(ui.look.width_err.unwrap_or(80));
        Ok((Self { parcels, status }, Departure { written, left, told: false }))
    }

    /// Whether a status can be shown.
    pub(crate) fn has_status(&self) -> bool {
        self.status.is_some()
    }

    /// Waits until there is room for more lines.
    pub(crate) async fn room(&self) {
        // Without a writer there is room for everything: its end is told by [`Departure`].
        let _ = self.parcels.reserve().await;
    }

    /// Hands over what is to be written; [`Outlet::room`] first, or it is in vain.
    pub(crate) fn put(&self, parcel: Parcel) {
        let _ = self.parcels.try_send(Sent::Parcel(parcel));
    }

    /// Changes the status, if nothing more important waits.
    pub(crate) fn show(&self, status: &str) {
        let Some(width) = self.status.filter(|_| self.parcels.capacity() == ROOM) else { return };
        let room = usize::from(width.saturating_sub(2));
        let line = paint::finish(&cut(status, room), true);
        let _ = self.parcels.try_send(Sent::Status(line));
    }

    /// Writes what waits, as far as its reader takes it by `deadline`.
    pub(crate) async fn finish(self, departure: Departure, deadline: Instant) -> io::Result<()> {
        drop(self.parcels);
        let Departure { written, told, .. } = departure;
        if told {
            return Ok(());
        }
        timeout_at(deadline, written).await.map_or(Ok(()), |written| written.unwrap_or(Ok(())))
    }
}

impl Departure {
    /// Waits until the reader of stdout has left, or writing has failed.
    pub(crate) async fn comes(&mut self) -> io::Result<()> {
        if self.told {
            return std::future::pending().await;
        }
        tokio::select! {
            written = &mut self.written => {
                self.told = true;
                written.unwrap_or(Ok(()))
            }
            Ok(()) = &mut self.left => {
                self.told = true;
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
    }
}

/// The first columns of `text`; marks of colour take none.
fn cut(text: &str, columns: usize) -> String {
    use unicode_width::UnicodeWidthChar as _;
    let mut used = 0;
    text.chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= columns
        })
        .collect()
}

/// Blocks until nobody can read stdout any more; false where that cannot be told.
fn reader_leaves() -> bool {
    loop {
        let stdout = io::stdout();
        let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
        match poll(&mut watched, None) {
            Ok(_) => {
                let told = watched[0].revents();
                if told.intersects(PollFlags::ERR | PollFlags::HUP) {
                    return true;
                }
                if told.contains(PollFlags::NVAL) {
                    return false;
                }
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
        thread::sleep(Duration::from_millis(20));
    }
}

struct Writer {
    copy: Option<File>,
    redactor: Redactor,
    colour: bool,
    status: String,
}

impl Writer {
    fn run(mut self, mut arriving: mpsc::Receiver<Sent>) -> io::Result<()> {
        while let Some(sent) = arriving.blocking_recv() {
            self.clear();
            match sent {
                Sent::Parcel(parcel) => self.write(&parcel)?,
                Sent::Status(status) => self.status = status,
            }
            self.draw();
        }
        self.clear();
        Ok(())
    }

    fn write(&mut self, parcel: &Parcel) -> io::Result<()> {
        let Parcel { lines, copy, notes } = parcel;
        let _ = io::stderr().lock().write_all(notes.as_bytes());
        let mut out = io::stdout().lock();
        lines.write(&mut out, &self.redactor, self.colour)?;
        out.flush()?;
        if let Some(file) = &mut self.copy {
            // A disk is no reader that has left.
            let failed = |error| io::Error::other(format!("writing the copy: {error}"));
            copy.write(file, &self.redactor, false).map_err(failed)?;
        }
        Ok(())
    }

    fn clear(&self) {
        if !self.status.is_empty() {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }

    fn draw(&self) {
        if !self.status.is_empty() {
            let _ = write!(io::stderr().lock(), "{}\x1b[0m", self.status);
        }
    }
}
