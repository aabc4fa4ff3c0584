//! What the driver's errors mean for the one on call, said with the server's name. Pure.

use std::io;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use sqlx::Error as Driver;

use super::sqlstate::classify;
use super::{PgError, PgErrorKind, Target};
use crate::domain::Redactor;
use crate::domain::text::shorten;

/// What a second look found where a connect had no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Not even the name.
    Nothing,
    /// The name, but nothing that accepts connections.
    Address,
    /// Something that accepts connections.
    Port,
}

/// Whom we talk to, for the words of an error.
#[derive(Debug, Clone)]
pub(super) struct Place {
    at: String,
    host: String,
    user: String,
    redactor: Redactor,
}

impl Place {
    pub(super) fn new(target: &Target, redactor: &Redactor) -> Self {
        if let Some(password) = &target.password {
            redactor.learn(password.expose_secret());
        }
        let (host, port) = (target.bare_host(), target.port);
        Self {
            at: if host.contains(':') {
                format!("[{host}]:{port}")
            } else {
                format!("{host}:{port}")
            },
            host: target.host.to_lowercase(),
            user: target.user.clone(),
            redactor: redactor.clone(),
        }
    }

    pub(super) fn error(&self, kind: PgErrorKind, text: &str) -> PgError {
        PgError::new(kind, self.redactor.clean(&shorten(text, 400)))
    }

    /// The connect took too long; what is there?
    pub(super) fn no_answer(&self, found: Found, after: Duration) -> PgError {
        let (at, ms) = (&self.at, after.as_millis());
        match found {
            Found::Nothing => {
                let text = format!("{} did not resolve within {ms} ms", self.host);
                self.error(PgErrorKind::Dns, &text)
            }
            Found::Address => {
                self.error(PgErrorKind::Timeout, &format!("{at} did not answer within {ms} ms"))
            }
            Found::Port => {
                let text = format!("{at} accepts connections but said nothing within {ms} ms");
                self.error(PgErrorKind::Silent, &text)
            }
        }
    }

    /// What the driver's error means.
    pub(super) fn explain(&self, error: &Driver) -> PgError {
        match error {
            Driver::Database(answer) => {
                let code = answer.code().unwrap_or_default();
                self.answered(&code, answer.message())
            }
            Driver::Io(error) => self.io(error),
            Driver::Tls(error) => self.tls(&error.to_string()),
            Driver::Configuration(error) => self.error(PgErrorKind::Config, &error.to_string()),
            Driver::Protocol(text) => self.protocol(text),
            other => self.error(PgErrorKind::Unreadable, &format!("{}: {other}", self.at)),
        }
    }

    fn answered(&self, sqlstate: &str, message: &str) -> PgError {
        let (kind, sentence) = classify(sqlstate, message);
        let hint = if kind == PgErrorKind::Credential { self.pooler_hint() } else { "" };
        let text = format!("{sentence}{hint} ({sqlstate}: {message})");
        self.error(kind, &text).with_sqlstate(sqlstate)
    }

    /// Supabase's pooler finds the project by the user's name alone.
    fn pooler_hint(&self) -> &'static str {
        let pooler = self.host.ends_with(".pooler.supabase.com");
        if pooler && !self.user.contains('.') {
            "; through the pooler the user must be postgres.<ref>"
        } else {
            ""
        }
    }

    /// Supabase's direct host has no IPv4 address unless the add-on is bought.
    fn ipv6_hint(&self) -> &'static str {
        if self.host.starts_with("db.") && self.host.ends_with(".supabase.co") {
            "; Supabase's direct host is IPv6 only: from an IPv4 network use the pooler's address"
        } else {
            ""
        }
    }

    fn io(&self, error: &io::Error) -> PgError {
        use io::ErrorKind as Io;
        if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return self.tls(&tls.to_string());
        }
        // The standard library gives a failed look-up no kind of its own, only these words.
        if error.raw_os_error().is_none() && error.to_string().starts_with("failed to lookup") {
            let text = format!("{} does not resolve: {error}{}", self.host, self.ipv6_hint());
            return self.error(PgErrorKind::Dns, &text);
        }
        let (kind, said) = match error.kind() {
            Io::ConnectionRefused | Io::NotFound => (PgErrorKind::Refused, "refuses connections"),
            Io::TimedOut => (PgErrorKind::Timeout, "did not answer"),
            Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe | Io::UnexpectedEof => {
                (PgErrorKind::Lost, "closed the connection")
            }
            _ => (PgErrorKind::Unreachable, "cannot be reached"),
        };
        let hint = if kind == PgErrorKind::Unreachable { self.ipv6_hint() } else { "" };
        self.error(kind, &format!("{} {said}: {error}{hint}", self.at))
    }

    fn tls(&self, said: &str) -> PgError {
        self.error(PgErrorKind::Tls, &format!("TLS with {} failed: {said}", self.at))
    }

    /// The driver reads one byte as the answer to its wish for TLS, and a closed connection as 0.
    fn protocol(&self, text: &str) -> PgError {
        let at = &self.at;
        if text.ends_with("SSLRequest: 0x00") {
            self.error(PgErrorKind::Lost, &format!("{at} closed the connection before TLS"))
        } else if text.ends_with("SSLRequest: 0x45") {
            self.error(PgErrorKind::Server, &format!("{at} answered with an error before TLS"))
        } else {
            let text = format!("{at} does not answer as PostgreSQL does: {text}");
            self.error(PgErrorKind::Unreadable, &text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::Tls;

    fn place(host: &str, user: &str) -> Place {
        let target = Target {
            host: host.to_owned(),
            port: 5432,
            user: user.to_owned(),
            password: Some("hunter2-hunter2".into()),
            database: "postgres".to_owned(),
            tls: Tls::Require,
        };
        Place::new(&target, &Redactor::default())
    }

    #[test]
    fn the_ipv6_only_host_is_named_where_it_matters() {
        let far = io::Error::from(io::ErrorKind::NetworkUnreachable);
        let said = place("db.abc.supabase.co", "postgres").io(&far);
        assert_eq!(said.kind(), PgErrorKind::Unreachable);
        assert!(said.to_string().contains("IPv6 only"), "{said}");
        let other = place("db.example.com", "postgres").io(&far);
        assert!(!other.to_string().contains("IPv6"), "{other}");
    }

    #[test]
    fn the_pooler_wants_the_ref_in_the_user() {
        let pooler = "aws-0-ap-northeast-1.pooler.supabase.com";
        let said = place(pooler, "postgres").answered("XX000", "Tenant or user not found");
        assert!(said.to_string().contains("postgres.<ref>"), "{said}");
        assert_eq!(said.sqlstate(), Some("XX000"));
        let right = place(pooler, "postgres.abc").answered("28P01", "no");
        assert!(!right.to_string().contains("<ref>"), "{right}");
    }

    #[test]
    fn the_password_and_terminal_escapes_do_not_come_through() {
        let said = place("h", "u").answered("XX000", "bad hunter2-hunter2 \u{1b}[2J\u{202e}");
        assert!(!said.to_string().contains("hunter2"), "{said}");
        assert!(!said.to_string().contains(['\u{1b}', '\u{202e}']), "{said}");
    }

    #[test]
    fn tls_errors_are_told_from_broken_connections() {
        let untrusted = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let said = place("h", "u").io(&io::Error::new(io::ErrorKind::InvalidData, untrusted));
        assert_eq!(said.kind(), PgErrorKind::Tls);
        let lost = place("h", "u").io(&io::ErrorKind::ConnectionReset.into());
        assert_eq!(lost.kind(), PgErrorKind::Lost);
    }
}
