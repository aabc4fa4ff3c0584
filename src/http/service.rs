//! Which service an API belongs to: how it is named in errors, and how it wants its token.

use std::fmt;

/// What this program calls itself.
pub const USER_AGENT: &str =
    concat!("parky-ops/", env!("CARGO_PKG_VERSION"), " (+https://parky.co.jp)");

/// A service with an HTTP API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is named as its maker names it")]
pub enum Service {
    Cloudflare,
    GitHub,
    Discord,
    Sentry,
    /// A vendor's status page.
    StatusPage,
}

impl Service {
    /// The word before the token in `Authorization`.
    pub(super) fn scheme(self) -> &'static str {
        match self {
            Service::Discord => "Bot",
            _ => "Bearer",
        }
    }

    /// What this program calls itself there. Discord's firewall stops other forms with a misleading
    /// 403 (code 40333).
    pub(super) fn user_agent(self) -> &'static str {
        match self {
            Service::Discord => {
                concat!("DiscordBot (https://parky.co.jp, ", env!("CARGO_PKG_VERSION"), ")")
            }
            _ => USER_AGENT,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Service::Cloudflare => "Cloudflare",
            Service::GitHub => "GitHub",
            Service::Discord => "Discord",
            Service::Sentry => "Sentry",
            Service::StatusPage => "the status page",
        })
    }
}
