//! A PostgreSQL cluster of our own from the installed programs: made, started, stopped, removed.
//!
//! It listens on 127.0.0.1 only, has no socket file, and ends with us: in `Drop` when we end in any
//! ordinary way, and by the watch when we are killed. Only a kill during `initdb`, before there is
//! a server to watch, leaves a folder of some MB behind.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::PgConnection;

use super::account::Home;
use super::process::{Watch, wait, wait_or_kill};
use super::seed::{Login, seed};
use super::{DatabaseError, DeadLetter, Settings};
use crate::domain::text;
use crate::sandbox::fake;

/// The user that the sandbox hands out.
pub(super) const USER: &str = "parky";
/// The superuser.
pub(super) const ADMIN: &str = "postgres";
/// How long `initdb` may take; it is 0.5 s on an idle machine.
const INITDB: Duration = Duration::from_secs(60);
/// How long the server may take to answer.
const READY: Duration = Duration::from_secs(20);
/// How long it may take to stop before it is killed.
const STOP: Duration = Duration::from_secs(5);
/// How often another port is tried when somebody else was faster.
const PORTS: usize = 4;

/// A running cluster.
pub(super) struct Cluster {
    server: Child,
    watch: Option<Watch>,
    home: Home,
    pub(super) address: SocketAddr,
    pub(super) password: SecretString,
    pub(super) admin_password: SecretString,
    pub(super) version: String,
}

impl Cluster {
    pub(super) fn start(
        bin: &Path,
        rows: &[DeadLetter],
        settings: &Settings,
    ) -> Result<Self, DatabaseError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        for _ in 0..PORTS {
            let mut cluster = Self::launch(bin, settings)?;
            let admin_password = cluster.admin_password.clone();
            let login = Login {
                address: cluster.address,
                user: ADMIN,
                password: admin_password.expose_secret(),
            };
            // Nothing means that somebody else was faster to take the port.
            if let Some(connection) = runtime.block_on(cluster.ready(&login))? {
                runtime.block_on(seed(connection, rows, &role(&cluster.password), USER))?;
                return Ok(cluster);
            }
        }
        Err(DatabaseError::Failed { program: "postgres", log: "every port was taken".to_owned() })
    }

    /// Makes a cluster and starts its server, which may not answer yet.
    fn launch(bin: &Path, settings: &Settings) -> Result<Self, DatabaseError> {
        let home = Home::make(&settings.vars)?;
        let admin_password = fake::secret("", 32)?;
        initdb(bin, &home, &admin_password)?;
        let version = fs::read_to_string(data(&home).join("PG_VERSION"))?.trim().to_owned();
        let password = fake::secret("", 32)?;
        let address = free_port()?;
        let server = serve(bin, &home, address, settings)?;
        // From here on `Drop` stops the server, whatever happens.
        let mut cluster =
            Self { server, watch: None, home, address, password, admin_password, version };
        cluster.watch = Some(Watch::over(&cluster.server, &cluster.home)?);
        Ok(cluster)
    }

    /// A connection as soon as there can be one; `None`: the server found its port taken.
    async fn ready(&mut self, login: &Login<'_>) -> Result<Option<PgConnection>, DatabaseError> {
        let end = Instant::now() + READY;
        loop {
            let attempt = tokio::time::timeout(Duration::from_secs(2), login.connect()).await;
            if let Ok(Ok(connection)) = attempt {
                return Ok(Some(connection));
            }
            if self.server.try_wait()?.is_some() {
                let log = log(&self.home);
                return match log.contains("Address already in use") {
                    true => Ok(None),
                    false => Err(DatabaseError::Failed { program: "postgres", log: tail(&log) }),
                };
            }
            if Instant::now() >= end {
                let log = tail(&log(&self.home));
                return Err(DatabaseError::NotReady { seconds: READY.as_secs(), log });
            }
            tokio::time::sleep(Duration::from_millis(8)).await;
        }
    }

    /// Process id of the server.
    #[cfg(test)]
    pub(super) fn pid(&self) -> u32 {
        self.server.id()
    }

    /// Where its files are.
    #[cfg(test)]
    pub(super) fn folder(&self) -> PathBuf {
        self.home.folder.path().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.let_go();
            wait_or_kill(&mut self.server, STOP);
            watch.finish(STOP);
        } else {
            let _ = self.server.kill();
            let _ = self.server.wait();
        }
        // The folder goes with `home`, should the watch have failed.
    }
}

