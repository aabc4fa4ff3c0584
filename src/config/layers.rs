//! The layers, from weak to strong: built in, user file, project file, variables. Read-only.

use std::fs;
use std::path::{Path, PathBuf};

use super::document::{self, Trust};
use super::input::LoadInput;
use super::origin::{Origin, Sourced};
use super::project::{self, Project, Search};
use super::tree::{LeafValue, Tree};
use super::{ConfigError, file, places, variables};
use crate::domain::Caveat;
use secrecy::ExposeSecret as _;

/// The built-in values.
pub(crate) const BUILT_IN: &str = include_str!("builtin.toml");

/// A file that was looked for, for `config path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileUse {
    /// Whose it is.
    pub role: FileRole,
    /// Where it is, or would be.
    pub path: PathBuf,
    /// What became of it.
    pub state: FileState,
}

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileRole {
    /// The operator's own.
    User,
    /// Of a checkout.
    Project,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileState {
    /// It is in use.
    Read,
    /// It is not there, and need not be.
    Absent,
    /// It is there and was not taken, and why.
    NotTaken(String),
}

/// All layers, merged and apart.
pub(crate) struct Layers {
    /// What nobody but the operator said: built in and user file.
    pub(crate) own: Tree,
    /// Everything.
    pub(crate) merged: Tree,
    /// The user file, where one was read.
    pub(crate) user_file: Option<PathBuf>,
    /// Where the user file is or would be.
    pub(crate) user_path: Option<PathBuf>,
    /// The project file, where one was taken.
    pub(crate) project: Option<Project>,
    /// Every file that was looked for.
    pub(crate) files: Vec<FileUse>,
    /// What the reader must know.
    pub(crate) caveats: Vec<Caveat>,
}

/// Reads and merges every layer.
pub(crate) fn read(input: &LoadInput<'_>, uid: u32) -> Result<Layers, ConfigError> {
    let mut own = document::read(Path::new("built in"), BUILT_IN, Trust::BuiltIn)?;
    let (mut files, mut caveats) = (Vec::new(), Vec::new());
    let user_file = user(input, &mut own, &mut files, &mut caveats)?;
    let mut merged = own.clone();
    let project = match input.project {
        true => take(project::search(input.cwd, uid)?, &mut files, &mut caveats),
        false => None,
    };
    if let Some(project) = &project {
        caveats.extend(project::caveats(project, &own));
        merged.lay(project.tree.clone());
    }
    merged.lay(variables::read(input.vars)?);
    let user_path = user_path(input).map(|path| path.value);
    Ok(Layers { own, merged, user_file, user_path, project, files, caveats })
}

/// Lays the user file on `own`.
fn user(
    input: &LoadInput<'_>,
    own: &mut Tree,
    files: &mut Vec<FileUse>,
    caveats: &mut Vec<Caveat>,
) -> Result<Option<PathBuf>, ConfigError> {
    let Some(Sourced { value: path, origin }) = user_path(input) else { return Ok(None) };
    let Some(text) = file::read(&path)? else {
        return match origin {
            Origin::Variable(name) if name != "PARKY_OPS_CONFIG" => {
                files.push(FileUse { role: FileRole::User, path, state: FileState::Absent });
                Ok(None)
            }
            named_by => Err(ConfigError::Missing { path, named_by }),
        };
    };
    let tree = document::read(&path, &text, Trust::User)?;
    caveats.extend(open_credentials(&path, &tree));
    own.lay(tree);
    files.push(FileUse { role: FileRole::User, path: path.clone(), state: FileState::Read });
    Ok(Some(path))
}

fn user_path(input: &LoadInput<'_>) -> Option<Sourced<PathBuf>> {
    let found = match &input.flags.config {
        Some(path) => Some(Sourced::new(path.clone(), Origin::Flag("--config"))),
        None => places::default_path(input.vars),
    }?;
    Some(Sourced::new(input.cwd.join(found.value), found.origin))
}

/// A file that others may read should hold references only.
fn open_credentials(path: &Path, tree: &Tree) -> Option<Caveat> {
    let plain = tree.iter().any(|(at, leaf)| match &leaf.value {
        LeafValue::Secret(secret) => {
            let is_address = at.last().is_some_and(|name| name.starts_with("mail_"));
            !is_address && !secret.expose_secret().starts_with("op://")
        }
        LeafValue::Open(_) => false,
    });
    let open = plain && file::is_open_to_others(path);
    open.then(|| {
        let shown = path.display();
        let quoted = path.to_string_lossy();
        let command = shell_words::quote(&quoted);
        let text = format!("{shown} holds credentials and others may read it: chmod 600 {command}");
        Caveat::new("config-readable", text)
    })
}

fn take(search: Search, files: &mut Vec<FileUse>, caveats: &mut Vec<Caveat>) -> Option<Project> {
    let (path, state, project) = match search {
        Search::None => return None,
        Search::Refused(path, why) => {
            let text = format!("{} is not taken: {why}", path.display());
            caveats.push(Caveat::new("project-file-refused", text));
            (path, FileState::NotTaken(why), None)
        }
        Search::Taken(project) => (project.path.clone(), FileState::Read, Some(project)),
    };
    // Links in the way are shown resolved, so that the reader sees which file it really is.
    let path = fs::canonicalize(&path).unwrap_or(path);
    files.push(FileUse { role: FileRole::Project, path, state });
    project
}
