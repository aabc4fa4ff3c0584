//! A host as people type it.

use parky_ops::config::Host;
use parky_ops::domain::text::nearest;

use crate::refusal::Usage;

/// The configured host that `word` names: its whole name, or a part that only one host has.
pub(crate) fn find_host(hosts: &[Host], word: &str) -> anyhow::Result<String> {
    let by_name = |host: &&Host| host.name == word || host.url.host_str() == Some(word);
    if let Some(host) = hosts.iter().find(by_name) {
        return Ok(host.name.clone());
    }
    let mut parts = hosts.iter().filter(|host| host.name.contains(word));
    match (parts.next(), parts.next()) {
        (Some(host), None) => Ok(host.name.clone()),
        (first, _) => {
            let names = || hosts.iter().map(|host| host.name.as_str());
            let says = match (first, nearest(word, names())) {
                (Some(_), _) => format!("'{word}' fits several hosts: {}", list(names())),
                (None, Some(near)) => format!("no host '{word}', did you mean '{near}'?"),
                (None, None) => format!("no host '{word}'; there are {}", list(names())),
            };
            Err(Usage::new(says, "parky-ops config show").into())
        }
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
