//! `parky-ops db ping`: does the database answer, and how fast?
//!
//! Reads only: one connect and one message of the simple protocol, or as many as `--count` says.

use std::fmt::{self, Write};

use parky_ops::checks::database::{Tries, ping};
use serde::Serialize;

use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Checks, Page, Ui, View};

/// Connect, and time SELECT 1
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops db ping
  parky-ops db ping --count 3 --json")]
pub(crate) struct PingArgs {
    /// Ask so often on the one connection, and judge the median
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
}

pub(super) async fn run(args: &PingArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let limit = ctx.globals.timeout.unwrap_or(super::LIMIT);
    let world = ctx.world(limit)?;
    ctx.announce(ui, &world.config);
    let tries = Tries { count: usize::from(args.count), within: limit };
    let checks = ping(&world, limit, tries).await;
    let answer = Ping(Checks::new(checks, world.caveats()));
    ui.show(&answer, ctx.clock.now())?;
    Ok(Outcome::of_checks(&answer.0.checks, ctx.globals.fail_on.is_some()))
}

#[derive(Debug, Serialize)]
struct Ping(Checks);

impl View for Ping {
    const COMMAND: &'static str = "db ping";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        self.0.table(out, page)
    }

    fn caveats(&self) -> Vec<parky_ops::domain::Caveat> {
        self.0.caveats.clone()
    }
}
