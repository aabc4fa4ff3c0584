//! `parky_ops`: what an on-call engineer does in the first minutes of an incident, as a library.
//!
//! Nothing in here prints, prompts, reads the command line or exits: the binary in `commands/` does.
//!
//! Arrows point one way:
//!
//! ```text
//! commands/  →  smoke  →  triage, health, doctor, database, tail, rollback  →  checks  →  dlq, notify
//!            →  cloudflare, discord, github, statuspage, probe, postgres, state
//!            →  http, auth, config  →  domain
//! ```
//!
//! Start reading at [`domain::check`] (what every check produces), then [`checks`] (one file per
//! source), then [`triage`] (all of them at once, and what they mean together).
//!
//! Ground rules: a fact names whose view it is; what was not measured is `unknown`, never green; a
//! change takes a [`domain::Consent`] in its signature; every wait has a deadline.

pub mod auth;
pub mod checks;
pub mod cloudflare;
pub mod config;
pub mod database;
pub mod discord;
pub mod dlq;
pub mod doctor;
pub mod domain;
pub mod github;
pub mod http;
pub mod notify;
pub mod postgres;
pub mod probe;
pub mod rollback;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod smoke;
pub mod state;
pub mod statuspage;
pub mod tail;
pub mod triage;
