//! Which rows the replays' ledgers have settled, for whoever counts what is open. Writes nothing.
//!
//! A ledger that cannot be read is a caveat, never a failure.

use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::store::Store as _;
use super::store::local::LocalStore;
use super::store::shared;
use super::table::look::Look;
use super::{FailureId, ItemState};
use crate::domain::{Caveat, Clock, EnvName};
use crate::postgres::Session;

/// Settled rows that are held against the table, at most: the array goes along with each question.
pub const MOST: u32 = 10_000;
/// How long the local ledger may take where others wait for their turn.
const LOCAL_LIMIT: Duration = Duration::from_secs(1);

/// Rows that ledgers have settled: not open any more, whatever their own word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Their keys.
    pub ids: Vec<FailureId>,
    /// All of them were delivered; none was skipped or discarded.
    pub only_delivered: bool,
}

impl Settled {
    /// The settled ones among what ledgers know.
    pub fn of(known: impl IntoIterator<Item = (FailureId, ItemState)>) -> Self {
        let mut settled = Self { ids: Vec::new(), only_delivered: true };
        for (id, state) in known.into_iter().filter(|(_, state)| state.is_settled()) {
            settled.only_delivered &= state == ItemState::Delivered;
            settled.ids.push(id);
        }
        settled
    }
}

/// What is settled, as told over a session that is open for the table anyway: one read, or none where
/// no ledger lies beside the table. `look`: at the table. What could not be read is told beside.
pub async fn settled_beside(
    session: &mut Session,
    look: &Look,
    local: &LocalPlace<'_>,
) -> (Settled, Vec<Caveat>) {
    let mut caveats = Vec::new();
    let mut known = Vec::new();
    let told = match look.ledger {
        None => None,
        Some(false) => {
            caveats.push(unread("the role may not read the schema parky_ops"));
            None
        }
        Some(true) => match shared::settled(session, local.env, MOST).await {
            Ok(told) => Some(told),
            Err(error) => {
                caveats.push(unread(&error.to_string()));
                None
            }
        },
    };
    let local_too = told.as_ref().is_none_or(|told| told.local_too);
    known.extend(told.map(|told| told.settled).unwrap_or_default());
    let mut is_cut = known.len() >= MOST as usize;
    if let Some(directory) = local.state_dir.filter(|_| local_too) {
        let read = async {
            let store = LocalStore::for_reading(directory, local.env.clone(), local.clock).await?;
            match store {
                Some(mut store) => store.known(MOST).await,
                None => Ok(Vec::new()),
            }
        };
        match timeout(LOCAL_LIMIT, read).await {
            Ok(Ok(found)) => {
                is_cut |= found.len() >= MOST as usize;
                known.extend(found);
            }
            Ok(Err(error)) => caveats.push(unread(&error.to_string())),
            Err(_) => caveats.push(unread("the local ledger did not answer")),
        }
    }
    caveats.extend(is_cut.then(cut));
    (Settled::of(known), caveats)
}

/// Where the local ledger is.
#[derive(Debug, Clone, Copy)]
pub struct LocalPlace<'a> {
    /// The environment.
    pub env: &'a EnvName,
    /// The directory of the local state, if there is a place for one.
    pub state_dir: Option<&'a Path>,
    /// The present.
    pub clock: Clock,
}

/// The caveat of a ledger that could not be read.
pub(crate) fn unread(why: &str) -> Caveat {
    let text =
        format!("the replay ledger was not read, so rows that it settled count as open: {why}");
    Caveat::new("ledger-unread", text)
}

/// The caveat of a ledger that knows more than is asked of it.
pub(super) fn cut() -> Caveat {
    let text =
        format!("the replay ledger knows {MOST} rows and more: only the newest were subtracted");
    Caveat::new("ledger-cut", text)
}
