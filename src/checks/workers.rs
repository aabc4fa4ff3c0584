//! `workers`: what is live on Cloudflare, and whether that is fresh. Cloudflare's view.
//!
//! A deployment has no bad state of its own (the hosts and the logs tell that), so a worker is green
//! or yellow, or unknown where Cloudflare could not be asked.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde_json::json;

use super::access::Cloudflare;
use super::{Finding, Group, Sink, World};
use crate::cloudflare;
use crate::config::Worker;
use crate::domain::check::Times;
use crate::domain::clock::span;
use crate::domain::{Deployment, Jst, Judgement, ReasonCode, Source};

/// The group.
pub const GROUP: Group = Group {
    sources: &[Source::Workers],
    deadline: DEADLINE,
    owes: |world| world.config.workers.iter().map(|w| (Source::Workers, w.name.clone())).collect(),
    ask: |world, _, sink| ask(world, sink).boxed_local(),
};

const DEADLINE: Duration = Duration::from_secs(5);

/// A request that hangs is given up a little before the group is, so that the reason is told.
const SPARE: Duration = Duration::from_millis(150);

/// One worker's deployments, newest first, or why they could not be read.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// The worker's name in the configuration.
    pub worker: String,
    /// What Cloudflare said.
    pub result: Result<Vec<Deployment>, Judgement>,
    /// When that was, and how long it took.
    pub times: Times,
}

async fn ask(world: &World, sink: Sink) {
    let begun = Instant::now();
    let deadline = tokio::time::Instant::now() + DEADLINE.min(world.limit) - SPARE;
    let access = world.cloudflare(deadline).await;
    let access = &access.map_err(|error| error.judgement());
    let sink = &sink;
    let asked = world.config.workers.iter().map(|worker| async move {
        let result = match access {
            Ok(access) => deployments(access, worker, deadline).await,
            Err(judgement) => Err(judgement.clone()),
        };
        let times = world.times(begun);
        sink.send(Finding::Worker(Deployed { worker: worker.name.clone(), result, times }));
    });
    join_all(asked).await;
}

async fn deployments(
    access: &Cloudflare,
    worker: &Worker,
    deadline: tokio::time::Instant,
) -> Result<Vec<Deployment>, Judgement> {
    let script =
        worker.script.as_ref().map_err(|why| Judgement::unknown(ReasonCode::Unmapped, why))?;
    let client = access.client();
    let (deployments, numbers) = tokio::join!(
        client.deployments(&worker.name, &script.value, deadline),
        client.version_numbers(&script.value, deadline)
    );
    let mut deployments = deployments
        .map_err(|error| access.refusal(&error).with("script", script.value.as_str()))?;
    // The numbers are a courtesy to the reader: without them the ids still tell versions apart.
    cloudflare::number_versions(&mut deployments, &numbers.unwrap_or_default());
    Ok(deployments)
}

/// Judges one worker, once the start of the incident is known.
pub fn judge(
    deployments: &[Deployment],
    suspected: impl Fn(&Deployment) -> bool,
    now: DateTime<Utc>,
) -> Judgement {
    let Some(live) = deployments.first() else {
        let text = "Cloudflare knows the script, but nothing is deployed";
        return Judgement::yellow(ReasonCode::NoDeployment, text);
    };
    let says = describe(live, now);
    let judgement = if let Some(fresh) = deployments.iter().find(|d| suspected(d)) {
        let what = if fresh.is_rollback { "rolled back" } else { "deployed" };
        let text = format!("{what} at {}; live: {says}", Jst(fresh.at).hour_minute());
        Judgement::yellow(ReasonCode::FreshDeploy, text)
    } else if live.is_split() {
        Judgement::yellow(ReasonCode::Split, format!("traffic is split; live: {says}"))
    } else {
        Judgement::green(format!("live: {says}"))
    };
    judgement
        .with("script", live.script.as_str())
        .with("deployment_id", live.deployment_id.as_str())
        .with("at", json!(live.at))
        .with("author", json!(live.author))
        .with("message", json!(live.message))
        .with("versions", json!(live.versions))
        .with("is_rollback", live.is_rollback)
}

fn describe(live: &Deployment, now: DateTime<Utc>) -> String {
    let shares: Vec<_> = live
        .versions
        .iter()
        .map(|share| {
            let id: String = share.version_id.chars().take(8).collect();
            let name = share.number.map_or_else(|| id.clone(), |n| format!("@{n} ({id})"));
            if live.is_split() { format!("{name} {}%", share.percentage) } else { name }
        })
        .collect();
    let author = live.author.as_deref().map(|a| format!(" by {a}")).unwrap_or_default();
    format!("{}, {} ago{author}", shares.join(" + "), span(now - live.at))
}

/// The version that was live before the newest deployment and is not live now: the way back.
pub fn previous_version(deployments: &[Deployment]) -> Option<&crate::domain::VersionShare> {
    let live: BTreeSet<_> = deployments.first()?.versions.iter().map(|v| &v.version_id).collect();
    deployments
        .iter()
        .skip(1)
        .filter(|deployment| !deployment.is_split())
        .filter_map(Deployment::main_version)
        .find(|version| !live.contains(&version.version_id))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::{State, VersionShare};

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    fn deployed(minutes_ago: i64, versions: &[(&str, f64)]) -> Deployment {
        let share = |(id, percentage): &(&str, f64)| VersionShare {
            version_id: (*id).to_owned(),
            number: Some(42),
            percentage: *percentage,
        };
        Deployment {
            worker: "public".into(),
            script: "parky-public-prod".into(),
            deployment_id: "d1".into(),
            at: now() - TimeDelta::minutes(minutes_ago),
            author: Some("ops@example.com".into()),
            source: None,
            message: None,
            versions: versions.iter().map(share).collect(),
            live: true,
            is_rollback: false,
        }
    }

    #[test]
    fn fresh_split_and_quiet_workers() {
        let old = deployed(5000, &[("aaaaaaaa-1", 100.0)]);
        let new = deployed(7, &[("bbbbbbbb-2", 100.0)]);
        let split = deployed(5000, &[("a", 90.0), ("b", 10.0)]);
        let window = |d: &Deployment| d.at > now() - TimeDelta::minutes(60);
        let code = |list: &[Deployment]| {
            let judgement = judge(list, window, now());
            (judgement.state, judgement.reason.code)
        };
        assert_eq!(code(&[]), (State::Yellow, ReasonCode::NoDeployment));
        assert_eq!(code(std::slice::from_ref(&old)), (State::Green, ReasonCode::Ok));
        assert_eq!(code(&[new, old]), (State::Yellow, ReasonCode::FreshDeploy));
        assert_eq!(code(&[split]), (State::Yellow, ReasonCode::Split));
    }

    #[test]
    fn the_way_back_is_never_the_live_version() {
        let list = [
            deployed(1, &[("b", 100.0)]),
            deployed(2, &[("b", 100.0)]), // a redeploy, or a changed secret
            deployed(3, &[("a", 50.0), ("b", 50.0)]),
            deployed(4, &[("a", 100.0)]),
        ];
        assert_eq!(previous_version(&list).map(|v| v.version_id.as_str()), Some("a"));
        assert_eq!(previous_version(&list[..2]), None);
        assert_eq!(previous_version(&[]), None);
    }
}
