//! Stand-ins for every service, in this process and on loopback: for trying out, drills and tests.
//!
//! ```no_run
//! use chrono::{DateTime, Utc};
//! use parky_ops::config::Vars;
//! use parky_ops::sandbox::{Behaviour, Options, Sandbox, Scenario};
//!
//! # fn example(now: DateTime<Utc>) -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::start(Options::new(Scenario::Healthy, now, Vars::of_the_process()))?;
//! sandbox.host("api.parky.co.jp").ok_or("no such host")?.behave(&Behaviour::Hangs)?;
//! // … run the program with sandbox.vars(&outer), then look at what arrived …
//! println!("{:?}", sandbox.cloudflare().server().requests());
//! # Ok(())
//! # }
//! ```
//!
//! It writes into its own folder and into temporary ones, and removes what it started and made when
//! it is dropped. Nothing in it reaches anything outside the machine.

pub mod cloudflare;
mod config_file;
mod database;
pub mod discord;
mod fake;
pub mod github;
mod hosts;
mod place;
#[cfg(test)]
mod plain_client;
mod scenario;
pub mod server;
mod vendors;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

use crate::auth::CredentialName;
use crate::config::Vars;
pub use cloudflare::{ACCOUNT_ID, CloudflareFacts, CloudflareStandIn};
use config_file::{FakeTokens, Layout};
use database::{Database, DatabaseFacts, Settings};
pub use database::{DatabaseError, DeadLetter, Engine};
use discord::{DiscordFacts, DiscordStandIn, Limits};
pub use github::{GithubFacts, GithubStandIn};
pub use hosts::{Behaviour, HostStandIn};
use place::Place;
pub use place::PlaceError;
use scenario::{BadVersion, Facts};
pub use scenario::{HOSTS, LEAKED_TOKEN, PAGES, REPOSITORY, Scenario, WORKERS};
use server::{Canned, Fault, Server, Stage};
pub use vendors::{Outage, VENDORS, VendorPage, VendorPages};

/// How a sandbox is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// What is the matter.
    pub scenario: Scenario,
    /// The present, from which every time in it is told.
    pub now: DateTime<Utc>,
    /// Which PostgreSQL to run.
    pub engine: Engine,
    /// Its folder; `None`: a temporary one, removed at the end.
    pub dir: Option<PathBuf>,
    /// Where to look for PostgreSQL (`PATH`, `PARKY_OPS_PG_BIN`) and for room (`TMPDIR`).
    pub vars: Vars,
    /// `max_connections` of a native PostgreSQL.
    pub max_connections: u16,
    /// Discord's channels; each has a webhook.
    pub channels: Vec<String>,
    /// How much Discord takes.
    pub limits: Limits,
    /// The dead letters, in place of the scenario's; without effect where its database is down.
    pub letters: Option<Vec<DeadLetter>>,
    /// A PostgreSQL that is up already, in place of one of its own: for tests that share a server.
    pub database: Option<SecretString>,
}

impl Options {
    /// The usual ones.
    pub fn new(scenario: Scenario, now: DateTime<Utc>, vars: Vars) -> Self {
        Self {
            scenario,
            now,
            engine: Engine::Auto,
            dir: None,
            vars,
            max_connections: 20,
            channels: discord::CHANNELS.map(str::to_owned).into(),
            limits: Limits::default(),
            letters: None,
            database: None,
        }
    }
}

