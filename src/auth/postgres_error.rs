//! Why a database URL cannot be used, and what to do about it. Never a part of the URL that could
//! hold the password.

/// Why a database URL cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresUrlError {
    /// Not a URL at all.
    #[error("the database URL cannot be parsed: {0}")]
    NotAUrl(String),
    /// Of something else.
    #[error("the database URL starts with neither postgres:// nor postgresql://")]
    Scheme,
    /// No host, or more than one.
    #[error("the database URL has to name one host")]
    Host,
    /// No role.
    #[error("the database URL names no user")]
    User,
    /// A part that is no UTF-8, or holds a null or a control character.
    #[error("the {0} in the database URL holds a character that PostgreSQL refuses")]
    Part(&'static str),
    /// `sslmode` of another library.
    #[error("sslmode in the database URL is none that PostgreSQL knows")]
    UnknownSslMode,
    /// TLS that checks nothing and says that it does.
    #[error("sslmode=no-verify in the database URL is not supported: it says less than require")]
    NoVerify,
    /// Plain text, or what may become it, to another machine.
    #[error("sslmode={sslmode} to {host} could send the password in plain text")]
    Plain {
        /// The mode.
        sslmode: &'static str,
        /// The other machine.
        host: String,
    },
}

impl PostgresUrlError {
    /// What to do about it, in a line.
    pub fn hint(&self) -> String {
        match self {
            Self::NotAUrl(_) | Self::Part(_) => {
                "percent-encode the password: @ is %40, / is %2F, : is %3A, # is %23".to_owned()
            }
            Self::Scheme | Self::Host | Self::User => {
                "write postgresql://USER:PASSWORD@HOST:5432/postgres".to_owned()
            }
            Self::UnknownSslMode | Self::NoVerify => {
                "use sslmode=require, or verify-full with [postgres] root_cert".to_owned()
            }
            Self::Plain { .. } => {
                "use sslmode=require, or set [postgres] allow_plain = true in your own file"
                    .to_owned()
            }
        }
    }
}
