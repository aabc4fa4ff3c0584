//! A PostgreSQL with the dead-letter table filled: from installed programs, or compiled in.

mod account;
mod binaries;
mod crowd;
mod dead_letters;
mod embedded;
mod gate;
mod greeting;
mod native;
mod process;
mod seed;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

use crowd::Crowd;
pub use dead_letters::DeadLetter;
pub(super) use dead_letters::{lost_alerts, settled_letters};
use embedded::Embedded;
use gate::{Behind, Gate};
use native::Cluster;

use super::fake;
use super::server::{ClosedPort, Stage};
use crate::config::Vars;
use crate::domain::text;

/// How the database is.
#[derive(Debug, Clone)]
pub(super) enum DatabaseFacts {
    /// It runs, with these dead letters.
    Serves(Vec<DeadLetter>),
    /// Nothing listens on its port.
    Refuses,
    /// It knows nobody's password.
    BadPassword,
}

/// Which PostgreSQL to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Engine {
    /// The installed one where it can be started, else the embedded one.
    #[default]
    Auto,
    /// The installed one, or an error.
    Native,
    /// The embedded one, which carries one transaction at a time.
    Embedded,
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "auto" => Ok(Engine::Auto),
            "native" => Ok(Engine::Native),
            "embedded" => Ok(Engine::Embedded),
            _ => {
                let near = text::nearest(word, ["auto", "native", "embedded"]);
                let near = near.map(|near| format!(", did you mean '{near}'?")).unwrap_or_default();
                Err(format!("the engine is auto, native or embedded{near}"))
            }
        }
    }
}

/// Why there is no database.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// No server programs.
    #[error("{0}")]
    NoPrograms(String),
    /// We are root, and there is nobody else to be.
    #[error("PostgreSQL refuses to run as root, and there is no account 'postgres' or 'nobody'")]
    OnlyRoot,
    /// No place for its files.
    #[error("finding a folder for temporary files that every account can reach")]
    NoRoom(#[source] io::Error),
    /// A program cannot be run.
    #[error("running {program}")]
    Program {
        /// Which one.
        program: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A program gave up.
    #[error("{program} failed: {log}")]
    Failed {
        /// Which one.
        program: &'static str,
        /// Its last line.
        log: String,
    },
    /// The server does not answer.
    #[error("the server did not answer within {seconds} s: {log}")]
    NotReady {
        /// How long it was waited for.
        seconds: u64,
        /// Its last line.
        log: String,
    },
    /// The embedded engine does not start.
    #[error(
        "the embedded PostgreSQL did not start: {0}; it unpacks itself into the user's cache folder: \
         point HOME or XDG_CACHE_HOME to one that can be written, or install PostgreSQL"
    )]
    Embedded(String),
    /// Neither engine starts.
    #[error("{native}; and {embedded}")]
    Neither {
        /// Why not the installed one.
        native: Box<DatabaseError>,
        /// Why not the embedded one.
        embedded: Box<DatabaseError>,
    },
    /// The table could not be made.
    #[error("filling the database")]
    Seed(#[from] sqlx::Error),
    /// A file or socket.
    #[error("preparing the database")]
    Io(#[from] io::Error),
}

/// What a scenario does not say.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) engine: Engine,
    pub(super) vars: Vars,
    /// `max_connections` of the native engine.
    pub(super) max_connections: u16,
    /// Whether sessions fill the native engine and wait for each other.
    pub(super) crowd: bool,
}

/// The database of a sandbox, or what plays one.
pub(super) struct Database {
    url: SecretString,
    admin_url: Option<SecretString>,
    engine: String,
    // Leaves before the server stops.
    _crowd: Option<Crowd>,
    // Ends with this.
    _held: Held,
}

#[expect(dead_code, reason = "held for what their Drop does")]
enum Held {
    Native(Box<Cluster>),
    Embedded(Box<Embedded>),
    Gate(Gate),
    Closed(ClosedPort),
    Nothing,
}

