//! Reads small files whole, and tells who else may read or owns them. Read-only.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use super::ConfigError;
use super::document::line_and_column;
use super::error::{Problem, ProblemKind};
use super::origin::Origin;

/// Far above any configuration, far below what would hurt.
const LIMIT: u64 = 1 << 20;

/// The text of the file at `path`; `None` if there is none.
///
/// # Errors
/// A directory, a pipe (it might never end), too large, unreadable, or not UTF-8.
pub(crate) fn read(path: &Path) -> Result<Option<String>, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if let Some(what) = not_a_file(path, &metadata) {
        return Err(ConfigError::NotAFile { path: path.to_owned(), what });
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > LIMIT {
        return Err(ConfigError::TooLarge { path: path.to_owned(), limit: LIMIT });
    }
    decode(path, bytes).map(Some)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn not_a_file(path: &Path, metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    match () {
        () if kind.is_file() || path == Path::new("/dev/null") => None,
        () if kind.is_dir() => Some("a directory"),
        () if kind.is_fifo() => Some("a pipe"),
        () => Some("a device or socket"),
    }
}

fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, ConfigError> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(error.as_bytes().get(..good).unwrap_or_default());
        let (line, column) = line_and_column(&before, before.len());
        let at = Origin::File(path.to_owned(), Some(line));
        let problem = Problem::new(at, "", ProblemKind::Syntax("not UTF-8".to_owned()));
        Problem { column: Some(column), ..problem }.alone()
    })
}

/// Whether group or others may read what is at `path`.
pub fn is_open_to_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.mode() & 0o044 != 0)
}

/// The id of the user that this process acts as.
pub(crate) fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whether `path` itself, or what it links to, belongs to anybody but `uid`.
pub(crate) fn is_foreign(path: &Path, uid: u32) -> bool {
    let foreign = |metadata: io::Result<Metadata>| metadata.is_ok_and(|m| m.uid() != uid);
    foreign(fs::symlink_metadata(path)) || foreign(fs::metadata(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_readable_file_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        assert!(read(&at("none")).unwrap().is_none());
        assert!(read(&at("none/below")).unwrap().is_none());
        assert!(matches!(read(dir.path()), Err(ConfigError::NotAFile { what: "a directory", .. })));

        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(made.success());
        assert!(matches!(read(&at("pipe")), Err(ConfigError::NotAFile { what: "a pipe", .. })));

        std::os::unix::fs::symlink(at("loop"), at("loop")).unwrap();
        assert!(matches!(read(&at("loop")), Err(ConfigError::Unreadable { .. })));

        fs::write(at("big"), vec![b'#'; LIMIT as usize + 1]).unwrap();
        assert!(matches!(read(&at("big")), Err(ConfigError::TooLarge { .. })));

        fs::write(at("latin"), b"lang = 'ja'\n# caf\xe9\n").unwrap();
        let error = read(&at("latin")).unwrap_err().to_string();
        assert!(error.ends_with("latin:2:6: not UTF-8"), "{error}");
    }

    #[test]
    fn the_null_device_is_an_empty_file() {
        assert_eq!(read(Path::new("/dev/null")).unwrap().as_deref(), Some(""));
    }
}
