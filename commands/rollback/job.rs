//! A rollback that is ready to be agreed to.

use std::time::Duration;

use parky_ops::checks::World;
use parky_ops::checks::access::Cloudflare;
use parky_ops::config::Host;
use parky_ops::rollback::card::Card;
use parky_ops::rollback::script::Program;

use super::planned::Planned;
use crate::args::consent::ConsentArgs;

/// See the module.
pub(super) struct Job<'a> {
    pub(super) world: &'a World,
    pub(super) access: &'a Cloudflare,
    pub(super) card: Card,
    /// The team's script, where it is to do it.
    pub(super) program: Option<Program>,
    pub(super) force: bool,
    /// Why, for the message of the new deployment.
    pub(super) reason: Option<&'a str>,
    /// Who is told.
    pub(super) notice: Planned,
    /// The hosts that show whether it helped.
    pub(super) hosts: Vec<&'a Host>,
    /// For how long they are watched.
    pub(super) window: Duration,
    pub(super) consent: &'a ConsentArgs,
}