impl Database {
    /// Starts what `facts` say. Blocks, and must not be called inside a runtime.
    pub(super) fn start(
        stage: &Arc<Stage>,
        facts: &DatabaseFacts,
        settings: &Settings,
    ) -> Result<Self, DatabaseError> {
        match facts {
            DatabaseFacts::Serves(rows) => match settings.engine {
                Engine::Native => Self::native(stage, rows, settings),
                Engine::Embedded => Self::embedded(stage, rows, settings, "as asked"),
                Engine::Auto => Self::native(stage, rows, settings)
                    .or_else(|reason| Self::instead(stage, rows, settings, reason)),
            },
            DatabaseFacts::Refuses => {
                let _runtime = stage.enter();
                let port = ClosedPort::reserve()?;
                let engine = "no database: the scenario's refuses connections".to_owned();
                Self::new(port.address(), native::USER, engine, Held::Closed(port))
            }
            DatabaseFacts::BadPassword => {
                let gate = Gate::start(stage, Behind::Nobody)?;
                let engine = "no database: the scenario's refuses every password".to_owned();
                Self::new(gate.address(), native::USER, engine, Held::Gate(gate))
            }
        }
    }

    /// One that somebody else has started, and ends.
    pub(super) fn elsewhere(url: SecretString) -> Self {
        let engine = "a PostgreSQL that was up already".to_owned();
        Self { url, admin_url: None, engine, _crowd: None, _held: Held::Nothing }
    }

    fn native(
        stage: &Arc<Stage>,
        rows: &[DeadLetter],
        settings: &Settings,
    ) -> Result<Self, DatabaseError> {
        let bin = binaries::find(&settings.vars).map_err(DatabaseError::NoPrograms)?;
        let cluster = Cluster::start(&bin, rows, settings)?;
        let engine = format!("PostgreSQL {} from {}", cluster.version, bin.display());
        let crowd = || {
            let admin = cluster.admin_password.clone();
            Crowd::gather(stage, cluster.address, admin, settings.max_connections)
        };
        let crowd = settings.crowd.then(crowd).transpose()?;
        let admin = url(native::ADMIN, &cluster.admin_password, cluster.address);
        let url = url(native::USER, &cluster.password, cluster.address);
        let held = Held::Native(Box::new(cluster));
        Ok(Self { url, admin_url: Some(admin), engine, _crowd: crowd, _held: held })
    }

    fn instead(
        stage: &Arc<Stage>,
        rows: &[DeadLetter],
        settings: &Settings,
        reason: DatabaseError,
    ) -> Result<Self, DatabaseError> {
        let why = text::one_line(&reason.to_string());
        Self::embedded(stage, rows, settings, &why).map_err(|embedded| DatabaseError::Neither {
            native: Box::new(reason),
            embedded: Box::new(embedded),
        })
    }

    fn embedded(
        stage: &Arc<Stage>,
        rows: &[DeadLetter],
        settings: &Settings,
        why: &str,
    ) -> Result<Self, DatabaseError> {
        let embedded = Embedded::start(stage, rows, &settings.vars)?;
        let no_gate = || DatabaseError::Embedded("it has no gate".to_owned());
        let address = embedded.address().ok_or_else(no_gate)?;
        let engine =
            format!("embedded PostgreSQL {}, one transaction at a time ({why})", embedded::VERSION);
        let missing =
            "; the scenario's sessions and locks need an installed PostgreSQL and are not shown";
        let engine = if settings.crowd { engine + missing } else { engine };
        Self::new(address, embedded::USER, engine, Held::Embedded(Box::new(embedded)))
    }

    fn new(
        address: SocketAddr,
        user: &str,
        engine: String,
        held: Held,
    ) -> Result<Self, DatabaseError> {
        // Nobody checks it; a URL without a password would look unlike a real one.
        let password = fake::secret("", 32)?;
        let url = url(user, &password, address);
        Ok(Self { url, admin_url: None, engine, _crowd: None, _held: held })
    }

    /// Where it is, with user and password.
    pub(super) fn url(&self) -> &SecretString {
        &self.url
    }

    /// The same for the superuser, where there is one: a native engine.
    pub(super) fn admin_url(&self) -> Option<&SecretString> {
        self.admin_url.as_ref()
    }

    /// Which engine it is, and why.
    pub(super) fn engine(&self) -> &str {
        &self.engine
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.engine)
    }
}

fn url(user: &str, password: &SecretString, address: SocketAddr) -> SecretString {
    format!("postgres://{user}:{}@{address}/postgres", password.expose_secret()).into()
}

#[cfg(test)]
mod tests;
