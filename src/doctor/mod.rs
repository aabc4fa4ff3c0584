//! Is every wire alive? Where each credential came from, and one harmless call that proves it.
//!
//! Reads only, but that looking at the local state makes its file. What no call can prove (the right to change something) is said to be not measurable.

mod credentials;
mod services;

pub(crate) use credentials::examine as credentials;
pub(crate) use services::examine as services;

use std::collections::BTreeSet;
use std::time::Instant;

use crate::auth::{DatabaseTarget, SslMode};
use crate::checks::database;
use crate::checks::{Finding, Sink, World};
use crate::config::{FileRole, FileState, FileUse};
use crate::domain::loopback::is_loopback_host;
use crate::domain::{Caveat, Check, Judgement, ReasonCode, Source, State};
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
    world.deadline(world.limit)
}

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
pub(crate) async fn database(world: &World) -> Vec<Check> {
    if let Ok(found) = world.database(patience(world)).await {
        world.note(unchecked_server(&found.parsed));
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

/// That the connection is encrypted, but to whom was not checked.
fn unchecked_server(target: &DatabaseTarget) -> Option<Caveat> {
    let unchecked = target.sslmode == SslMode::Require && !is_loopback_host(&target.host);
    unchecked.then(|| {
        let text = format!(
            "sslmode=require encrypts, but does not check that {} is the database: name its \
             certificate in [postgres] root_cert of your own file",
            target.host
        );
        Caveat::new("server-unchecked", text)
    })
}

/// The checks that prove the database's wires: that it answers, and that the dead letters can be read.
const PROOFS: [&str; 3] = ["connect", "query", "p0"];

/// Reasons that only rows that were read can give.
const READ: [ReasonCode; 3] = [ReasonCode::Ok, ReasonCode::UntoldP0, ReasonCode::Undelivered];

/// Whatever was read of the alerts, the wire on which it came is alive.
fn reachable(mut check: Check) -> Check {
    if check.source == Source::Dlq {
        check.name = "readable".to_owned();
        if READ.contains(&check.reason.code) {
            let judgement = Judgement::green("readable (right to update: not measurable)");
            check.state = judgement.state;
            check.reason = judgement.reason;
        }
    }
    check
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::parse_postgres_url;
    use crate::config::PostgresTrust;

    #[test]
    fn a_server_that_nobody_checks_is_told() {
        let own = PostgresTrust { root_cert: Some("ca.pem".into()), allow_plain: false };
        let none = PostgresTrust::default();
        for (url, trust, told) in [
            ("postgres://u:pw@db.example/x", &none, true),
            ("postgres://u:pw@db.example/x?sslmode=require", &none, true),
            ("postgres://u:pw@db.example/x?sslmode=verify-full", &none, false),
            ("postgres://u:pw@db.example/x?sslmode=require", &own, false),
            ("postgres://u:pw@127.0.0.1/x?sslmode=require", &none, false),
        ] {
            let caveat = unchecked_server(&parse_postgres_url(url, trust).unwrap());
            assert_eq!(caveat.is_some(), told, "{url}");
            assert!(caveat.is_none_or(|c| c.text.contains("db.example")), "{url}");
        }
    }
}
