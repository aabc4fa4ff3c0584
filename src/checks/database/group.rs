//! The database's place in `triage`: four sources that share one connection.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::{CHECKS, DatabaseInput, Tries, gather};
use crate::checks::{Finding, Group, Sink, World};
use crate::dlq::settled::LocalPlace;
use crate::domain::{Check, Source};

/// The group.
pub const GROUP: Group = Group {
    sources: &[Source::Database, Source::Connections, Source::Locks, Source::Dlq],
    deadline: DEADLINE,
    owes: |_| CHECKS.iter().map(|(source, name)| (*source, (*name).to_owned())).collect(),
    ask: |world, wanted, sink| ask(world, wanted, sink).boxed_local(),
};

const DEADLINE: Duration = Duration::from_secs(8);

/// Connects, and times `SELECT 1` as often as `tries` say: two checks, `connect` and `query`.
pub async fn ping(world: &World, limit: Duration, tries: Tries) -> Vec<Check> {
    let deadline = world.deadline(limit);
    let database = world.database(deadline).await.map_err(|error| error.judgement());
    let report = gather(DatabaseInput {
        target: database.as_ref().map(|found| (&found.target, &found.from)).map_err(Clone::clone),
        table: &world.config.dlq,
        ledger: ledger(world),
        thresholds: &world.config.thresholds,
        wanted: &BTreeSet::from([Source::Database]),
        clock: world.clock,
        redactor: &world.redactor,
        deadline,
        ping: Some(tries),
    })
    .await;
    report.checks
}

/// Where a replay without the shared schema keeps what it settled.
fn ledger(world: &World) -> LocalPlace<'_> {
    LocalPlace {
        env: &world.config.env,
        state_dir: world.config.state_dir.as_ref().map(|found| found.value.as_path()),
        clock: world.clock,
    }
}

async fn ask(world: &World, wanted: &BTreeSet<Source>, sink: Sink) {
    let deadline = world.deadline(DEADLINE);
    let database = world.database(deadline).await.map_err(|error| error.judgement());
    let report = gather(DatabaseInput {
        target: database.as_ref().map(|found| (&found.target, &found.from)).map_err(Clone::clone),
        table: &world.config.dlq,
        ledger: ledger(world),
        thresholds: &world.config.thresholds,
        wanted,
        clock: world.clock,
        redactor: &world.redactor,
        deadline,
        ping: None,
    })
    .await;
    report.checks.into_iter().for_each(|check| sink.check(check));
    report.caveats.into_iter().for_each(|caveat| sink.send(Finding::Caveat(caveat)));
    if let Some(facts) = report.dead_letters {
        sink.send(Finding::DeadLetters(facts));
    }
}