/// Why a sandbox did not start.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// Its folder cannot be used.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A stand-in has no port or no thread.
    #[error("starting the stand-ins")]
    StandIn(#[from] io::Error),
    /// The database.
    #[error("starting the sandbox's database")]
    Database(#[from] DatabaseError),
    /// The configuration cannot be written down.
    #[error("writing the sandbox's configuration")]
    Config(#[from] toml::ser::Error),
    /// A bug.
    #[error("the thread that starts the sandbox's database died")]
    Died,
}

/// Stand-ins that are up. Dropping it takes them down.
pub struct Sandbox {
    scenario: Scenario,
    hosts: Vec<HostStandIn>,
    cloudflare: CloudflareStandIn,
    discord: DiscordStandIn,
    github: GithubStandIn,
    /// Whether the vendor's own client can be sent to it.
    gh: bool,
    vendors: VendorPages,
    absent: Server,
    tokens: FakeTokens,
    database: Database,
    place: Place,
}

impl Sandbox {
    /// Starts everything at once and blocks until it is up; about a second. Inside a runtime, call
    /// it through `spawn_blocking`.
    pub fn start(options: Options) -> Result<Self, SandboxError> {
        let Options {
            scenario,
            now,
            engine,
            dir,
            vars,
            max_connections,
            channels,
            limits,
            letters,
            database,
        } = options;
        let place = match dir {
            Some(dir) => Place::named(&dir)?,
            None => Place::temporary(&vars)?,
        };
        let stage = Stage::start()?;
        let mut facts = scenario.facts(now);
        if let (DatabaseFacts::Serves(rows), Some(letters)) = (&mut facts.database, letters) {
            *rows = letters;
        }
        let settings = Settings { engine, vars, max_connections, crowd: facts.crowd };
        let discord = DiscordFacts { now, channels, limits, revoked: facts.discord_revoked };
        // The database is by far the slowest, and blocks: it has a thread of its own meanwhile.
        let (database, others) = std::thread::scope(|scope| {
            let database = scope.spawn(|| match database {
                Some(url) => Ok(Database::elsewhere(url)),
                None => Database::start(&stage, &facts.database, &settings),
            });
            let others = start_others(&stage, &facts, &discord);
            (database.join(), others)
        });
        let (hosts, cloudflare, discord, github, vendors, absent) = others?;
        let database = database.map_err(|_| SandboxError::Died)??;
        let tokens = FakeTokens::make()?;
        let socket = place.write_gh_config()?;
        socket.iter().try_for_each(|socket| github.listen_at(socket))?;
        let gh = socket.is_some();
        let sandbox = Self {
            scenario,
            hosts,
            cloudflare,
            discord,
            github,
            gh,
            vendors,
            absent,
            tokens,
            database,
            place,
        };
        sandbox.place.write_config(&sandbox.layout().toml()?)?;
        Ok(sandbox)
    }

    fn layout(&self) -> Layout<'_> {
        Layout {
            hosts: self.hosts.iter().map(|host| (host.name(), host.url())).collect(),
            account: ACCOUNT_ID,
            cloudflare_url: self.cloudflare.url(),
            cloudflare_token: self.cloudflare.token(),
            github_url: self.github.url(),
            github_token: self.github.token(),
            database_url: self.database.url(),
            discord: &self.discord,
            absent_url: self.absent.url(""),
            vendor_urls: VENDORS.iter().map(|page| self.vendors.url(page.slug)).collect(),
        }
    }

    /// What is the matter in it.
    pub fn scenario(&self) -> Scenario {
        self.scenario
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        self.place.path()
    }

    /// The user file that points at it (mode 0600).
    pub fn config_path(&self) -> PathBuf {
        self.place.config()
    }

    /// An empty home.
    pub fn home(&self) -> PathBuf {
        self.place.home()
    }

    /// A folder for local state.
    pub fn state_dir(&self) -> PathBuf {
        self.place.state()
    }

    /// Which database it runs, and why, for the line that is shown at the start.
    pub fn database_engine(&self) -> &str {
        self.database.engine()
    }

    /// Where the database is, with user and password.
    pub fn database_url(&self) -> &SecretString {
        self.database.url()
    }

    /// The same for its superuser, to change what is in it; only a native PostgreSQL has one.
    pub fn database_admin_url(&self) -> Option<&SecretString> {
        self.database.admin_url()
    }

    /// The hosts, in the order of [`HOSTS`].
    pub fn hosts(&self) -> &[HostStandIn] {
        &self.hosts
    }

    /// The host of this name, such as `api.parky.co.jp`.
    pub fn host(&self, name: &str) -> Option<&HostStandIn> {
        self.hosts.iter().find(|host| host.name() == name)
    }

    /// Cloudflare's API.
    pub fn cloudflare(&self) -> &CloudflareStandIn {
        &self.cloudflare
    }

    /// Discord's API, and what was posted there.
    pub fn discord(&self) -> &DiscordStandIn {
        &self.discord
    }

    /// GitHub's API.
    pub fn github(&self) -> &GithubStandIn {
        &self.github
    }

    /// The vendors' status pages.
    pub fn vendors(&self) -> &VendorPages {
        &self.vendors
    }

    /// Where Sentry would be; it answers 501, and its log shows who asked.
    pub fn absent(&self) -> &Server {
        &self.absent
    }

    /// Variables that point a shell at it: this program, and the vendors' own clients. They also
    /// cover the real credentials that the shell may hold.
    pub fn exports(&self) -> Vec<(String, String)> {
        let path = |path: PathBuf| path.to_string_lossy().into_owned();
        let open = |secret: &SecretString| secret.expose_secret().to_owned();
        let pairs = [
            ("PARKY_OPS_CONFIG", path(self.config_path())),
            ("PARKY_OPS_STATE_DIR", path(self.state_dir())),
            ("CLOUDFLARE_API_BASE_URL", self.cloudflare.url()),
            ("CLOUDFLARE_API_TOKEN", open(self.cloudflare.token())),
            ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT_ID.to_owned()),
            ("SUPABASE_DB_URL", open(self.database.url())),
            ("GH_TOKEN", open(self.github.token())),
            ("SENTRY_AUTH_TOKEN", open(&self.tokens.sentry)),
        ];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value)).into_iter();
        let webhooks = self.discord.channels().filter_map(|(name, channel)| {
            // The name that a variable has by itself.
            let variable = CredentialName::webhook(name).unscoped_variables().pop()?;
            Some((variable, open(&channel.webhook_url())))
        });
        let bot = ("DISCORD_BOT_TOKEN".to_owned(), open(self.discord.token()));
        let gh = [
            ("GH_CONFIG_DIR".to_owned(), path(self.place.gh())),
            ("GH_REPO".to_owned(), REPOSITORY.to_owned()),
        ];
        let gh = gh.into_iter().filter(|_| self.gh);
        gh.chain(pairs).chain(webhooks).chain([bot]).collect()
    }

    /// The environment of a program that runs inside it: of `outer` only what says how to run and
    /// show things, so that no real credential, home or setting gets in.
    pub fn vars(&self, outer: &Vars) -> Vars {
        let kept =
            KEPT.iter().filter_map(|name| Some(((*name).to_owned(), outer.get(name)?.to_owned())));
        let path = |path: PathBuf| path.to_string_lossy().into_owned();
        let ours = [
            ("HOME", path(self.home())),
            ("PARKY_OPS_CONFIG", path(self.config_path())),
            ("PARKY_OPS_STATE_DIR", path(self.state_dir())),
        ];
        kept.chain(ours.map(|(name, value)| (name.to_owned(), value))).collect()
    }

    /// Takes everything down; the same as dropping it.
    pub fn shutdown(self) {}
}

