//! Logs of jobs: fetched by the job's id, which is certain where names are not, and as streams.
//!
//! [`JobLog`] gives the bytes and takes up again where the storage broke off; [`Lines`] makes lines of
//! them, in pieces where a line is long; [`Cutter`] tells which step a line belongs to. Where many jobs
//! are wanted, [`Archive`] fetches them in one piece.

mod archive;
mod cut;
mod lines;

use std::time::Duration;

use hyper::body::Bytes;
use tokio::time::Instant;

pub use archive::Archive;
pub use cut::Cutter;
pub use lines::{Lines, Piece, STAMP};

use super::client::Client;
use super::model::Job;
use crate::http::{ApiError, Fault, Stream};

/// No piece of a log may take longer than this.
const IDLE: Duration = Duration::from_secs(30);
/// How long the way to a log may take: the link, and the head of its answer.
const OPEN: Duration = Duration::from_secs(30);
/// How often a log is taken up again, in all.
const RETRIES: u32 = 3;

/// Why a job has no log to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// It never ran.
    Skipped,
    /// It still runs.
    Running,
    /// Past its retention, or deleted.
    Gone,
    /// GitHub has none; or the token may not see it.
    Absent,
    /// It could not be fetched.
    Failed(Box<ApiError>),
}

impl Missing {
    /// What that means, for a person.
    pub fn text(&self) -> String {
        match self {
            Missing::Skipped => "the job was skipped: it has no log".to_owned(),
            Missing::Running => "the job is not complete: GitHub has its log once it is".to_owned(),
            Missing::Gone => {
                "GitHub no longer has the log: past its retention (90 days by default), or deleted \
                 (HTTP 410)"
                    .to_owned()
            }
            Missing::Absent => {
                "GitHub has no log of this job, or the token has no access to it (HTTP 404)"
                    .to_owned()
            }
            Missing::Failed(error) => error.to_string(),
        }
    }

    /// The stable word for it.
    pub fn code(&self) -> &'static str {
        match self {
            Missing::Skipped => "skipped",
            Missing::Running => "running",
            Missing::Gone => "gone",
            Missing::Absent => "absent",
            Missing::Failed(_) => "failed",
        }
    }
}

/// The log of a job, coming.
#[derive(Debug)]
pub struct JobLog {
    client: Client,
    job: u64,
    stream: Stream,
    read: u64,
    retries: u32,
}

impl Client {
    /// The log of `job`. A job that has none is told by the error.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn job_log(&self, job: &Job) -> Result<JobLog, Missing> {
        match job.status.as_str() {
            "completed" if job.conclusion.as_deref() == Some("skipped") && job.steps.is_empty() => {
                return Err(Missing::Skipped);
            }
            "completed" => {}
            _ => return Err(Missing::Running),
        }
        let mut retries = 0;
        loop {
            match self.open_log(job.id).await {
                Ok(stream) => {
                    let (client, job) = (self.clone(), job.id);
                    return Ok(JobLog { client, job, stream, read: 0, retries });
                }
                Err(error) if retries < RETRIES && is_of_storage(&error) => retries += 1,
                Err(error) => {
                    return Err(match error.status {
                        Some(410) => Missing::Gone,
                        Some(404) => Missing::Absent,
                        _ => Missing::Failed(Box::new(error)),
                    });
                }
            }
        }
    }

    async fn open_log(&self, job: u64) -> Result<Stream, ApiError> {
        let deadline = Instant::now() + OPEN;
        let reply = self.link(&["actions", "jobs", &job.to_string(), "logs"], deadline).await?;
        self.hub.links.open(&reply, IDLE, deadline).await
    }

    /// The archive of a run's attempt, whole; it is kept in an unnamed file in `folder` meanwhile.
    ///
    /// # Errors
    /// No answer, a refusal, or what came is no archive.
    pub async fn archive(
        &self,
        run: u64,
        attempt: u64,
        folder: &std::path::Path,
    ) -> Result<Archive, ApiError> {
        let deadline = Instant::now() + OPEN;
        let (run, attempt) = (run.to_string(), attempt.to_string());
        let rest = ["actions", "runs", &run, "attempts", &attempt, "logs"];
        let reply = self.link(&rest, deadline).await?;
        Archive::fetch(self.hub.links.open(&reply, IDLE, deadline).await?, folder).await
    }
}

/// Whether a new link may help: it expired, or the storage failed.
fn is_of_storage(error: &ApiError) -> bool {
    let signed = error.asked.path.contains("signed link");
    signed && !matches!(error.fault, Fault::NotSent(_))
}

impl JobLog {
    /// The next bytes; `None` at the end. A storage that breaks off is asked again through a new link,
    /// and what it sends twice is left out.
    ///
    /// # Errors
    /// It broke off too often.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            let mut error = match self.stream.chunk().await {
                Ok(Some(chunk)) => {
                    self.read += chunk.len() as u64;
                    return Ok(Some(chunk));
                }
                Ok(None) => return Ok(None),
                Err(error) => error,
            };
            loop {
                if self.retries >= RETRIES {
                    return Err(error);
                }
                self.retries += 1;
                match self.resume().await {
                    Ok(()) => break,
                    Err(again) => error = again,
                }
            }
        }
    }

    async fn resume(&mut self) -> Result<(), ApiError> {
        self.stream = self.client.open_log(self.job).await?;
        let mut skip = self.read;
        while skip > 0 {
            let Some(mut chunk) = self.stream.chunk().await? else { return Ok(()) };
            let part = chunk.len().min(usize::try_from(skip).unwrap_or(usize::MAX));
            skip -= part as u64;
            let rest = chunk.split_off(part);
            if !rest.is_empty() {
                self.stream.put_back(rest);
            }
        }
        Ok(())
    }
}
