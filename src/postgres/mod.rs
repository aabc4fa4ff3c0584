//! One connection to the team's PostgreSQL, safe behind every kind of pooler.
//!
//! Each [`Session::read`] is one message of the simple protocol that opens a `READ ONLY` transaction,
//! sets its own limits with `SET LOCAL`, selects, and commits; a [`Session::write`] is the same with
//! the right to write. So there is no named statement and no session state that a transaction pooler
//! could hand to somebody else, and each step costs one round trip. A list that no index serves in
//! pages is read by a cursor, in one transaction over several messages.
//!
//! Values inside the SQL are quoted by [`Quoted`], and nothing else can be put into a [`Sql`].
//!
//! It assumes that `PGOPTIONS`, `PGSSLCERT` and `PGSSLKEY` are not set: the driver reads all `PG*`
//! variables and gives no way to clear these three, so the binary strips `PG*` when it starts. All
//! others, and the password file, have no effect: [`Target`] sets every other field.

mod error;
mod explain;
mod row;
mod session;
mod sql;
mod sqlstate;
pub mod statement;
mod target;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use error::{PgError, PgErrorKind};
pub use row::Row;
pub use session::{Limits, READ_LIMIT, Session};
pub use sql::{Quoted, Sql};
pub use target::{Target, Tls};
