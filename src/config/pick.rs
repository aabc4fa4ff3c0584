//! Takes typed values out of the merged layers.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{Problem, ProblemKind, Problems};
use super::input::LoadInput;
use super::layers::Layers;
use super::origin::{Origin, Sourced};
use super::tree::Tree;
use super::{ConfigError, places};

/// The entries of a list of tables.
pub(crate) fn entries<T: DeserializeOwned>(tree: &Tree, list: &str) -> Result<Vec<T>, ConfigError> {
    let Some(leaf) = tree.get(list) else { return Ok(Vec::new()) };
    let Some(Value::Array(items)) = leaf.open() else { return Ok(Vec::new()) };
    let (mut read, mut problems) = (Vec::new(), Vec::new());
    for (index, item) in items.iter().enumerate() {
        match serde_json::from_value(item.clone()) {
            Ok(entry) => read.push(entry),
            Err(why) => {
                let kind = ProblemKind::Refused(format!("entry {}: {why}", index + 1));
                problems.push(Problem::new(leaf.origin.clone(), list, kind));
            }
        }
    }
    Problems::check(problems)?;
    Ok(read)
}

/// A whole section, or a single key at the top.
pub(crate) fn section<T: DeserializeOwned>(tree: &Tree, name: &str) -> Result<T, ConfigError> {
    let value = match tree.get(name).and_then(|leaf| leaf.open()) {
        Some(value) => value.clone(),
        None => tree.object(&[name]),
    };
    serde_json::from_value(value).map_err(|why| {
        Problem::new(Origin::BuiltIn, name, ProblemKind::Refused(why.to_string())).alone()
    })
}

/// The list at a path; empty if there is none.
pub(crate) fn list<T: DeserializeOwned>(tree: &Tree, path: &[&str]) -> Vec<T> {
    let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
    let value = tree.at(&path).and_then(|leaf| leaf.open()).cloned();
    value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
}

/// A list of texts with its origin.
pub(crate) fn sourced_list(tree: &Tree, path: &str) -> Sourced<Vec<String>> {
    let origin = tree.get(path).map_or(Origin::BuiltIn, |leaf| leaf.origin.clone());
    Sourced::new(list(tree, &path.split('.').collect::<Vec<_>>()), origin)
}

/// A folder or file, absolute.
pub(crate) fn path(input: &LoadInput<'_>, layers: &Layers, key: &str) -> Option<Sourced<PathBuf>> {
    let written = layers.merged.text(key)?;
    let path = places::expand(&written, base(input, layers, &written.origin), input.vars);
    Some(Sourced::new(path, written.origin))
}

/// What a relative path is relative to: the project file's directory for its own and for built-in
/// ones, else the working directory.
pub(crate) fn base<'a>(input: &LoadInput<'a>, layers: &'a Layers, origin: &Origin) -> &'a Path {
    match &layers.project {
        Some(project) if *origin == Origin::BuiltIn || is_of_project(layers, origin) => {
            &project.dir
        }
        _ => input.cwd,
    }
}

/// Whether the project file said it.
pub(crate) fn is_of_project(layers: &Layers, origin: &Origin) -> bool {
    let project = layers.project.as_ref().map(|project| &project.path);
    matches!((origin, project), (Origin::File(path, _), Some(project)) if path == project)
}
