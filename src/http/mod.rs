//! The one HTTP client that every API goes through: one TLS provider, one user agent, a deadline on
//! every request, no redirects, and errors that say whose fault it is.
//!
//! Reads and writes whatever the caller asks for; keeps nothing. A `GET` is retried, nothing else
//! is. Secrets leave in one header only and never come back in an error or in the request log. What
//! is not on this machine is reached through the system's proxy, where it has one.

mod api;
mod call;
mod classify;
mod client;
pub mod dns;
mod error;
pub mod lenient;
mod log;
mod reply;
mod service;
mod shared;
mod stream;
#[cfg(test)]
pub(crate) mod stub;
#[cfg(test)]
mod tests;
mod tls;
mod wire;

pub use api::{Api, MAX_BODY};
pub use call::Request;
pub use client::Client;
pub use error::{ApiError, Asked, Fault, NotSent, Said, Unreachable, Unreadable};
pub use log::{Logged, RequestLog};
pub use reply::Reply;
pub use reqwest::{Method, header};
pub use service::{Service, USER_AGENT};
pub use stream::{Links, Stream};
pub use tls::{Roots, TlsFault, client_config};
