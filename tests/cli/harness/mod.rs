//! What every test stands on.

mod bouncer;
mod cloudflare;
mod github;
mod leftovers;
mod postgres;
mod pty;
mod run;
mod servers;
mod site;
mod standby;
mod state;

pub(crate) use bouncer::Bouncer;
pub(crate) use cloudflare::{CloudflareSite, SCRIPT, TOKEN_VARIABLE, cloudflare_config};
pub(crate) use github::{GREEN, GithubSite, JOBS, NAMES, RED, RUNNING, WAITING, usual, workflows};
pub(crate) use leftovers::{processes_that_name, sandbox_leftovers};
pub(crate) use postgres::{PgClient, PgCrowd, database_url};
pub(crate) use pty::Pty;
pub(crate) use run::{Done, Run, bin, binary, has_sandbox};
pub(crate) use servers::{
    HttpServer, Tls, closed_port, delaying_port, refusing_postgres, silent_port,
};
pub(crate) use site::Site;
pub(crate) use standby::Standby;
pub(crate) use state::state_texts;
