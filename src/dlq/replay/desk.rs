//! What the lanes of one run share: the ledger, the table, Discord, the count, and the order to stop.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::hooks::Hooks;
use super::journal::Journal;
use super::tally::{RowEnd, Tally};
use super::{Ended, Halt, Watch};
use crate::discord::Discord;
use crate::discord::pace::{FRESH, Global, Invalid};
use crate::dlq::FailureId;
use crate::dlq::Owner;
use crate::dlq::plan::Choices;
use crate::dlq::source::Source;
use crate::dlq::store::{Holder, Item, Recent, Store, StoreError};
use crate::domain::{Clock, Consent};

/// How long nobody else may post to a lane, unless it is renewed.
pub(super) const LANE_LEASE: Duration = Duration::from_secs(90);
/// A lane is renewed at the latest after this.
pub(super) const LANE_RENEWAL: Duration = Duration::from_secs(30);
/// How long a claimed item is held before its intent.
pub(super) const CLAIM_LEASE: Duration = Duration::from_secs(60);
/// How often a failing ledger is tried again, and how long each wait is.
const PATIENCE: [u64; 5] = [1, 2, 4, 8, 15];
/// How often the run gives a sign of life, and hears of others.
const BEAT: Duration = Duration::from_secs(2);
/// After so many beats what dead owners left is looked for.
const REAP_BEATS: u32 = 15;
const _: () = assert!(BEAT.as_secs() * 3 <= FRESH.as_secs(), "one beat may be lost");
/// Below this a wait is not worth a word.
const WORTH_A_WORD: Duration = Duration::from_millis(1500);

/// Whether the run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// It does.
    Go,
    /// No new claims; what is in flight is finished.
    Finish,
}

/// See the module.
pub(super) struct Desk<'a, S, W> {
    pub(super) run: Uuid,
    pub(super) choices: Choices,
    pub(super) no_wait: bool,
    pub(super) owner: &'a Owner,
    pub(super) guild: Option<&'a str>,
    pub(super) channel_ids: &'a BTreeMap<String, String>,
    pub(super) consent: &'a Consent,
    pub(super) clock: Clock,
    pub(super) discord: &'a Discord,
    pub(super) store: Mutex<&'a mut S>,
    pub(super) journal: Mutex<&'a mut Journal>,
    pub(super) source: Mutex<&'a mut Source>,
    pub(super) global: RefCell<Global>,
    pub(super) invalid: Invalid,
    pub(super) tally: Cell<Tally>,
    pub(super) watch: RefCell<&'a mut W>,
    pub(super) halt: RefCell<Option<Halt>>,
    pub(super) held: RefCell<BTreeMap<String, Holder>>,
    pub(super) hooks: Hooks,
    /// Held by the lane that waits for the next place.
    turn: Mutex<()>,
    /// Receipts that the store has heard of and the local ledger does not know that of yet.
    heard: RefCell<Vec<i64>>,
    order: watch::Receiver<Order>,
    stopped: watch::Sender<bool>,
    /// Lanes of P0 whose first row has not gone yet; the others wait for them.
    urgent: watch::Sender<usize>,
}

impl<'a, S: Store, W: Watch> Desk<'a, S, W> {
    pub(super) fn new(
        parts: super::Parts<'a, S, W>,
        consent: &'a Consent,
        run: Uuid,
        selected: u64,
        order: watch::Receiver<Order>,
    ) -> Self {
        let allowance = parts.choices.rate.allowance();
        Self {
            run,
            choices: parts.choices,
            no_wait: parts.no_wait,
            owner: parts.owner,
            guild: parts.guild,
            channel_ids: parts.channel_ids,
            consent,
            clock: parts.clock,
            discord: parts.discord,
            store: Mutex::new(parts.store),
            journal: Mutex::new(parts.journal),
            source: Mutex::new(parts.source),
            global: RefCell::new(Global::new(allowance)),
            invalid: Invalid::default(),
            tally: Cell::new(Tally::of(selected)),
            watch: RefCell::new(parts.watch),
            halt: RefCell::default(),
            held: RefCell::default(),
            hooks: parts.hooks,
            turn: Mutex::new(()),
            heard: RefCell::default(),
            order,
            stopped: watch::Sender::new(false),
            urgent: watch::Sender::new(0),
        }
    }

