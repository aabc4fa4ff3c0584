//! A stand-in of GitHub with a few runs, and no database: for tests of everything about runs.

use std::fs;
use std::process::{Command, Output, Stdio};

use chrono::{DateTime, TimeDelta, Utc};
use parky_ops::sandbox::github::{
    GithubFacts, GithubStandIn, Job, Repo, Run as ActionsRun, Workflow,
};
use parky_ops::sandbox::server::Stage;
use secrecy::ExposeSecret as _;

use super::{Run, Site};

/// Failed 40 minutes ago: `lint` is green, two jobs failed.
pub(crate) const RED: u64 = 17_400_000_060;
/// Waits for the reviewers of `production`.
pub(crate) const WAITING: u64 = 17_400_000_061;
/// Goes on for twenty minutes more.
pub(crate) const RUNNING: u64 = 17_400_000_062;
/// Succeeded two days ago.
pub(crate) const GREEN: u64 = 17_400_000_063;
/// The jobs of [`RED`], in order.
pub(crate) const JOBS: [u64; 3] = [48_900_000_600, 48_900_000_601, 48_900_000_602];
/// Their names.
pub(crate) const NAMES: [&str; 3] = ["lint", "integration / e2e (payments: card)", "typecheck"];

pub(crate) struct GithubSite {
    pub(crate) site: Site,
    pub(crate) stand_in: GithubStandIn,
}

/// The workflows of the repository.
pub(crate) fn workflows() -> [Workflow; 2] {
    [Workflow::new(61_001, "CI", "ci.yml"), Workflow::new(61_002, "Deploy", "deploy.yml")]
}

/// The runs that every test begins with.
pub(crate) fn usual(now: DateTime<Utc>) -> Repo {
    let [ci, deploy] = workflows();
    let mut repo = Repo::new("parky/parky", 7, vec![ci.clone(), deploy.clone()]);
    repo.runs.push(red(&ci, now - TimeDelta::minutes(40)));
    let at = now - TimeDelta::minutes(25);
    let jobs = vec![
        Job::new(48_900_000_610, "build", at, 30),
        Job::new(48_900_000_611, "deploy", at, 30).waits_for("production"),
    ];
    repo.runs.push(deploy.run(WAITING, "fix: 3-D Secure (#1292)", at, jobs));
    let at = now - TimeDelta::minutes(1);
    let jobs =
        vec![Job::new(48_900_000_620, "lint", at, 10), Job::new(48_900_000_621, "test", at, 1200)];
    repo.runs.push(ci.run(RUNNING, "fix: types (#1293)", at, jobs).on(Some("fix/types"), "push"));
    let at = now - TimeDelta::days(2);
    let jobs = vec![Job::new(48_900_000_630, "lint", at, 10)];
    repo.runs.push(ci.run(GREEN, "feat: search (#1284)", at, jobs));
    repo
}

fn red(ci: &Workflow, at: DateTime<Utc>) -> ActionsRun {
    let jobs = vec![
        Job::new(JOBS[0], NAMES[0], at, 20),
        Job::new(JOBS[1], NAMES[1], at, 70).fails(&["AssertionError: expected 402 to be 200"]),
        Job::new(JOBS[2], NAMES[2], at, 30).work("npx tsc").fails(&["error TS2322: no type"]),
    ];
    ci.run(RED, "feat: 予約API (#1291)", at, jobs)
}

impl GithubSite {
    /// The usual runs.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// The usual runs, and what `change` makes of them.
    pub(crate) fn with(change: impl FnOnce(&mut Repo)) -> Self {
        let now = Utc::now();
        let mut repo = usual(now);
        change(&mut repo);
        Self::of(now, vec![repo])
    }

    /// These repositories; all of them are configured.
    pub(crate) fn of(now: DateTime<Utc>, repos: Vec<Repo>) -> Self {
        let names: Vec<String> = repos.iter().map(|repo| format!("{:?}", repo.name)).collect();
        let facts = GithubFacts { now, accepts: true, repos };
        let stand_in = GithubStandIn::start(&Stage::start().unwrap(), facts).unwrap();
        let config = format!(
            "[urls]\ngithub = \"{}\"\n[github]\nrepos = [{}]\ndeploy_workflows = [\"deploy.yml\"]\n",
            stand_in.url(),
            names.join(", ")
        );
        Self { site: Site::bare(&config), stand_in }
    }

    pub(crate) fn token(&self) -> &str {
        self.stand_in.token().expose_secret()
    }

    /// A command line that has the token from `GH_TOKEN`.
    pub(crate) fn run(&self, words: &str) -> Run {
        self.site.run(words).var("GH_TOKEN", self.token())
    }

    /// Changes the run `id`.
    pub(crate) fn change(&self, id: u64, change: impl FnOnce(&mut ActionsRun)) {
        self.stand_in.change_run(id, change).expect("such a run");
    }

    /// Changes a job of the first attempt of [`RED`], by its place.
    pub(crate) fn change_job(&self, place: usize, change: impl FnOnce(&mut Job)) {
        self.change(RED, |run| change(&mut run.attempts[0].jobs[place]));
    }

    /// Methods and paths that arrived at the API.
    pub(crate) fn requests(&self) -> Vec<String> {
        let seen = self.stand_in.server().requests();
        seen.iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect()
    }

    /// The vendor's own client, run to its end.
    pub(crate) fn gh(&self, words: &str) -> Output {
        let folder = self.site.home().join("gh");
        let temporary = self.site.home().join("gh-tmp");
        fs::create_dir_all(&folder).unwrap();
        fs::create_dir_all(&temporary).unwrap();
        let socket = folder.join("s");
        if !socket.exists() {
            self.stand_in.listen_at(&socket).unwrap();
            let text = format!("http_unix_socket: {}\nprompt: disabled\n", socket.display());
            fs::write(folder.join("config.yml"), text).unwrap();
        }
        Command::new("/usr/bin/gh")
            .args(words.split_whitespace())
            .args(["-R", "parky/parky"])
            .env_clear()
            .env("HOME", self.site.home())
            .env("PATH", "/usr/bin:/bin")
            .env("TMPDIR", temporary)
            .env("GH_CONFIG_DIR", folder)
            .env("GH_TOKEN", self.token())
            .env("GH_NO_UPDATE_NOTIFIER", "1")
            .stdin(Stdio::null())
            .output()
            .expect("running gh")
    }
}
