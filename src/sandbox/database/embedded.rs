//! The PostgreSQL that is compiled in (pglite): for machines without server programs.
//!
//! It is one backend, so a gate stands in front of it. It unpacks itself once into the user's cache
//! folder, which it finds by `HOME` and `XDG_CACHE_HOME` on its own. It keeps no deadline of its own
//! either: `statement_timeout` has no effect in it. Killed hard, it leaves a folder in `TMPDIR`.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pglite_oxide::PgliteServer;
use tempfile::TempDir;

use super::gate::{Behind, Gate};
use super::seed::{Login, seed};
use super::{DatabaseError, DeadLetter};
use crate::config::Vars;
use crate::domain::text;
use crate::sandbox::place::{temporary_folder, temporary_roots};
use crate::sandbox::server::Stage;

/// The only user that it has.
pub(super) const USER: &str = "postgres";
/// Its version.
pub(super) const VERSION: &str = "17";
/// How long it may take to stop; it cannot be interrupted in the middle of a statement.
const STOP: Duration = Duration::from_secs(5);

/// A running engine, and the gate before it.
pub(super) struct Embedded {
    // Order matters: the gate ends the session, then the engine can stop.
    gate: Option<Gate>,
    engine: Option<PgliteServer>,
    folder: TempDir,
}

impl Embedded {
    pub(super) fn start(
        stage: &Arc<Stage>,
        rows: &[DeadLetter],
        vars: &Vars,
    ) -> Result<Self, DatabaseError> {
        let folder = temporary_folder(&temporary_roots(vars))?;
        let engine = PgliteServer::builder()
            .path(folder.path().join("root"))
            .relaxed_durability(true)
            .start()
            .map_err(|error| DatabaseError::Embedded(text::one_line(&format!("{error:#}"))))?;
        let no_port = || DatabaseError::Embedded("it has no port".to_owned());
        let address = engine.tcp_addr().ok_or_else(no_port)?;
        let mut embedded = Self { gate: None, engine: Some(engine), folder };
        fill(address, rows)?;
        embedded.gate = Some(Gate::start(stage, Behind::OneSession(address))?);
        Ok(embedded)
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.gate.as_ref().map(Gate::address)
    }
}

fn fill(address: SocketAddr, rows: &[DeadLetter]) -> Result<(), DatabaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let login = Login { address, user: USER, password: "" };
        let connection = tokio::time::timeout(Duration::from_secs(60), login.connect())
            .await
            .map_err(|_| DatabaseError::Embedded("it does not answer".to_owned()))??;
        Ok(seed(connection, rows, "", USER).await?)
    })
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.gate.take());
        let Some(engine) = self.engine.take() else { return };
        // Stopping waits for a statement that is being run, which may be for ever.
        let stopping = std::thread::spawn(move || drop(engine));
        let end = Instant::now() + STOP;
        while !stopping.is_finished() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(2));
        }
        let _ = fs::remove_dir_all(self.folder.path());
    }
}
