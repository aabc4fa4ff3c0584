//! The user file of a sandbox: every service points at a stand-in, every credential is a fake.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use super::discord::{DiscordStandIn, GUILD_ID};
use super::scenario::{PAGES, REPOSITORY, WORKERS};
use super::vendors::VENDORS;

/// Where everything is.
pub(super) struct Layout<'a> {
    pub(super) hosts: Vec<(&'static str, String)>,
    pub(super) account: &'a str,
    pub(super) cloudflare_url: String,
    pub(super) cloudflare_token: &'a SecretString,
    pub(super) github_url: String,
    pub(super) github_token: &'a SecretString,
    pub(super) database_url: &'a SecretString,
    pub(super) discord: &'a DiscordStandIn,
    /// Root under which the services are that have no stand-in.
    pub(super) absent_url: String,
    /// Root of each vendor's page, in the order of [`VENDORS`].
    pub(super) vendor_urls: Vec<String>,
}

/// Tokens of the services that have no stand-in; with them nobody looks for real ones.
pub(super) struct FakeTokens {
    pub(super) sentry: SecretString,
}

impl FakeTokens {
    pub(super) fn make() -> std::io::Result<Self> {
        Ok(Self { sentry: super::fake::secret("sntrys_", 48)? })
    }
}

impl Layout<'_> {
    /// The file's text.
    pub(super) fn toml(&self) -> Result<String, toml::ser::Error> {
        let hosts: Vec<&str> = self.hosts.iter().map(|(_, url)| url.as_str()).collect();
        let absent = |service: &str| format!("{}/{service}", self.absent_url);
        toml::to_string(&json!({
            "urls": {
                "cloudflare": self.cloudflare_url,
                "github": self.github_url,
                "discord": self.discord.url(),
                "sentry": absent("sentry/api/0"),
            },
            "env": { "prod": {
                "hosts": hosts,
                "pages": [PAGES],
                "cloudflare_account": self.account,
                "discord_guild": GUILD_ID,
                "credentials": {
                    "cloudflare_api_token": self.cloudflare_token.expose_secret(),
                    "github_token": self.github_token.expose_secret(),
                    "supabase_db_url": self.database_url.expose_secret(),
                    "discord_bot_token": self.discord.token().expose_secret(),
                },
                "webhooks": self.webhooks(),
            } },
            "channels": self.channels(),
            "github": {
                "repos": [REPOSITORY],
                "branch": "main",
                "healthcheck_workflow": "synthetic-healthcheck.yml",
                "deploy_workflows": ["deploy.yml"],
            },
            "worker": self.workers(),
            "vendor": self.vendors(),
        }))
    }

    fn workers(&self) -> Vec<Value> {
        let host =
            |name: &str| self.hosts.iter().find(|(host, _)| *host == name).map(|(_, url)| url);
        let worker = |(name, script, serves): &(&str, &str, Option<&str>)| {
            let hosts: Vec<_> = serves.and_then(host).into_iter().collect();
            json!({ "name": name, "hosts": hosts, "script": { "prod": script } })
        };
        WORKERS.iter().map(worker).collect()
    }

    fn webhooks(&self) -> Map<String, Value> {
        let webhooks = self.discord.channels();
        webhooks
            .map(|(name, it)| (name.to_owned(), it.webhook_url().expose_secret().into()))
            .collect()
    }

    /// Their ids; severity and mention of the usual ones are built in.
    fn channels(&self) -> Map<String, Value> {
        let channel = |name: &str, id: String| match name.starts_with("biz-") {
            true => json!({ "id": id, "business": true }),
            false => json!({ "id": id }),
        };
        let channels = self.discord.channels();
        channels.map(|(name, it)| (name.to_owned(), channel(name, it.id()))).collect()
    }

    fn vendors(&self) -> Vec<Value> {
        let pages = VENDORS.iter().zip(&self.vendor_urls);
        pages
            .map(|(page, url)| json!({ "name": page.name, "url": url, "components": page.named }))
            .collect()
    }
}
