//! From the table to a plan: the rows that are meant are read once, judged, and let go.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::digest::IN_DIGEST;
use super::doubt::{Channel, Found, Mark, Window};
use super::outgoing::reference;
use super::payload::Payload;
use super::plan::{self, Choices, Facts, Fate, Plan, PlannedRow, Proof, Road, SkipKind};
use super::source::Source;
use super::store::{Store, StoreError};
use super::table::{Order, Query, TableError};
use super::{FailureId, Filter, ItemState, Letter, lane_of};
use crate::discord::Discord;
use crate::postgres::PgError;

/// Rows in doubt that are looked for in their channels, at most.
const LOOKS: usize = 200;
/// Ledger entries that are held against the table, newest first.
pub const KNOWN: u32 = 200_000;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// The table is not as it has to be.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The database.
    #[error(transparent)]
    Database(#[from] PgError),
    /// The ledger.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which rows, and what is known besides them.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The rows.
    pub filter: &'a Filter,
    /// At most so many, the oldest.
    pub limit: Option<u64>,
    /// What the operator chose.
    pub choices: &'a Choices,
    /// The present (UTC).
    pub now: DateTime<Utc>,
}

/// What a selection found.
#[derive(Debug)]
pub struct Selected {
    /// The plan.
    pub plan: Plan,
    /// What each lane can do.
    pub roads: BTreeMap<String, Road>,
    /// Keys that were asked for and are not there, or not open.
    pub missing: Vec<FailureId>,
}

/// Reads and judges. `road` tells once for each lane what it can do.
///
/// # Errors
/// The table, the database or the ledger cannot be read.
pub async fn select<S: Store>(
    source: &mut Source,
    store: &mut S,
    wanted: &Wanted<'_>,
    bot: Option<(&Discord, &BTreeMap<String, String>)>,
    mut road: impl AsyncFnMut(&str) -> Road,
) -> Result<Selected, SelectError> {
    let known: BTreeMap<_, _> = store.known(KNOWN).await?.into_iter().collect();
    let mut picked = Picked { known, roads: BTreeMap::new(), rows: Vec::new() };
    let table = source.table().clone();
    let filter = Filter { statuses: table.open_words().to_vec(), ..wanted.filter.clone() };
    let query = Query { filter, order: Order::Oldest, with_payload: true, ..Query::default() };
    let mut pager = table.pages(query)?;
    let most = usize::try_from(wanted.limit.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    'pages: while let Some(page) = pager.next(source.connected().await?).await? {
        for letter in &page {
            if picked.rows.len() >= most {
                break 'pages;
            }
            let lane = lane_of(&letter.channel);
            if !lane.is_empty() && !picked.roads.contains_key(lane) {
                picked.roads.insert(lane.to_owned(), road(lane).await);
            }
            picked.judge(letter, wanted);
        }
    }
    if let Some((discord, channels)) = bot {
        prove(&mut picked, source, store, wanted, discord, channels).await?;
    }
    let key = table.key()?;
    let found: BTreeSet<_> = picked.rows.iter().map(|row| &row.id).collect();
    let asked = wanted.filter.ids.iter();
    let is_missing = |id: &&FailureId| key.normal(id).is_none_or(|id| !found.contains(&id));
    let missing = asked.filter(is_missing).cloned().collect();
    Ok(Selected { plan: Plan::of(picked.rows, wanted.choices), roads: picked.roads, missing })
}

struct Picked {
    known: BTreeMap<FailureId, ItemState>,
    roads: BTreeMap<String, Road>,
    rows: Vec<PlannedRow>,
}

impl Picked {
    /// A row that the ledger has settled is no longer open, and not selected.
    fn judge(&mut self, letter: &Letter, wanted: &Wanted<'_>) {
        let Some(id) = &letter.id else { return };
        if self.known.get(id).is_some_and(|state| state.is_settled()) {
            return;
        }
        self.rows.push(self.row(letter, id, wanted, &BTreeMap::new()));
    }

