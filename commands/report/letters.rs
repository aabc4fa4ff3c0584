//! What went wrong with the dead letters: their table, the ledger of what was sent, the choice of rows.

use parky_ops::dlq::TableError;
use parky_ops::dlq::replay::ReconcileError;
use parky_ops::dlq::select::SelectError;
use parky_ops::dlq::store::StoreError;
use parky_ops::state::{LedgerError, StateError};

use super::database::{self, of_postgres};
use super::kind::Kind;
use crate::exit::Outcome;

/// The kind of such an error; `None` for every other. Some of these speak with the words of
/// what is inside them, which the chain leaves out.
pub(super) fn kind(cause: &(dyn std::error::Error + 'static)) -> Option<Kind> {
    if let Some(table) = cause.downcast_ref::<TableError>() {
        return Some(of_table(table));
    }
    if let Some(store) = cause.downcast_ref::<StoreError>() {
        return Some(of_store(store));
    }
    if let Some(ReconcileError::Store(store)) = cause.downcast_ref() {
        return Some(of_store(store));
    }
    match cause.downcast_ref() {
        Some(SelectError::Table(table)) => return Some(of_table(table)),
        Some(SelectError::Store(store)) => return Some(of_store(store)),
        Some(SelectError::Database(error)) => return Some(of_postgres(error)),
        None => {}
    }
    let is_ours =
        cause.is::<ReconcileError>() || cause.is::<LedgerError>() || cause.is::<StateError>();
    is_ours.then(no_ledger)
}

fn of_table(table: &TableError) -> Kind {
    let outcome = match table {
        TableError::Database(error) => database::outcome(error.reason().1),
        _ => Outcome::Configuration,
    };
    Kind::new(table.code(), outcome, table.hint())
}

/// Nothing may be sent without a ledger.
fn no_ledger() -> Kind {
    let hint = "make room on the disk, or point PARKY_OPS_STATE_DIR to a folder on a local one";
    Kind::new("no-ledger", Outcome::Configuration, hint)
}

fn of_store(error: &StoreError) -> Kind {
    let (code, outcome, hint) = match error {
        StoreError::Local(_) => return no_ledger(),
        StoreError::Shared(error) => return of_postgres(error),
        StoreError::NoSchema => ("no-schema", Outcome::Configuration, "parky-ops dlq init"),
        StoreError::Newer { .. } => {
            ("schema-newer", Outcome::Configuration, "use a newer parky-ops")
        }
        StoreError::OtherEnv { .. } => ("other-env", Outcome::Configuration, "parky-ops doctor"),
        _ => ("failed", Outcome::Failed, ""),
    };
    Kind::new(code, outcome, hint)
}
