//! The workers, with their names on Cloudflare read from wrangler files. Read-only.

use std::path::{Path, PathBuf};

use super::input::LoadInput;
use super::inventory::WorkerEntry;
use super::layers::Layers;
use super::model::{Host, Worker};
use super::origin::{Origin, Sourced};
use super::pick::{self, entries};
use super::wrangler::WranglerFile;
use super::{ConfigError, address, file, places, value};
use crate::domain::{Caveat, EnvName};

/// Where wrangler files are, and how far that place is trusted.
struct Folder {
    path: PathBuf,
    /// Nothing outside of it is read; `None` where only the operator said what to read.
    root: Option<PathBuf>,
    /// Whether anybody else could have put it there.
    by_chance: bool,
}

/// What every worker is read against.
struct Reader<'a> {
    folder: Option<Folder>,
    env: &'a EnvName,
    hosts: &'a [Host],
    uid: u32,
}

/// Reads the workers for `env`; what is odd about them is added to `caveats`.
pub(crate) fn read(
    input: &LoadInput<'_>,
    layers: &Layers,
    env: &EnvName,
    hosts: &[Host],
    uid: u32,
    caveats: &mut Vec<Caveat>,
) -> Result<Vec<Worker>, ConfigError> {
    let own: Vec<WorkerEntry> = entries(&layers.own, "worker")?;
    let own_origin = layers.own.get("worker").map_or(Origin::BuiltIn, |leaf| leaf.origin.clone());
    let by_hand = |name: &str| {
        let entry = own.iter().find(|entry| entry.name == name)?;
        let script = entry.script.get(env.as_str())?;
        Some(Sourced::new(script.clone(), own_origin.clone()))
    };
    let reader = Reader { folder: folder(input, layers), env, hosts, uid };
    let merged: Vec<WorkerEntry> = entries(&layers.merged, "worker")?;
    let workers = merged.into_iter().map(|entry| {
        let by_hand = by_hand(&entry.name);
        reader.worker(entry, by_hand, caveats)
    });
    Ok(workers.collect())
}

fn folder(input: &LoadInput<'_>, layers: &Layers) -> Option<Folder> {
    let written = layers.merged.text("workers.config_dir")?;
    let base = pick::base(input, layers, &written.origin);
    let path = places::expand(&written, base, input.vars);
    let of_project = |origin: &Origin| pick::is_of_project(layers, origin);
    let list_of_project = layers.merged.get("worker").is_some_and(|leaf| of_project(&leaf.origin));
    let folder_of_project = of_project(&written.origin);
    // A relative path of the user file means whatever directory one happens to be in.
    let by_chance = !folder_of_project && Path::new(&written.value).is_relative();
    let root = match folder_of_project {
        true => Some(base.to_owned()),
        false => (list_of_project || by_chance).then(|| path.clone()),
    };
    Some(Folder { path, root, by_chance })
}

impl Reader<'_> {
    fn worker(
        &self,
        entry: WorkerEntry,
        by_hand: Option<Sourced<String>>,
        caveats: &mut Vec<Caveat>,
    ) -> Worker {
        let WorkerEntry { name, config, hosts, .. } = entry;
        let hosts = served(&hosts, self.hosts);
        let (path, file) = match self.wrangler_file(config.as_deref()) {
            Ok(found) => found,
            Err(why) => {
                let script = match why {
                    AtHand::Unusable(why) => Err(why),
                    AtHand::No(why) => by_hand.ok_or_else(|| {
                        format!("{why}, and [[worker]] {name} has no script.{}", self.env)
                    }),
                };
                return Worker { name, wrangler_file: None, hosts, script, account_id: None };
            }
        };
        let script = file
            .script(self.env)
            .map(|script| Sourced::new(script, Origin::File(path.clone(), None)))
            .map_err(|why| format!("{} {why}", path.display()));
        let account_id = account(&file, self.env, &path, caveats);
        Worker { name, wrangler_file: Some(path), hosts, script, account_id }
    }

    fn wrangler_file(&self, config: Option<&str>) -> Result<(PathBuf, WranglerFile), AtHand> {
        let no = |why: &str| AtHand::No(why.to_owned());
        let folder = self.folder.as_ref().ok_or_else(|| no("workers.config_dir is not set"))?;
        let config = config.ok_or_else(|| no("no wrangler file is named for it"))?;
        let path = folder.path.join(config);
        let shown = path.display();
        if !path.exists() {
            return Err(AtHand::No(format!("there is no {shown}")));
        }
        if let Some(root) = folder.root.as_ref().filter(|root| !places::is_inside(root, &path)) {
            return Err(AtHand::Unusable(format!("{shown} lies outside of {}", root.display())));
        }
        let foreign = [&folder.path, &path].into_iter().any(|p| file::is_foreign(p, self.uid));
        if folder.by_chance && foreign {
            return Err(AtHand::Unusable(format!("{shown} belongs to another user")));
        }
        let text = file::read(&path).map_err(|error| AtHand::Unusable(error.to_string()))?;
        let file = WranglerFile::parse(&path, &text.unwrap_or_default())
            .map_err(|why| AtHand::Unusable(format!("{shown}: {why}")))?;
        Ok((path, file))
    }
}

/// Why there is no wrangler file to ask.
enum AtHand {
    /// There is none; what was written by hand counts.
    No(String),
    /// There is one, and it cannot be used.
    Unusable(String),
}

fn account(
    file: &WranglerFile,
    env: &EnvName,
    path: &Path,
    caveats: &mut Vec<Caveat>,
) -> Option<Sourced<String>> {
    let id = file.account(env)?;
    if !value::is_account_id(id) {
        let text = format!("{} names an account id that is not 32 hex digits", path.display());
        caveats.push(Caveat::new("account-malformed", text));
        return None;
    }
    Some(Sourced::new(id.to_ascii_lowercase(), Origin::File(path.to_owned(), None)))
}

/// The hosts of this environment that a worker serves, under the names that `hosts` gives them.
fn served(written: &[String], hosts: &[Host]) -> Vec<String> {
    let serves = |host: &Host| {
        written.iter().any(|name| {
            *name == host.name
                || host.url.host_str() == Some(name.as_str())
                || address::host(name).is_ok_and(|named| named.url == host.url)
        })
    };
    hosts.iter().filter(|host| serves(host)).map(|host| host.name.clone()).collect()
}
