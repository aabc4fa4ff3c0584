//! Asks Cloudflare what is live, what could be, and what the two stand on. Reads only; two round
//! trips deep, however many workers are asked for at once.

use tokio::time::Instant;

use super::card::{self, Card, NOT_UNDONE_BY_WORKERS, Side};
use super::report::Act;
use super::target::{NoTarget, Past, Wanted, choose};
use crate::checks::access::Cloudflare;
use crate::cloudflare::{self, Client};
use crate::config::{Config, Worker};
use crate::domain::text::nearest;
use crate::domain::{Reason, Version, VersionDetail, differences};
use crate::http::{ApiError, Fault};

/// Why there is no card.
#[derive(Debug, thiserror::Error)]
pub enum NoCard {
    /// The configuration does not say what the worker is called on Cloudflare.
    #[error("what {worker} is called on Cloudflare in {env} is not known: {why}")]
    Unmapped {
        /// The worker.
        worker: String,
        /// The environment.
        env: String,
        /// Why not.
        why: String,
    },
    /// Cloudflare does not know the script.
    #[error("{text}")]
    NoScript {
        /// The name, where it came from, and what was perhaps meant.
        text: String,
        /// What Cloudflare said.
        #[source]
        source: Box<ApiError>,
    },
    /// Cloudflare did not tell.
    #[error("{}", reason.text)]
    Api {
        /// Why, whose credential that concerns, and what to do about it.
        reason: Reason,
        /// What Cloudflare said.
        #[source]
        source: Box<ApiError>,
    },
    /// There is no version to go back to.
    #[error(transparent)]
    NoTarget(#[from] NoTarget),
    /// There is no deployment of a Pages project to go back to.
    #[error(transparent)]
    NoDeployment(NoTarget),
}

/// The script of `worker`.
///
/// # Errors
/// The configuration does not say.
pub fn script<'a>(config: &Config, worker: &'a Worker) -> Result<&'a str, NoCard> {
    worker.script.as_ref().map(|script| script.value.as_str()).map_err(|why| NoCard::Unmapped {
        worker: worker.name.clone(),
        env: config.env.to_string(),
        why: why.clone(),
    })
}

/// Deployments and versions of `worker`, in one round trip.
///
/// # Errors
/// Cloudflare did not tell; a script that it does not know is looked for under near names.
pub async fn past(
    access: &Cloudflare,
    config: &Config,
    worker: &Worker,
    deadline: Instant,
) -> Result<Past, NoCard> {
    let script = script(config, worker)?;
    let client = access.client();
    let both = tokio::try_join!(
        client.deployments(&worker.name, script, deadline),
        client.versions(script, deadline)
    );
    match both {
        Ok((mut deployments, versions)) => {
            let numbers = versions.iter().filter_map(|v| Some((v.version_id.clone(), v.number?)));
            cloudflare::number_versions(&mut deployments, &numbers.collect());
            Ok(Past { deployments, versions })
        }
        Err(error) => Err(explain(access, &client, worker, script, error, deadline).await),
    }
}

/// Why Cloudflare did not tell of `script`. Two more requests where it does not know it.
pub async fn explain(
    access: &Cloudflare,
    client: &Client,
    worker: &Worker,
    script: &str,
    error: ApiError,
    deadline: Instant,
) -> NoCard {
    let unknown = error.said.as_ref().is_some_and(|said| matches!(said.code, Some(10007 | 10090)));
    if !unknown {
        let reason = access.refusal(&error).reason;
        return NoCard::Api { reason, source: Box::new(error) };
    }
    let (names, project) =
        tokio::join!(client.script_names(deadline), client.pages_project(script, deadline));
    let from =
        worker.script.as_ref().map_or_else(|_| String::new(), |s| format!(" (from {})", s.origin));
    let account = &access.account.id.value;
    let near = names.as_ref().ok().and_then(|names| {
        let near = nearest(script, names.iter().map(String::as_str))?;
        Some(format!("; did you mean {near}?"))
    });
    let near = near.unwrap_or_else(|| match names.as_deref() {
        Ok([]) => "; it has no Worker at all".to_owned(),
        Ok(names) => format!("; there are {}", names.join(", ")),
        Err(_) => String::new(),
    });
    let pages = match project {
        Ok(_) => {
            format!("; a Pages project of that name exists: parky-ops rollback pages {script}")
        }
        Err(_) => String::new(),
    };
    let text = format!("account {account} has no Worker {script}{from}{near}{pages}");
    NoCard::NoScript { text, source: Box::new(error) }
}

