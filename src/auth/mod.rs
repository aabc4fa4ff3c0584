//! Credentials: which one each service needs, where it was found, and its value when it is needed.
//!
//! [`Locator`] says where a credential is without touching it; `doctor` and plans print that.
//! [`Resolver`] fetches the values that a command really needs, all at once, through `op` and `gh`
//! where need be. [`target`] compares what they lead to with what the environment demands.
//! Read-only.

mod account;
mod check;
mod error;
mod gh;
mod locate;
mod name;
mod op;
mod postgres_error;
mod postgres_url;
mod program;
mod resolve;
mod ssl_mode;
pub mod target;
#[cfg(test)]
mod tests;

pub use account::{Account, SettledAccount};
pub use error::AuthError;
pub use locate::{GhCall, Kind, Located, Locator, Scope};
pub use name::CredentialName;
pub use postgres_error::PostgresUrlError;
pub use postgres_url::{DatabaseTarget, parse_postgres_url};
pub use resolve::{Credential, Resolver};
pub use ssl_mode::SslMode;
pub use target::{PinState, TargetConflict, WriteRefusal};
