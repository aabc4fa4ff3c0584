//! What every reading `dlq` command sits down at: a session, the table, and what the ledger knows.

use std::time::Duration;

use parky_ops::checks::World;
use parky_ops::dlq::{NoLedger, Table};
use parky_ops::domain::Caveat;
use parky_ops::postgres::{Limits, Session};

use crate::context::Context;
use crate::ui::Ui;

/// Deadline of the whole command, where `--timeout` does not say otherwise.
const LIMIT: Duration = Duration::from_secs(30);
/// Name look-up, TCP, TLS and login together.
const CONNECT: Duration = Duration::from_secs(10);

/// See the module.
pub(super) struct Desk {
    pub(super) world: World,
    pub(super) session: Session,
    pub(super) table: Table,
    pub(super) known: NoLedger,
}

impl Desk {
    pub(super) async fn open(ctx: &Context, ui: &Ui) -> anyhow::Result<Self> {
        let limit = ctx.globals.timeout.unwrap_or(LIMIT);
        let world = ctx.world(limit)?;
        ctx.announce(ui, &world.config);
        let deadline = world.deadline(limit);
        let database = world.database(deadline).await?;
        let limits = Limits { connect: CONNECT, deadline };
        let mut session = Session::connect(&database.target, &ctx.redactor, limits).await?;
        let table = Table::look(&mut session, &world.config.dlq).await?;
        Ok(Self { world, session, table, known: NoLedger })
    }

    /// What the reader has to know of table, ledger and configuration.
    pub(super) fn caveats(&self) -> Vec<Caveat> {
        use parky_ops::dlq::Known as _;
        let mut caveats = self.world.caveats();
        caveats.extend(self.table.caveat());
        caveats.extend(self.known.caveats());
        caveats
    }
}
