//! What `--sandbox` puts under any command: stand-ins that live as long as it does.

#[cfg(not(feature = "sandbox"))]
mod none;
#[cfg(feature = "sandbox")]
mod raised;

#[cfg(not(feature = "sandbox"))]
pub(crate) use none::{Stage, absent};
#[cfg(feature = "sandbox")]
pub(crate) use raised::{Stage, scenario, start, until_signal};
