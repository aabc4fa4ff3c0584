//! A database URL taken apart: where it leads, as whom, and how far TLS goes. Pure; no error ever
//! repeats a part of the URL that could hold the password.

use std::fmt;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::Url;

use super::postgres_error::PostgresUrlError;
use super::ssl_mode::{self, SslMode};
use super::target::PinState;
use crate::config::{Origin, PostgresTrust, Sourced};
use crate::domain::{Caveat, text};

/// Where a database URL leads.
#[derive(Debug, Clone)]
pub struct DatabaseTarget {
    /// The host's name or address; IPv6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The role, with the project behind a dot on the shared pooler.
    pub user: String,
    /// The password, decoded.
    pub password: Option<SecretString>,
    /// The database.
    pub database: String,
    /// How far TLS goes.
    pub sslmode: SslMode,
    /// The Supabase project, where host or role name it.
    pub supabase_ref: Option<String>,
    /// Whether a server connection lasts for one transaction only: port 6543.
    pub transaction_pooler: bool,
    /// What the reader must know.
    pub caveats: Vec<Caveat>,
}

impl fmt::Display for DatabaseTarget {
    /// `postgres@db.ref.supabase.co:5432/postgres`: all but the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, user, database, .. } = self;
        let brackets = if host.contains(':') { ("[", "]") } else { ("", "") };
        let line = format!("{user}@{}{host}{}:{port}/{database}", brackets.0, brackets.1);
        f.write_str(&text::one_line(&line))
    }
}

impl DatabaseTarget {
    /// What a pin says of the project that this URL, read from `origin`, leads to.
    pub fn pin(&self, pin: Option<&Sourced<String>>, origin: &Origin) -> PinState {
        let used = self.supabase_ref.clone().map(|project| Sourced::new(project, origin.clone()));
        PinState::of("Supabase project", pin, used.as_ref())
    }
}

/// Takes a database URL apart.
///
/// # Errors
/// It cannot be used, or TLS would be weaker than `trust` allows.
pub fn parse_postgres_url(
    url: &str,
    trust: &PostgresTrust,
) -> Result<DatabaseTarget, PostgresUrlError> {
    // The parser's words are fixed sentences: they do not quote.
    let url = Url::parse(url).map_err(|why| PostgresUrlError::NotAUrl(why.to_string()))?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(PostgresUrlError::Scheme);
    }
    let host = host(&url)?;
    let user = part("user", url.username())?;
    if user.is_empty() {
        return Err(PostgresUrlError::User);
    }
    let password = url.password().map(|password| part("password", password)).transpose()?;
    let database = part("database name", url.path().trim_start_matches('/'))?;
    let (sslmode, caveats) = parameters(&url)?;
    let port = url.port().unwrap_or(5432);
    Ok(DatabaseTarget {
        sslmode: ssl_mode::settle(sslmode, &host, trust)?,
        supabase_ref: supabase_ref(&host, &user),
        transaction_pooler: port == 6543,
        database: if database.is_empty() { user.clone() } else { database },
        password: password.map(SecretString::from),
        host,
        port,
        user,
        caveats,
    })
}

fn host(url: &Url) -> Result<String, PostgresUrlError> {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    // Several hosts, and sockets as `%2Frun`, are libpq's own extensions.
    match host.is_empty() || host.contains([',', '%']) {
        true => Err(PostgresUrlError::Host),
        false => Ok(host),
    }
}

fn part(name: &'static str, encoded: &str) -> Result<String, PostgresUrlError> {
    let text = percent_decode_str(encoded).decode_utf8();
    let text = text.map_err(|_| PostgresUrlError::Part(name))?;
    match text.contains(char::is_control) {
        true => Err(PostgresUrlError::Part(name)),
        false => Ok(text.into_owned()),
    }
}

