//! Runs `op` and `gh`: found in `PATH`, with an environment of their own, no input, a deadline, and
//! killed with all their children when that passes or nobody waits any more.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use crate::config::Vars;

/// Far above any credential.
const MOST_OUTPUT: u64 = 64 * 1024;

/// What to run.
pub(super) struct Call<'a> {
    pub(super) program: &'a Path,
    pub(super) args: &'a [&'a str],
    pub(super) env: Vec<(String, String)>,
    pub(super) limit: Duration,
}

/// What came of it.
pub(super) struct Output {
    pub(super) ok: bool,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// Why nothing came of it.
pub(super) enum RunError {
    /// It could not be started.
    Start(std::io::Error),
    /// It took too long.
    Timeout,
    /// It was started and then lost.
    Lost(std::io::Error),
}

/// The program `name` in the absolute directories of `PATH`: one that lies in the working
/// directory must not be handed a token.
pub(super) fn find(vars: &Vars, name: &str) -> Option<PathBuf> {
    let dirs = std::env::split_paths(OsStr::new(vars.get("PATH")?));
    dirs.filter(|dir| dir.is_absolute()).map(|dir| dir.join(name)).find(|path| is_program(path))
}

/// Whether there is something that can be run.
pub(super) fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// The variables that every program needs, and those of `more` (a name, or a prefix with `*`).
pub(super) fn environment(vars: &Vars, more: &[&str]) -> Vec<(String, String)> {
    let wanted = ["HOME", "PATH", "XDG_*"].iter().chain(more);
    let wanted: Vec<&str> = wanted.copied().collect();
    let fits = |name: &str| {
        wanted.iter().any(|w| match w.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == *w,
        })
    };
    vars.names()
        .filter(|name| fits(name))
        .filter_map(|name| Some((name.to_owned(), vars.get(name)?.to_owned())))
        .collect()
}

/// Runs it to its end.
pub(super) async fn run(call: Call<'_>) -> Result<Output, RunError> {
    let mut child = Command::new(call.program)
        .args(call.args)
        .env_clear()
        .envs(call.env)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        // A group of its own: out of reach of the terminal for a prompt, and killed as a whole.
        .process_group(0)
        .spawn()
        .map_err(RunError::Start)?;
    let mut group = Group::of(&child);
    let output = tokio::time::timeout(call.limit, collect(&mut child)).await;
    let output = output.map_err(|_| RunError::Timeout)?.map_err(RunError::Lost)?;
    group.0 = None;
    Ok(output)
}

async fn collect(child: &mut Child) -> std::io::Result<Output> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = tokio::try_join!(read(stdout), read(stderr))?;
    let status = child.wait().await?;
    Ok(Output { ok: status.success(), stdout, stderr })
}

async fn read(pipe: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(MOST_OUTPUT).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// Kills the process group when dropped, unless it has ended by itself.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}
