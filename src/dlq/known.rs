//! What the ledgers know of the rows that a reading command shows. Writes nothing.
//!
//! The shared store where it can be read and is of this environment; the local one where this role's
//! replays are kept there. A ledger that cannot be read is a caveat, never a failure: then the table's
//! own words are all there is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::timeout;

use super::Owner;
use super::settled::{MOST, Settled, cut, unread};
use super::store::any::AnyStore;
use super::store::local::LocalStore;
use super::store::shared::{Schema, SharedStore};
use super::store::{AttemptRecord, Item, Store as _, StoreError};
use super::{FailureId, ItemState, Letter, Table};
use crate::config::DlqTable;
use crate::domain::{Caveat, Clock, EnvName, Redactor};
use crate::postgres::Target;

/// How long a ledger may take for an answer.
const LIMIT: Duration = Duration::from_secs(5);

/// Where the ledgers are.
#[derive(Debug, Clone)]
pub struct Place {
    /// The team's database.
    pub target: Target,
    /// Takes secrets out of what the server says.
    pub redactor: Redactor,
    /// The environment.
    pub env: EnvName,
    /// The team's table.
    pub table: DlqTable,
    /// The directory of the local state, if there is a place for one.
    pub state_dir: Option<PathBuf>,
    /// The present.
    pub clock: Clock,
    /// Who asks; tells owners that are dead.
    pub me: Owner,
}

/// The ledgers as reading commands see them, each over a session of its own: a list would lose its
/// cursor by another question.
#[derive(Debug)]
pub struct Known {
    stores: Vec<AnyStore>,
    me: Owner,
    caveats: Vec<Caveat>,
}

impl Known {
    /// No ledger: the table's own words are all there is.
    pub fn none(me: Owner) -> Self {
        Self { stores: Vec::new(), me, caveats: Vec::new() }
    }

    /// Opens what can be read. Never fails: [`Known::caveats`] says what could not.
    pub async fn open(place: Place) -> Self {
        let mut known = Self::none(place.me.clone());
        let opening = timeout(LIMIT, open_shared(&place)).await;
        let local = match opening.unwrap_or(Ok(Shared::Late)) {
            Ok(Shared::Served { store, local_too }) => {
                known.stores.push(AnyStore::Shared(store));
                local_too
            }
            Ok(Shared::Absent) => true,
            Ok(Shared::Late) => {
                known.unread(&late());
                true
            }
            Err(error) => {
                known.unread(&error.to_string());
                true
            }
        };
        if let Some(directory) = place.state_dir.filter(|_| local) {
            let opening = LocalStore::for_reading(&directory, place.env, place.clock);
            match timeout(LIMIT, opening).await {
                Ok(Ok(store)) => known.stores.extend(store.map(AnyStore::Local)),
                Ok(Err(error)) => known.unread(&error.to_string()),
                Err(_) => known.unread(&late()),
            }
        }
        known
    }

    /// What is known of these rows; those that are not known are left out. Of two ledgers the one
    /// that has done something counts.
    pub async fn items(&mut self, ids: &[FailureId]) -> BTreeMap<FailureId, Item> {
        let me = self.me.clone();
        let mut items: BTreeMap<FailureId, Item> = BTreeMap::new();
        for found in self.ask(async |store| store.items(ids, &me).await).await {
            for (id, item) in found {
                let known = items.get(&id).map(|item| item.state);
                if known.is_none_or(|state| state == ItemState::Open) {
                    items.insert(id, item);
                }
            }
        }
        items
    }

    /// The attempts of a row, oldest first.
    pub async fn attempts(&mut self, id: &FailureId) -> Vec<AttemptRecord> {
        let found = self.ask(async |store| store.attempts(id).await).await;
        let mut attempts: Vec<_> = found.into_iter().flatten().collect();
        attempts.sort_by_key(|attempt| attempt.intent_at);
        attempts
    }

    /// The rows that are settled, newest change first, at most [`MOST`] of each ledger.
    pub async fn settled(&mut self) -> Settled {
        let found = self.ask(async |store| store.known(MOST).await).await;
        if found.iter().any(|known| known.len() >= MOST as usize) {
            self.note(cut());
        }
        Settled::of(found.into_iter().flatten())
    }

    /// What the reader has to know of the ledgers.
    pub fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }

    /// What each ledger answers. One that fails is not asked again.
    async fn ask<T>(
        &mut self,
        question: impl AsyncFn(&mut AnyStore) -> Result<T, StoreError>,
    ) -> Vec<T> {
        let mut answers = Vec::new();
        for mut store in std::mem::take(&mut self.stores) {
            match timeout(LIMIT, question(&mut store)).await {
                Ok(Ok(answer)) => {
                    answers.push(answer);
                    self.stores.push(store);
                }
                Ok(Err(error)) => self.unread(&error.to_string()),
                Err(_) => self.unread(&late()),
            }
        }
        answers
    }

    fn unread(&mut self, why: &str) {
        self.note(unread(why));
    }

    fn note(&mut self, caveat: Caveat) {
        if !self.caveats.contains(&caveat) {
            self.caveats.push(caveat);
        }
    }
}

fn late() -> String {
    format!("no answer within {} s", LIMIT.as_secs())
}

/// How the shared store was found.
#[expect(clippy::large_enum_variant, reason = "there is one of them in a run")]
enum Shared {
    /// It can be read; this role's own replays may be kept in the local one.
    Served { store: SharedStore, local_too: bool },
    /// There is none.
    Absent,
    /// It did not answer in time.
    Late,
}

async fn open_shared(place: &Place) -> Result<Shared, StoreError> {
    let (target, redactor) = (place.target.clone(), place.redactor.clone());
    let opened =
        SharedStore::open(target, redactor, place.env.clone(), (&place.table).into()).await?;
    if opened.access.schema == Schema::Missing {
        return Ok(Shared::Absent);
    }
    opened.access.check(&place.env)?;
    let local_too = opened.access.why_local().is_some();
    Ok(Shared::Served { store: opened.store, local_too })
}

/// The state of a row that neither waits nor was ever touched by a replay.
pub const OTHER: &str = "other";

/// Where a row stands: what the ledger says, else whether its own word means open.
pub fn standing(table: &Table, letter: &Letter, item: Option<&Item>) -> &'static str {
    match item.map(|item| item.state) {
        Some(state) if state != ItemState::Open => state.word(),
        _ if table.is_open_word(&letter.status) => ItemState::Open.word(),
        _ => OTHER,
    }
}
