//! Child processes with deadlines, and the watch that ends the server when we are killed hard.

use std::io;
use std::path::Path;
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::account::Home;

/// How often a child is asked whether it has ended.
const POLL: Duration = Duration::from_millis(4);

/// Waits for `child` at most this long; `None`: it still runs.
pub(super) fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= end {
            return Ok(None);
        }
        std::thread::sleep(POLL);
    }
}

/// Waits for `child` at most this long, then kills it.
pub(super) fn wait_or_kill(child: &mut Child, limit: Duration) {
    if !matches!(wait(child, limit), Ok(Some(_))) {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Reads a pipe whose other end only we hold. When it closes, because we are done or because we are
/// gone, however that happened, it shuts the server down (SIGINT: the fast way) and removes its files.
const WATCH: &str = r#"
read -r _
kill -INT "$1" 2>/dev/null
tries=0
while kill -0 "$1" 2>/dev/null && [ "$tries" -lt 100 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
kill -KILL "$1" 2>/dev/null
cd /
rm -rf "$2"
"#;

/// A shell that outlives us by as long as it takes to clear away.
#[derive(Debug)]
pub(super) struct Watch {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Watch {
    pub(super) fn over(server: &Child, home: &Home) -> io::Result<Self> {
        let mut shell = home
            .command(Path::new("/bin/sh"))
            .args(["-c", WATCH, "parky-ops-sandbox-watch"])
            .arg(server.id().to_string())
            .arg(home.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }

    /// Has the server shut down.
    pub(super) fn let_go(&mut self) {
        drop(self.pipe.take());
    }

    /// Waits until everything is cleared away.
    pub(super) fn finish(&mut self, limit: Duration) {
        self.let_go();
        wait_or_kill(&mut self.shell, limit);
    }
}
