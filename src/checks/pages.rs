//! `pages`: what production serves of each Pages project, and how the newest build went. Cloudflare's
//! view.
//!
//! Live is the canonical deployment, not the newest one. A build that fails leaves the old site up,
//! so a project is green or yellow, or unknown where Cloudflare could not be asked.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde_json::json;

use super::access::Cloudflare;
use super::{Finding, Group, Sink, World, not_configured};
use crate::domain::check::Times;
use crate::domain::clock::span;
use crate::domain::{
    Jst, Judgement, PagesBuild, PagesDeployment, PagesEnvironment, PagesProject, ReasonCode, Source,
};

/// The group.
pub const GROUP: Group = Group {
    sources: &[Source::Pages],
    deadline: DEADLINE,
    owes,
    ask: |world, _, sink| ask(world, sink).boxed_local(),
};

fn owes(world: &World) -> Vec<(Source, String)> {
    match world.config.pages.as_slice() {
        [] => vec![(Source::Pages, Source::Pages.word().to_owned())],
        projects => projects.iter().map(|project| (Source::Pages, project.clone())).collect(),
    }
}

const DEADLINE: Duration = Duration::from_secs(5);
/// Builds of production that are looked at, newest first: one page.
const BUILDS: usize = 25;

/// One project, or why Cloudflare did not tell.
#[derive(Debug, Clone)]
pub struct Served {
    /// The project's name in the configuration.
    pub project: String,
    /// What Cloudflare said.
    pub result: Result<Past, Judgement>,
    /// When that was, and how long it took.
    pub times: Times,
}

/// A project and its builds.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// The project, with what production serves.
    pub project: PagesProject,
    /// Builds of production, newest first; those in which nothing was to be built are left out.
    pub builds: Vec<PagesDeployment>,
}

async fn ask(world: &World, sink: Sink) {
    let projects = &world.config.pages;
    if projects.is_empty() {
        let text = format!("no Pages project is named for {}", world.config.env);
        return sink.check(not_configured(world, Source::Pages, Source::Pages.word(), &text));
    }
    let begun = Instant::now();
    let deadline = world.deadline(DEADLINE);
    let access = world.cloudflare(deadline).await;
    let access = &access.map_err(|error| error.judgement());
    let sink = &sink;
    let asked = projects.iter().map(|project| async move {
        let result = match access {
            Ok(access) => past(access, project, deadline).await,
            Err(judgement) => Err(judgement.clone()),
        };
        let served = Served { project: project.clone(), result, times: world.times(begun) };
        sink.send(Finding::Pages(Box::new(served)));
    });
    join_all(asked).await;
}

async fn past(
    access: &Cloudflare,
    project: &str,
    deadline: tokio::time::Instant,
) -> Result<Past, Judgement> {
    let client = access.client();
    let both = tokio::try_join!(
        client.pages_project(project, deadline),
        client.pages_deployments(project, true, BUILDS, deadline)
    );
    let (project, list) = both.map_err(|error| access.refusal(&error).with("project", project))?;
    let mut builds = list.deployments;
    builds.retain(|build| {
        build.environment == PagesEnvironment::Production && build.build() != PagesBuild::Skipped
    });
    Ok(Past { project, builds })
}

impl Past {
    /// The builds that production served or could have served, newest first.
    pub fn served(&self) -> impl Iterator<Item = &PagesDeployment> {
        self.builds.iter().filter(|build| build.may_serve())
    }

    /// The way back from the build `suspect_id`: the one that production served before it. `None` where
    /// going there would bring nothing back, since the suspect is not live.
    pub fn way_back(&self, suspect_id: &str) -> Option<&PagesDeployment> {
        let live = self.project.live.as_ref().filter(|live| live.deployment_id == suspect_id)?;
        self.served().find(|build| build.at < live.at && build.deployment_id != suspect_id)
    }
}

/// Judges one project, once the start of the incident is known.
pub fn judge(
    past: &Past,
    suspected: impl Fn(&PagesDeployment) -> bool,
    now: DateTime<Utc>,
) -> Judgement {
    let (live, newest) = (past.project.live.as_ref(), past.builds.first());
    let build = newest.filter(|newest| newest_counts(live, newest));
    let build = build.and_then(|newest| of_build(newest, now));
    let serves = live.map(|live| says(live, past, now));
    let fresh = past.served().find(|build| suspected(build));
    let judgement = match (serves, fresh, build) {
        (None, _, build) => {
            let so_far = build.map_or_else(|| "nothing was built".to_owned(), |(_, text)| text);
            let text = format!("no successful build: production serves nothing yet; {so_far}");
            Judgement::yellow(ReasonCode::NoDeployment, text)
        }
        (Some(serves), Some(fresh), build) => {
            let at = Jst(fresh.at).hour_minute();
            let build = build.map(|(_, text)| format!("; {text}")).unwrap_or_default();
            let text = format!("deployed at {at}; live: {serves}{build}");
            Judgement::yellow(ReasonCode::FreshDeploy, text)
        }
        (Some(serves), None, Some((code, text))) => {
            Judgement::yellow(code, format!("{text}; live: {serves}"))
        }
        (Some(serves), None, None) => Judgement::green(format!("live: {serves}")),
    };
    judgement
        .with("project", past.project.project.as_str())
        .with("live", json!(live))
        .with("newest", json!(newest))
        .with("production_branch", json!(past.project.production_branch))
}

/// Whether the newest build says something of what comes next. A project whose list lags may show an
/// older one than what is live.
fn newest_counts(live: Option<&PagesDeployment>, newest: &PagesDeployment) -> bool {
    live.is_none_or(|live| newest.at >= live.at)
}

/// What is the matter with a build that did not come to its end; the site before it stays up.
fn of_build(build: &PagesDeployment, now: DateTime<Utc>) -> Option<(ReasonCode, String)> {
    let name = build.name();
    let ago = span(now - build.at);
    let stage = build.stage.as_deref().map(|stage| format!(" at {stage}")).unwrap_or_default();
    match build.build() {
        PagesBuild::Succeeded | PagesBuild::Skipped => None,
        PagesBuild::Failed => {
            let text = format!("the newest build {name} failed{stage}, {ago} ago");
            Some((ReasonCode::BuildFailed, text))
        }
        PagesBuild::Cancelled => {
            let text = format!("the newest build {name} was cancelled{stage}, {ago} ago");
            Some((ReasonCode::BuildFailed, text))
        }
        PagesBuild::Running => {
            let text = format!("the newest build {name} is under way{stage}, for {ago}");
            Some((ReasonCode::Building, text))
        }
    }
}

/// The live deployment in words; where a newer one succeeded, somebody went back.
fn says(live: &PagesDeployment, past: &Past, now: DateTime<Utc>) -> String {
    let message = live.message.as_deref().map(|words| format!(" \"{words}\"")).unwrap_or_default();
    let newer = past.served().find(|build| build.at > live.at);
    let back = newer.map(|newer| format!("; {} is newer, but not live", newer.name()));
    format!("{}, {} ago{message}{}", live.name(), span(now - live.at), back.unwrap_or_default())
}

#[cfg(test)]
mod tests;