/// Variables that say how to run and show things.
const KEPT: [&str; 15] = [
    "PATH",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TERM",
    "COLORTERM",
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "CLICOLOR_FORCE",
    "CI",
    "GITHUB_ACTIONS",
    "GITHUB_STEP_SUMMARY",
    "USER",
];

type Others =
    (Vec<HostStandIn>, CloudflareStandIn, DiscordStandIn, GithubStandIn, VendorPages, Server);

fn start_others(stage: &Arc<Stage>, facts: &Facts, discord: &DiscordFacts) -> io::Result<Others> {
    let now = discord.now;
    let hosts = HOSTS.iter().zip(&facts.hosts);
    let hosts: io::Result<Vec<_>> =
        hosts.map(|(name, behaviour)| HostStandIn::start(stage, name, behaviour)).collect();
    let hosts = hosts?;
    let scripts = facts.scripts.clone();
    let cloudflare =
        CloudflareStandIn::start(stage, &CloudflareFacts { now, token: facts.token, scripts })?;
    cloudflare.set_pages(&facts.pages);
    if let Some(bad) = &facts.bad_version {
        make_ill(bad, &hosts, &cloudflare);
        cloudflare.tails().trouble(bad.script, &cloudflare::version_id(bad.script, bad.number));
    }
    if let Some(rough) = &facts.rough_line {
        cloudflare.tails().set_lifetime(rough.lifetime);
        cloudflare.tails().be_rough(rough.script);
    }
    if let Some(fault) = &facts.cloudflare_fault {
        cloudflare.server().faults().set("/", fault.clone());
    }
    let discord = DiscordStandIn::start(stage, discord)?;
    if let Some(fault) = &facts.discord_fault {
        discord.server().faults().set("/", fault.clone());
    }
    let accepts = facts.token != cloudflare::TokenKind::Revoked;
    let repos = vec![facts.actions.clone()];
    let github = GithubStandIn::start(stage, GithubFacts { now, accepts, repos })?;
    if facts.healthchecks {
        let wells: Vec<_> = hosts.iter().map(HostStandIn::is_well).collect();
        github.keep_running(stage, scenario::HEALTHCHECK, move || wells.iter().all(|well| well()));
    }
    let vendors = VendorPages::start(stage, now, facts.outages.clone())?;
    let absent = Server::start(stage, Router::new(), None)?;
    let message = serde_json::json!({ "message": "this service has no stand-in in the sandbox" });
    absent.faults().set("/", Fault::answer(Canned::json(501, &message)));
    Ok((hosts, cloudflare, discord, github, vendors, absent))
}

/// Lets a host be ill while the bad version takes traffic, and well while it does not.
fn make_ill(bad: &BadVersion, hosts: &[HostStandIn], cloudflare: &CloudflareStandIn) {
    let Some(host) = hosts.get(bad.host).cloned() else { return };
    let BadVersion { number, behaviour, .. } = bad.clone();
    let healthy = Behaviour::Answers(200);
    let was_ill = std::sync::atomic::AtomicBool::new(false);
    cloudflare.watch(bad.script, move |live| {
        let ill = live.contains(&number);
        // Only a change: behaving anew closes the host's connections.
        if was_ill.swap(ill, std::sync::atomic::Ordering::Relaxed) != ill {
            // The port is held already, so there is nothing that could be refused.
            let _ = host.behave(if ill { &behaviour } else { &healthy });
        }
    });
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("scenario", &self.scenario)
            .field("dir", &self.dir())
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
