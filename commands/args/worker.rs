//! A worker, or a Pages project, as people type it.

use parky_ops::config::{Config, Worker};
use parky_ops::domain::text::{nearest, one_line, shorten};

use crate::refusal::NotFound;

/// The worker that `word` names: by its name in the configuration, or by its script's.
pub(crate) fn find_worker<'a>(config: &'a Config, word: &str) -> anyhow::Result<&'a Worker> {
    let by_script = |w: &&Worker| w.script.as_ref().is_ok_and(|script| script.value == word);
    let found = config.workers.iter().find(|worker| worker.name == word);
    if let Some(found) = found.or_else(|| config.workers.iter().find(by_script)) {
        return Ok(found);
    }
    let shown = shorten(&one_line(word), 60);
    let names = || config.workers.iter().map(|worker| worker.name.as_str());
    let says = match nearest(word, names()) {
        _ if config.pages.iter().any(|project| project == word) => {
            let text = format!("{shown} is a Pages project, not a worker");
            return Err(NotFound::new(text, format!("parky-ops pages show {word}")).into());
        }
        Some(near) => format!("did you mean {near}?"),
        None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
    };
    let text = format!("no worker '{shown}' in the configuration of {}; {says}", config.env);
    Err(NotFound::new(text, "parky-ops workers list".to_owned()).into())
}

/// The workers that `words` name, each once; all of them where none is named.
pub(crate) fn find_workers<'a>(
    config: &'a Config,
    words: &[String],
) -> anyhow::Result<Vec<&'a Worker>> {
    if words.is_empty() {
        return Ok(config.workers.iter().collect());
    }
    let mut found: Vec<&Worker> = Vec::new();
    for word in words {
        let worker = find_worker(config, word)?;
        if !found.iter().any(|known| known.name == worker.name) {
            found.push(worker);
        }
    }
    Ok(found)
}

/// The Pages project that `word` names. One that the configuration does not know is asked for all the
/// same, unless it is a worker.
pub(crate) fn find_project<'a>(config: &'a Config, word: &'a str) -> anyhow::Result<&'a str> {
    let worker = config.workers.iter().find(|worker| worker.name == word);
    match worker {
        Some(worker) if !config.pages.iter().any(|project| project == word) => {
            let text = format!("{word} is a worker, not a Pages project");
            let hint = format!("parky-ops workers show {}", worker.name);
            Err(NotFound::new(text, hint).into())
        }
        _ => Ok(word),
    }
}
