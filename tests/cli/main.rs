//! End to end: the binary as a user runs it, against real sockets and a real PostgreSQL.
//!
//! One test binary (it links once), a module per command. `PARKY_OPS_TEST_BINARY` names another
//! binary to test: `scripts/test-shipped` runs the whole suite against the production build.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![expect(
    clippy::disallowed_methods,
    reason = "the harness builds the environment of its children"
)]

#[cfg(not(feature = "sandbox"))]
compile_error!("the tests need the stand-ins: run ./scripts/test, or add --features sandbox");

mod bad_input;
mod command_line;
mod completion;
mod config;
mod db;
mod dlq;
mod doctor;
mod fault_matrix;
mod harness;
mod health;
mod layout;
mod pages;
mod replay;
mod rollback;
mod runs;
mod sandbox;
mod settled;
mod severity;
mod smoke;
mod tail;
mod terminal;
mod triage;
mod vendors;
mod watch;
mod workers;
