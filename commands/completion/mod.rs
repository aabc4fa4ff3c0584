//! What a shell may put in the place of a value: `#[arg(add = completion::of(Kind::Run))]`.
//!
//! From local files only, within [`LIMIT`], and silent on any error: never a prompt, a network call or
//! the value of a secret. Whoever waits here has pressed TAB.

mod bash;
mod calm;
mod words;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap_complete::env::{Elvish, Fish, Powershell, Shells, Zsh};
use clap_complete::{ArgValueCandidates, CompletionCandidate};
use parky_ops::config::{self, Config, Flags, LoadInput, Loaded, Vars};
use parky_ops::state::{Offer, OfferKind, State, offered};

pub(crate) use self::bash::Bash;
use self::calm::Calm;
use self::words::Words;

/// The variable by which a shell asks.
pub(crate) const VARIABLE: &str = "PARKY_OPS_COMPLETE";

/// The shells that can ask.
pub(crate) const SHELLS: Shells<'static> =
    Shells(&[&Calm(Bash), &Calm(Elvish), &Calm(Fish), &Calm(Powershell), &Calm(Zsh)]);

/// How long a look may take; without an answer by then nothing is offered.
const LIMIT: Duration = Duration::from_millis(20);

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An environment of the configuration.
    Env,
    /// A host of the environment.
    Host,
    /// A worker.
    Worker,
    /// A Pages project.
    Page,
    /// A channel of Discord.
    Channel,
    /// A scenario of the sandbox.
    Scenario,
    /// A run that was seen of late.
    Run,
    /// A dead letter that was seen of late.
    DeadLetter,
    /// An incident of the journal.
    #[cfg_attr(not(test), expect(dead_code, reason = "waits for the commands that take one"))]
    Incident,
}

/// Completes an argument with values of `kind`.
pub(crate) fn of(kind: Kind) -> ArgValueCandidates {
    ArgValueCandidates::new(move || candidates(kind))
}

/// How long a command may take to leave values for the shell; it has said its answer by then.
const KEEPING: Duration = Duration::from_millis(300);

/// Leaves values for the shell, as far as that is possible at once. Nobody misses them otherwise.
pub(crate) async fn keep(config: &Config, kind: OfferKind, offers: &[Offer], now: DateTime<Utc>) {
    let Some(directory) = config.state_dir.as_ref().filter(|_| !offers.is_empty()) else { return };
    let kept = async {
        let mut state = State::open(&directory.value).await?;
        state.offer(kind, offers, now).await
    };
    let _ = tokio::time::timeout(KEEPING, kept).await;
}

fn candidates(kind: Kind) -> Vec<CompletionCandidate> {
    let looked = within(LIMIT, move || values(kind, &Asked::here()?));
    if looked.is_none() {
        calm::give_up();
    }
    let found = looked.flatten().unwrap_or_default();
    let candidate = |(place, offer): (usize, Offer)| {
        let help = (!offer.help.is_empty()).then(|| offer.help.into());
        CompletionCandidate::new(offer.value).help(help).display_order(Some(place))
    };
    found.into_iter().filter(Offer::is_safe).enumerate().map(candidate).collect()
}

/// What is asked from where.
struct Asked {
    vars: Vars,
    cwd: PathBuf,
    words: Words,
}

impl Asked {
    fn here() -> Option<Self> {
        let words = Words::read(std::env::args_os());
        let vars = Vars::of_the_process();
        Some(Self { vars, cwd: std::env::current_dir().ok()?, words })
    }

    /// The configuration that the line under completion would have.
    fn load(&self, env: Option<&str>) -> Option<Loaded> {
        let Words { config, sandbox, .. } = &self.words;
        if *sandbox {
            // The inventory of a sandbox is the built-in one.
            let none = Vars::default();
            let input = LoadInput { project: false, ..LoadInput::new(&none, Path::new("/")) };
            return config::load(&input).ok();
        }
        let flags = Flags { env: env.map(str::to_owned), config: config.clone() };
        config::load(&LoadInput { flags, ..LoadInput::new(&self.vars, &self.cwd) }).ok()
    }

    fn offered(&self, kind: OfferKind) -> Option<Vec<Offer>> {
        if self.words.sandbox {
            return None;
        }
        let directory = config::state_dir(&self.vars, &self.cwd)?.value;
        let runtime = tokio::runtime::Builder::new_current_thread().build().ok()?;
        Some(runtime.block_on(offered(&directory, kind)))
    }
}

fn values(kind: Kind, asked: &Asked) -> Option<Vec<Offer>> {
    let env = asked.words.env.as_deref();
    let config = |pick: fn(&Config) -> Vec<Offer>| Some(pick(&asked.load(env)?.config));
    match kind {
        Kind::Env => {
            // The one on the line is the very word that is being typed.
            let loaded = asked.load(None)?;
            Some(loaded.environments().into_iter().map(|env| Offer::new(env, "")).collect())
        }
        Kind::Host => config(|config| {
            config.hosts.iter().map(|host| Offer::new(&host.name, config.env.as_str())).collect()
        }),
        Kind::Worker => config(|config| {
            let offer = |worker: &config::Worker| Offer::new(&worker.name, about_worker(worker));
            config.workers.iter().map(offer).collect()
        }),
        Kind::Page => {
            config(|config| config.pages.iter().map(|page| Offer::new(page, "")).collect())
        }
        Kind::Channel => config(|config| {
            let help = |channel: &config::Channel| channel.severity.clone().unwrap_or_default();
            config.channels.iter().map(|(name, c)| Offer::new(name, help(c))).collect()
        }),
        Kind::Scenario => Some(scenarios()),
        Kind::Run => asked.offered(OfferKind::Run),
        Kind::DeadLetter => asked.offered(OfferKind::DeadLetter),
        Kind::Incident => asked.offered(OfferKind::Incident),
    }
}

