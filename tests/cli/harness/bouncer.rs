//! PgBouncer in transaction mode before a database: each transaction may get another server
//! connection, and what one client sets, the next one finds.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;
use url::Url;

use super::closed_port;

/// Ends the program at the end of standard input, so that it never outlives the test.
const WATCH: &str = r#""$@" </dev/null & cat >/dev/null; kill -KILL $!"#;
/// How often another port is tried when somebody else was faster.
const PORTS: usize = 4;

/// A running PgBouncer; ends with this value.
pub(crate) struct Bouncer {
    url: Url,
    watch: Child,
    _folder: TempDir,
}

impl Bouncer {
    /// Starts one that shares `servers` connections to the database at `url` among its clients.
    pub(crate) fn before(url: &Url, servers: usize) -> Self {
        (0..PORTS).find_map(|_| Self::launch(url, servers)).expect("PgBouncer listens")
    }

    /// The URL through it.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    fn launch(url: &Url, servers: usize) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let (users, log) = (folder.path().join("users"), folder.path().join("log"));
        let mut own = url.clone();
        own.set_port(Some(closed_port())).unwrap();
        let settings = format!(
            "[databases]\n* = host={host} port={server}\n[pgbouncer]\nlisten_addr = {host}\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\n\
             auth_file = {users}\npool_mode = transaction\ndefault_pool_size = {servers}\n\
             max_client_conn = 100\nlogfile = {log}\n",
            host = url.host_str().unwrap(),
            server = url.port().unwrap(),
            port = own.port().unwrap(),
            users = users.display(),
            log = log.display(),
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings).unwrap();
        let password = url.password().unwrap();
        fs::write(&users, format!("\"{}\" \"{password}\"\n", url.username())).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", WATCH, "sh", "/usr/sbin/pgbouncer", "-q"]).arg(&file);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.current_dir("/");
        run_unprivileged(&mut command, &folder, &[&file, &users]);
        let watch = command.spawn().expect("starting PgBouncer");
        let bouncer = Self { url: own, watch, _folder: folder };
        bouncer.listens().then_some(bouncer)
    }

    fn listens(&self) -> bool {
        let at = (self.url.host_str().unwrap(), self.url.port().unwrap());
        (0..200).any(|_| {
            sleep(Duration::from_millis(25));
            TcpStream::connect(at).is_ok()
        })
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        let _ = self.watch.wait();
    }
}

/// PgBouncer refuses to run as root: as root it becomes the account `postgres`, which then owns its
/// files.
fn run_unprivileged(command: &mut Command, folder: &TempDir, files: &[&std::path::Path]) {
    if fs::metadata(folder.path()).unwrap().uid() != 0 {
        return;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let line = passwd.lines().find(|line| line.starts_with("postgres:"));
    let mut fields = line.expect("an account 'postgres'").split(':').skip(2);
    let mut id = || fields.next().and_then(|id| id.parse().ok()).expect("a number");
    let (uid, gid) = (id(), id());
    for path in files.iter().copied().chain([folder.path()]) {
        chown(path, Some(uid), Some(gid)).unwrap();
    }
    command.uid(uid).gid(gid);
}
