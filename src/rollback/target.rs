//! Where a rollback leads. Pure.
//!
//! Never to what is live already, and never to a version that was uploaded and not deployed. wrangler
//! takes the newest earlier deployment at 100 % without looking: that can be the live version once
//! more (a redeploy, a changed secret), or the bad one that was just rolled back from.

use crate::domain::text::nearest;
use crate::domain::{Deployment, Version, VersionRef};

/// Cloudflare lists about so many deployments; a shorter list is the whole past.
const LISTED: usize = 10;

/// What the operator asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A version; without a word it is [`VersionRef::Previous`].
    Version(VersionRef),
    /// An end to the split: the member that was live for all before it.
    AbortCanary,
}

/// What is known of a script.
#[derive(Debug, Clone)]
pub struct Past {
    /// Its deployments, newest first; the first is live.
    pub deployments: Vec<Deployment>,
    /// Its versions that can be deployed, newest first.
    pub versions: Vec<Version>,
}

/// Where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The version.
    pub version: Version,
    /// What the reader should know of the choice.
    pub notes: Vec<String>,
}

/// Why it leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoTarget {
    /// There is no deployment.
    #[error("nothing is deployed, so there is nothing to go back from")]
    NothingDeployed,
    /// No earlier version took all traffic.
    #[error(
        "none of the {listed} deployments that Cloudflare lists before the live one had another version at 100 %"
    )]
    NothingBefore {
        /// How many were looked at.
        listed: usize,
    },
    /// It is live already.
    #[error("{name} is live already")]
    AlreadyLive {
        /// The version.
        name: String,
    },
    /// It was uploaded and never took traffic.
    #[error("{name} was uploaded and never deployed; a rollback leads to what has served before")]
    NeverDeployed {
        /// The version.
        name: String,
    },
    /// No version fits.
    #[error("no version {typed} among the {known} that can be deployed{}", near.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default())]
    Unknown {
        /// As typed.
        typed: String,
        /// How many there are.
        known: usize,
        /// What was perhaps meant.
        near: Option<String>,
    },
    /// Several fit.
    #[error("{typed} fits several versions: {}", names.join(", "))]
    Ambiguous {
        /// As typed.
        typed: String,
        /// The versions.
        names: Vec<String>,
    },
    /// The address is of another script or account.
    #[error("that address is of {theirs}, not of {ours}")]
    Elsewhere {
        /// What the address names.
        theirs: String,
        /// What was asked for.
        ours: String,
    },
    /// One version has all traffic.
    #[error("{name} has all traffic: there is no split to end")]
    NotSplit {
        /// The version.
        name: String,
    },
    /// Neither member of the split was live for all.
    #[error("neither {} was live for all before the split, so which one is the good one is not known", names.join(" nor "))]
    NoStable {
        /// The members.
        names: Vec<String>,
    },
}

/// Chooses the version to go back to on `script` of `account`.
///
/// # Errors
/// Why there is none.
pub fn choose(
    past: &Past,
    wanted: &Wanted,
    script: &str,
    account: &str,
) -> Result<Choice, NoTarget> {
    let live = past.deployments.first().ok_or(NoTarget::NothingDeployed)?;
    match wanted {
        Wanted::AbortCanary => past.stable(live),
        Wanted::Version(VersionRef::Previous) => past.previous(live),
        Wanted::Version(reference) => {
            let version = past.named(reference, script, account)?;
            past.may_lead_to(live, version)
        }
    }
}

