//! What every test stands on.

mod bouncer;
mod cloudflare;
mod postgres;
mod run;
mod servers;
mod site;

pub(crate) use bouncer::Bouncer;
pub(crate) use cloudflare::{CloudflareSite, TOKEN_VARIABLE, cloudflare_config};
pub(crate) use postgres::{PgClient, database_url};
pub(crate) use run::{Done, Run, binary};
pub(crate) use servers::{HttpServer, Tls, closed_port, silent_port};
pub(crate) use site::Site;
