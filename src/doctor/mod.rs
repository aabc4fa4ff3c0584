//! Is every wire alive? Where each credential came from, and one harmless call that proves it.
//!
//! Reads only. What no call can prove (the right to change something) is said to be not measurable.

mod credentials;
mod services;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::checks::access::Database;
use crate::checks::database;
use crate::checks::{Finding, Sink, World};
use crate::config::{FileRole, FileState, FileUse};
use crate::domain::{Caveat, Check, Judgement, ReasonCode, Source, State};
use crate::postgres::{Target, Tls};
use crate::state;

/// Examines the configuration, every credential, and every service that one opens. All calls run at
/// once, each with its own deadline.
pub async fn examine(world: &World, files: &[FileUse]) -> Vec<Check> {
    let (credentials, services, database, state) = tokio::join!(
        credentials::examine(world),
        services::examine(world),
        database(world),
        local_state(world)
    );
    let files = files.iter().map(|file| configuration(world, file));
    files.chain([state]).chain(credentials).chain(services).chain(database).collect()
}

/// When the wait for a credential ends: a little before the whole command, so that what it waited
/// for is told.
fn patience(world: &World) -> tokio::time::Instant {
    tokio::time::Instant::now() + world.limit - SPARE.min(world.limit / 4)
}

const SPARE: Duration = Duration::from_millis(150);

fn configuration(world: &World, file: &FileUse) -> Check {
    let begun = Instant::now();
    let path = file.path.display();
    let judgement = match &file.state {
        FileState::Read => Judgement::green(format!("read from {path}")),
        FileState::Absent => {
            let text = format!("none at {path}; built-in values serve");
            Judgement::new(State::Skipped, ReasonCode::NotConfigured, text)
        }
        FileState::NotTaken(why) => {
            Judgement::yellow(ReasonCode::BadConfig, format!("{path} is not taken: {why}"))
        }
    };
    let name = match file.role {
        FileRole::User => "user file",
        FileRole::Project => "project file",
    };
    judgement.check(Source::Config, name, world.times(begun))
}

/// Whether what triage finds can be remembered.
async fn local_state(world: &World) -> Check {
    let begun = Instant::now();
    let judgement = match &world.config.state_dir {
        None => Judgement::yellow(ReasonCode::BadConfig, "no home directory: nothing is kept"),
        Some(directory) => match state::State::open(directory).await {
            Ok(_) => Judgement::green(format!("kept in {}", directory.value.display())),
            Err(error) => Judgement::yellow(ReasonCode::BadConfig, error.to_string()),
        },
    };
    judgement.check(Source::Config, "local state", world.times(begun))
}

/// Connects and reads once, as every database check would.
async fn database(world: &World) -> Vec<Check> {
    if let Ok(Database { target: Target { tls: Tls::Require, .. }, from, .. }) =
        world.database(patience(world)).await
    {
        let text = format!(
            "the database URL from {from} asks for TLS without checking who answers; \
             postgres.root_cert makes it verify-full"
        );
        world.note([Caveat::new("tls-unverified", text)]);
    }
    let (sender, mut findings) = tokio::sync::mpsc::unbounded_channel();
    let wanted = BTreeSet::from([Source::Database, Source::Dlq]);
    (database::GROUP.ask)(world, &wanted, Sink::new(sender)).await;
    let mut checks = Vec::new();
    while let Ok(finding) = findings.try_recv() {
        match finding {
            Finding::Check(check) if PROOFS.contains(&check.name.as_str()) => {
                checks.push(reachable(check));
            }
            Finding::Caveat(caveat) => world.note([caveat]),
            _ => {}
        }
    }
    checks
}

/// The checks that prove the database's wires: that it answers, and that the dead letters can be read.
const PROOFS: [&str; 3] = ["connect", "query", "p0"];

/// The dead letters are looked at for their wire alone: undelivered alerts are no fault of it.
fn reachable(mut check: Check) -> Check {
    if check.source == Source::Dlq {
        check.name = "dead letters".to_owned();
        if check.state != State::Unknown {
            let judgement = Judgement::green("readable; right to update: not measurable");
            check.state = judgement.state;
            check.reason = judgement.reason;
        }
    }
    check
}
