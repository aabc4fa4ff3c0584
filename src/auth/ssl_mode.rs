//! How far TLS to a database goes, and the rule for it. Pure.

use std::fmt;
use std::str::FromStr;

use super::postgres_error::PostgresUrlError;
use crate::config::PostgresTrust;
use crate::domain::loopback::is_loopback_host;
use crate::domain::text;

/// How far TLS goes, by libpq's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// No TLS.
    Disable,
    /// TLS only if the server insists.
    Allow,
    /// TLS if the server can.
    Prefer,
    /// TLS, to whoever answers.
    Require,
    /// TLS, to a server whose certificate is trusted.
    VerifyCa,
    /// The same, and the certificate is for this very host.
    VerifyFull,
}

impl SslMode {
    /// The word as it stands in a URL.
    pub fn word(self) -> &'static str {
        match self {
            SslMode::Disable => "disable",
            SslMode::Allow => "allow",
            SslMode::Prefer => "prefer",
            SslMode::Require => "require",
            SslMode::VerifyCa => "verify-ca",
            SslMode::VerifyFull => "verify-full",
        }
    }
}

impl fmt::Display for SslMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for SslMode {
    type Err = PostgresUrlError;

    fn from_str(word: &str) -> Result<Self, PostgresUrlError> {
        let all = [
            SslMode::Disable,
            SslMode::Allow,
            SslMode::Prefer,
            SslMode::Require,
            SslMode::VerifyCa,
            SslMode::VerifyFull,
        ];
        all.into_iter().find(|mode| mode.word() == word).ok_or(PostgresUrlError::UnknownSslMode)
    }
}

/// The mode for `host`: what is written, unless `trust` demands more.
pub(super) fn settle(
    written: Option<SslMode>,
    host: &str,
    trust: &PostgresTrust,
) -> Result<SslMode, PostgresUrlError> {
    if is_loopback_host(host) {
        return Ok(written.unwrap_or(SslMode::Disable));
    }
    match written {
        Some(mode) if mode < SslMode::Require && trust.allow_plain => Ok(mode),
        Some(mode) if mode < SslMode::Require => {
            Err(PostgresUrlError::Plain { sslmode: mode.word(), host: text::one_line(host) })
        }
        // With a certificate to check against there is no reason to check less.
        _ if trust.root_cert.is_some() => Ok(SslMode::VerifyFull),
        mode => Ok(mode.unwrap_or(SslMode::Require)),
    }
}