fn data(home: &Home) -> PathBuf {
    home.folder.path().join("data")
}

fn initdb(bin: &Path, home: &Home, password: &SecretString) -> Result<(), DatabaseError> {
    let pwfile = home.folder.path().join("password");
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&pwfile)?;
    file.write_all(password.expose_secret().as_bytes())?;
    home.own(&pwfile)?;
    let mut child = home
        .command(bin.join("initdb"))
        .args(["--username", ADMIN, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"])
        .args(["--no-sync", "--no-instructions"])
        .arg("--pwfile")
        .arg(&pwfile)
        .arg("--pgdata")
        .arg(data(home))
        .stdin(Stdio::null())
        .stdout(logging(home)?)
        .stderr(logging(home)?)
        .spawn()
        .map_err(|source| DatabaseError::Program { program: "initdb", source })?;
    let status = wait(&mut child, INITDB)?;
    if !status.is_some_and(|status| status.success()) {
        let _ = child.kill();
        let _ = child.wait();
        return Err(DatabaseError::Failed { program: "initdb", log: tail(&log(home)) });
    }
    fs::remove_file(&pwfile)?;
    Ok(())
}

fn serve(
    bin: &Path,
    home: &Home,
    address: SocketAddr,
    settings: &Settings,
) -> Result<Child, DatabaseError> {
    let options = [
        format!("listen_addresses={}", address.ip()),
        format!("port={}", address.port()),
        format!("max_connections={}", settings.max_connections),
        "unix_socket_directories=".to_owned(),
        // Nothing in here has to survive anything.
        "fsync=off".to_owned(),
        "full_page_writes=off".to_owned(),
        "synchronous_commit=off".to_owned(),
        "shared_buffers=16MB".to_owned(),
        "jit=off".to_owned(),
        "timezone=UTC".to_owned(),
        "cluster_name=parky-ops-sandbox".to_owned(),
    ];
    home.command(bin.join("postgres"))
        .arg("-D")
        .arg(data(home))
        .args(options.iter().flat_map(|option| ["-c", option.as_str()]))
        .stdin(Stdio::null())
        .stdout(logging(home)?)
        .stderr(logging(home)?)
        .spawn()
        .map_err(|source| DatabaseError::Program { program: "postgres", source })
}

/// The user that the sandbox hands out: it reads what a monitor reads, may end the sessions of others
/// and owns the team's table.
fn role(password: &SecretString) -> String {
    // The password is made of letters and digits.
    format!(
        "CREATE ROLE {USER} LOGIN PASSWORD '{}' IN ROLE pg_monitor, pg_signal_backend;
         GRANT CREATE ON DATABASE postgres TO {USER};
         GRANT USAGE ON SCHEMA admin TO {USER};
         GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA admin TO {USER};",
        password.expose_secret()
    )
}

/// A port that was free a moment ago.
fn free_port() -> Result<SocketAddr, DatabaseError> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn logging(home: &Home) -> Result<Stdio, DatabaseError> {
    let path = home.folder.path().join("log");
    Ok(File::options().create(true).append(true).mode(0o600).open(path)?.into())
}

fn log(home: &Home) -> String {
    let bytes = fs::read(home.folder.path().join("log")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The last line that says something.
fn tail(log: &str) -> String {
    let last = log.lines().rev().find(|line| !line.trim().is_empty());
    text::shorten(&text::one_line(last.unwrap_or("it said nothing")), 300)
}
