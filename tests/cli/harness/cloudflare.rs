//! A stand-in of Cloudflare with one worker, and no database: for tests of tokens and of the API.

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use parky_ops::sandbox::cloudflare::{
    ACCOUNT_ID, CloudflareFacts, CloudflareStandIn, Release, ScriptHistory, TokenKind,
};
use parky_ops::sandbox::server::{Fault, Stage};
use secrecy::ExposeSecret as _;

use super::{Run, Site};

/// The variable from which the runs have their token.
pub(crate) const TOKEN_VARIABLE: &str = "CLOUDFLARE_API_TOKEN";

/// The worker's name on Cloudflare.
pub(crate) const SCRIPT: &str = "parky-public-prod";

/// The worker's check is `workers`/`public`.
pub(crate) struct CloudflareSite {
    pub(crate) site: Site,
    pub(crate) stand_in: CloudflareStandIn,
}

impl CloudflareSite {
    pub(crate) fn new() -> Self {
        Self::of_account(ACCOUNT_ID)
    }

    /// With this account in the configuration.
    pub(crate) fn of_account(account: &str) -> Self {
        let release = Release::new(141, TimeDelta::days(2), "ci@parky.co.jp", "feat: search");
        Self::of(account, vec![release], None)
    }

    /// With this past of the worker.
    pub(crate) fn of_releases(releases: Vec<Release>, undeployed: Option<u64>) -> Self {
        Self::of(ACCOUNT_ID, releases, undeployed)
    }

    fn of(account: &str, releases: Vec<Release>, undeployed: Option<u64>) -> Self {
        let script = ScriptHistory { script: SCRIPT, releases, undeployed };
        let facts =
            CloudflareFacts { now: Utc::now(), token: TokenKind::User, scripts: vec![script] };
        let stage: Arc<Stage> = Stage::start().unwrap();
        let stand_in = CloudflareStandIn::start(&stage, &facts).unwrap();
        let site = Site::bare(&cloudflare_config(&stand_in.url(), account));
        Self { site, stand_in }
    }

    /// Every request meets `fault`.
    pub(crate) fn failing(fault: Fault) -> Self {
        let cloudflare = Self::new();
        cloudflare.stand_in.server().faults().set("/", fault);
        cloudflare
    }

    pub(crate) fn token(&self) -> &str {
        self.stand_in.token().expose_secret()
    }

    /// A command line that has the token from [`TOKEN_VARIABLE`].
    pub(crate) fn run(&self, words: &str) -> Run {
        self.site.run(words).var(TOKEN_VARIABLE, self.token())
    }

    /// How many requests came.
    pub(crate) fn requests(&self) -> usize {
        self.stand_in.server().requests().len()
    }
}

/// A user file with one worker, in `account`, of the API at `url`.
pub(crate) fn cloudflare_config(url: &str, account: &str) -> String {
    format!(
        r#"
[urls]
cloudflare = "{url}"
[env.prod]
cloudflare_account = "{account}"
[[worker]]
name = "public"
hosts = []
script = {{ prod = "parky-public-prod" }}
"#
    )
}
