//! Why a store did not do what it was asked.

use crate::postgres::PgError;
use crate::state::StateError;

/// Why a store did not do what it was asked. Nothing was changed, except after
/// [`StoreError::may_have_happened`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The team's Postgres.
    #[error("the shared ledger: {0}")]
    Shared(#[from] PgError),
    /// The local state file.
    #[error("the local ledger: {0}")]
    Local(#[from] StateError),
    /// The schema is not there.
    #[error("schema parky_ops is not in the database")]
    NoSchema,
    /// A newer program has changed the schema.
    #[error("schema parky_ops is of version {found}, this program knows up to {known}")]
    Newer {
        /// The version found.
        found: i64,
        /// The newest known one.
        known: i64,
    },
    /// The schema belongs to another environment.
    #[error("schema parky_ops is stamped for {stamped}, not for {asked}")]
    OtherEnv {
        /// The environment in `parky_ops.meta`.
        stamped: String,
        /// The one that was asked for.
        asked: String,
    },
}

impl StoreError {
    /// Whether the change may have been committed although no answer came.
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Shared(error) => error.may_have_happened(),
            _ => false,
        }
    }

    /// Whether the same step may succeed a little later: the server is away or busy.
    pub fn may_pass(&self) -> bool {
        use crate::postgres::PgErrorKind as Kind;
        match self {
            Self::Shared(error) => !matches!(
                error.kind(),
                Kind::Credential
                    | Kind::NoDatabase
                    | Kind::NoPermission
                    | Kind::NoTable
                    | Kind::NoSchema
                    | Kind::NoColumn
                    | Kind::Query
                    | Kind::Config
                    | Kind::Tls
            ),
            _ => false,
        }
    }
}
