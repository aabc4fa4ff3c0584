//! What the stand-in account holds: scripts with their versions and deployments.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::release::{Gone, Release, Resources, ScriptHistory};
use crate::sandbox::fake;

/// The one account of the sandbox.
pub const ACCOUNT_ID: &str = "5b1e7c0d94a34f2f8e6d3a7b9c2f1e08";

/// A version of a script.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) number: u64,
    created: DateTime<Utc>,
    author: String,
    source: String,
    message: String,
    triggered_by: String,
    pub(super) changed_secrets: Vec<String>,
    pub(super) gone: Option<Gone>,
    resources: Resources,
}

/// A deployment of a script.
#[derive(Debug, Clone)]
pub(super) struct Deployed {
    pub(super) id: String,
    pub(super) created: DateTime<Utc>,
    pub(super) author: String,
    pub(super) source: String,
    pub(super) message: String,
    pub(super) triggered_by: String,
    /// Version ids with the percentage of each.
    pub(super) versions: Vec<(String, f64)>,
    /// Names of cohorts, each with the version that serves it whole.
    pub(super) cohorts: Vec<(String, String)>,
}

/// A script: versions and deployments, both newest first.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) name: String,
    pub(super) versions: Vec<Version>,
    pub(super) deployments: Vec<Deployed>,
}

impl Script {
    pub(super) fn new(history: &ScriptHistory, now: DateTime<Utc>) -> Self {
        let name = history.script;
        let mut versions: Vec<Version> = Vec::new();
        // Of a version that was deployed twice the first time made it.
        for release in history.releases.iter().rev() {
            if !versions.iter().any(|known| known.number == release.number) {
                versions.push(Version::of(name, release, now));
            }
        }
        if let (Some(number), Some(newest)) = (history.undeployed, history.releases.first()) {
            let mut upload = Release::new(number, newest.ago, newest.author, "検証用（未公開）");
            upload.triggered_by = "upload";
            versions.push(Version::of(name, &upload, now));
        }
        versions.sort_by_key(|version| std::cmp::Reverse(version.number));
        let deployments = history.releases.iter().enumerate();
        let deployments = deployments.map(|(i, r)| Deployed::of(name, i, r, now)).collect();
        Self { name: name.to_owned(), versions, deployments }
    }

    pub(super) fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// The numbers of the versions that take traffic now.
    pub(super) fn live_numbers(&self) -> Vec<u64> {
        let live =
            self.deployments.first().map(|live| live.versions.as_slice()).unwrap_or_default();
        let serving = live.iter().filter(|(_, percent)| *percent > 0.0);
        serving.filter_map(|(id, _)| Some(self.version(id)?.number)).collect()
    }

    /// The number of the newest version that takes traffic now.
    pub(super) fn live_number(&self) -> u64 {
        self.live_numbers().into_iter().max().unwrap_or(0)
    }
}

impl Version {
    fn of(script: &str, release: &Release, now: DateTime<Utc>) -> Self {
        Self {
            id: version_id(script, release.number),
            number: release.number,
            created: now - release.ago - TimeDelta::seconds(20),
            author: release.author.to_owned(),
            source: release.source.to_owned(),
            message: release.message.to_owned(),
            triggered_by: match release.triggered_by {
                "secret" => "secret".to_owned(),
                _ => "upload".to_owned(),
            },
            changed_secrets: release.changed_secrets.iter().map(|&name| name.to_owned()).collect(),
            gone: release.gone,
            resources: release.resources,
        }
    }

    /// As it stands in lists.
    pub(super) fn brief(&self) -> Value {
        json!({
            "id": self.id,
            "number": self.number,
            "metadata": {
                "created_on": stamp(self.created),
                "modified_on": stamp(self.created),
                "source": self.source,
                "author_id": fake::hex(&self.author, 32),
                "author_email": self.author,
                "hasPreview": false,
            },
            "annotations": annotations(&self.message, &self.triggered_by),
        })
    }

