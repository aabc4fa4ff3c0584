//! A script's past as a scenario states it; versions and deployments are made from it.

use chrono::TimeDelta;

/// A deployment as a scenario states it; the version is made from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Running number of the version that was deployed.
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
    /// The version that shares the traffic, and its percentage; it must have a release of its own.
    pub beside: Option<(u64, u8)>,
    /// Cohorts, each with the number of the version that serves it whole.
    pub cohorts: &'static [(&'static str, u64)],
    /// What the version stands on.
    pub resources: Resources,
    /// Why the version cannot be deployed any more.
    pub gone: Option<Gone>,
}

/// What a version stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resources {
    /// Names and types of its bindings.
    pub bindings: &'static [(&'static str, &'static str)],
    /// Its compatibility date.
    pub compatibility_date: &'static str,
    /// Its compatibility flags.
    pub flags: &'static [&'static str],
    /// The last migration of its Durable Objects.
    pub migration_tag: Option<&'static str>,
}

impl Resources {
    /// Those of every worker that says nothing else.
    pub const USUAL: Resources = Resources {
        bindings: &[
            ("SUPABASE_URL", "plain_text"),
            ("SUPABASE_SERVICE_ROLE_KEY", "secret_text"),
            ("DISCORD_WEBHOOK_P0_ALERTS", "secret_text"),
        ],
        compatibility_date: "2026-04-30",
        flags: &["nodejs_compat"],
        migration_tag: None,
    };
}

/// Why Cloudflare refuses to bring a version back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// A KV namespace that it binds was deleted.
    Binding(&'static str),
    /// A migration of Durable Objects came after it.
    Migration,
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
            beside: None,
            cohorts: &[],
            resources: Resources::USUAL,
            gone: None,
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

    /// The same, sharing the traffic with the version `other`, which gets `percent`.
    pub const fn beside(self, other: u64, percent: u8) -> Self {
        Self { beside: Some((other, percent)), ..self }
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
