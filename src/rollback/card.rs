//! What a person sees before agreeing: from where to where, what changes with it, what it does not
//! undo. Pure, but for the reading in [`super::look`].

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use super::migrations;
use super::report::{Act, End};
use crate::domain::clock::span;
use crate::domain::{
    Deployment, Difference, EnvName, Invocation, PagesDeployment, PagesProject, Version,
};

/// What no rollback of a worker brings back (Cloudflare, "Rollbacks": limits).
pub const NOT_UNDONE_BY_WORKERS: [&str; 4] = [
    "data and schema: Postgres, D1, KV, R2, Durable Objects, queues",
    "secrets stores (secrets of the worker itself come back as they were)",
    "routes, custom domains, cron triggers",
    "settings of the script: Logpush, observability, tail consumers",
];

/// What no rollback of Pages brings back.
pub const NOT_UNDONE_BY_PAGES: [&str; 2] =
    ["data and schema of whatever the site calls", "domains and settings of the project"];

/// The card.
#[derive(Debug, Clone)]
pub struct Card {
    /// What kind of thing it is.
    pub kind: Act,
    /// The environment.
    pub env: EnvName,
    /// The worker or project, as the configuration names it.
    pub target: String,
    /// The script's name on Cloudflare; the project's for Pages.
    pub script: String,
    /// The account.
    pub account: String,
    /// What is live, in the words of a row.
    pub live: Side,
    /// What is to be.
    pub to: Side,
    /// Shares, where traffic is split now: `@142 10% + @141 90%`.
    pub split: Option<String>,
    /// Cohorts, each with what serves it now.
    pub cohorts: Vec<String>,
    /// What changes on the way; `None` where it could not be read.
    pub differences: Option<Vec<Difference>>,
    /// What has to be known before agreeing.
    pub warnings: Vec<String>,
    /// Migrations of the database that are newer than the target by the stamps of their files; `None`
    /// where there is no checkout to look at.
    pub migrations: Option<Vec<String>>,
    /// What this does not undo.
    pub not_undone: &'static [&'static str],
}

/// What is deployed so soon after it was made was made to be deployed.
const AT_ONCE: TimeDelta = TimeDelta::minutes(5);

/// One side of the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// What is sent to Cloudflare: a version's id, or that of a Pages deployment.
    pub id: String,
    /// The running number.
    pub number: Option<u64>,
    /// The deployment that it is live by, or was.
    pub deployment_id: Option<String>,
    /// When it was made (UTC).
    pub at: Option<DateTime<Utc>>,
    /// Since when it serves (UTC), where that is not since it was made.
    pub since: Option<DateTime<Utc>>,
    /// By whom.
    pub author: Option<String>,
    /// The message it was given.
    pub message: Option<String>,
    /// The tag it was given.
    pub tag: Option<String>,
}

impl Side {
    /// The side of a version that is not live.
    pub fn of(version: &Version) -> Self {
        Self {
            id: version.version_id.clone(),
            number: version.number,
            deployment_id: None,
            at: version.at,
            since: None,
            author: version.author.clone(),
            message: version.message.clone(),
            tag: version.tag.clone(),
        }
    }

    /// The side of a version that is live by `deployment`: what was promoted, or redeployed, is older
    /// than it serves.
    pub fn of_live(version: &Version, deployment: &Deployment) -> Self {
        let side = Self::of(version);
        Self {
            deployment_id: Some(deployment.deployment_id.clone()),
            since: side.at.is_none_or(|at| deployment.at - at > AT_ONCE).then_some(deployment.at),
            message: side.message.or_else(|| deployment.message.clone()),
            ..side
        }
    }

    /// The side of a Pages deployment.
    pub fn of_pages(deployment: &PagesDeployment) -> Self {
        Self {
            id: deployment.deployment_id.clone(),
            number: None,
            deployment_id: Some(deployment.deployment_id.clone()),
            at: Some(deployment.at),
            since: None,
            author: deployment.branch.clone(),
            message: deployment.message.clone(),
            tag: deployment.commit.as_ref().map(|commit| commit.chars().take(8).collect()),
        }
    }

    /// `@141 (bf58218a)`.
    pub fn name(&self) -> String {
        Version::bare(self.id.as_str(), self.number).name()
    }

    /// Name, age, author and message on one line.
    pub fn says(&self, now: DateTime<Utc>) -> String {
        let mut parts = vec![self.name()];
        parts.extend(self.since.map(|since| format!("live for {}", span(now - since))));
        parts.extend(self.at.map(|at| format!("{} old", span(now - at))));
        parts.extend(self.author.as_ref().map(|author| format!("by {author}")));
        parts.extend(self.tag.as_ref().map(|tag| format!("tag {tag}")));
        parts.extend(self.message.as_ref().map(|message| format!("\"{message}\"")));
        parts.join(", ")
    }
}