    fn row(
        &self,
        letter: &Letter,
        id: &FailureId,
        wanted: &Wanted<'_>,
        proofs: &BTreeMap<FailureId, Proof>,
    ) -> PlannedRow {
        let facts = Facts { known: &self.known, roads: &self.roads, proofs, now: wanted.now };
        plan::row(letter, id, wanted.choices, &facts)
    }
}

/// Looks for rows in doubt in their channels, and judges those anew of which it proves something.
async fn prove<S: Store>(
    picked: &mut Picked,
    source: &mut Source,
    store: &mut S,
    wanted: &Wanted<'_>,
    discord: &Discord,
    channels: &BTreeMap<String, String>,
) -> Result<(), SelectError> {
    let mut suspects: BTreeMap<String, Vec<Suspect>> = BTreeMap::new();
    let doubtful: Vec<usize> =
        (0..picked.rows.len()).filter(|at| is_doubtful(&picked.rows[*at])).take(LOOKS).collect();
    for at in doubtful {
        let row = &picked.rows[at];
        let Some(letter) = source.read(&row.id).await? else { continue };
        let Ok(payload) = Payload::read(letter.payload.as_deref()) else { continue };
        let own = picked.known.contains_key(&row.id);
        let last = if own { store.attempts(&row.id).await?.pop() } else { None };
        let attempt = last.as_ref().map(|attempt| attempt.intent_at);
        let Some(attempt) = attempt.or(letter.attempted_at.filter(|_| !own)) else { continue };
        let in_digest = last.is_some_and(|attempt| attempt.ping.as_deref() == Some(IN_DIGEST));
        let mut marks = vec![Mark::Same(payload.body)];
        marks.extend(own.then(|| Mark::Reference(reference(&row.id))));
        let window = Window::around(attempt);
        let suspect = Suspect { at, letter, marks, window, in_digest };
        suspects.entry(row.lane.clone()).or_default().push(suspect);
    }
    for (lane, suspects) in suspects {
        let Some(channel) = channels.get(&lane) else { continue };
        let from = suspects.iter().map(|suspect| suspect.window.from).min();
        let Some(from) = from else { continue };
        // What cannot be looked at stays in doubt.
        let Ok(history) = Channel::read(discord, channel, from).await else { continue };
        for suspect in suspects {
            let Some(proof) = suspect.proof(&history, wanted.now) else { continue };
            let id = picked.rows[suspect.at].id.clone();
            let proofs = BTreeMap::from([(id.clone(), proof)]);
            picked.rows[suspect.at] = picked.row(&suspect.letter, &id, wanted, &proofs);
        }
    }
    Ok(())
}

fn is_doubtful(row: &PlannedRow) -> bool {
    match &row.fate {
        Fate::Unsure(_) | Fate::Skip(SkipKind::Maybe, _) => true,
        Fate::Send { repeat, .. } => *repeat,
        _ => false,
    }
}

/// A row that may stand in its channel.
struct Suspect {
    at: usize,
    letter: Letter,
    marks: Vec<Mark>,
    window: Window,
    /// It may have been told in a digest, which bears the mark of one row for all its equals.
    in_digest: bool,
}

impl Suspect {
    /// What the history proves: one mark is enough to prove the arrival, absence takes all of them.
    fn proof(&self, history: &Channel, now: DateTime<Utc>) -> Option<Proof> {
        // That its mark is nowhere does not tell that nobody was told.
        let mut absent = !self.in_digest;
        for mark in &self.marks {
            match history.find(mark, self.window, now) {
                Found::Proof(Proof::Arrived(message)) => return Some(Proof::Arrived(message)),
                Found::Proof(Proof::Absent) => {}
                Found::Unknown(_) => absent = false,
            }
        }
        absent.then_some(Proof::Absent)
    }
}
