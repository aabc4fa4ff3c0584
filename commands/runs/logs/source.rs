//! Where the logs come from: one by one through each job's own address, a few ahead; or all at once
//! from the archive.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use hyper::body::Bytes;
use parky_ops::github::logs::{Archive, JobLog, Missing};
use parky_ops::github::{Client, Job, Run};
use parky_ops::http::ApiError;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::choose::Wanted;

/// From so many wanted jobs on, the archive is fetched.
const MANY: usize = 16;
/// Logs that are opened before their turn.
const AHEAD: usize = 3;

type Opening = JoinHandle<Result<JobLog, Missing>>;

/// See the module.
pub(super) struct Source {
    client: Client,
    all: Vec<Job>,
    archive: Option<Archive>,
    no_archive: Option<ApiError>,
    /// Jobs whose turn comes, in order.
    queue: Vec<Job>,
    opening: HashMap<u64, Opening>,
}

/// A log that is coming.
pub(super) enum Coming {
    FromArchive(mpsc::Receiver<io::Result<Bytes>>),
    OfJob(Box<JobLog>),
}

impl Source {
    pub(super) async fn open(
        client: &Client,
        run: &Run,
        wanted: &[Wanted],
        all: &[Job],
        folder: &Path,
    ) -> Self {
        let fresh = wanted.iter().filter(|one| one.job.attempt == run.attempt).count();
        let (archive, no_archive) = if run.is_complete() && fresh >= MANY {
            match client.archive(run.id, run.attempt, folder).await {
                Ok(archive) => (Some(archive), None),
                Err(error) => (None, Some(error)),
            }
        } else {
            (None, None)
        };
        let queue = wanted.iter().map(|one| one.job.clone()).collect();
        let (client, all) = (client.clone(), all.to_vec());
        Self { client, all, archive, no_archive, queue, opening: HashMap::new() }
    }

    /// Why the archive, which was asked for, does not serve.
    pub(super) fn without_archive(&self) -> Option<&ApiError> {
        self.no_archive.as_ref()
    }

    /// The log of `job`; from its own address where `certain`, or where the archive leaves a doubt.
    pub(super) async fn log(&mut self, job: &Job, certain: bool) -> Result<Coming, Missing> {
        self.queue.retain(|next| next.id != job.id);
        if let (Some(archive), false) = (&self.archive, certain)
            && let Some(receiver) = archive.log(job, &self.all)
        {
            return Ok(Coming::FromArchive(receiver));
        }
        let own = self.opening.remove(&job.id);
        if self.archive.is_none() {
            self.open_ahead();
        }
        let opened = match own {
            Some(opening) => match opening.await {
                Ok(opened) => opened,
                Err(_) => self.client.job_log(job).await,
            },
            None => self.client.job_log(job).await,
        };
        opened.map(|log| Coming::OfJob(Box::new(log)))
    }

    fn open_ahead(&mut self) {
        for job in self.queue.iter().take(AHEAD) {
            self.opening.entry(job.id).or_insert_with(|| {
                let (client, job) = (self.client.clone(), job.clone());
                tokio::spawn(async move { client.job_log(&job).await })
            });
        }
    }
}

impl Coming {
    /// The next bytes; `None` at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, String> {
        match self {
            Coming::OfJob(log) => log.chunk().await.map_err(|error| error.to_string()),
            Coming::FromArchive(receiver) => match receiver.recv().await {
                None => Ok(None),
                Some(Ok(bytes)) => Ok(Some(bytes)),
                Some(Err(error)) => Err(format!("the archive is damaged: {error}")),
            },
        }
    }

    pub(super) fn is_of_archive(&self) -> bool {
        matches!(self, Coming::FromArchive(_))
    }
}
