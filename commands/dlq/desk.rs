//! What every reading `dlq` command sits down at: a session, the table, and what the ledgers know.

use std::time::Duration;

use parky_ops::checks::World;
use parky_ops::dlq::Owner;
use parky_ops::dlq::known::{Known, Place};
use parky_ops::dlq::{Table, TableError};
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
    pub(super) known: Known,
}

impl Desk {
    pub(super) async fn open(ctx: &Context, ui: &Ui) -> anyhow::Result<Self> {
        Box::pin(Self::sit(ctx, ui, true)).await
    }

    /// For a command that has no use for what ledgers know.
    pub(super) async fn without_ledger(ctx: &Context, ui: &Ui) -> anyhow::Result<Self> {
        Box::pin(Self::sit(ctx, ui, false)).await
    }

    async fn sit(ctx: &Context, ui: &Ui, with_ledger: bool) -> anyhow::Result<Self> {
        let limit = ctx.globals.timeout.unwrap_or(LIMIT);
        let world = ctx.world(limit)?;
        ctx.announce(ui, &world.config);
        let deadline = world.deadline(limit);
        let database = world.database(deadline).await?;
        let me = Owner::of_this_process(&ctx.operator(), env!("CARGO_PKG_VERSION"));
        let table = async {
            let limits = Limits { connect: CONNECT, deadline };
            let mut session = Session::connect(&database.target, &ctx.redactor, limits).await?;
            let table = Table::look(&mut session, &world.config.dlq).await?;
            Ok::<_, TableError>((session, table))
        };
        let known = async {
            let config = &world.config;
            match with_ledger {
                true => {
                    Known::open(Place {
                        target: database.target.clone(),
                        redactor: ctx.redactor.clone(),
                        env: config.env.clone(),
                        table: config.dlq.clone(),
                        state_dir: config.state_dir.as_ref().map(|found| found.value.clone()),
                        clock: ctx.clock,
                        me: me.clone(),
                    })
                    .await
                }
                false => Known::none(me.clone()),
            }
        };
        let known = async { Ok(known.await) };
        let ((session, table), known) = tokio::try_join!(table, known)?;
        Ok(Self { world, session, table, known })
    }

    /// What the reader has to know of table, ledger and configuration.
    pub(super) fn caveats(&self) -> Vec<Caveat> {
        let mut caveats = self.world.caveats();
        caveats.extend(self.table.caveat());
        caveats.extend(self.known.caveats());
        caveats
    }
}
