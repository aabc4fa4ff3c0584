//! The folder of a sandbox: a temporary one, or one that the operator names and that is nobody else's.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use thiserror::Error;

use crate::config::Vars;

/// Its presence says that a folder is a sandbox's; it is locked while the sandbox is up.
const MARKER: &str = ".parky-ops-sandbox";
/// What a sandbox makes in its folder, and clears away at its next start.
const OURS: [&str; 4] = ["config.toml", "gh", "home", "state"];

/// The system takes no longer path for a socket, in bytes.
const LONGEST_SOCKET: usize = 100;

/// Why a folder cannot be used.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// It holds somebody's files.
    #[error("{} is not empty and no sandbox of ours; name an empty or a new folder", .0.display())]
    NotOurs(PathBuf),
    /// Another sandbox is up in it.
    #[error("another sandbox is up in {}", .0.display())]
    Busy(PathBuf),
    /// A file system says no.
    #[error("preparing {}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
}

/// A private folder (mode 0700).
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    // Both end with the sandbox: a temporary folder is removed, the lock is let go.
    _temporary: Option<TempDir>,
    _lock: Option<File>,
}

/// Where temporary folders may be, the most wanted first.
pub(super) fn temporary_roots(vars: &Vars) -> Vec<PathBuf> {
    let usual = ["/tmp", "/var/tmp"].map(PathBuf::from);
    vars.path("TMPDIR").into_iter().chain(usual).filter(|path| path.is_absolute()).collect()
}

/// A new folder in the first of `roots` that takes one, for us alone, removed when dropped.
pub(super) fn temporary_folder(roots: &[PathBuf]) -> io::Result<TempDir> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for root in roots {
        let private = Permissions::from_mode(0o700);
        let mut builder = tempfile::Builder::new();
        match builder.prefix("parky-ops-sandbox-").permissions(private).tempdir_in(root) {
            Ok(folder) => return Ok(folder),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Place {
    pub(super) fn temporary(vars: &Vars) -> Result<Self, PlaceError> {
        let roots = temporary_roots(vars);
        let folder = temporary_folder(&roots).map_err(|source| PlaceError::Io {
            path: roots.into_iter().next().unwrap_or_default(),
            source,
        })?;
        let path = folder.path().to_owned();
        let place = Self { path, _temporary: Some(folder), _lock: None };
        place.furnish().map_err(|source| PlaceError::Io { path: place.path.clone(), source })?;
        Ok(place)
    }

    /// `folder`, which must be new, empty, or an earlier sandbox's; the latter is cleared.
    pub(super) fn named(folder: &Path) -> Result<Self, PlaceError> {
        let failed = |source| PlaceError::Io { path: folder.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let path = folder.canonicalize().map_err(failed)?;
        let marker = path.join(MARKER);
        let mut entries = fs::read_dir(&path).map_err(failed)?;
        if !marker.is_file() && entries.next().is_some() {
            return Err(PlaceError::NotOurs(path));
        }
        fs::set_permissions(&path, Permissions::from_mode(0o700)).map_err(failed)?;
        let options = File::options().create(true).append(true).mode(0o600).to_owned();
        let lock = options.open(marker).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(PlaceError::Busy(path)),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let place = Self { path, _temporary: None, _lock: Some(lock) };
        place.clear().and_then(|()| place.furnish()).map_err(failed)?;
        Ok(place)
    }

    fn clear(&self) -> io::Result<()> {
        for name in OURS {
            let path = self.path.join(name);
            let removed = match fs::symlink_metadata(&path) {
                Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
                Ok(_) => fs::remove_file(path),
                Err(_) => Ok(()),
            };
            removed?;
        }
        Ok(())
    }

    fn furnish(&self) -> io::Result<()> {
        for folder in [self.home(), self.state()] {
            DirBuilder::new().mode(0o700).create(folder)?;
        }
        Ok(())
    }

    pub(super) fn write_config(&self, text: &str) -> Result<(), PlaceError> {
        let path = self.config();
        let written = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|source| PlaceError::Io { path, source })
    }

    /// Writes gh's own configuration, which sends it to a socket; `None` where the folder is too deep
    /// for a socket.
    pub(super) fn write_gh_config(&self) -> Result<Option<PathBuf>, PlaceError> {
        let socket = self.gh().join("api.sock");
        if socket.as_os_str().len() > LONGEST_SOCKET {
            return Ok(None);
        }
        let path = self.gh().join("config.yml");
        let text = format!("http_unix_socket: {}\nprompt: disabled\n", socket.display());
        let written = DirBuilder::new().mode(0o700).create(self.gh());
        let written = written.and_then(|()| fs::write(&path, text));
        written.map_err(|source| PlaceError::Io { path, source })?;
        Ok(Some(socket))
    }

    /// gh's configuration and its socket.
    pub(super) fn gh(&self) -> PathBuf {
        self.path.join("gh")
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn config(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    pub(super) fn home(&self) -> PathBuf {
        self.path.join("home")
    }

    pub(super) fn state(&self) -> PathBuf {
        self.path.join("state")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_folder_with_other_files_is_refused_and_stays_as_it_was() {
        let outer = tempfile::tempdir().unwrap();
        fs::write(outer.path().join("thesis.txt"), "mine").unwrap();
        let error = Place::named(outer.path()).unwrap_err();
        assert!(matches!(error, PlaceError::NotOurs(_)), "{error}");
        assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_is_one_sandbox_at_a_time_and_is_cleared_for_the_next() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("new/deep");
        let first = Place::named(&folder).unwrap();
        first.write_config("one = 1").unwrap();
        fs::write(first.state().join("old"), "").unwrap();
        assert!(matches!(Place::named(&folder).unwrap_err(), PlaceError::Busy(_)));
        drop(first);

        let second = Place::named(&folder).unwrap();
        assert!(!second.config().exists() && !second.state().join("old").exists());
    }

    #[test]
    fn everything_in_it_is_private() {
        let place = Place::temporary(&Vars::default()).unwrap();
        place.write_config("").unwrap();
        let modes = [mode(place.path()), mode(&place.home()), mode(&place.config())];
        assert_eq!(modes, [0o700, 0o700, 0o600]);
        let path = place.path().to_owned();
        drop(place);
        assert!(!path.exists());
    }
}
