//! Which repository and which run are meant, and the client for them.

use crate::completion::{self, Kind};
use std::time::Duration;

use futures_util::future::join_all;
use parky_ops::checks::World;
use parky_ops::checks::hub::Github;
use parky_ops::domain::Caveat;
use parky_ops::github::{Client, Job, RepoName, Run, RunRef};
use parky_ops::http::{ApiError, Fault};
use tokio::time::Instant;

use crate::context::Context;
use crate::refusal::{Refusal, Usage};
use crate::ui::Ui;

/// How long a read may take, where `--timeout` does not say otherwise.
pub(super) const LIMIT: Duration = Duration::from_secs(30);

/// Options of every command on one run.
#[derive(clap::Args, Debug, Clone)]
pub(super) struct RunArgs {
    /// The run: its id, or its pasted address
    #[arg(value_name = "ID|URL", add = completion::of(Kind::Run))]
    pub(super) run: RunRef,

    /// The repository, as owner/name [default: of the address, $GH_REPO, the configuration, the checkout]
    #[arg(long, value_name = "REPO")]
    pub(super) repo: Option<RepoName>,
}

/// GitHub and the repositories that are meant.
pub(super) struct Place {
    pub(super) world: World,
    pub(super) github: Github,
    pub(super) repos: Vec<RepoName>,
    /// When a single read is given up.
    pub(super) deadline: Instant,
}

/// A run and the client for its repository.
pub(super) struct Found {
    pub(super) client: Client,
    pub(super) run: Run,
}

impl Place {
    /// Opens GitHub for `repos`, or for those that are configured.
    pub(super) async fn open(repos: &[RepoName], ctx: &Context, ui: &Ui) -> anyhow::Result<Self> {
        let limit = ctx.globals.timeout.unwrap_or(LIMIT);
        let deadline = Instant::now() + limit;
        let world = ctx.world(limit)?;
        ctx.announce(ui, &world.config);
        let repos = match repos {
            [] => configured(&world)?,
            named => named.to_vec(),
        };
        let github = world.github(deadline).await?;
        Ok(Self { world, github, repos, deadline })
    }

    /// The same for the run that `args` names.
    pub(super) async fn of_run(args: &RunArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Self> {
        Self::open(&args.repos()?, ctx, ui).await
    }

    /// What the reader must know of how GitHub was reached.
    pub(super) fn caveats(&self) -> Vec<Caveat> {
        self.world.caveats()
    }

    /// A new deadline for another read.
    pub(super) fn soon() -> Instant {
        Instant::now() + LIMIT
    }

    fn client(&self, repo: &RepoName) -> Client {
        self.github.hub.repo(repo.clone())
    }

    /// The clients of all repositories.
    pub(super) fn clients(&self) -> Vec<Client> {
        self.repos.iter().map(|repo| self.client(repo)).collect()
    }

    /// The repository that has the run. Where several may, all are asked at once.
    pub(super) async fn find(&self, wanted: &RunRef) -> anyhow::Result<Found> {
        let asked = self.clients().into_iter().map(async |client| {
            let id = match (wanted.run, wanted.job) {
                (Some(run), _) => run,
                (None, Some(job)) => client.job(job, self.deadline).await?.run,
                (None, None) => 0,
            };
            let run = client.run(id, wanted.attempt, self.deadline).await?;
            Ok::<_, ApiError>(Found { client, run })
        });
        let mut failure: Option<ApiError> = None;
        for answer in join_all(asked).await {
            match answer {
                Ok(found) => return Ok(found),
                // Another failure than "not here" says more.
                Err(error) => {
                    let plain = failure.as_ref().is_none_or(|known| known.fault == Fault::NotFound);
                    if plain {
                        failure = Some(error);
                    }
                }
            }
        }
        let error = failure.map_or_else(|| no_repository().into(), anyhow::Error::new);
        Err(error.context("reading the run"))
    }
}

impl Found {
    /// The jobs of the run, in its newest attempt or in this one. The `wanted` job is among them,
    /// whatever its attempt: an address may be older than a re-run.
    pub(super) async fn jobs(
        &self,
        attempt: Option<u64>,
        wanted: Option<u64>,
        deadline: Instant,
    ) -> Result<Vec<Job>, ApiError> {
        let mut jobs = self.client.jobs(self.run.id, attempt, deadline).await?;
        if let Some(id) = wanted.filter(|id| jobs.iter().all(|job| job.id != *id)) {
            jobs.push(self.client.job(id, deadline).await?);
        }
        Ok(jobs)
    }
}

impl RunArgs {
    fn repos(&self) -> anyhow::Result<Vec<RepoName>> {
        match (&self.repo, &self.run.repo) {
            (Some(named), Some(pasted)) if named != pasted => {
                let text = format!("--repo {named}, but the address is of {pasted}");
                Err(Usage::new(text, "leave --repo out").into())
            }
            (Some(repo), _) | (None, Some(repo)) => Ok(vec![repo.clone()]),
            (None, None) => Ok(Vec::new()),
        }
    }
}

fn configured(world: &World) -> anyhow::Result<Vec<RepoName>> {
    let repos = world
        .repositories()
        .map_err(|error| Refusal::configuration(error.to_string(), "parky-ops config show"))?;
    match repos.is_empty() {
        false => Ok(repos),
        true => Err(no_repository().into()),
    }
}

fn no_repository() -> Refusal {
    let hint = "name one with --repo owner/name, $GH_REPO or [github] repos";
    Refusal::configuration("no repository is known".to_owned(), hint)
}
