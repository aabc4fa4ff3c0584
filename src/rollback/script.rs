//! The team's own rollback script, which the user file names: run with the version that was shown and
//! agreed to, and with nothing else of the environment than it needs.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use super::card::Card;
use crate::domain::text::{one_line, shorten};
use crate::domain::{Consent, Redactor};

/// How long it may take: a deploy script installs and builds.
const LIMIT: Duration = Duration::from_secs(600);
/// Of its output so much is kept, in bytes.
const KEPT: u64 = 256 << 10;
/// And so many of its last lines are told.
const TOLD: usize = 12;

/// Why it did not do its work, as far as it tells.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// It never ran.
    #[error("{0}")]
    NotStarted(String),
    /// It ran, and failed or was ended: what it did before that is not known.
    #[error("{0}")]
    Failed(String),
}

/// The script, and what it is given.
#[derive(Debug)]
pub struct Program {
    /// Where it is.
    pub path: PathBuf,
    /// Where it runs.
    pub directory: PathBuf,
    /// Variables besides those of the rollback: how to find programs and a home.
    pub env: Vec<(String, String)>,
    /// The token that it deploys with.
    pub token: SecretString,
    /// Where Cloudflare's API is, where that is not the usual place.
    pub base: Option<String>,
    /// Takes secrets out of what it says.
    pub redactor: Redactor,
}

impl Program {
    /// Runs `SCRIPT TARGET VERSION`, and gives the last lines that it said.
    ///
    /// The variables `PARKY_OPS_ENV`, `ROLLBACK_TARGET`, `ROLLBACK_SCRIPT_NAME`, `ROLLBACK_FROM` and
    /// `ROLLBACK_TO` say the same in names; `CLOUDFLARE_API_TOKEN` and `CLOUDFLARE_ACCOUNT_ID` are
    /// those that the card was made with. Nothing is asked of it on a terminal.
    ///
    /// # Errors
    /// It could not be started, failed, or took too long; what is live has to be read.
    pub async fn run(&self, card: &Card, _: &Consent) -> Result<Vec<String>, ScriptError> {
        let shown = self.path.display();
        let failed = |what: String| ScriptError::Failed(format!("{shown} {what}"));
        let mut command = Command::new(&self.path);
        command.args([&card.target, &card.to.id]).env_clear().envs(self.env.iter().cloned());
        command.env("PARKY_OPS_ENV", card.env.as_str());
        command.env("ROLLBACK_TARGET", &card.target).env("ROLLBACK_SCRIPT_NAME", &card.script);
        command.env("ROLLBACK_FROM", &card.live.id).env("ROLLBACK_TO", &card.to.id);
        command.env("CLOUDFLARE_ACCOUNT_ID", &card.account);
        command.env("CLOUDFLARE_API_TOKEN", self.token.expose_secret());
        if let Some(base) = &self.base {
            command.env("CLOUDFLARE_API_BASE_URL", base);
        }
        command.current_dir(&self.directory).stdin(Stdio::null()).kill_on_drop(true);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().map_err(|error| {
            ScriptError::NotStarted(format!("{shown} was not started: {error}"))
        })?;
        let group = Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw));
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let ended = async {
            // What it left running keeps its pipes open: the end of the script is the end of all.
            let status = async {
                let status = child.wait().await;
                drop(group);
                status
            };
            tokio::join!(read(stdout), read(stderr), status)
        };
        let (out, err, status) = tokio::time::timeout(LIMIT, ended)
            .await
            .map_err(|_| failed(format!("was ended: it took longer than {} s", LIMIT.as_secs())))?;
        let mut lines = self.last_lines(&out);
        lines.extend(self.last_lines(&err));
        match status {
            Ok(status) if status.success() => Ok(lines),
            Ok(status) => {
                let last = lines.last().map(|line| format!(": {line}")).unwrap_or_default();
                Err(failed(format!("failed ({status}){last}")))
            }
            Err(error) => Err(failed(format!("was lost: {error}"))),
        }
    }

    fn last_lines(&self, output: &[u8]) -> Vec<String> {
        let text = String::from_utf8_lossy(output);
        let text = self.redactor.clean(&text);
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines[lines.len().saturating_sub(TOLD)..].iter();
        last.map(|line| shorten(&one_line(line), 300)).collect()
    }
}

/// Everything to the end, so that the script never waits for us; the last part is kept.
async fn read(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let Some(mut pipe) = pipe else { return Vec::new() };
    let (mut kept, mut buffer) = (Vec::new(), vec![0; 16 << 10]);
    while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
        kept.extend_from_slice(&buffer[..read]);
        let most = usize::try_from(KEPT).unwrap_or(usize::MAX);
        if kept.len() > 2 * most {
            kept.drain(..kept.len() - most);
        }
    }
    kept
}

/// Ends what the script started and left behind.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}