    /// Ends the run in the ledger. Its leases end on their own where that does not arrive.
    pub(super) async fn close(self) -> Ended {
        self.note_heard().await;
        let Self { run, store, tally, halt, held, order, .. } = self;
        let (tally, halt, held) = (tally.get(), halt.into_inner(), held.into_inner());
        let how = match (&halt, *order.borrow()) {
            (Some(_), _) => "halted",
            (None, Order::Finish) => "interrupted",
            (None, Order::Go) => "done",
        };
        let _ = store.into_inner().end(run, how, &json!(tally)).await;
        Ended { run, tally, halt, held }
    }

    /// The store has heard of these receipts. That is put down for many at once: what is lost of it the
    /// store hears of once more, and knows already.
    pub(super) fn heard(&self, ids: &[i64]) {
        self.heard.borrow_mut().extend_from_slice(ids);
    }

    async fn note_heard(&self) {
        // Kept until that is done: the lanes may end, and this with them, meanwhile.
        let ids = self.heard.borrow().clone();
        if !ids.is_empty() {
            self.journal.lock().await.reconciled(&ids).await;
            self.heard.borrow_mut().drain(..ids.len());
        }
    }

    /// Counts a row's end, and tells it.
    pub(super) fn end_row(&self, end: &RowEnd) {
        let mut tally = self.tally.get();
        tally.count(end);
        self.tally.set(tally);
        self.watch.borrow_mut().row(end, &tally);
    }

    /// Ends the run for all lanes; the first reason stays.
    pub(super) fn halt(&self, why: Halt) {
        self.halt.borrow_mut().get_or_insert(why);
        self.stopped.send_replace(true);
    }

