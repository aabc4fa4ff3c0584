//! The way from a credential to the service that it opens, for checks, for `doctor`, and for what posts.

use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use super::World;
use crate::auth::target::may_write;
use crate::auth::{
    AuthError, CredentialName, DatabaseTarget, PinState, Scope, SettledAccount, SslMode,
    TargetConflict, WriteRefusal, parse_postgres_url,
};
use crate::cloudflare;
use crate::config::Origin;
use crate::discord::{WebhookUrl, WebhookUrlError};
use crate::domain::{EnvName, Judgement, Reason, ReasonCode};
use crate::http::{Api, ApiError, Service};
use crate::postgres::{Target, Tls};

/// Cloudflare, as far as it can be asked.
#[derive(Debug)]
pub struct Cloudflare {
    /// The API with its token.
    pub api: Api,
    /// The token itself, for a program that needs it.
    pub token: SecretString,
    /// Where the token came from.
    pub token_from: Origin,
    /// Whose the token is.
    pub token_scope: Scope,
    /// The account, and who disagrees about it.
    pub account: SettledAccount,
}

impl Cloudflare {
    /// The client for this account.
    pub fn client(&self) -> cloudflare::Client {
        cloudflare::Client::new(self.api.clone(), self.account.id.value.clone())
    }

    /// Whether a change in `env` may use this token and account.
    ///
    /// # Errors
    /// Sources disagree on the account, or nothing says that the token is of `env`; exit 3.
    pub fn may_write(&self, env: &EnvName) -> Result<(), WriteRefusal> {
        let SettledAccount { pin, conflicts, .. } = &self.account;
        may_write(env, self.token_scope, &self.token_from, pin, conflicts)
    }

    /// Why Cloudflare did not tell: whose credential that concerns, and what to do about it where the
    /// error's code says so.
    pub fn refusal(&self, error: &ApiError) -> Judgement {
        let (code, _) = error.reason();
        let vendor_code = error.said.as_ref().and_then(|said| said.code);
        // 7003: the path could not be routed, and the account is the part of it that people mistype.
        let code = if vendor_code == Some(7003) { ReasonCode::WrongAccount } else { code };
        let token = format!("token from {}", self.token_from);
        let account = format!("account {} from {}", self.account.id.value, self.account.id.origin);
        let from = match code {
            ReasonCode::Unauthorized => format!(" ({token})"),
            // Cloudflare answers the same where the right is missing and where the account is not
            // the token's.
            ReasonCode::NoPermission => format!(" ({token}; {account})"),
            ReasonCode::NotFound | ReasonCode::WrongAccount => format!(" ({account})"),
            _ => String::new(),
        };
        let help = vendor_code.and_then(cloudflare::help).map(|help| format!("; {help}"));
        let mut judgement = error.judgement();
        let text = format!("{}{from}{}", judgement.reason.text, help.unwrap_or_default());
        judgement.reason = Reason::new(code, text);
        judgement
    }
}

/// The database, as far as it can be asked.
#[derive(Debug)]
pub struct Database {
    /// Where the URL leads.
    pub parsed: DatabaseTarget,
    /// The same for the driver.
    pub target: Target,
    /// Where the URL came from.
    pub from: Origin,
    /// Whose it is.
    pub scope: Scope,
}

/// Why a service cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum NoAccess {
    /// A credential is missing, or no use.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The database's URL cannot be used.
    #[error("{error} (from {from})")]
    DatabaseUrl {
        /// What is wrong with it.
        error: crate::auth::PostgresUrlError,
        /// Where it came from.
        from: Origin,
    },
}

impl NoAccess {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            NoAccess::Auth(error) => error.hint(),
            NoAccess::DatabaseUrl { error, .. } => error.hint(),
        }
    }

    /// The stable word of the reason.
    pub fn word(&self) -> &'static str {
        self.judgement().reason.code.word()
    }

    /// What a check says that cannot ask.
    pub fn judgement(&self) -> Judgement {
        let code = match self {
            NoAccess::Auth(error) => error.code(),
            NoAccess::DatabaseUrl { .. } => ReasonCode::BadCredential,
        };
        Judgement::unknown(code, format!("{self}: {}", self.hint()))
    }
}

