//! The configuration as the rest of the program uses it: typed, for one chosen environment.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use super::inventory::{
    Channel, GithubSettings, RollbackSettings, Rotation, RunbookPlaces, SentrySettings, Slo,
};
use super::origin::{Origin, Sourced};
use crate::domain::{Calendar, Caveat, EnvName};

/// Everything that the built-in values, the files and the variables say, for one environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// The environment that was chosen.
    pub env: EnvName,
    /// Who chose it.
    pub env_origin: Origin,
    /// Language of text that leaves.
    pub lang: Lang,
    /// The hosts of the environment, as configured.
    pub hosts: Vec<Host>,
    /// Pages projects of the environment.
    pub pages: Vec<String>,
    /// Names that this environment's targets must have.
    pub pins: Pins,
    /// What the user file says under `[env.X.credentials]` and `[env.X.webhooks]`, not resolved.
    pub credentials: FileCredentials,
    /// Where the services' APIs are.
    pub urls: Urls,
    /// The workers, with the name that each has on Cloudflare in this environment.
    pub workers: Vec<Worker>,
    /// How to trust the database's server.
    pub postgres: PostgresTrust,
    /// The dead-letter table.
    pub dlq: DlqTable,
    /// Repositories and workflows.
    pub github: GithubSettings,
    /// Discord channels by name.
    pub channels: BTreeMap<String, Channel>,
    /// Where green ends.
    pub thresholds: Thresholds,
    /// Business days.
    pub calendar: Calendar,
    /// The status pages of what we stand on.
    pub vendors: Vec<Vendor>,
    /// Service level objectives.
    pub slos: Vec<Slo>,
    /// Logpush jobs that must deliver.
    pub logpush_jobs: Vec<u64>,
    /// Organization, projects and rules in Sentry.
    pub sentry: SentrySettings,
    /// How often which secret is rotated, by its name.
    pub rotation: BTreeMap<String, Rotation>,
    /// The way back.
    pub rollback: RollbackSettings,
    /// Where postmortems are written.
    pub postmortem_dir: PathBuf,
    /// Where runbooks are.
    pub runbook: RunbookPlaces,
    /// Where local state is kept; `None` without a home.
    pub state_dir: Option<Sourced<PathBuf>>,
    /// The operator's own file: where it is, or would be; `None` without a home.
    pub user_file: Option<PathBuf>,
    /// Who operates, for the audit line.
    pub operator: String,
    /// What the reader must know of how this was put together.
    pub caveats: Vec<Caveat>,
}

/// Credentials as the user file has them for one environment: a value or a reference, by the key
/// below `[env.X]` (`credentials.github_token`, `webhooks.p0-alerts`).
#[derive(Debug, Clone, Default)]
pub struct FileCredentials(pub(super) BTreeMap<String, Sourced<SecretString>>);

impl FileCredentials {
    /// What stands under `key`.
    pub fn get(&self, key: &str) -> Option<&Sourced<SecretString>> {
        self.0.get(key)
    }

    /// The channels that have a webhook.
    pub fn webhook_channels(&self) -> impl Iterator<Item = &str> {
        self.0.keys().filter_map(|key| key.strip_prefix("webhooks."))
    }
}

/// Language of text that leaves this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Japanese.
    #[default]
    Ja,
    /// English.
    En,
}

/// A host to probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// As configured: a bare name, or a whole URL.
    pub name: String,
    /// Where it is; https unless the configuration says otherwise.
    pub url: Url,
}

impl Host {
    /// The path that is probed.
    pub fn healthz(&self) -> Url {
        let mut url = self.url.clone();
        url.set_path("/healthz");
        url
    }
}

/// Names that an environment's targets must have; a target of another name is not this environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pins {
    /// Cloudflare account id.
    pub cloudflare_account: Option<Sourced<String>>,
    /// Supabase project ref.
    pub supabase_ref: Option<Sourced<String>>,
    /// Discord guild id.
    pub discord_guild: Option<Sourced<String>>,
}

/// Base URLs of the services, each with where it came from.
#[derive(Debug, Clone)]
pub struct Urls {
    /// Cloudflare's API, with `/client/v4`.
    pub cloudflare: Sourced<Url>,
    /// GitHub's API.
    pub github: Sourced<Url>,
    /// Discord's API, with `/api/v10`.
    pub discord: Sourced<Url>,
    /// Sentry's API, with `/api/0`.
    pub sentry: Sourced<Url>,
}

/// A worker of the inventory.
#[derive(Debug, Clone)]
pub struct Worker {
    /// Its name in the configuration.
    pub name: String,
    /// Its wrangler file, where one was found.
    pub wrangler_file: Option<PathBuf>,
    /// The hosts that it serves, as named in `hosts`.
    pub hosts: Vec<String>,
    /// Its name on Cloudflare in this environment, or why that is not known.
    pub script: Result<Sourced<String>, String>,
    /// The account that its wrangler file names.
    pub account_id: Option<Sourced<String>>,
}

/// How to trust the database's server (user file only).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostgresTrust {
    /// With it, TLS is `verify-full`.
    pub root_cert: Option<PathBuf>,
    /// Allows `sslmode` below `require` off loopback.
    pub allow_plain: bool,
}

/// The dead-letter table (user file only).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DlqTable {
    /// Schema of the table.
    pub schema: String,
    /// Name of the table.
    pub table: String,
    /// Words of `status` that mean "not delivered yet".
    pub open_status: Vec<String>,
    /// The key; `None`: the primary key.
    pub key_column: Option<String>,
    /// The payload; `None`: the only jsonb column.
    pub payload_column: Option<String>,
    /// The word that a delivered row gets; `None`: the table is never written.
    pub delivered_status: Option<String>,
}

impl fmt::Display for DlqTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.table)
    }
}

/// A vendor's status page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vendor {
    /// The vendor.
    pub name: String,
    /// Root of the page; read at `/api/v2/summary.json`.
    pub url: Url,
    /// The components that we stand on; empty: all of them.
    pub components: Vec<String>,
}

/// Where green ends; the keys of `[thresholds]`, with the unit in each name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "named after the keys, which `config init` explains")]
pub struct Thresholds {
    pub probe_timeout_ms: u64,
    pub host_yellow_ms: u64,
    pub host_red_ms: u64,
    pub cert_yellow_days: u64,
    pub cert_red_days: u64,
    pub suspect_window_min: u64,
    pub healthcheck_yellow_min: u64,
    pub healthcheck_red_min: u64,
    pub db_connect_yellow_ms: u64,
    pub db_connect_red_ms: u64,
    pub db_query_yellow_ms: u64,
    pub db_query_red_ms: u64,
    pub connections_yellow_pct: u64,
    pub connections_red_pct: u64,
    pub blocked_yellow: u64,
    pub blocked_red: u64,
    pub blocked_wait_yellow_s: u64,
    pub blocked_wait_red_s: u64,
    pub idle_in_transaction_yellow_min: u64,
    pub idle_in_transaction_red_min: u64,
    pub statement_yellow_s: u64,
    pub statement_red_s: u64,
    pub slot_yellow_mib: u64,
    pub xid_yellow_pct: u64,
    pub xid_red_pct: u64,
    pub dlq_last_hour_red: u64,
    pub logpush_yellow_min: u64,
    pub logpush_red_min: u64,
    pub sentry_users_red: u64,
}