    /// Whether no new row may be claimed, and why.
    pub(super) fn is_stopping(&self) -> Option<&'static str> {
        if *self.stopped.borrow() {
            return Some("the run was stopped");
        }
        (*self.order.borrow() == Order::Finish).then_some("interrupted")
    }

    /// Waits, unless the run is to end meanwhile; a wait that is worth it is told.
    pub(super) async fn pause(&self, lane: &str, until: Instant, why: &str) {
        let wait = until.saturating_duration_since(Instant::now());
        if wait >= WORTH_A_WORD {
            self.watch.borrow_mut().wait(lane, wait, why);
        }
        let (mut order, mut stopped) = (self.order.clone(), self.stopped.subscribe());
        tokio::select! {
            () = sleep_until(until) => {}
            _ = order.wait_for(|order| *order == Order::Finish) => {}
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
    }

    /// Waits until every P0 lane has let its first row go, or has to wait itself.
    pub(super) async fn after_the_urgent(&self) {
        let (mut order, mut stopped) = (self.order.clone(), self.stopped.subscribe());
        let mut urgent = self.urgent.subscribe();
        tokio::select! {
            _ = urgent.wait_for(|left| *left == 0) => {}
            _ = order.wait_for(|order| *order == Order::Finish) => {}
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
    }

    /// So many P0 lanes go first.
    pub(super) fn urgent_lanes(&self, lanes: usize) {
        self.urgent.send_replace(lanes);
    }

    /// One P0 lane no longer holds the others up.
    pub(super) fn urgent_is_through(&self) {
        self.urgent.send_modify(|left| *left = left.saturating_sub(1));
    }

    /// A step of the ledger. One that fails is tried again for half a minute; then the run ends, for
    /// without the ledger nothing may be sent. The step has to be one that may be repeated.
    pub(super) async fn step<T>(
        &self,
        mut step: impl AsyncFnMut(&mut S) -> Result<T, StoreError>,
    ) -> Option<T> {
        let mut waits = PATIENCE.iter();
        loop {
            let done = step(&mut **self.store.lock().await).await;
            let error = match done {
                Ok(value) => return Some(value),
                Err(error) => error,
            };
            let Some(wait) = waits.next().filter(|_| error.may_pass()) else {
                self.halt(Halt::Store(error));
                return None;
            };
            self.watch.borrow_mut().note(&format!("{error}; trying again in {wait} s"));
            // Not cut short by a signal: the end of what was sent has to be put down.
            sleep(Duration::from_secs(*wait)).await;
        }
    }

    /// When others and we posted to `lane` in the last minute.
    pub(super) async fn posts_of(&self, lane: &str) -> Option<Vec<Instant>> {
        let shared = self.step(async |store| store.recent().await).await?;
        let local = match self.journal.lock().await.recent().await {
            Ok(local) => local,
            Err(error) => {
                self.halt(Halt::Journal(error));
                return None;
            }
        };
        Some(merged(lane, &shared, &local, Instant::now()))
    }

    /// What the ledger says of these rows by now.
    pub(super) async fn look_up(&self, ids: &[FailureId]) -> BTreeMap<FailureId, Item> {
        let items = self.step(async |store| store.items(ids, self.owner).await).await;
        items.unwrap_or_default().into_iter().collect()
    }

    /// The right to wait for the next place, in the order of asking: if all lanes did, all of them would
    /// wake for each. `None` at `until`, or where the run is to end meanwhile.
    pub(super) async fn turn(&self, until: Instant) -> Option<MutexGuard<'_, ()>> {
        let (mut order, mut stopped) = (self.order.clone(), self.stopped.subscribe());
        tokio::select! {
            biased;
            turn = self.turn.lock() => Some(turn),
            () = sleep_until(until) => None,
            _ = order.wait_for(|order| *order == Order::Finish) => None,
            _ = stopped.wait_for(|stopped| *stopped) => None,
        }
    }

    /// A place among the requests of this second. Taken before anything is awaited: the other lanes
    /// ask for one meanwhile.
    pub(super) fn place(&self) -> Place<'_> {
        self.global.borrow_mut().take();
        Place { global: &self.global, left: false }
    }

    /// Signs of life, which tell how many others are under way, and the duties of every half minute.
    pub(super) async fn keep_alive(&self) {
        let mut beats = 0u32;
        loop {
            let counts = json!(self.tally.get());
            let mut store = self.store.lock().await;
            let asked = Instant::now();
            // The lanes meet a ledger that is gone themselves.
            if let Ok(others) = store.beat(self.run, self.owner, &counts).await {
                self.global.borrow_mut().heard(asked, others);
            }
            if beats.is_multiple_of(REAP_BEATS) && beats > 0 {
                let _ = store.reap(self.owner).await;
            }
            drop(store);
            self.note_heard().await;
            beats += 1;
            sleep(BEAT).await;
        }
    }
}

/// A place among the requests of this second, held until the answer came.
#[derive(Debug)]
pub(super) struct Place<'d> {
    global: &'d RefCell<Global>,
    left: bool,
}

impl Place<'_> {
    /// From now on something may reach Discord.
    pub(super) fn leaves(&mut self) {
        self.left = true;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.global.borrow_mut().done(Instant::now(), self.left);
    }
}

/// Posts of one lane that the shared and the local ledger know of: our own stand in both, so for each
/// the fuller account of the lane counts.
fn merged(lane: &str, shared: &[Recent], local: &[Recent], now: Instant) -> Vec<Instant> {
    let of_lane = |posts: &[Recent]| -> Vec<Instant> {
        let ages = posts.iter().filter(|post| post.lane == lane).map(|post| post.age);
        ages.filter_map(|age| now.checked_sub(age)).collect()
    };
    let (shared, local) = (of_lane(shared), of_lane(local));
    if shared.len() >= local.len() { shared } else { local }
}
