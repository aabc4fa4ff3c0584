//! What the stand-in account holds: scripts with their versions and deployments.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::sandbox::fake;

/// The one account of the sandbox.
pub const ACCOUNT_ID: &str = "5b1e7c0d94a34f2f8e6d3a7b9c2f1e08";

/// A deployment as a scenario states it; the version is made from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Running number of the version that takes all traffic.
    pub number: u64,
    /// How long ago it was made.
    pub ago: TimeDelta,
    /// Who made it.
    pub author: &'static str,
    /// With what: `wrangler`, `dash`, `api`.
    pub source: &'static str,
    /// What made the version: `upload`, `secret`, `rollback`.
    pub triggered_by: &'static str,
    /// What was said about it.
    pub message: &'static str,
    /// Secrets that were set anew with this version.
    pub changed_secrets: &'static [&'static str],
}

impl Release {
    /// An ordinary deployment by wrangler.
    pub const fn new(
        number: u64,
        ago: TimeDelta,
        author: &'static str,
        message: &'static str,
    ) -> Self {
        Self {
            number,
            ago,
            author,
            source: "wrangler",
            triggered_by: "deployment",
            message,
            changed_secrets: &[],
        }
    }

    /// A secret that was put, which makes a version and a deployment of its own.
    pub const fn secret(
        number: u64,
        ago: TimeDelta,
        author: &'static str,
        names: &'static [&'static str],
    ) -> Self {
        let release = Self::new(number, ago, author, "");
        Self { triggered_by: "secret", changed_secrets: names, ..release }
    }
}

/// A script and its releases, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptHistory {
    /// Name of the script.
    pub script: &'static str,
    /// Its deployments, newest first.
    pub releases: Vec<Release>,
    /// Number of a version that was uploaded and never deployed.
    pub undeployed: Option<u64>,
}

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
        for release in &history.releases {
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

    /// The number of the newest version that takes traffic now.
    pub(super) fn live_number(&self) -> u64 {
        let live =
            self.deployments.first().map(|live| live.versions.as_slice()).unwrap_or_default();
        live.iter().filter_map(|(id, _)| Some(self.version(id)?.number)).max().unwrap_or(0)
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
            "bindings": [
                { "name": "SUPABASE_URL", "type": "plain_text", "text": "https://db.invalid" },
                { "name": "SUPABASE_SERVICE_ROLE_KEY", "type": "secret_text" },
                { "name": "DISCORD_WEBHOOK_P0_ALERTS", "type": "secret_text" },
            ],
            "script": {
                "etag": fake::hex(&format!("{script}#{}", self.number), 32),
                "handlers": if script.contains("store-sync") { ["scheduled"] } else { ["fetch"] },
                "last_deployed_from": self.source,
            },
            "script_runtime": {
                "compatibility_date": "2026-04-30",
                "compatibility_flags": ["nodejs_compat"],
                "usage_model": "standard",
                "limits": {},
            },
        });
        whole["startup_time_ms"] = json!(31);
        whole
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
            versions: vec![(version_id(script, release.number), 100.0)],
        }
    }

    pub(super) fn json(&self) -> Value {
        let version =
            |(id, share): &(String, f64)| json!({ "version_id": id, "percentage": whole(*share) });
        json!({
            "id": self.id,
            "source": self.source,
            "strategy": "percentage",
            "author_email": self.author,
            "annotations": annotations(&self.message, &self.triggered_by),
            "versions": self.versions.iter().map(version).collect::<Vec<_>>(),
            "created_on": stamp(self.created),
        })
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

fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