impl Past {
    /// A version by its id, with what the list tells of it.
    pub fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.version_id == id)
    }

    /// The version that `reference` names.
    ///
    /// # Errors
    /// None, or several.
    pub fn resolve(
        &self,
        reference: &VersionRef,
        script: &str,
        account: &str,
    ) -> Result<Version, NoTarget> {
        match (reference, self.deployments.first()) {
            (VersionRef::Previous, Some(live)) => Ok(self.previous(live)?.version),
            _ => self.named(reference, script, account).cloned(),
        }
    }

    /// The same, or what is left of one that cannot be deployed any more.
    pub fn version_or_bare(&self, id: &str) -> Version {
        self.version(id).cloned().unwrap_or_else(|| Version::bare(id, None))
    }

    /// The version that took all traffic before the live one.
    fn previous(&self, live: &Deployment) -> Result<Choice, NoTarget> {
        let older = self.deployments.get(1..).unwrap_or_default();
        let nothing = || NoTarget::NothingBefore { listed: older.len() };
        let mut notes = Vec::new();
        // After a rollback "before" means before the first time that the live version was live: what
        // came between is what was rolled back from.
        let live_id = live.whole().map(|share| share.version_id.as_str());
        let is_live = |d: &Deployment| {
            live_id.is_some() && d.whole().map(|s| s.version_id.as_str()) == live_id
        };
        let from =
            older.iter().rposition(is_live).filter(|_| live.is_rollback).map_or(0, |at| at + 1);
        let undone =
            older[..from].iter().filter(|d| !is_live(d)).filter_map(Deployment::main_version);
        for share in undone {
            let name = self.version_or_bare(&share.version_id).name();
            notes.push(format!("{name} is passed over: it was rolled back from"));
        }
        notes.dedup();
        for share in older[from..].iter().filter_map(Deployment::whole) {
            if Some(share.version_id.as_str()) == live_id {
                continue;
            }
            match self.version(&share.version_id) {
                Some(version) => return Ok(Choice { version: version.clone(), notes }),
                None => {
                    let name = Version::bare(&share.version_id, share.number).name();
                    notes.push(format!("{name} is passed over: it cannot be deployed any more"));
                }
            }
        }
        Err(nothing())
    }

    /// The member of the split that was live for all most recently before it.
    fn stable(&self, live: &Deployment) -> Result<Choice, NoTarget> {
        let members: Vec<&str> =
            live.versions.iter().map(|share| share.version_id.as_str()).collect();
        let name = |id: &&str| self.version_or_bare(id).name();
        if !live.is_split() {
            let name = members.first().map(name).unwrap_or_default();
            return Err(NoTarget::NotSplit { name });
        }
        let whole = self.deployments.iter().filter_map(Deployment::whole);
        let stable = whole.map(|share| share.version_id.as_str()).find(|id| members.contains(id));
        // The larger share proves nothing: a canary past half is still a canary.
        let stable = stable
            .ok_or_else(|| NoTarget::NoStable { names: members.iter().map(name).collect() })?;
        Ok(Choice { version: self.version_or_bare(stable), notes: Vec::new() })
    }

    fn named(
        &self,
        reference: &VersionRef,
        script: &str,
        account: &str,
    ) -> Result<&Version, NoTarget> {
        let (typed, fits): (String, Vec<&Version>) = match reference {
            VersionRef::Previous => return Err(NoTarget::NothingDeployed),
            VersionRef::Number(number) => {
                let fits = self.versions.iter().filter(|v| v.number == Some(*number));
                (format!("@{number}"), fits.collect())
            }
            VersionRef::Id(id) => (id.clone(), self.with_id(id)),
            VersionRef::Page { account: theirs, name, id } => {
                if let Some(theirs) = theirs.as_ref().filter(|theirs| *theirs != account) {
                    let (theirs, ours) =
                        (format!("account {theirs}"), format!("account {account}"));
                    return Err(NoTarget::Elsewhere { theirs, ours });
                }
                if let Some(theirs) = name.as_ref().filter(|theirs| *theirs != script) {
                    let (theirs, ours) = (theirs.clone(), script.to_owned());
                    return Err(NoTarget::Elsewhere { theirs, ours });
                }
                (id.clone(), self.with_id(id))
            }
        };
        match fits.as_slice() {
            [version] => Ok(version),
            [] => {
                let names: Vec<_> =
                    self.versions.iter().filter_map(|v| Some(format!("@{}", v.number?))).collect();
                let near = nearest(&typed, names.iter().map(String::as_str)).map(str::to_owned);
                Err(NoTarget::Unknown { typed, known: self.versions.len(), near })
            }
            several => {
                let names = several.iter().map(|version| version.name()).collect();
                Err(NoTarget::Ambiguous { typed, names })
            }
        }
    }

    /// Versions whose id begins so; where there is none, that of the whole deployment whose id does.
    fn with_id(&self, id: &str) -> Vec<&Version> {
        let fits: Vec<_> = self.versions.iter().filter(|v| v.version_id.starts_with(id)).collect();
        if !fits.is_empty() {
            return fits;
        }
        let deployments = self.deployments.iter().filter(|d| d.deployment_id.starts_with(id));
        deployments.filter_map(|d| self.version(&d.whole()?.version_id)).collect()
    }

    /// Whether a rollback may lead to a version that was named outright.
    fn may_lead_to(&self, live: &Deployment, version: &Version) -> Result<Choice, NoTarget> {
        let id = version.version_id.as_str();
        if live.whole().is_some_and(|share| share.version_id == id) {
            return Err(NoTarget::AlreadyLive { name: version.name() });
        }
        let served = |d: &Deployment| {
            let cohorts = d.cohorts.iter().flat_map(|cohort| &cohort.versions);
            d.versions.iter().chain(cohorts).any(|s| s.version_id == id && s.percentage > 0.0)
        };
        let mut notes = Vec::new();
        if !self.deployments.iter().any(served) {
            let oldest = self.deployments.last().map(|deployment| deployment.at);
            let cut = self.deployments.len() >= LISTED;
            let before = version.at.zip(oldest).is_some_and(|(made, oldest)| made < oldest);
            if !(cut && before) {
                return Err(NoTarget::NeverDeployed { name: version.name() });
            }
            notes.push(format!(
                "{} is older than the {} deployments that Cloudflare lists: whether it ever served is not known",
                version.name(),
                self.deployments.len()
            ));
        }
        Ok(Choice { version: version.clone(), notes })
    }
}
