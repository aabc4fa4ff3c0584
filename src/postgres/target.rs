//! Which server to connect to, and how to trust it.

use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::{PgError, PgErrorKind};

/// A server, a database on it, and who to be there.
#[derive(Clone)]
pub struct Target {
    /// Name or address; an IPv6 address with or without brackets; a folder (`/…`) for a Unix socket.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Role.
    pub user: String,
    /// Password, where one is needed.
    pub password: Option<SecretString>,
    /// Database.
    pub database: String,
    /// How the server is trusted.
    pub tls: Tls,
}

/// How the server is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Plain text.
    Disable,
    /// Encrypted where the server offers it.
    Prefer,
    /// Encrypted, but any certificate will do.
    Require,
    /// The certificate has to be for this host, and signed by the system's roots or by those in
    /// this PEM file.
    VerifyFull(Option<PathBuf>),
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.user)
            .field("database", &self.database)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// What the server shows as our name in `pg_stat_activity`.
pub(super) const APPLICATION_NAME: &str = "parky-ops";

impl Target {
    /// The host as the resolver and the TLS layer want it: without brackets.
    pub(super) fn bare_host(&self) -> &str {
        self.host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(&self.host)
    }

    /// Whether `host` names a folder with a Unix socket.
    pub(super) fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    /// The driver's options with every field set, so that no variable of the environment and no
    /// password file takes part.
    pub(super) async fn options(&self) -> Result<PgConnectOptions, PgError> {
        let password = self.password.as_ref().map_or("", ExposeSecret::expose_secret);
        let options = PgConnectOptions::new_without_pgpass()
            .host(self.bare_host())
            .port(self.port)
            .username(&self.user)
            .password(password)
            .database(&self.database)
            .application_name(APPLICATION_NAME)
            // PgBouncer refuses start-up parameters that it does not know, and this is one.
            .extra_float_digits(None)
            .statement_cache_capacity(0)
            .disable_statement_logging();
        Ok(match &self.tls {
            Tls::Disable => options.ssl_mode(PgSslMode::Disable),
            Tls::Prefer => options.ssl_mode(PgSslMode::Prefer),
            Tls::Require => options.ssl_mode(PgSslMode::Require),
            Tls::VerifyFull(None) => options.ssl_mode(PgSslMode::VerifyFull),
            Tls::VerifyFull(Some(path)) => options
                .ssl_mode(PgSslMode::VerifyFull)
                .ssl_root_cert_from_pem(read_certificates(path).await?),
        })
    }
}

/// The driver would skip a file without a certificate in silence, and trust less than was asked.
async fn read_certificates(path: &std::path::Path) -> Result<Vec<u8>, PgError> {
    let refuse = |why: &str| {
        let text = format!("the root certificate {} cannot be used: {why}", path.display());
        PgError::new(PgErrorKind::Config, text)
    };
    let pem = tokio::fs::read(path).await.map_err(|error| refuse(&error.to_string()))?;
    let marker = b"-----BEGIN CERTIFICATE-----";
    if pem.windows(marker.len()).any(|window| window == marker) {
        Ok(pem)
    } else {
        Err(refuse("it holds no PEM certificate"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target {
            host: "[::1]".to_owned(),
            port: 6543,
            user: "postgres.ref".to_owned(),
            password: Some("hunter2-hunter2".into()),
            database: "postgres".to_owned(),
            tls: Tls::Require,
        }
    }

    #[tokio::test]
    async fn every_field_is_our_own() {
        let options = target().options().await.unwrap();
        assert_eq!(options.get_host(), "::1");
        assert_eq!(options.get_port(), 6543);
        assert_eq!(options.get_username(), "postgres.ref");
        assert_eq!(options.get_database(), Some("postgres"));
        assert_eq!(options.get_application_name(), Some("parky-ops"));
        assert!(matches!(options.get_ssl_mode(), PgSslMode::Require));
    }

    #[test]
    fn debug_does_not_show_the_password() {
        let shown = format!("{:?}", target());
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("postgres.ref"), "{shown}");
    }

    #[tokio::test]
    async fn a_root_certificate_that_is_none_is_our_own_fault() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ca.pem");
        let at = |path: PathBuf| Target { tls: Tls::VerifyFull(Some(path)), ..target() };

        let missing = at(file.clone()).options().await.unwrap_err();
        assert_eq!(missing.kind(), PgErrorKind::Config);
        assert!(missing.to_string().contains("ca.pem"), "{missing}");

        std::fs::write(&file, "not a certificate").unwrap();
        let empty = at(file).options().await.unwrap_err();
        assert!(empty.to_string().contains("no PEM certificate"), "{empty}");
    }
}