/// The card of a way back on `worker`.
///
/// # Errors
/// There is nothing to go back to, or Cloudflare did not tell.
pub async fn card(
    access: &Cloudflare,
    config: &Config,
    worker: &Worker,
    wanted: &Wanted,
    deadline: Instant,
) -> Result<Card, NoCard> {
    let script = script(config, worker)?;
    let past = past(access, config, worker, deadline).await?;
    let account = access.account.id.value.as_str();
    let choice = choose(&past, wanted, script, account)?;
    let live = past.deployments.first().ok_or(NoTarget::NothingDeployed)?;
    // Of a split the way leads from the member that goes away.
    let leaving = live.versions.iter().find(|share| share.version_id != choice.version.version_id);
    let leaving = leaving.or_else(|| live.main_version()).ok_or(NoTarget::NothingDeployed)?;
    let from = past.version_or_bare(&leaving.version_id);

    let client = access.client();
    let details = details(&client, script, &from, &choice.version, deadline).await;
    let name = |id: &str| past.version_or_bare(id).name();
    let between = between(&past.versions, &from, &choice.version);
    let mut warnings = choice.notes;
    warnings.extend(card::worker_warnings(live, &from, &choice.version, &between));
    let found = match details {
        Ok((from, to)) => Some(differences(&from, &to)),
        Err(error) => {
            warnings.push(format!("what the two versions stand on could not be compared: {error}"));
            None
        }
    };
    let migrated = found.iter().flatten().any(|difference| difference.kind == "migration");
    if migrated {
        warnings.push(
            "a migration of Durable Objects lies between: Cloudflare will refuse this".to_owned(),
        );
    }
    let cohort = |cohort: &crate::domain::Cohort| {
        let versions: Vec<_> = cohort
            .versions
            .iter()
            .map(|share| format!("{} {}%", name(&share.version_id), share.percentage))
            .collect();
        format!("{}: {}", cohort.name, versions.join(" + "))
    };
    Ok(Card {
        kind: Act::Worker,
        env: config.env.clone(),
        target: worker.name.clone(),
        script: script.to_owned(),
        account: account.to_owned(),
        live: Side::of_live(&from, live),
        to: Side::of(&choice.version),
        split: card::split(live, name),
        cohorts: live.cohorts.iter().map(cohort).collect(),
        differences: found,
        warnings,
        migrations: None,
        not_undone: &NOT_UNDONE_BY_WORKERS,
    })
}

async fn details(
    client: &Client,
    script: &str,
    from: &Version,
    to: &Version,
    deadline: Instant,
) -> Result<(VersionDetail, VersionDetail), ApiError> {
    tokio::try_join!(
        client.version(script, &from.version_id, deadline),
        client.version(script, &to.version_id, deadline)
    )
}

/// The versions that were made after the target, up to what is live.
fn between(versions: &[Version], from: &Version, to: &Version) -> Vec<Version> {
    let Some((from, to)) = from.number.zip(to.number) else { return Vec::new() };
    let inside = |version: &&Version| version.number.is_some_and(|n| n > to && n <= from);
    versions.iter().filter(inside).cloned().collect()
}

impl NoCard {
    /// Whether it is the credential or the configuration that stands in the way.
    pub fn is_ours(&self) -> bool {
        match self {
            NoCard::Unmapped { .. } => true,
            NoCard::Api { source, .. } => {
                matches!(source.fault, Fault::Unauthorized | Fault::Forbidden)
            }
            NoCard::NoScript { .. } | NoCard::NoTarget(_) | NoCard::NoDeployment(_) => false,
        }
    }
}
