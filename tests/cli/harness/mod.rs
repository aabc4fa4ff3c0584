//! What every test stands on.

mod cloudflare;
mod run;
mod servers;
mod site;

pub(crate) use cloudflare::{CloudflareSite, TOKEN_VARIABLE, cloudflare_config};
pub(crate) use run::{Done, Run, binary};
pub(crate) use servers::{HttpServer, Tls, closed_port, silent_port};
pub(crate) use site::Site;
