//! What loading depends on: handed in, so that nothing in here looks at the process.

use std::path::{Path, PathBuf};

use super::vars::Vars;

/// What loading depends on.
#[derive(Debug, Clone)]
pub struct LoadInput<'a> {
    /// The environment variables.
    pub vars: &'a Vars,
    /// The working directory, absolute.
    pub cwd: &'a Path,
    /// Options of the command line.
    pub flags: Flags,
    /// Whether a project file counts; the sandbox brings its own inventory and says no.
    pub project: bool,
}

impl<'a> LoadInput<'a> {
    /// Everything counts, and no option was given.
    pub fn new(vars: &'a Vars, cwd: &'a Path) -> Self {
        Self { vars, cwd, flags: Flags::default(), project: true }
    }
}

/// Options of the command line that choose what is loaded.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--env`
    pub env: Option<String>,
    /// `--config`
    pub config: Option<PathBuf>,
}