    /// As it stands alone.
    pub(super) fn whole(&self, script: &str) -> Value {
        let mut whole = self.brief();
        whole["resources"] = json!({
            "bindings": self.bindings(),
            "script": {
                "etag": fake::hex(&format!("{script}#{}", self.number), 32),
                "handlers": if script.contains("store-sync") { ["scheduled"] } else { ["fetch"] },
                "last_deployed_from": self.source,
            },
            "script_runtime": {
                "compatibility_date": self.resources.compatibility_date,
                "compatibility_flags": self.resources.flags,
                "usage_model": "standard",
                "limits": {},
            },
        });
        if let Some(tag) = self.resources.migration_tag {
            whole["resources"]["script_runtime"]["migration_tag"] = json!(tag);
        }
        whole["startup_time_ms"] = json!(31);
        whole
    }

    /// Secrets by name only; other bindings with what they lead to.
    fn bindings(&self) -> Vec<Value> {
        let binding = |(name, kind): &(&str, &str)| {
            let mut binding = json!({ "name": name, "type": kind });
            match *kind {
                "plain_text" => binding["text"] = json!("https://db.invalid"),
                "kv_namespace" => binding["namespace_id"] = json!(fake::hex(name, 32)),
                "r2_bucket" => binding["bucket_name"] = json!(name.to_lowercase()),
                _ => {}
            }
            binding
        };
        self.resources.bindings.iter().map(binding).collect()
    }
}

impl Deployed {
    fn of(script: &str, nth: usize, release: &Release, now: DateTime<Utc>) -> Self {
        Self {
            // The same version may be deployed twice; the place in the history tells them apart.
            id: fake::uuid(&format!("deployment {script} {} {nth}", release.number)),
            created: now - release.ago,
            author: release.author.to_owned(),
            source: release.source.to_owned(),
            message: release.message.to_owned(),
            triggered_by: release.triggered_by.to_owned(),
            versions: shares(script, release),
            cohorts: release
                .cohorts
                .iter()
                .map(|(name, number)| ((*name).to_owned(), version_id(script, *number)))
                .collect(),
        }
    }

    pub(super) fn json(&self) -> Value {
        let version =
            |(id, share): &(String, f64)| json!({ "version_id": id, "percentage": whole(*share) });
        let mut deployment = json!({
            "id": self.id,
            "source": self.source,
            "strategy": "percentage",
            "author_email": self.author,
            "annotations": annotations(&self.message, &self.triggered_by),
            "versions": self.versions.iter().map(version).collect::<Vec<_>>(),
            "created_on": stamp(self.created),
        });
        if !self.cohorts.is_empty() {
            let cohort = |(name, id): &(String, String)| json!({ "name": name, "versions": [version(&(id.clone(), 100.0))] });
            deployment["cohorts"] = self.cohorts.iter().map(cohort).collect();
        }
        deployment
    }
}

fn shares(script: &str, release: &Release) -> Vec<(String, f64)> {
    let own = version_id(script, release.number);
    match release.beside {
        None => vec![(own, 100.0)],
        Some((other, percent)) => {
            let percent = f64::from(percent);
            vec![(own, 100.0 - percent), (version_id(script, other), percent)]
        }
    }
}

/// The id of the version `number` of `script`: the same in every sandbox.
pub fn version_id(script: &str, number: u64) -> String {
    fake::uuid(&format!("version {script} {number}"))
}

/// Cloudflare writes `100`, not `100.0`.
fn whole(share: f64) -> Value {
    if share.fract() == 0.0 { json!(share as i64) } else { json!(share) }
}

fn annotations(message: &str, triggered_by: &str) -> Value {
    let mut annotations = json!({ "workers/triggered_by": triggered_by });
    if !message.is_empty() {
        annotations["workers/message"] = json!(message);
    }
    annotations
}

pub(super) fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
