//! An open line with its tail: what came over it, whether it lives, when it ends.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tungstenite::Bytes;

use super::fault::LineFault;
use super::overlap::{Overlap, Side};
use super::pace::Pace;
use super::pulse::{Beat, Pulse};
use super::sleep::Sleep;
use super::socket::{Incoming, Socket};
use crate::cloudflare::Tail;
use crate::domain::Clock;

/// Frames that are passed on at once.
const BATCH: usize = 1024;
/// Bytes that are passed on at once; the last frame may go beyond.
const BATCH_BYTES: usize = 512 << 10;

/// See the module.
pub(super) struct Line {
    pub(super) socket: Socket,
    pub(super) tail_id: String,
    /// The version that is looked at, where it is one.
    pub(super) version: Option<String>,
    /// Since when it is open.
    pub(super) since: Instant,
    /// When the next one is to be opened.
    pub(super) renew_at: Instant,
    /// How long it is read beside the one before it.
    pub(super) overlap: Duration,
    /// From when on it is surely silent, where that is known.
    pub(super) silent_from: Option<Instant>,
    /// The last sign of life (UTC).
    pub(super) last_life: DateTime<Utc>,
    pub(super) pulse: Pulse,
    sleep: Sleep,
    clock: Clock,
}

/// What is on its way to the reader.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) frames: Vec<Bytes>,
    pub(super) garbled: u64,
    bytes: usize,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.garbled == 0
    }

    fn is_full(&self) -> bool {
        self.frames.len() >= BATCH || self.bytes >= BATCH_BYTES
    }
}

impl Line {
    pub(super) fn new(
        socket: Socket,
        tail: &Tail,
        version: Option<String>,
        begun: Instant,
        (pace, clock): (&Pace, Clock),
    ) -> Self {
        Self {
            socket,
            tail_id: tail.id.clone(),
            version,
            since: Instant::now(),
            renew_at: begun + pace.use_for(tail.lifetime),
            // An overlap is over, and what was counted forgotten, before the next one begins.
            overlap: pace.overlap.min(pace.use_for(tail.lifetime) / 4),
            silent_from: Pace::expiry(tail.lifetime).and_then(|after| begun.checked_add(after)),
            last_life: clock.now(),
            pulse: Pulse::new(pace.ping, Instant::now()),
            sleep: Sleep::new(clock.now(), Instant::now()),
            clock,
        }
    }

    /// Takes what has come, until there is no more or the batch is full. With an `overlap` the frames
    /// of either side count.
    pub(super) fn drain(
        &mut self,
        batch: &mut Batch,
        mut overlap: Option<(&mut Overlap, Side)>,
    ) -> Result<(), LineFault> {
        let mut alive = false;
        while !batch.is_full() {
            let Some(incoming) = self.socket.next()? else { break };
            alive = true;
            match incoming {
                Incoming::Frame(frame) => {
                    self.pulse.life();
                    let new = overlap.as_mut().is_none_or(|(o, side)| o.is_new(*side, &frame));
                    if new {
                        batch.bytes += frame.len();
                        batch.frames.push(frame);
                    }
                }
                Incoming::Garbled => batch.garbled += 1,
                Incoming::Pong(payload) => drop(self.pulse.pong(&payload)),
                Incoming::Life => self.pulse.life(),
            }
        }
        if alive {
            self.last_life = self.clock.now();
        }
        Ok(())
    }

    /// Sends a ping, or finds that the last one was not answered.
    pub(super) fn beat(&mut self, now: Instant) -> Result<(), LineFault> {
        match self.pulse.beat(now) {
            Beat::Ping(number) => self.socket.ping(number),
            Beat::Dead => Err(LineFault::NoPong),
        }
    }

    /// Asks for a sign of life right now.
    pub(super) fn ask(&mut self, now: Instant) -> Result<(), LineFault> {
        let number = self.pulse.ask(now);
        self.socket.ping(number)
    }

    /// After the machine was asleep the tail is as much older, and its line may be dead: the next one
    /// is opened at once.
    pub(super) fn notice_sleep(&mut self, now: Instant) {
        let Some(slept) = self.sleep.since(self.clock.now(), now) else { return };
        self.renew_at = now;
        // Where that cannot be told the tail is as old as this machine's clock: over.
        self.silent_from = self.silent_from.map(|at| at.checked_sub(slept).unwrap_or(now));
        // One that fails is dead, which the next beat finds.
        let _ = self.ask(now);
    }
}
