//! Deployments, versions and the account itself.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::wire::shown;
use super::{envelope, wire};
use crate::domain::{Cohort, Deployment, VersionShare, mark_rollbacks};
use crate::http::{Api, ApiError, Reply, lenient};

/// One Cloudflare account, seen through one token.
#[derive(Debug, Clone)]
pub struct Client {
    pub(super) api: Api,
    pub(super) account: String,
}

/// The account as Cloudflare names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// 32 hexadecimal digits.
    pub id: String,
    /// The name that people gave it.
    pub name: Option<String>,
}

impl Client {
    /// The account with the id `account`.
    pub fn new(api: Api, account: impl Into<String>) -> Self {
        Self { api, account: account.into() }
    }

    /// The deployments of `script`, which the configuration calls `worker`: about the ten latest,
    /// newest first, one request. Empty where the script was never deployed. `live` is the first of
    /// Cloudflare's own list: where that is not the newest here, Cloudflare contradicts itself.
    ///
    /// # Errors
    /// No answer, a refusal, or an answer that is not as documented.
    pub async fn deployments(
        &self,
        worker: &str,
        script: &str,
        deadline: Instant,
    ) -> Result<Vec<Deployment>, ApiError> {
        let path = self.script(script, "deployments");
        let reply = self.api.get(&path, &[], deadline).await?;
        deployments(&reply, worker, script)
    }

    /// The running number of each version of `script` that can be deployed, by its id: up to 100,
    /// one request.
    ///
    /// # Errors
    /// No answer, a refusal, or an answer that is not as documented.
    pub async fn version_numbers(
        &self,
        script: &str,
        deadline: Instant,
    ) -> Result<BTreeMap<String, u64>, ApiError> {
        let versions = self.versions(script, deadline).await?;
        Ok(versions.into_iter().filter_map(|v| Some((v.version_id, v.number?))).collect())
    }

    /// The names of all scripts of the account.
    ///
    /// # Errors
    /// No answer, a refusal, or an answer that is not as documented.
    pub async fn script_names(&self, deadline: Instant) -> Result<Vec<String>, ApiError> {
        let path = ["accounts", &self.account, "workers", "scripts"];
        let reply = self.api.get(&path, &[], deadline).await?;
        let found: wire::Listed<wire::ScriptName> = envelope::listed(&reply)?;
        Ok(found.0.into_iter().map(|script| shown(&script.id)).collect())
    }

    /// The account, which proves that this token sees it.
    ///
    /// # Errors
    /// No answer, a refusal (often: a token of another account), or an answer that is not as
    /// documented.
    pub async fn account(&self, deadline: Instant) -> Result<Account, ApiError> {
        let reply = self.api.get(&["accounts", &self.account], &[], deadline).await?;
        let found: wire::Account =
            envelope::result(&reply)?.ok_or_else(|| reply.wrong_shape("no account in it"))?;
        Ok(Account { id: shown(&found.id), name: found.name.as_deref().map(shown) })
    }

    pub(super) fn script<'a>(&'a self, script: &'a str, what: &'a str) -> [&'a str; 6] {
        ["accounts", &self.account, "workers", "scripts", script, what]
    }
}

/// Writes the numbers of [`Client::version_numbers`] into `deployments`.
pub fn number_versions(deployments: &mut [Deployment], numbers: &BTreeMap<String, u64>) {
    let shares = deployments.iter_mut().flat_map(|deployment| {
        let cohorts = deployment.cohorts.iter_mut().flat_map(|cohort| &mut cohort.versions);
        deployment.versions.iter_mut().chain(cohorts)
    });
    for share in shares {
        share.number = numbers.get(&share.version_id).copied().or(share.number);
    }
}

/// The deployments in `reply`. The first one there is live, whatever its date says.
fn deployments(reply: &Reply, worker: &str, script: &str) -> Result<Vec<Deployment>, ApiError> {
    let found: wire::Deployments = envelope::listed(reply)?;
    let mut by_hand = Vec::new();
    let mut list = Vec::new();
    for (position, wire) in found.deployments.into_iter().enumerate() {
        if wire.is_rollback() {
            by_hand.push(shown(&wire.id));
        }
        let mut deployment = deployment(wire, reply)?;
        worker.clone_into(&mut deployment.worker);
        script.clone_into(&mut deployment.script);
        deployment.live = position == 0;
        list.push(deployment);
    }
    list.sort_by_key(|deployment| std::cmp::Reverse(deployment.at));
    mark_rollbacks(&mut list);
    for deployment in &mut list {
        // The version that it went back to may be older than the list.
        deployment.is_rollback |= by_hand.contains(&deployment.deployment_id);
    }
    Ok(list)
}

fn deployment(wire: wire::Deployment, reply: &Reply) -> Result<Deployment, ApiError> {
    // Without its time it could be the suspect or not: no guess, and no leaving out.
    let at = wire.created_on.as_deref().and_then(lenient::time).ok_or_else(|| {
        reply.wrong_shape(&format!("deployment {} has no readable created_on", wire.id))
    })?;
    let cohorts = wire.cohorts.iter().map(|cohort| Cohort {
        name: cohort.name.as_deref().map(shown).unwrap_or_default(),
        versions: shares(cohort.shares().collect()),
    });
    let cohorts = cohorts.collect();
    let versions = shares(wire.versions);
    Ok(Deployment {
        worker: String::new(),
        script: String::new(),
        deployment_id: shown(&wire.id),
        at,
        author: wire.author_email.as_deref().map(shown),
        source: wire.source.as_deref().map(shown),
        message: wire.annotations.message.as_deref().map(shown),
        triggered_by: wire.annotations.triggered_by.as_deref().map(shown),
        versions,
        cohorts,
        live: false,
        is_rollback: false,
    })
}

/// The shares, the largest first; a version that stands alone has all traffic.
fn shares(wire: Vec<wire::Share>) -> Vec<VersionShare> {
    let alone = wire.len() == 1;
    let mut shares: Vec<_> = wire
        .into_iter()
        .map(|share| VersionShare {
            version_id: shown(&share.version_id),
            number: None,
            percentage: share.percentage.unwrap_or(if alone { 100.0 } else { 0.0 }),
        })
        .collect();
    shares.sort_by(|a, b| b.percentage.total_cmp(&a.percentage));
    shares
}
