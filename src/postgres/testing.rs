//! A real, throwaway PostgreSQL for the tests of this library: one server per test process, a
//! database per test.
//!
//! The servers run under a shell that waits for the end of a pipe held by the test process, so that
//! they end and their folders go however the tests end.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use tokio::time::Instant;

use super::{Limits, Session, Target, Tls};
use crate::domain::Redactor;

pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// Ends the program under test at the end of standard input.
const WATCH: &str = r#"
trap '' INT HUP TERM
dir="$1"; shift
"$@" </dev/null >"$dir/log" 2>&1 &
pid=$!
echo up
cat >/dev/null
kill -QUIT $pid 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 $pid 2>/dev/null || break; sleep 0.1; done
kill -KILL $pid 2>/dev/null
rm -rf "$dir"
"#;

/// A program that ends with this value, or with the process.
pub(crate) struct Watched {
    child: Child,
}

impl Watched {
    /// Runs `program` with `dir` as the folder of its log, which is removed at the end.
    fn run(dir: &std::path::Path, program: &[String]) -> Self {
        let mut child = unprivileged("sh")
            .args(["-c", WATCH, "sh"])
            .arg(dir)
            .args(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "up\n");
        Self { child }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// PostgreSQL and PgBouncer refuse to run as root.
fn unprivileged(program: &str) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", program]);
    command.current_dir("/");
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// A folder that the server's user may write.
fn folder() -> PathBuf {
    let output = unprivileged("mktemp").args(["-d", "/tmp/parky-ops-pg.XXXXXX"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end())
}

/// Writes as the server's user.
fn write(path: &std::path::Path, text: &str) {
    let mut child =
        unprivileged("tee").arg(path).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    let mode = unprivileged("chmod").arg("600").arg(path).status().unwrap();
    assert!(mode.success());
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn bin(program: &str) -> String {
    let mut versions: Vec<_> =
        std::fs::read_dir("/usr/lib/postgresql").unwrap().map(|v| v.unwrap().path()).collect();
    versions.sort();
    versions.last().unwrap().join("bin").join(program).display().to_string()
}

fn wait_for_port(port: u16) {
    let open = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(25));
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    assert!(open, "nothing listens on port {port}");
}

/// The port opens before the server takes logins.
fn wait_for_logins(port: u16) {
    let (ready, port) = (bin("pg_isready"), port.to_string());
    let taken = (0..200).any(|_| {
        let answer = Command::new(&ready).args(["-q", "-h", "127.0.0.1", "-p", &port]).status();
        let yes = answer.unwrap().success();
        if !yes {
            std::thread::sleep(Duration::from_millis(25));
        }
        yes
    });
    assert!(taken, "the server on port {port} takes no logins");
}

/// A server of its own.
pub(crate) struct Cluster {
    pub(crate) port: u16,
    dir: PathBuf,
    _watched: Watched,
}

impl Cluster {
    /// Starts one; `settings` are lines of `postgresql.conf`. `tls`: a certificate and its key.
    pub(crate) fn start(settings: &str, tls: Option<(&str, &str)>) -> Self {
        let (dir, port) = (folder(), free_port());
        let data = dir.join("data");
        write(&dir.join("password"), PASSWORD);
        let made = unprivileged(&bin("initdb"))
            .args(["--no-sync", "--auth=scram-sha-256", "--username=postgres", "--encoding=UTF8"])
            .args(["--locale=C", "--pwfile"])
            .arg(dir.join("password"))
            .arg("-D")
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut own = format!("fsync = off\nmax_connections = 100\n{settings}\n");
        if let Some((certificate, key)) = tls {
            write(&data.join("server.crt"), certificate);
            write(&data.join("server.key"), key);
            own.push_str("ssl = on\n");
        }
        Self::launch(&dir, port, &own)
    }

    /// Starts one that follows this one.
    pub(crate) fn standby(&self) -> Self {
        let (dir, port) = (folder(), free_port());
        let from = format!(
            "host=127.0.0.1 port={} user=postgres password={PASSWORD} sslmode=disable",
            self.port
        );
        let made = unprivileged(&bin("pg_basebackup"))
            .args(["-R", "--no-sync", "--checkpoint=fast", "-d", &from, "-D"])
            .arg(dir.join("data"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let settings = format!("primary_conninfo = '{from}'\nfsync = off\nmax_connections = 100");
        Self::launch(&dir, port, &settings)
    }

    fn launch(dir: &std::path::Path, port: u16, settings: &str) -> Self {
        let data = dir.join("data");
        let address = "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''";
        let all = format!("port = {port}\n{address}\n{settings}\n");
        write(&data.join("postgresql.auto.conf"), &all);
        let program = [bin("postgres"), "-D".to_owned(), data.display().to_string()];
        let watched = Watched::run(dir, &program);
        wait_for_logins(port);
        Self { port, dir: dir.to_owned(), _watched: watched }
    }

    /// Breaks all connections and ends the server, as a crash would, but for its files.
    pub(crate) fn stop(&mut self) {
        let data = self.dir.join("data");
        let stopped = unprivileged(&bin("pg_ctl"))
            .args(["stop", "-w", "-m", "immediate", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(stopped.status.success(), "{}", String::from_utf8_lossy(&stopped.stdout));
    }

    /// Starts the server after [`Cluster::stop`].
    pub(crate) fn begin_again(&mut self) {
        // The one that watched it removes its folder, so the files move to another.
        let (dir, data) = (folder(), self.dir.join("data"));
        let moved = unprivileged("cp").arg("-a").arg(&data).arg(&dir).status().unwrap();
        assert!(moved.success());
        let program = [bin("postgres"), "-D".to_owned(), dir.join("data").display().to_string()];
        self._watched = Watched::run(&dir, &program);
        self.dir = dir;
        wait_for_logins(self.port);
    }

    pub(crate) fn restart(&mut self) {
        self.stop();
        self.begin_again();
    }

    /// The server that the tests of this process share.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::start("wal_level = logical", None))
    }

    pub(crate) fn target(&self, database: &str) -> Target {
        Target {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            user: "postgres".to_owned(),
            password: Some(PASSWORD.into()),
            database: database.to_owned(),
            tls: Tls::Disable,
        }
    }
}

/// A database of one test, on the shared server.
pub(crate) struct Database {
    pub(crate) target: Target,
}

impl Database {
    /// An empty one.
    pub(crate) async fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let cluster = Cluster::shared();
        let mut admin = Client::open(&cluster.target("postgres")).await;
        admin.run(&format!("CREATE DATABASE {name}")).await;
        Self { target: cluster.target(&name) }
    }

    /// One with the dead-letter table in it.
    pub(crate) async fn with_dead_letters() -> Self {
        let database = Self::new().await;
        database.run(DEAD_LETTERS).await;
        database
    }

    /// Runs SQL as the superuser.
    pub(crate) async fn run(&self, sql: &str) {
        Client::open(&self.target).await.run(sql).await;
    }

    /// A role that may log in, named after this database; `grants` may say `{role}`.
    pub(crate) async fn role(&self, grants: &str) -> Target {
        let role = format!("role_of_{}", self.target.database);
        self.run(&format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")).await;
        self.run(&grants.replace("{role}", &role)).await;
        Target { user: role, ..self.target.clone() }
    }

    pub(crate) async fn session(&self) -> Session {
        session(&self.target).await
    }
}

pub(crate) const DEAD_LETTERS: &str = "
    CREATE SCHEMA admin;
    CREATE TABLE admin.notification_failures (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      attempted_at timestamptz NOT NULL DEFAULT now(), channel text NOT NULL, severity text NOT NULL,
      title text, http_status int, retry_count int, error_message text,
      fallback_email_sent boolean, status text NOT NULL DEFAULT 'failed', payload jsonb)";

pub(crate) fn soon() -> Limits {
    Limits { connect: Duration::from_secs(5), deadline: Instant::now() + Duration::from_secs(30) }
}

pub(crate) async fn session(target: &Target) -> Session {
    Session::connect(target, &Redactor::default(), soon()).await.unwrap()
}

/// A second client that does to the database what users do: writes, waits, holds locks.
pub(crate) struct Client(PgConnection);

impl Client {
    pub(crate) async fn open(target: &Target) -> Self {
        let options = PgConnectOptions::new_without_pgpass()
            .host(&target.host)
            .port(target.port)
            .username(&target.user)
            .password(PASSWORD)
            .database(&target.database)
            .ssl_mode(PgSslMode::Disable)
            .application_name("a client");
        Self(options.connect().await.unwrap())
    }

    pub(crate) async fn run(&mut self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.0).await.unwrap();
    }

    /// Runs what will be waiting; the result does not matter.
    pub(crate) fn run_in_background(mut self, sql: &'static str) -> tokio::task::JoinHandle<()> {
        tokio::spawn(async move {
            let _ = sqlx::raw_sql(sql).execute(&mut self.0).await;
        })
    }
}

/// PgBouncer before a server, in transaction mode.
pub(crate) struct Bouncer {
    pub(crate) port: u16,
    _watched: Watched,
}

impl Bouncer {
    pub(crate) fn start(server_port: u16, servers: u32) -> Self {
        let (dir, port) = (folder(), free_port());
        write(&dir.join("users"), &format!("\"postgres\" \"{PASSWORD}\"\n"));
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={server_port}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = scram-sha-256\nauth_file = {users}\npool_mode = transaction\n\
             default_pool_size = {servers}\nmax_client_conn = 100\n",
            users = dir.join("users").display()
        );
        let file = dir.join("pgbouncer.ini");
        write(&file, &settings);
        let program = ["/usr/sbin/pgbouncer".to_owned(), file.display().to_string()];
        let watched = Watched::run(&dir, &program);
        wait_for_port(port);
        Self { port, _watched: watched }
    }
}