fn parameters(url: &Url) -> Result<(Option<SslMode>, Vec<Caveat>), PostgresUrlError> {
    let (mut sslmode, mut ignored) = (None, Vec::new());
    for (name, value) in url.query_pairs() {
        match (name.as_ref(), value.as_ref()) {
            ("sslmode", "no-verify") => return Err(PostgresUrlError::NoVerify),
            ("sslmode", word) => sslmode = Some(word.parse()?),
            _ => ignored.push(text::shorten(&text::one_line(&name), 40)),
        }
    }
    let caveat = (!ignored.is_empty()).then(|| {
        let text = format!("ignored in the database URL: {}", ignored.join(", "));
        Caveat::new("database-parameters", text)
    });
    Ok((sslmode, caveat.into_iter().collect()))
}

/// The project: `db.<ref>.supabase.co`, or the role `<name>.<ref>` of the shared pooler.
fn supabase_ref(host: &str, user: &str) -> Option<String> {
    let in_host = host.strip_prefix("db.").and_then(|rest| {
        rest.strip_suffix(".supabase.co").or_else(|| rest.strip_suffix(".supabase.com"))
    });
    let in_user = user.rsplit_once('.').and_then(|(role, project)| {
        let pooler = host.ends_with(".pooler.supabase.com");
        (role == "postgres" || pooler).then_some(project)
    });
    let project = in_host.or(in_user)?;
    let plain = !project.is_empty() && project.chars().all(|c| c.is_ascii_alphanumeric());
    plain.then(|| project.to_owned())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn parse(url: &str) -> Result<DatabaseTarget, PostgresUrlError> {
        parse_postgres_url(url, &PostgresTrust::default())
    }

    #[test]
    fn urls_that_cannot_be_used_never_show_their_password() {
        for (url, why) in [
            ("", "cannot be parsed"),
            ("s3cr3t", "cannot be parsed"),
            ("postgres://u:s3cr3t@h:port/x", "cannot be parsed"),
            ("postgres://u:s3cr3t@h:99999/x", "cannot be parsed"),
            ("mysql://u:s3cr3t@h/x", "neither postgres://"),
            ("postgres:///x", "one host"),
            ("postgres://u:s3cr3t@a.example,b.example/x", "one host"),
            ("postgres://u:s3cr3t@%2Frun/x", "one host"),
            ("postgres://h.example/x", "no user"),
            ("postgres://:s3cr3t@h.example/x", "no user"),
            ("postgres://u:s3cr3t%00@h.example/x", "the password"),
            ("postgres://u:s3cr3t%ff@h.example/x", "the password"),
            ("postgres://u:s3cr3t@h.example/x?sslmode=no-verify", "no-verify"),
            ("postgres://u:s3cr3t@h.example/x?sslmode=s3cr3t", "none that PostgreSQL knows"),
            ("postgres://u:s3cr3t@h.example/x?sslmode=disable", "sslmode=disable to h.example"),
            ("postgres://u:s3cr3t@h.example/x?sslmode=prefer", "plain text"),
            ("postgres://u:s3cr3t@10.0.0.1/x?sslmode=allow", "plain text"),
        ] {
            let error = parse(url).unwrap_err();
            assert!(error.to_string().contains(why), "{url}: {error}");
            assert!(!format!("{error}{error:?}{}", error.hint()).contains("s3cr3t"), "{error:?}");
            assert!(!error.hint().is_empty());
        }
    }

    #[test]
    fn the_forms_of_supabase() {
        let project = "abcdefghijklmnopqrst";
        for (url, pooler) in [
            ("postgresql://postgres:pw@db.abcdefghijklmnopqrst.supabase.co:5432/postgres", false),
            (
                "postgres://postgres.abcdefghijklmnopqrst:pw@aws-0-x.pooler.supabase.com:5432/postgres",
                false,
            ),
            (
                "postgres://reader.abcdefghijklmnopqrst:pw@aws-0-x.pooler.supabase.com:6543/postgres",
                true,
            ),
            ("postgres://postgres:pw@db.abcdefghijklmnopqrst.supabase.co:6543/postgres", true),
            ("postgres://postgres.abcdefghijklmnopqrst:pw@127.0.0.1:6543/postgres", true),
        ] {
            let target = parse(url).unwrap();
            assert_eq!(target.supabase_ref.as_deref(), Some(project), "{url}");
            assert_eq!(target.transaction_pooler, pooler, "{url}");
        }
        for url in [
            "postgres://app.service@h.example/x",
            "postgres://u@db.x.y.supabase.co/x",
            "postgres://u@db..supabase.co/x",
        ] {
            assert_eq!(parse(url).unwrap().supabase_ref, None, "{url}");
        }
    }

    #[test]
    fn parts_are_decoded_and_defaults_are_those_of_libpq() {
        let target = parse("postgres://us%2Der:p%40ss%2Fw%3Aord%25@DB.example").unwrap();
        assert_eq!((target.host.as_str(), target.port), ("db.example", 5432));
        assert_eq!((target.user.as_str(), target.database.as_str()), ("us-er", "us-er"));
        assert_eq!(target.password.as_ref().unwrap().expose_secret(), "p@ss/w:ord%");
        assert_eq!(target.to_string(), "us-er@db.example:5432/us-er");
        assert!(!format!("{target:?}").contains("p@ss"));
        assert!(
            parse("postgres://u@[::1]:5433/x").unwrap().to_string().starts_with("u@[::1]:5433")
        );
    }

    #[test]
    fn tls_by_place_and_trust() {
        let certificate = PostgresTrust { root_cert: Some("ca.pem".into()), allow_plain: false };
        let plain = PostgresTrust { root_cert: None, allow_plain: true };
        let strict = PostgresTrust::default();
        for (host, mode, trust, settled) in [
            ("h.example", "", &strict, SslMode::Require),
            ("h.example", "?sslmode=verify-ca", &strict, SslMode::VerifyCa),
            ("h.example", "", &certificate, SslMode::VerifyFull),
            ("h.example", "?sslmode=require", &certificate, SslMode::VerifyFull),
            ("h.example", "", &plain, SslMode::Require),
            ("h.example", "?sslmode=disable", &plain, SslMode::Disable),
            ("127.0.0.1", "", &strict, SslMode::Disable),
            ("127.9.9.9", "?sslmode=prefer", &strict, SslMode::Prefer),
            ("[::1]", "", &certificate, SslMode::Disable),
            ("localhost", "?sslmode=verify-full", &strict, SslMode::VerifyFull),
        ] {
            let url = format!("postgres://u:p@{host}/x{mode}");
            let target = parse_postgres_url(&url, trust).unwrap();
            assert_eq!(target.sslmode, settled, "{url} {trust:?}");
        }
        let url = "postgres://u:p@h.example/x?sslmode=disable";
        assert!(parse_postgres_url(url, &certificate).is_err());
        assert!(parse("postgres://u:p@localhost.example/x?sslmode=disable").is_err());
    }

    #[test]
    fn unknown_parameters_are_named_without_their_values() {
        let url = "postgres://u:p@h.example/x?pgbouncer=true&connect_timeout=5&sslpassword=s3cr3t";
        let caveats = parse(url).unwrap().caveats;
        assert_eq!(
            caveats[0].text,
            "ignored in the database URL: pgbouncer, connect_timeout, sslpassword"
        );
    }

    #[test]
    fn a_pin_is_compared_with_the_project() {
        let pin = Sourced::new("abc".to_owned(), Origin::File("/c.toml".into(), Some(3)));
        let origin = Origin::Variable("SUPABASE_DB_URL".to_owned());
        let state = |url: &str| parse(url).unwrap().pin(Some(&pin), &origin);
        assert_eq!(state("postgres://u@db.abc.supabase.co/x"), PinState::Agrees);
        assert_eq!(
            state("postgres://u@db.xyz.supabase.co/x").caveat().unwrap().text,
            "Supabase project is xyz by $SUPABASE_DB_URL, but abc by /c.toml:3"
        );
        assert!(matches!(state("postgres://u@127.0.0.1/x"), PinState::Unchecked { .. }));
    }
}
