//! First aid for the database: who blocks whom, what runs, who holds the connections, what was
//! migrated, and ending one session.
//!
//! Each read is one read-only message on one connection (see [`crate::postgres`]). [`kill()`] is the
//! only thing that changes something, and takes a [`crate::domain::Consent`].

mod holders;
mod kill;
mod locks;
mod migrations;
mod open;
mod queries;
mod statements;
#[cfg(test)]
mod tests;

pub use holders::{Holder, Holders, holders};
pub use kill::{After, Ended, KillError, PLATFORM_ROLES, Signal, Victim, kill, victim};
pub use locks::{HeldLock, LockRow, Locks, locks};
pub use migrations::{Migration, Migrations, NoMigrations, migrations};
pub use open::{Aid, AidError, open, open_for_change};
pub use queries::{Queries, RunningQuery, queries};
pub use statements::{NoStatements, Statement, Statements, statements};
