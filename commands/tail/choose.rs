//! From the words of the command line to scripts on Cloudflare.

use std::time::Duration;

use parky_ops::cloudflare::{Client, TailFilters};
use parky_ops::config::{Config, Host, Worker};
use parky_ops::domain::text::{nearest, one_line};
use parky_ops::tail::{Watch, version};
use tokio::time::Instant;

use super::args::TailArgs;
use crate::refusal::{Refusal, Usage};

/// A worker to follow, and how its name on Cloudflare is known.
pub(super) struct Chosen {
    pub(super) watch: Watch,
    /// Where the script's name came from, for the case that there is none.
    pub(super) from: String,
}

/// For looking up a version.
const LIMIT: Duration = Duration::from_secs(10);

/// The workers that are meant.
pub(super) async fn choose(
    args: &TailArgs,
    config: &Config,
    client: &Client,
) -> anyhow::Result<Vec<Chosen>> {
    let filters = args.theirs();
    let words: Vec<&str> = match args.all {
        true => config.workers.iter().map(|worker| worker.name.as_str()).collect(),
        false => args.workers.iter().map(String::as_str).collect(),
    };
    if words.is_empty() {
        let text = "no worker is configured".to_owned();
        return Err(Usage::new(text, "parky-ops tail SCRIPT").into());
    }
    let mut chosen: Vec<Chosen> = Vec::new();
    for word in words {
        let one = find(word, config, &filters, args.since_deploy)?;
        if chosen.iter().all(|known| known.watch.script != one.watch.script) {
            chosen.push(one);
        }
    }
    if let Some(name) = args.version() {
        let [one] = chosen.as_mut_slice() else {
            let text = "--version names a version of one worker: name that one alone".to_owned();
            return Err(Usage::new(text, "parky-ops tail public --version @42").into());
        };
        one.watch.filters.version = Some(look_up(name, &one.watch, client).await?);
    }
    Ok(chosen)
}

fn find(
    word: &str,
    config: &Config,
    filters: &TailFilters,
    newest: bool,
) -> anyhow::Result<Chosen> {
    let watch = |worker: &str, script: &str, from: String| Chosen {
        watch: Watch {
            worker: worker.to_owned(),
            script: script.to_owned(),
            filters: filters.clone(),
            newest,
        },
        from,
    };
    let script_of = |worker: &Worker| match &worker.script {
        Ok(script) => {
            Ok(watch(&worker.name, script, format!("worker {}, {}", worker.name, script.origin)))
        }
        Err(why) => Err(Refusal::configuration(
            format!("the script of worker {} in {} is not known: {why}", worker.name, config.env),
            "parky-ops config show --origin",
        )),
    };
    let workers = &config.workers;
    let by_script = |w: &&Worker| w.script.as_ref().is_ok_and(|script| script.value == word);
    let known = workers.iter().find(|w| w.name == word).or_else(|| workers.iter().find(by_script));
    if let Some(worker) = known.or_else(|| serving(word, config)) {
        return Ok(script_of(worker)?);
    }
    // A script that nobody configured may be there all the same, unless the word is a slip.
    let names = || workers.iter().map(|worker| worker.name.as_str());
    let plain = is_script_name(word);
    match nearest(word, names()) {
        Some(near) => {
            let text = format!("no worker '{}', did you mean '{near}'?", one_line(word));
            Err(Usage::new(text, "parky-ops config show").into())
        }
        None if plain => Ok(watch(word, word, "as typed, not configured".to_owned())),
        None => {
            let all = names().collect::<Vec<_>>().join(", ");
            let text = format!("no worker '{}'; there are {all}", one_line(word));
            Err(Usage::new(text, "parky-ops config show").into())
        }
    }
}

/// The worker that serves the host `word`.
fn serving<'a>(word: &str, config: &'a Config) -> Option<&'a Worker> {
    let named = |host: &&Host| {
        let found = host.url.host_str().unwrap_or_default();
        host.name == word || found == word || found.strip_suffix(".localhost") == Some(word)
    };
    let host = config.hosts.iter().find(named)?;
    config.workers.iter().find(|worker| worker.hosts.contains(&host.name))
}

/// Cloudflare's rule for names of scripts.
fn is_script_name(word: &str) -> bool {
    let mut bytes = word.bytes();
    let first =
        bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    first && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
}

async fn look_up(name: &str, watch: &Watch, client: &Client) -> anyhow::Result<String> {
    let deadline = Instant::now() + LIMIT;
    let deployments = async {
        match name {
            "previous" => client.deployments(&watch.worker, &watch.script, deadline).await,
            _ => Ok(Vec::new()),
        }
    };
    let numbers = client.version_numbers(&watch.script, deadline);
    let (numbers, deployments) = tokio::try_join!(numbers, deployments)?;
    version(name, &numbers, &deployments).map_err(|why| {
        Refusal::not_found(format!("{why} of {}", watch.worker), "name it by its id, or as @NUMBER")
            .into()
    })
}