/// What it serves; where that is nothing, its name on Cloudflare.
fn about_worker(worker: &config::Worker) -> String {
    match (worker.hosts.as_slice(), &worker.script) {
        ([], Ok(script)) => format!("script {}", script.value),
        ([], Err(_)) => "serves no host".to_owned(),
        (hosts, _) => hosts.join(", "),
    }
}

#[cfg(feature = "sandbox")]
fn scenarios() -> Vec<Offer> {
    let all = parky_ops::sandbox::Scenario::ALL.into_iter();
    all.map(|scenario| Offer::new(scenario.word(), scenario.summary())).collect()
}

#[cfg(not(feature = "sandbox"))]
fn scenarios() -> Vec<Offer> {
    Vec::new()
}

/// What `work` gives, if it does so within `limit`. It is left alone after that: the process ends
/// with the answer to the shell.
fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let shared = Arc::new((Mutex::new(None), Condvar::new()));
    let worker = Arc::clone(&shared);
    let started = std::thread::Builder::new().spawn(move || {
        let done = work();
        *worker.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        worker.1.notify_one();
    });
    started.ok()?;
    let slot = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = shared.1.wait_timeout_while(slot, limit, |done| done.is_none());
    waited.unwrap_or_else(PoisonError::into_inner).0.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(home: &Path, line: &str) -> Asked {
        let vars = [("HOME", home.to_str().unwrap())].into_iter().collect();
        let words = Words::read(line.split(' ').map(Into::into));
        Asked { vars, cwd: home.to_owned(), words }
    }

    fn words_of(kind: Kind, asked: &Asked) -> Vec<String> {
        values(kind, asked).unwrap_or_default().into_iter().map(|offer| offer.value).collect()
    }

    #[test]
    fn the_inventory_follows_the_environment_on_the_line() {
        let home = tempfile::tempdir().unwrap();
        let plain = asked(home.path(), "parky-ops -- parky-ops health");
        assert_eq!(words_of(Kind::Env, &plain), ["dev", "prod"]);
        assert!(words_of(Kind::Host, &plain).contains(&"api.parky.co.jp".to_owned()));
        assert!(words_of(Kind::Worker, &plain).contains(&"store-sync".to_owned()));
        assert!(words_of(Kind::Channel, &plain).contains(&"p0-alerts".to_owned()));
        for line in ["--env dev health", "--env=dev health"] {
            let dev = asked(home.path(), &format!("parky-ops -- parky-ops {line}"));
            assert!(words_of(Kind::Host, &dev).contains(&"dev-api.parky.co.jp".to_owned()));
        }
        let half = asked(home.path(), "parky-ops -- parky-ops --env d");
        assert_eq!(words_of(Kind::Env, &half), ["dev", "prod"]);
    }

    #[test]
    fn what_commands_have_seen_is_offered_with_its_title() {
        let home = tempfile::tempdir().unwrap();
        let mut asked = asked(home.path(), "parky-ops");
        let directory = config::state_dir(&asked.vars, &asked.cwd).unwrap().value;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut state = parky_ops::state::State::open(&directory).await.unwrap();
            let runs = [Offer::new("17000000001", "deploy: search"), Offer::new("2", "")];
            state.offer(OfferKind::Run, &runs, chrono::DateTime::UNIX_EPOCH).await.unwrap();
            state.close().await.unwrap();
        });
        assert_eq!(words_of(Kind::Run, &asked), ["17000000001", "2"]);
        assert_eq!(values(Kind::Run, &asked).unwrap()[0].help, "deploy: search");
        assert_eq!(words_of(Kind::Incident, &asked), [""; 0]);
        asked.words.sandbox = true;
        assert_eq!(words_of(Kind::Run, &asked), [""; 0], "a sandbox has a state of its own");
    }

    #[test]
    fn a_broken_file_and_a_missing_home_offer_nothing_and_say_nothing() {
        let home = tempfile::tempdir().unwrap();
        let broken = home.path().join("c.toml");
        std::fs::write(&broken, "[").unwrap();
        let line = format!("parky-ops -- parky-ops --config {} health", broken.display());
        assert_eq!(words_of(Kind::Host, &asked(home.path(), &line)), [""; 0]);
        let mut nowhere = asked(home.path(), "parky-ops");
        nowhere.vars = Vars::default();
        assert_eq!(words_of(Kind::Run, &nowhere), [""; 0]);
    }

    #[test]
    fn a_look_that_takes_long_is_given_up() {
        let slow = || std::thread::sleep(Duration::from_secs(600));
        assert_eq!(within(Duration::from_millis(5), slow), None);
        assert_eq!(within(Duration::from_secs(60), || 7), Some(7));
    }
}
