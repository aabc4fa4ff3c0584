//! The table of all keys. From it come the check of every file, the trust rule, and the file that
//! `config init --defaults` writes.

use super::keys::Looser::{Higher, Lower};
use super::keys::{Key, Kind, Looser, Who};

/// A key that any file may set.
const fn any(path: &'static str, kind: Kind, example: &'static str, about: &'static str) -> Key {
    Key { path, kind, who: Who::Anyone, looser: None, about, example }
}

/// A key that only the user file may set.
const fn own(path: &'static str, kind: Kind, example: &'static str, about: &'static str) -> Key {
    Key { path, kind, who: Who::UserFile, looser: None, about, example }
}

/// A threshold.
const fn limit(path: &'static str, max: i64, looser: Looser, about: &'static str) -> Key {
    // No threshold is zero: that would make everything yellow, or time out at once.
    let kind = Kind::Integer(1, max);
    Key { path, kind, who: Who::Anyone, looser: Some(looser), about, example: "1" }
}

const SEVERITIES: Kind = Kind::Choice(&["P0", "P1", "P2", "P3"]);
const SLO_SOURCES: Kind = Kind::Choice(&["analytics-engine", "cloudflare", "sentry", "file"]);
const MS: i64 = 600_000;
const MINUTES: i64 = 100_000;
const ANY: i64 = 1_000_000_000;

