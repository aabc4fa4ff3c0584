//! A PostgreSQL that follows the one of a site.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::{PgClient, Site, closed_port};

/// Ends the server at the end of standard input, so that it never outlives the test.
const WATCH: &str = r#""$@" </dev/null & cat >/dev/null; kill -QUIT $!; wait $!"#;
/// Where distributions put the programs, a folder for each major version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// A running standby; ends with this value.
pub(crate) struct Standby {
    port: u16,
    watch: Child,
    _folder: TempDir,
}

impl Standby {
    pub(crate) fn of(site: &Site) -> Self {
        let primary = site.sandbox().database_admin_url().expect("a native PostgreSQL");
        let folder = tempfile::tempdir().unwrap();
        let owner = unprivileged(folder.path());
        if let Some((uid, gid)) = owner {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        let data = folder.path().join("data");
        let made = run(owner, "pg_basebackup")
            .args(["-R", "--no-sync", "--checkpoint=fast", "-D"])
            .arg(&data)
            .arg("-d")
            .arg(primary.expose_secret())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = closed_port();
        let mut server = run(owner, "sh");
        server.args(["-c", WATCH, "sh"]).arg(program("postgres")).arg("-D").arg(&data);
        let settings = [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "max_connections=20",
        ];
        server.args(settings.iter().flat_map(|setting| ["-c", setting]));
        server.arg("-c").arg(format!("port={port}"));
        server.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let watch = server.spawn().expect("starting a standby");
        let standby = Self { port, watch, _folder: folder };
        standby.wait(primary.expose_secret());
        standby
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn wait(&self, primary: &str) {
        let mut url: url::Url = primary.parse().unwrap();
        url.set_port(Some(self.port)).unwrap();
        let ready = (0..400).any(|_| {
            sleep(Duration::from_millis(50));
            TcpStream::connect(("127.0.0.1", self.port)).is_ok()
                && PgClient::open(url.as_str()).is_ok()
        });
        assert!(ready, "the standby takes no logins");
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        let _ = self.watch.wait();
    }
}

fn program(name: &str) -> PathBuf {
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let versions = fs::read_dir(VERSIONS).unwrap().map(|entry| entry.unwrap().path());
    let newest = versions.max_by_key(version).expect("an installed PostgreSQL");
    newest.join("bin").join(name)
}

/// A command as somebody whom PostgreSQL runs for.
fn run(owner: Option<(u32, u32)>, name: &str) -> Command {
    let path = program(name);
    let mut command = Command::new(if path.is_file() { path } else { PathBuf::from(name) });
    command.current_dir("/");
    if let Some((uid, gid)) = owner {
        command.uid(uid).gid(gid);
    }
    command
}

/// As root: the account `postgres`.
fn unprivileged(folder: &Path) -> Option<(u32, u32)> {
    if fs::metadata(folder).unwrap().uid() != 0 {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let line = passwd.lines().find(|line| line.starts_with("postgres:"));
    let mut fields = line.expect("an account 'postgres'").split(':').skip(2);
    let mut id = || fields.next().and_then(|id| id.parse().ok()).expect("a number");
    Some((id(), id()))
}