impl Card {
    /// Compares the target with the migrations in the checkout around `directory`.
    #[must_use]
    pub fn with_migrations(mut self, directory: &Path) -> Self {
        let folder = migrations::folder(directory);
        let found = folder.as_deref().map(migrations::read);
        self.migrations = found.zip(self.to.at).map(|(all, at)| {
            let newer = migrations::newer(&all, at);
            newer.iter().map(|m| format!("{}_{}", m.version, m.name)).collect()
        });
        if let Some(newer) = self.migrations.as_ref().filter(|newer| !newer.is_empty()) {
            self.warnings.push(format!(
                "{} of the database's migrations are newer than the target by the stamps of their files ({}), and stay: see parky-ops rollback db",
                newer.len(),
                newer.join(", ")
            ));
        }
        self
    }

    /// What is agreed to, in one line.
    pub fn act(&self) -> String {
        let what = match self.kind {
            Act::Worker => "worker",
            Act::Pages => "Pages project",
        };
        format!(
            "roll {what} {} of {} back from {} to {}",
            self.target,
            self.env,
            self.live.name(),
            self.to.name()
        )
    }

    /// The same plan has the same id, on every machine, for as long as the same thing is live.
    pub fn id(&self) -> String {
        let mut hasher = DefaultHasher::new();
        let live = self.live.deployment_id.as_deref().unwrap_or_default();
        (self.env.as_str(), &self.account, &self.script, live, &self.to.id).hash(&mut hasher);
        format!("{:016x}", hasher.finish())[..12].to_owned()
    }

    /// The message that the new deployment carries: from where to where, by whom, and why.
    pub fn message(&self, operator: &str, reason: Option<&str>) -> String {
        let name = |side: &Side| {
            let id = || side.id.chars().take(8).collect();
            side.number.map_or_else(id, |number| format!("@{number}"))
        };
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("rollback {} -> {} by {operator}{reason}", name(&self.live), name(&self.to))
    }

    /// The command that undoes it. A split cannot be put back by any command of this program.
    pub fn undo(&self, invocation: &Invocation) -> Option<String> {
        if self.split.is_some() {
            return None;
        }
        let kind = match self.kind {
            Act::Worker => "worker",
            Act::Pages => "pages",
        };
        Some(invocation.own(["rollback", kind, &self.target, "--to", &self.live.id]))
    }

    /// The sides as they stand in the answer.
    pub fn ends(&self) -> [End; 2] {
        [&self.live, &self.to].map(|side| End {
            version_id: (self.kind == Act::Worker).then(|| side.id.clone()),
            number: side.number,
            deployment_id: side.deployment_id.clone(),
        })
    }
}

/// Shares in words, where traffic is split.
pub fn split(live: &Deployment, name: impl Fn(&str) -> String) -> Option<String> {
    let share = |share: &crate::domain::VersionShare| {
        format!("{} {}%", name(&share.version_id), share.percentage)
    };
    live.is_split().then(|| live.versions.iter().map(share).collect::<Vec<_>>().join(" + "))
}

/// What a person has to know before a worker goes back.
pub fn worker_warnings(
    live: &Deployment,
    from: &Version,
    to: &Version,
    between: &[Version],
) -> Vec<String> {
    let mut warnings = Vec::new();
    if from.is_of_secret() {
        warnings.push(format!(
            "{} was made by a changed secret: its code may be that of the version before it",
            from.name()
        ));
    }
    if to.number.zip(from.number).is_some_and(|(to, from)| to > from) {
        warnings
            .push(format!("{} is newer than what is live: this goes forward, not back", to.name()));
    }
    let secrets: Vec<_> = between.iter().filter(|v| v.is_of_secret()).map(Version::name).collect();
    if !secrets.is_empty() {
        warnings.push(format!(
            "secrets were changed after {} ({}): Cloudflare refuses it without --force-secrets, and with it the old values are back",
            to.name(),
            secrets.join(", ")
        ));
    }
    if !live.cohorts.is_empty() {
        let names: Vec<_> = live.cohorts.iter().map(|cohort| cohort.name.as_str()).collect();
        warnings.push(format!(
            "the cohorts {} are dropped: a new deployment has none",
            names.join(", ")
        ));
    }
    warnings
}

/// What a person has to know before Pages goes back.
pub fn pages_warnings(
    project: &PagesProject,
    live: &PagesDeployment,
    to: &PagesDeployment,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if project.from_repository {
        let branch = project.production_branch.as_deref().unwrap_or("the production branch");
        warnings.push(format!("the next push to {branch} deploys over this; pause its deployments, or revert there too"));
    } else {
        warnings.push("the next direct upload deploys over this".to_owned());
    }
    if to.at > live.at {
        warnings
            .push(format!("{} is newer than what is live: this goes forward, not back", to.name()));
    }
    warnings
}