#[rustfmt::skip]
pub(crate) const KEYS: &[Key] = &[
    own("lang", Kind::Choice(&["ja", "en"]), r#""ja""#, "Language of text that leaves: Discord posts, announcements, postmortems"),

    any("env.*.hosts", Kind::Hosts, r#"["api.example.jp", "https://web.example.jp:8443"]"#, "Hosts to probe at /healthz; a whole URL with a port works too"),
    any("env.*.pages", Kind::Texts, r#"["parky-web"]"#, "Pages projects of this environment"),
    own("env.*.cloudflare_account", Kind::Account, r#""0123456789abcdef0123456789abcdef""#, "The account that this environment's workers must be in"),
    own("env.*.supabase_ref", Kind::Text, r#""abcdefghijklmnopqrst""#, "The Supabase project that this environment's database must be"),
    own("env.*.discord_guild", Kind::Text, r#""1400000000000000000""#, "The Discord server that this environment's channels must be in"),
    own("env.*.credentials.cloudflare_api_token", Kind::Secret, r#""op://ops/cloudflare/token""#, "Cloudflare: Workers Scripts Read and Cloudflare Pages Read are enough to look"),
    own("env.*.credentials.github_token", Kind::Secret, r#""op://ops/github/token""#, "GitHub; without it gh's own login is used"),
    own("env.*.credentials.supabase_db_url", Kind::Secret, r#""op://ops/supabase/url""#, "postgresql://user:password@host:port/database"),
    own("env.*.credentials.sentry_auth_token", Kind::Secret, r#""op://ops/sentry/token""#, "Sentry: scope event:read is enough to look"),
    own("env.*.credentials.discord_bot_token", Kind::Secret, r#""op://ops/discord/bot""#, "Discord: needed for threads and reactions only"),
    own("env.*.credentials.smtp_url", Kind::Secret, r#""op://ops/smtp/url""#, "smtps://user:password@host, for the P0 fallback mail"),
    own("env.*.credentials.mail_from", Kind::Secret, r#""ops@example.jp""#, "Sender of the fallback mail"),
    own("env.*.credentials.mail_to", Kind::Secret, r#""oncall@example.jp""#, "Receiver of the fallback mail"),
    own("env.*.webhooks.*", Kind::Secret, r#""op://ops/discord/p0-alerts""#, "A channel's webhook: URL or reference, by the channel's name"),

    own("urls.cloudflare", Kind::BaseUrl, "", "Cloudflare's API; plain http for loopback only, as for all four"),
    own("urls.github", Kind::BaseUrl, "", "GitHub's API"),
    own("urls.discord", Kind::BaseUrl, "", "Discord's API"),
    own("urls.sentry", Kind::BaseUrl, "", "Sentry's API, with /api/0"),

    any("workers.config_dir", Kind::Path, r#""parky/api""#, "The folder of the wrangler files, from which script names and account are read"),

    any("worker", Kind::Tables, "", "The workers; a list replaces the whole built-in one"),
    any("worker[].name", Kind::Text, r#""public""#, "The worker's name on the command line"),
    any("worker[].config", Kind::Text, r#""wrangler.public.toml""#, "Its wrangler file in workers.config_dir"),
    any("worker[].hosts", Kind::Texts, r#"["api.parky.co.jp"]"#, "The hosts that it serves"),
    own("worker[].script.*", Kind::Script, r#""parky-public-prod""#, "Its name on Cloudflare by environment, where no wrangler file is at hand"),

    any("github.repos", Kind::Repos, r#"["parky/parky"]"#, "The repositories; the first is the default"),
    any("github.branch", Kind::Text, "", "The branch that is deployed"),
    any("github.healthcheck_workflow", Kind::Text, r#""synthetic-healthcheck.yml""#, "The workflow that probes every 5 minutes"),
    any("github.deploy_workflows", Kind::Texts, r#"["deploy.yml"]"#, "The workflows that deploy"),

    own("postgres.root_cert", Kind::Path, r#""supabase-ca.pem""#, "The root certificate; with it the server's name is checked too (verify-full)"),
    own("postgres.allow_plain", Kind::Bool, "", "Allows sslmode below require to a database that is not on this machine"),

    own("dlq.table", Kind::TableName, "", "The dead-letter table"),
    own("dlq.open_status", Kind::Texts, "", "Words of its status that mean \"not delivered yet\""),
    own("dlq.key_column", Kind::Text, "", "Its key; empty: the primary key"),
    own("dlq.payload_column", Kind::Text, "", "The message; empty: the only jsonb column"),
    own("dlq.delivered_status", Kind::Text, "", "The word that a delivered row gets; empty: the table is never written"),

    any("channels.*.severity", SEVERITIES, r#""P0""#, "The severity that goes there"),
    any("channels.*.business", Kind::Bool, "true", "Whether it carries business events instead"),
    own("channels.*.mention", Kind::Text, r#""here""#, "Who is pinged there: here, everyone, or the id of a role"),
    own("channels.*.id", Kind::Text, r#""1400000000000000009""#, "The channel's id, for the bot"),

    limit("thresholds.probe_timeout_ms", MS, Higher, "A probe that takes longer has failed"),
    limit("thresholds.host_yellow_ms", MS, Higher, "Median of three probes: slow from here"),
    limit("thresholds.host_red_ms", MS, Higher, "Median of three probes: red from here"),
    limit("thresholds.cert_yellow_days", MINUTES, Lower, "A certificate that ends within so many days"),
    limit("thresholds.cert_red_days", MINUTES, Lower, "The same, red"),
    limit("thresholds.suspect_window_min", MINUTES, Lower, "A deployment so long before the start is a suspect"),
    limit("thresholds.healthcheck_yellow_min", MINUTES, Higher, "Age of the last good run of the healthcheck workflow"),
    limit("thresholds.healthcheck_red_min", MINUTES, Higher, "The same, red"),
    limit("thresholds.db_connect_yellow_ms", MS, Higher, "Database: name look-up to logged in"),
    limit("thresholds.db_connect_red_ms", MS, Higher, "The same, red"),
    limit("thresholds.db_query_yellow_ms", MS, Higher, "Database: median of three SELECT 1"),
    limit("thresholds.db_query_red_ms", MS, Higher, "The same, red"),
    limit("thresholds.connections_yellow_pct", 100, Higher, "Connections used of those usable"),
    limit("thresholds.connections_red_pct", 100, Higher, "The same, red"),
    limit("thresholds.blocked_yellow", ANY, Higher, "Sessions that wait for a lock"),
    limit("thresholds.blocked_red", ANY, Higher, "The same, red"),
    limit("thresholds.blocked_wait_yellow_s", ANY, Higher, "The longest wait for a lock"),
    limit("thresholds.blocked_wait_red_s", ANY, Higher, "The same, red"),
    limit("thresholds.idle_in_transaction_yellow_min", MINUTES, Higher, "The longest idle transaction"),
    limit("thresholds.idle_in_transaction_red_min", MINUTES, Higher, "The same, red if it also blocks others"),
    limit("thresholds.statement_yellow_s", ANY, Higher, "The longest running statement"),
    limit("thresholds.statement_red_s", ANY, Higher, "The same, red if it also blocks others"),
    limit("thresholds.slot_yellow_mib", ANY, Higher, "Write-ahead log that an unread replication slot keeps"),
    limit("thresholds.xid_yellow_pct", 100, Higher, "Transaction ids used of 2^31"),
    limit("thresholds.xid_red_pct", 100, Higher, "The same, red"),
    limit("thresholds.dlq_last_hour_red", ANY, Higher, "Dead letters of the last hour that Discord answered with 5xx or not at all"),
    limit("thresholds.logpush_yellow_min", MINUTES, Higher, "Age of a logpush job's last delivery"),
    limit("thresholds.logpush_red_min", MINUTES, Higher, "The same, red"),
    limit("thresholds.sentry_users_red", ANY, Higher, "Users that one new Sentry issue hits"),

    any("calendar.closures", Kind::MonthDays, "", "Days of each year on which the company is closed"),
    any("calendar.add_holidays", Kind::Dates, r#"["2027-03-01"]"#, "Public holidays that a law added"),
    any("calendar.remove_holidays", Kind::Dates, r#"["2027-02-11"]"#, "Public holidays that a law took away"),

    any("vendor", Kind::Tables, "", "Status pages of what we stand on; a list replaces the whole built-in one, [] switches it off"),
    any("vendor[].name", Kind::Text, r#""Cloudflare""#, "The vendor"),
    own("vendor[].url", Kind::BaseUrl, r#""https://www.cloudflarestatus.com""#, "Root of its page, read at /api/v2/summary.json"),
    any("vendor[].components", Kind::Texts, r#"["Workers", "Pages", "API"]"#, "The components that we stand on; [] is all of them"),

    any("slo", Kind::Tables, "", "Service level objectives"),
    any("slo[].service", Kind::Text, r#""api""#, "The service"),
    any("slo[].objective", Kind::Percent, r#""99.9""#, "Percent of good events"),
    any("slo[].window_days", Kind::Integer(1, 366), "30", "Over so many days"),
    any("slo[].source", SLO_SOURCES, r#""analytics-engine""#, "Where the events are counted"),
    any("slo[].query", Kind::Text, r#""SELECT 1""#, "How they are counted"),

    any("logpush.jobs", Kind::Integers, "", "Logpush jobs that must deliver"),

    any("sentry.org", Kind::Text, r#""parky""#, "The Sentry organization"),
    any("sentry.projects", Kind::Texts, r#"["api", "web"]"#, "Its projects"),
    any("sentry.rules", Kind::Texts, r#"["5xx burst", "Error budget burn"]"#, "Alert rules that must exist"),

    any("secrets.*.max_age_days", Kind::Integer(1, 36_500), "90", "Rotation: a secret older than this is due"),
    any("secrets.*.rotated_at", Kind::Date, r#""2026-09-01""#, "When it was last rotated"),

    own("rollback.script", Kind::Path, r#""scripts/deploy/rollback.sh""#, "The script that `rollback --via script` runs"),
    any("rollback.order", Kind::Texts, "", "The order in which workers are rolled back"),

    any("postmortem.dir", Kind::Path, "", "Where postmortems are written"),

    any("runbook.dirs", Kind::Paths, "", "Where runbooks are"),
    any("runbook.strategy", Kind::Path, r#""docs/ops/notification-strategy.md""#, "The notification strategy"),
];
