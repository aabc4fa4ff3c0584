//! What can be wrong with the configuration, where, and what to do about it. No value is ever
//! repeated, because it may be a secret at the wrong place.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::origin::Origin;
use crate::domain::text;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file that was named is not there.
    #[error("no configuration file at {}, which {named_by} names", shown(path))]
    Missing {
        /// The file.
        path: PathBuf,
        /// Who named it.
        named_by: Origin,
    },
    /// A file could not be read.
    #[error("cannot read {}", shown(path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something else stands where a file should be.
    #[error("{} is {what}, not a file", shown(path))]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// Far larger than any configuration.
    #[error("{} is larger than {limit} bytes", shown(path))]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// Files or variables say something that cannot be.
    #[error("{0}")]
    Invalid(Problems),
    /// The environment is not configured.
    #[error("no environment '{}', named by {named_by}; there are {}", text::one_line(name), known.join(", "))]
    UnknownEnv {
        /// The name given.
        name: String,
        /// Who named it.
        named_by: Origin,
        /// The names that exist.
        known: Vec<String>,
    },
}

impl ConfigError {
    /// What to do about it, in a line.
    pub fn hint(&self) -> String {
        match self {
            ConfigError::Missing { path, named_by } => {
                let option = match named_by {
                    Origin::Flag(flag) => {
                        format!("{flag} {} ", shell_words::quote(&path.to_string_lossy()))
                    }
                    _ => String::new(),
                };
                format!("write one with: parky-ops {option}config init --defaults")
            }
            ConfigError::Unreadable { path, .. } => {
                format!("look at it with: ls -l {}", shell_words::quote(&path.to_string_lossy()))
            }
            ConfigError::NotAFile { .. } => "name the TOML file itself".to_owned(),
            ConfigError::TooLarge { .. } => {
                "is it the right file? parky-ops config path shows which are read".to_owned()
            }
            ConfigError::Invalid(problems) => {
                problems.iter().next().map(Problem::hint).unwrap_or_default()
            }
            ConfigError::UnknownEnv { name, known, .. } => {
                match text::nearest(name, known.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean --env {near}?"),
                    None => "add [env.NAME] with its hosts to your configuration".to_owned(),
                }
            }
        }
    }
}

/// A path on one line: directory names of a checkout are strangers' words too.
fn shown(path: &Path) -> String {
    text::one_line(&path.to_string_lossy())
}

/// Everything that is wrong, at least one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `Err` with all of `problems`, or `Ok` without any.
    pub(crate) fn check(problems: Vec<Problem>) -> Result<(), ConfigError> {
        match problems.is_empty() {
            true => Ok(()),
            false => Err(ConfigError::Invalid(Self(problems))),
        }
    }

    /// Each of them, in the order in which they stand.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, more)) = self.0.split_first() else { return Ok(()) };
        match more.len() {
            0 => write!(f, "{first}"),
            n => write!(f, "{first} (and {n} more)"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file and line, or the variable.
    pub at: Origin,
    /// The column, counted in characters from 1.
    pub column: Option<usize>,
    /// The key, dotted; empty where the file is not even TOML.
    pub key: String,
    /// What is wrong with it.
    pub kind: ProblemKind,
}

/// What is wrong with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProblemKind {
    /// Not TOML, or not UTF-8.
    Syntax(String),
    /// No such key.
    Unknown {
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// Another type of value.
    WrongType {
        /// What belongs there.
        expected: String,
        /// What stands there.
        found: &'static str,
    },
    /// A value that cannot be used, and why.
    Refused(String),
    /// A key that a project file may not set.
    UserFileOnly,
}

impl Problem {
    pub(crate) fn new(at: Origin, key: impl Into<String>, kind: ProblemKind) -> Self {
        Self { at, column: None, key: key.into(), kind }
    }

    /// The error that this problem alone makes.
    pub(crate) fn alone(self) -> ConfigError {
        ConfigError::Invalid(Problems(vec![self]))
    }

    /// What to do about it, in a line.
    pub fn hint(&self) -> String {
        match &self.kind {
            ProblemKind::Unknown { suggestion: Some(near) } => format!("did you mean '{near}'?"),
            ProblemKind::Unknown { suggestion: None } => {
                "the file that parky-ops config init --defaults writes explains every key"
                    .to_owned()
            }
            ProblemKind::WrongType { expected, .. } => format!("write {expected}"),
            ProblemKind::UserFileOnly => {
                "move it to your own file; parky-ops config path shows where that is".to_owned()
            }
            ProblemKind::Syntax(_) | ProblemKind::Refused(_) => {
                format!("correct it at {}", self.place())
            }
        }
    }

    fn place(&self) -> String {
        match self.column {
            Some(column) => format!("{}:{column}", self.at),
            None => self.at.to_string(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = text::shorten(&text::one_line(&self.key), 120);
        write!(f, "{}: ", self.place())?;
        match &self.kind {
            ProblemKind::Syntax(what) => f.write_str(&text::one_line(what)),
            ProblemKind::Unknown { .. } => write!(f, "unknown key '{key}'"),
            ProblemKind::WrongType { expected, found } => {
                write!(f, "'{key}' has to be {expected}, not {found}")
            }
            ProblemKind::Refused(why) => write!(f, "'{key}' {}", text::one_line(why)),
            ProblemKind::UserFileOnly => write!(
                f,
                "'{key}' may not stand in a project file: a checkout must not be able to \
                 redirect a token or steer a write"
            ),
        }
    }
}
