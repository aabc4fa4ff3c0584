//! Writes the operator's own file: whole or not at all, for the operator's eyes only. Writes.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::domain::Consent;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// Where the file that was there before is kept.
    pub backup: Option<PathBuf>,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A file is there, and the operator did not agree to replace it.
    #[error("{} is there already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The operator agreed to something else.
    #[error("nobody agreed to {act}")]
    NotAgreed {
        /// What was about to be done.
        act: String,
    },
    /// The file system refused.
    #[error("cannot write {}", path.display())]
    Io {
        /// What could not be written.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl WriteError {
    /// What to do about it, in a line.
    pub fn hint(&self) -> String {
        match self {
            WriteError::Exists { path } => {
                let path = path.to_string_lossy();
                format!("look at it first: cat {}", shell_words::quote(&path))
            }
            WriteError::NotAgreed { act } => format!("agree to {act}"),
            WriteError::Io { .. } => {
                "name a place that you may write to with PARKY_OPS_CONFIG".to_owned()
            }
        }
    }
}

/// The act that writing `path` is: what a [`Consent`] has to be for.
pub fn act_of_writing(path: &Path) -> String {
    let verb = if fs::symlink_metadata(path).is_ok() { "overwrite" } else { "write" };
    format!("{verb} {}", path.display())
}

/// Writes `text` to `path` with mode 0600, in directories that are made with 0700. A file that is
/// there is replaced only if `consent` is for overwriting it, and is kept with `.bak` behind its name.
///
/// # Errors
/// Nothing was changed, except that directories may have been made.
pub fn write_new(path: &Path, text: &str, consent: &Consent) -> Result<Written, WriteError> {
    let failed = |source| WriteError::Io { path: path.to_owned(), source };
    let overwrite = consent.is_for(&format!("overwrite {}", path.display()));
    if !overwrite && !consent.is_for(&format!("write {}", path.display())) {
        return Err(WriteError::NotAgreed { act: act_of_writing(path) });
    }
    // A link stays a link: its target is what is replaced.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let dir = target.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
    let draft = Draft::write(&target, text).map_err(failed)?;
    let backup = match overwrite && target.exists() {
        true => Some(keep(&target).map_err(failed)?),
        false => None,
    };
    let placed = match overwrite {
        true => fs::rename(&draft.0, &target),
        // Unlike a rename, a link never replaces what somebody else put there meanwhile.
        false => fs::hard_link(&draft.0, &target),
    };
    match placed {
        Ok(()) => Ok(Written { path: path.to_owned(), backup }),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(WriteError::Exists { path: path.to_owned() })
        }
        Err(error) => Err(failed(error)),
    }
}

/// A finished text under another name; goes away unless it was renamed.
struct Draft(PathBuf);

impl Draft {
    fn write(target: &Path, text: &str) -> io::Result<Self> {
        let draft = Self(beside(target, &format!(".{}.new", std::process::id())));
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&draft.0)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn keep(target: &Path) -> io::Result<PathBuf> {
    let backup = beside(target, ".bak");
    let _ = fs::remove_file(&backup);
    fs::hard_link(target, &backup).or_else(|_| fs::copy(target, &backup).map(drop))?;
    Ok(backup)
}

fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    target.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use chrono::DateTime;

    use super::*;
    use crate::domain::Agreement;

    #[expect(clippy::disallowed_methods, reason = "a test agrees for itself")]
    fn consent(act: &str) -> Consent {
        Consent::given(act, "test", Agreement::Yes, DateTime::UNIX_EPOCH)
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_that_is_there_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let consent = consent(&act_of_writing(&path));
        fs::write(&path, "mine").unwrap();
        assert!(matches!(write_new(&path, "new", &consent), Err(WriteError::Exists { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        assert_eq!(names(dir.path()), ["config.toml"], "no draft is left");
    }

    #[test]
    fn agreement_to_something_else_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let error = write_new(&path, "new", &consent("overwrite /etc/passwd")).unwrap_err();
        assert!(error.to_string().starts_with("nobody agreed to write "), "{error}");
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn a_new_file_is_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/config.toml");
        let written = write_new(&path, "new", &consent(&act_of_writing(&path))).unwrap();
        assert_eq!(written, Written { path: path.clone(), backup: None });
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(names(path.parent().unwrap()), ["config.toml"]);
    }

    #[test]
    fn overwriting_keeps_what_was_there_and_a_link_stays_one() {
        let dir = tempfile::tempdir().unwrap();
        let (real, path) = (dir.path().join("real.toml"), dir.path().join("config.toml"));
        fs::write(&real, "mine").unwrap();
        std::os::unix::fs::symlink(&real, &path).unwrap();
        let written = write_new(&path, "new", &consent(&act_of_writing(&path))).unwrap();
        assert_eq!(fs::read_to_string(written.backup.unwrap()).unwrap(), "mine");
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
        assert_eq!(mode(&real), 0o600);
    }

    #[test]
    fn a_place_that_cannot_be_written_says_so() {
        let path = Path::new("/proc/parky-ops/config.toml");
        let error = write_new(path, "new", &consent(&act_of_writing(path))).unwrap_err();
        assert!(matches!(error, WriteError::Io { .. }));
        assert!(error.hint().contains("PARKY_OPS_CONFIG"));
    }
}
