//! The credentials there are, with their variables and keys. Pure.

use std::fmt;

use crate::domain::EnvName;

/// A credential by what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CredentialName {
    /// Cloudflare's API.
    CloudflareApiToken,
    /// The account; not a secret.
    CloudflareAccountId,
    /// GitHub's API.
    GithubToken,
    /// The database.
    SupabaseDbUrl,
    /// Discord's bot: threads and reactions.
    DiscordBotToken,
    /// The webhook of a channel, by its name.
    DiscordWebhook(String),
    /// Sentry's API.
    SentryAuthToken,
    /// The mail server of the fallback.
    SmtpUrl,
    /// Sender of the fallback mail; not a secret.
    MailFrom,
    /// Receiver of the fallback mail; not a secret.
    MailTo,
}

impl CredentialName {
    /// The webhook of `channel`, with or without the `#`.
    pub fn webhook(channel: &str) -> Self {
        Self::DiscordWebhook(channel.trim_start_matches('#').to_owned())
    }

    /// Whether the value must never be shown.
    pub fn is_secret(&self) -> bool {
        !matches!(self, Self::CloudflareAccountId | Self::MailFrom | Self::MailTo)
    }

    /// Names of its variables without any prefix, the stronger one first.
    fn stems(&self) -> Vec<String> {
        let one = |stem: &str| vec![stem.to_owned()];
        match self {
            Self::CloudflareApiToken => one("CLOUDFLARE_API_TOKEN"),
            Self::CloudflareAccountId => one("CLOUDFLARE_ACCOUNT_ID"),
            Self::GithubToken => vec!["GH_TOKEN".to_owned(), "GITHUB_TOKEN".to_owned()],
            Self::SupabaseDbUrl => one("SUPABASE_DB_URL"),
            Self::DiscordBotToken => one("DISCORD_BOT_TOKEN"),
            Self::DiscordWebhook(channel) => vec![webhook_stem(channel)],
            Self::SentryAuthToken => one("SENTRY_AUTH_TOKEN"),
            Self::SmtpUrl => one("SMTP_URL"),
            Self::MailFrom => one("MAIL_FROM"),
            Self::MailTo => one("MAIL_TO"),
        }
    }

    /// Variables that belong to `env`: `PARKY_OPS_DEV_GH_TOKEN`.
    pub fn scoped_variables(&self, env: &EnvName) -> Vec<String> {
        let env = env.in_variable();
        self.stems().into_iter().map(|stem| format!("PARKY_OPS_{env}_{stem}")).collect()
    }

    /// Variables that belong to no environment: `PARKY_OPS_GH_TOKEN`, then `GH_TOKEN`.
    pub fn unscoped_variables(&self) -> Vec<String> {
        let stems = self.stems();
        let ours = stems.iter().map(|stem| format!("PARKY_OPS_{stem}"));
        // `SMTP_URL` and the like alone are too common to mean this program.
        let usual = !matches!(self, Self::SmtpUrl | Self::MailFrom | Self::MailTo);
        ours.chain(stems.iter().filter(|_| usual).cloned()).collect()
    }

    /// The key below `[env.X]`, as table and name.
    pub fn config_key(&self) -> (Option<&'static str>, &str) {
        let credentials = Some("credentials");
        match self {
            Self::CloudflareApiToken => (credentials, "cloudflare_api_token"),
            Self::CloudflareAccountId => (None, "cloudflare_account"),
            Self::GithubToken => (credentials, "github_token"),
            Self::SupabaseDbUrl => (credentials, "supabase_db_url"),
            Self::DiscordBotToken => (credentials, "discord_bot_token"),
            Self::DiscordWebhook(channel) => (Some("webhooks"), channel),
            Self::SentryAuthToken => (credentials, "sentry_auth_token"),
            Self::SmtpUrl => (credentials, "smtp_url"),
            Self::MailFrom => (credentials, "mail_from"),
            Self::MailTo => (credentials, "mail_to"),
        }
    }

    /// The variable to name to somebody who has to set one for `env`.
    pub fn variable_to_set(&self, env: &EnvName) -> String {
        let names = match env.is_prod() {
            true => self.unscoped_variables(),
            false => self.scoped_variables(env),
        };
        let usual = |name: &&String| !name.starts_with("PARKY_OPS_");
        names.iter().find(usual).or(names.first()).cloned().unwrap_or_default()
    }
}

/// `DISCORD_WEBHOOK_P0_ALERTS`: upper case, every other sign an underscore.
pub(super) fn webhook_stem(channel: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("DISCORD_WEBHOOK_{}", channel.chars().map(plain).collect::<String>())
}

impl fmt::Display for CredentialName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CloudflareApiToken => "Cloudflare API token",
            Self::CloudflareAccountId => "Cloudflare account id",
            Self::GithubToken => "GitHub token",
            Self::SupabaseDbUrl => "database URL",
            Self::DiscordBotToken => "Discord bot token",
            Self::DiscordWebhook(channel) => {
                return write!(f, "webhook of #{}", crate::domain::text::one_line(channel));
            }
            Self::SentryAuthToken => "Sentry token",
            Self::SmtpUrl => "SMTP URL",
            Self::MailFrom => "sender of the fallback mail",
            Self::MailTo => "receiver of the fallback mail",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_by_scope_and_strength() {
        let (prod, dev) = (EnvName::prod(), "dev".parse().unwrap());
        let github = CredentialName::GithubToken;
        assert_eq!(
            github.scoped_variables(&dev),
            ["PARKY_OPS_DEV_GH_TOKEN", "PARKY_OPS_DEV_GITHUB_TOKEN"]
        );
        assert_eq!(
            github.unscoped_variables(),
            ["PARKY_OPS_GH_TOKEN", "PARKY_OPS_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"]
        );
        assert_eq!(CredentialName::SmtpUrl.unscoped_variables(), ["PARKY_OPS_SMTP_URL"]);
        assert_eq!(github.variable_to_set(&prod), "GH_TOKEN");
        assert_eq!(github.variable_to_set(&dev), "PARKY_OPS_DEV_GH_TOKEN");
        assert_eq!(CredentialName::MailTo.variable_to_set(&prod), "PARKY_OPS_MAIL_TO");
    }

    #[test]
    fn the_help_lists_the_variable_of_every_credential() {
        use super::CredentialName as Name;
        let listed: Vec<_> = crate::config::environment().map(|variable| variable.name).collect();
        for name in [
            Name::CloudflareApiToken,
            Name::CloudflareAccountId,
            Name::GithubToken,
            Name::SupabaseDbUrl,
            Name::DiscordBotToken,
            Name::SentryAuthToken,
            Name::SmtpUrl,
            Name::MailFrom,
            Name::MailTo,
        ] {
            let stems = name.stems().len();
            let names = name.unscoped_variables();
            let shown = names.iter().rev().take(stems);
            shown.for_each(|name| assert!(listed.contains(&name.as_str()), "{name}"));
        }
    }

    #[test]
    fn channels_become_variables() {
        let names = |channel| CredentialName::webhook(channel).unscoped_variables();
        assert_eq!(names("#p0-alerts")[1], "DISCORD_WEBHOOK_P0_ALERTS");
        assert_eq!(names("決済.x")[1], "DISCORD_WEBHOOK____X");
    }
}
