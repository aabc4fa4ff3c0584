//! The way back of a Pages project: any successful build of production may serve again. Reads only.

use tokio::time::Instant;

use super::card::{self, Card, NOT_UNDONE_BY_PAGES, Side};
use super::look::NoCard;
use super::report::Act;
use super::settle::is_no_project;
use super::target::NoTarget;
use crate::checks::access::Cloudflare;
use crate::config::Config;
use crate::domain::text::nearest;
use crate::domain::{PagesDeployment, PagesProject, VersionRef};
use crate::http::ApiError;

/// Deployments that are searched for the target.
const SEARCHED: usize = 100;

/// The project, and its deployments of production, newest first.
#[derive(Debug, Clone)]
pub struct PagesPast {
    /// The project.
    pub project: PagesProject,
    /// Its deployments of production.
    pub deployments: Vec<PagesDeployment>,
}

/// What is known of `project`, in one round trip.
///
/// # Errors
/// Cloudflare did not tell; a project that it does not know is looked for under near names and among
/// the workers.
pub async fn past(
    access: &Cloudflare,
    config: &Config,
    project: &str,
    deadline: Instant,
) -> Result<PagesPast, NoCard> {
    let client = access.client();
    let both = tokio::try_join!(
        client.pages_project(project, deadline),
        client.pages_deployments(project, true, SEARCHED, deadline)
    );
    match both {
        Ok((project, list)) => {
            let live = project.live.as_ref().map(|live| live.deployment_id.clone());
            let mark = |deployment: PagesDeployment| PagesDeployment {
                live: Some(&deployment.deployment_id) == live.as_ref(),
                ..deployment
            };
            Ok(PagesPast { project, deployments: list.deployments.into_iter().map(mark).collect() })
        }
        Err(error) => Err(explain(access, config, project, error, deadline).await),
    }
}

/// Why Cloudflare did not tell of `project`. One more request where it does not know it.
pub async fn explain(
    access: &Cloudflare,
    config: &Config,
    project: &str,
    error: ApiError,
    deadline: Instant,
) -> NoCard {
    if !is_no_project(&error) {
        let reason = access.refusal(&error).reason;
        return NoCard::Api { reason, source: Box::new(error) };
    }
    let known = access.client().pages_projects(deadline).await.unwrap_or_default();
    let names: Vec<&str> = known.iter().map(|project| project.project.as_str()).collect();
    let near = match (nearest(project, names.iter().copied()), names.as_slice()) {
        (Some(near), _) => format!("; did you mean {near}?"),
        (None, []) => String::new(),
        (None, names) => format!("; there are {}", names.join(", ")),
    };
    let is_it = |script: &str| {
        config.workers.iter().find(|worker| {
            worker.name == script || worker.script.as_ref().is_ok_and(|known| known.value == script)
        })
    };
    let worker = is_it(project).map(|worker| {
        format!("; {project} is a worker: parky-ops rollback worker {}", worker.name)
    });
    let account = &access.account.id.value;
    let text = format!(
        "account {account} has no Pages project {project}{near}{}",
        worker.unwrap_or_default()
    );
    NoCard::NoScript { text, source: Box::new(error) }
}

/// The card of a way back, from what is known of the project. Pure.
///
/// # Errors
/// There is nothing to go back to.
pub fn card(
    access: &Cloudflare,
    config: &Config,
    past: &PagesPast,
    wanted: &VersionRef,
) -> Result<Card, NoCard> {
    let account = access.account.id.value.as_str();
    let live = live(past).map_err(NoCard::NoDeployment)?;
    let to = choose(past, wanted, account).map_err(NoCard::NoDeployment)?;
    Ok(Card {
        kind: Act::Pages,
        env: config.env.clone(),
        target: past.project.project.clone(),
        script: past.project.project.clone(),
        account: account.to_owned(),
        live: Side::of_pages(live),
        to: Side::of_pages(to),
        split: None,
        cohorts: Vec::new(),
        differences: Some(Vec::new()),
        warnings: card::pages_warnings(&past.project, live, to),
        migrations: None,
        not_undone: &NOT_UNDONE_BY_PAGES,
    })
}

fn live(past: &PagesPast) -> Result<&PagesDeployment, NoTarget> {
    past.project.live.as_ref().ok_or(NoTarget::NothingDeployed)
}

/// The deployment to go back to. Pure.
///
/// # Errors
/// Why there is none.
pub fn choose<'a>(
    past: &'a PagesPast,
    wanted: &VersionRef,
    account: &str,
) -> Result<&'a PagesDeployment, NoTarget> {
    let live = live(past)?;
    let servable = || past.deployments.iter().filter(|deployment| deployment.may_serve());
    let id = match wanted {
        VersionRef::Previous => {
            let older =
                servable().find(|d| d.at < live.at && d.deployment_id != live.deployment_id);
            return older.ok_or(NoTarget::NothingBefore { listed: past.deployments.len() });
        }
        VersionRef::Number(number) => {
            let typed = format!("@{number} (deployments of Pages have no numbers: use an id)");
            return Err(NoTarget::Unknown { typed, known: servable().count(), near: None });
        }
        VersionRef::Page { account: theirs, .. }
            if theirs.as_ref().is_some_and(|theirs| theirs != account) =>
        {
            let theirs = format!("account {}", theirs.as_deref().unwrap_or_default());
            return Err(NoTarget::Elsewhere { theirs, ours: format!("account {account}") });
        }
        VersionRef::Page { name: Some(name), .. } if *name != past.project.project => {
            let ours = past.project.project.clone();
            return Err(NoTarget::Elsewhere { theirs: name.clone(), ours });
        }
        VersionRef::Page { id, .. } | VersionRef::Id(id) => id,
    };
    let fits: Vec<_> =
        past.deployments.iter().filter(|d| d.deployment_id.starts_with(id)).collect();
    match fits.as_slice() {
        [] => Err(NoTarget::Unknown { typed: id.clone(), known: servable().count(), near: None }),
        [one] if one.deployment_id == live.deployment_id => {
            Err(NoTarget::AlreadyLive { name: one.name() })
        }
        [one] if !one.may_serve() => Err(NoTarget::NeverDeployed { name: one.name() }),
        [one] => Ok(one),
        several => {
            let names = several.iter().map(|d| d.name()).collect();
            Err(NoTarget::Ambiguous { typed: id.clone(), names })
        }
    }
}
