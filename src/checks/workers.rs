//! `workers`: what is live on Cloudflare, and whether that is fresh. Cloudflare's view.
//!
//! A deployment has no bad state of its own (the hosts and the logs tell that), so a worker is green
//! or yellow, or unknown where Cloudflare could not be asked.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde_json::json;

use super::access::Cloudflare;
use super::{Finding, Group, Sink, World, nothing_configured};
use crate::cloudflare;
use crate::config::Worker;
use crate::domain::check::Times;
use crate::domain::clock::span;
use crate::domain::{Deployment, Jst, Judgement, ReasonCode, Source, VersionShare};

/// The group.
pub const GROUP: Group = Group {
    sources: &[Source::Workers],
    deadline: DEADLINE,
    owes,
    ask: |world, _, sink| ask(world, sink).boxed_local(),
};

fn owes(world: &World) -> Vec<(Source, String)> {
    match world.config.workers.as_slice() {
        [] => vec![(Source::Workers, Source::Workers.word().to_owned())],
        workers => workers.iter().map(|w| (Source::Workers, w.name.clone())).collect(),
    }
}

const DEADLINE: Duration = Duration::from_secs(5);

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
    if world.config.workers.is_empty() {
        return sink.check(nothing_configured(world, Source::Workers));
    }
    let begun = Instant::now();
    let deadline = world.deadline(DEADLINE);
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
    let shares = if shares.is_empty() {
        "a version that is not named".to_owned()
    } else {
        shares.join(" + ")
    };
    format!("{shares}, {} ago{author}", span(now - live.at))
}

/// The way back from the deployment `suspect_id`: the version that served all traffic before it.
/// `None` where going there would bring nothing back: the suspect's version is not live any more, or
/// the suspect was itself a rollback.
pub fn way_back<'a>(deployments: &'a [Deployment], suspect_id: &str) -> Option<&'a VersionShare> {
    let at = deployments.iter().position(|d| d.deployment_id == suspect_id)?;
    let (suspect, older) = (&deployments[at], &deployments[at + 1..]);
    let bad = &suspect.new_version(older.first())?.version_id;
    let live = deployments.first()?.versions.iter().any(|share| share.version_id == *bad);
    if suspect.is_rollback || !live {
        return None;
    }
    let whole = older.iter().filter(|deployment| !deployment.is_split());
    whole.filter_map(Deployment::main_version).find(|share| share.version_id != *bad)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::State;

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
            triggered_by: None,
            cohorts: Vec::new(),
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

    fn listed(versions: &[&[(&str, f64)]]) -> Vec<Deployment> {
        let newest_first = versions.iter().zip(1_i32..);
        let mut list: Vec<_> = newest_first
            .map(|(versions, n)| Deployment {
                deployment_id: format!("d{n}"),
                ..deployed(i64::from(n), versions)
            })
            .collect();
        crate::domain::mark_rollbacks(&mut list);
        list
    }

    #[test]
    fn the_way_back_leads_from_the_suspect_to_what_served_before_it() {
        let back = |versions: &[&[(&str, f64)]], suspect: &str| {
            way_back(&listed(versions), suspect).map(|v| v.version_id.clone())
        };
        let [a, b, c] = ["a", "b", "c"].map(|v| [(v, 100.0)]);
        assert_eq!(back(&[&b, &a], "d1").as_deref(), Some("a"));
        assert_eq!(back(&[&b, &b, &a], "d1").as_deref(), Some("a"), "a redeploy");
        assert_eq!(back(&[&a, &b, &a], "d2"), None, "it was rolled back already");
        assert_eq!(back(&[&a, &b, &a], "d1"), None, "the rollback is no suspect to undo");
        assert_eq!(back(&[&c, &b, &a], "d2"), None, "a hotfix has taken its place");
        assert_eq!(back(&[&b], "d1"), None);
        let canary: &[(&str, f64)] = &[("a", 90.0), ("b", 10.0)];
        assert_eq!(back(&[canary, &a, &c], "d1").as_deref(), Some("a"), "the canary goes");
        let past_half: &[(&str, f64)] = &[("b", 90.0), ("a", 10.0)];
        assert_eq!(back(&[past_half, canary, &a], "d2").as_deref(), Some("a"));
    }
}