/// Why this environment cannot post to a channel.
#[derive(Debug, thiserror::Error)]
pub enum NoWebhook {
    /// There is no webhook, or it cannot be read.
    #[error("{}; {}", .0, .0.hint())]
    Auth(#[from] AuthError),
    /// Nothing says that it is this environment's.
    #[error("{}; {}", .0, .0.hint())]
    Refused(WriteRefusal),
    /// It is no webhook.
    #[error("{error} (from {from})")]
    NoUrl {
        /// What is wrong with it.
        error: WebhookUrlError,
        /// Where it came from.
        from: Origin,
    },
}

impl World {
    /// The webhook of `channel`, where this environment may post with it. That it leads to the pinned
    /// server and to the configured channel has to be asked of Discord before the first post.
    ///
    /// # Errors
    /// There is none, or it is not to be used.
    pub async fn webhook(&self, channel: &str, deadline: Instant) -> Result<WebhookUrl, NoWebhook> {
        let found = self.credential(&CredentialName::webhook(channel), deadline).await?;
        let pin = match self.config.pins.discord_guild {
            Some(_) => PinState::Agrees,
            None => PinState::None,
        };
        may_write(&self.config.env, found.scope, &found.origin, &pin, &[])
            .map_err(NoWebhook::Refused)?;
        let base = &self.config.urls.discord.value;
        let webhook = WebhookUrl::parse(found.value.expose_secret(), base);
        webhook.map_err(|error| NoWebhook::NoUrl { error, from: found.origin })
    }

    /// Cloudflare with the environment's token and account, by `deadline`. Sources that disagree on the account are
    /// noted as caveats.
    ///
    /// # Errors
    /// No token or no account, or one that cannot be used.
    pub async fn cloudflare(&self, deadline: Instant) -> Result<Cloudflare, NoAccess> {
        let account = async {
            let found = self.locator().account()?;
            self.note(found.located.caveat(&self.config.env));
            found.settle(&self.resolver().resolve(&found.located, deadline).await?)
        };
        let name = CredentialName::CloudflareApiToken;
        let (token, account) = tokio::join!(self.credential(&name, deadline), account);
        let (token, account) = (token?, account?);
        self.note(account.conflicts.iter().map(TargetConflict::caveat));
        self.note(account.pin.caveat());
        let base = self.config.urls.cloudflare.value.clone();
        let api = self.http().api(Service::Cloudflare, base, Some(token.value.clone()));
        let (from, scope) = (token.origin, token.scope);
        Ok(Cloudflare { api, token: token.value, token_from: from, token_scope: scope, account })
    }

    /// The database of the environment, by `deadline`. A project that is not the pinned one is noted as a caveat.
    ///
    /// # Errors
    /// No URL, or one that cannot be used or is less safe than the configuration allows.
    pub async fn database(&self, deadline: Instant) -> Result<Database, NoAccess> {
        let url = self.credential(&CredentialName::SupabaseDbUrl, deadline).await?;
        let (from, scope) = (url.origin, url.scope);
        let parsed = parse_postgres_url(url.value.expose_secret(), &self.config.postgres)
            .map_err(|error| NoAccess::DatabaseUrl { error, from: from.clone() })?;
        if let Some(password) = &parsed.password {
            self.redactor.learn(password.expose_secret());
        }
        self.note(parsed.caveats.iter().cloned());
        self.note(parsed.pin(self.config.pins.supabase_ref.as_ref(), &from).caveat());
        let target = Target {
            host: parsed.host.clone(),
            port: parsed.port,
            user: parsed.user.clone(),
            password: parsed.password.clone(),
            database: parsed.database.clone(),
            tls: self.tls(parsed.sslmode),
        };
        Ok(Database { parsed, target, from, scope })
    }

    fn tls(&self, mode: SslMode) -> Tls {
        match mode {
            SslMode::Disable => Tls::Disable,
            SslMode::Allow | SslMode::Prefer => Tls::Prefer,
            SslMode::Require => Tls::Require,
            // The stricter of the two: Supabase's certificates carry the host's name.
            SslMode::VerifyCa | SslMode::VerifyFull => {
                Tls::VerifyFull(self.config.postgres.root_cert.clone())
            }
        }
    }
}
