//! Does what a pipeline stands on work: configuration, credentials, hosts, database, dead letters,
//! tokens?
//!
//! Reads only, and never posts. The questions are those of [`crate::doctor`] and [`crate::checks`];
//! what differs is what a missing secret means, which [`judge`] says.

pub mod judge;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::checks::{World, gather, pages, workers};
use crate::config::{FileState, FileUse};
use crate::doctor;
use crate::domain::{Check, Judgement, Reach, ReasonCode, Source, State};

pub use judge::Standing;

/// What is asked unbidden.
pub const USUAL: [Source; 6] = [
    Source::Config,
    Source::Credentials,
    Source::Hosts,
    Source::Database,
    Source::Dlq,
    Source::Tokens,
];

/// How often a database is asked that the network does not lead to. Hosts and tokens have tries of
/// their own.
const TRIES: u32 = 3;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(500);

/// Told of each check as it comes.
pub type Watch<'a> = &'a dyn Fn(&Check);

/// Examines everything at once, each part with its own deadline. A source that is `required` is
/// asked even where it is not a usual one.
pub async fn examine(
    world: &World,
    files: &[FileUse],
    required: &BTreeSet<Source>,
    watch: Watch<'_>,
) -> Vec<Check> {
    let config = configuration(world, files);
    watch(&config);
    let (around, database, credentials, tokens) = tokio::join!(
        around(world, required, watch),
        database(world, required, watch),
        told(doctor::credentials(world), watch),
        told(doctor::services(world), watch),
    );
    let repository = !world.config.github.repos.value.is_empty();
    let all = [config].into_iter().chain(credentials).chain(around).chain(database).chain(tokens);
    let mut checks: Vec<_> = all.filter_map(|check| judge::settle(check, repository)).collect();
    checks.sort_by_key(|check| match check.source {
        Source::Config | Source::Credentials => (0, check.source),
        Source::Tokens => (2, check.source),
        source => (1, source),
    });
    checks
}

async fn told(work: impl Future<Output = Vec<Check>>, watch: Watch<'_>) -> Vec<Check> {
    let checks = work.await;
    checks.iter().for_each(watch);
    checks
}

/// That it parses, and out of which files; where it does not, nothing else can be asked.
fn configuration(world: &World, files: &[FileUse]) -> Check {
    let begun = Instant::now();
    let read = files.iter().filter(|file| file.state == FileState::Read);
    let read: Vec<_> = read.map(|file| file.path.display().to_string()).collect();
    let refused = files.iter().find_map(|file| match &file.state {
        FileState::NotTaken(why) => Some(format!("{} is not taken: {why}", file.path.display())),
        FileState::Read | FileState::Absent => None,
    });
    let judgement = match (refused, read.as_slice()) {
        (Some(text), _) => Judgement::yellow(ReasonCode::BadConfig, text),
        (None, []) => Judgement::green("no file; built-in values and variables serve"),
        (None, files) => Judgement::green(format!("read from {}", files.join(" and "))),
    };
    judgement.check(Source::Config, "configuration", world.times(begun))
}

/// Hosts, and what else is required that needs no database.
async fn around(world: &World, required: &BTreeSet<Source>, watch: Watch<'_>) -> Vec<Check> {
    let of_database = [Source::Database, Source::Connections, Source::Locks, Source::Dlq];
    let more = Source::TRIAGE.into_iter();
    let more = more.filter(|source| required.contains(source) && !of_database.contains(source));
    ask(world, &more.chain([Source::Hosts]).collect(), watch).await
}

/// The wires of the database, then what else is required of it.
async fn database(world: &World, required: &BTreeSet<Source>, watch: Watch<'_>) -> Vec<Check> {
    let mut checks = doctor::database(world).await;
    for _ in 1..TRIES {
        if !checks.iter().any(is_network_fault) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        checks = doctor::database(world).await;
    }
    checks.iter().for_each(watch);
    let may_be = [Source::Connections, Source::Locks];
    let more: BTreeSet<_> = may_be.into_iter().filter(|source| required.contains(source)).collect();
    if !more.is_empty() {
        checks.extend(ask(world, &more, watch).await);
    }
    checks
}

/// A look that did not even get there is worth another; one that our own deadline ended is not.
fn is_network_fault(check: &Check) -> bool {
    check.name == "connect"
        && check.reach == Reach::NotReached
        && check.reason.code != ReasonCode::Deadline
}

/// Asks `wanted` as `triage` does.
async fn ask(world: &World, wanted: &BTreeSet<Source>, watch: Watch<'_>) -> Vec<Check> {
    let silent = |_: Source, _: &str, _: State| {};
    let never = std::future::pending();
    let gathered = gather(world, wanted, world.limit, never, silent).await;
    world.note(gathered.caveats);
    let now = world.clock.now();
    let workers = gathered.workers.into_iter().map(|worker| {
        let judgement = match &worker.result {
            // A pipeline has no incident whose start could make a deployment a suspect.
            Ok(deployments) => workers::judge(deployments, |_| false, now),
            Err(judgement) => judgement.clone(),
        };
        judgement.check(Source::Workers, worker.worker, worker.times)
    });
    let projects = gathered.pages.into_iter().map(|served| {
        let judgement = match &served.result {
            Ok(past) => pages::judge(past, |_| false, now),
            Err(judgement) => judgement.clone(),
        };
        judgement.check(Source::Pages, served.project, served.times)
    });
    let checks = gathered.checks.into_iter().filter(|check| wanted.contains(&check.source));
    let checks: Vec<_> = checks.chain(workers).chain(projects).collect();
    checks.iter().for_each(watch);
    checks
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::check::Times;

    #[test]
    fn only_what_was_not_reached_is_asked_again() {
        let check = |name: &str, code, reach| {
            let times = Times { took_ms: 0, measured_at: DateTime::UNIX_EPOCH };
            Judgement::red(code, "").reach(reach).check(Source::Database, name, times)
        };
        for (name, code, reach, expected) in [
            ("connect", ReasonCode::Refused, Reach::NotReached, true),
            ("connect", ReasonCode::Dns, Reach::NotReached, true),
            ("connect", ReasonCode::Deadline, Reach::NotReached, false),
            ("connect", ReasonCode::Saturated, Reach::Reached, false),
            ("connect", ReasonCode::NoCredential, Reach::NotTried, false),
            ("query", ReasonCode::NotTried, Reach::NotReached, false),
        ] {
            assert_eq!(is_network_fault(&check(name, code, reach)), expected, "{name} {code:?}");
        }
    }
}
