//! Answers kept on the disk with their tags, so that asking again for what did not change is free.
//!
//! Reads and writes small private files (0600) in one folder (0700). A file is found by a digest of
//! the address and the token, so no other token ever gets it, and neither can be read from it. It
//! holds what GitHub answered, which is as private as the repository. At most [`FILES`] of them, none
//! larger than [`LARGEST`]; the oldest go. A damaged or missing file is no error: it is asked again.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// Files that are kept.
const FILES: usize = 128;
/// Longer answers are not kept, in bytes.
const LARGEST: usize = 2 << 20;
/// The first line of each file.
const FORM: &str = "parky-ops github 1";

/// The folder, seen with one token.
#[derive(Debug)]
pub struct Cache {
    folder: Option<PathBuf>,
    /// A digest of who asks.
    who: Vec<u8>,
    written: AtomicU32,
}

/// A kept answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) tag: String,
    /// `Link`, which tells whether there is more.
    pub(super) link: String,
    pub(super) body: Vec<u8>,
}

impl Cache {
    /// The cache in `folder`, for what `token` may see; without a folder nothing is kept.
    pub fn new(folder: Option<PathBuf>, token: &SecretString) -> Self {
        let who = Sha256::digest(token.expose_secret().as_bytes()).to_vec();
        Self { folder, who, written: AtomicU32::new(0) }
    }

    fn path(&self, url: &str) -> Option<PathBuf> {
        let mut digest = Sha256::new();
        digest.update(&self.who);
        digest.update(url.as_bytes());
        let digest = digest.finalize();
        let name: String = digest.iter().take(20).map(|byte| format!("{byte:02x}")).collect();
        Some(self.folder.as_ref()?.join(name))
    }

    /// What is kept for `url`.
    pub(super) fn get(&self, url: &str) -> Option<Kept> {
        let mut file = fs::File::open(self.path(url)?).ok()?;
        let mut bytes = Vec::new();
        (&mut file).take(LARGEST as u64 + 4096).read_to_end(&mut bytes).ok()?;
        parse(&bytes)
    }

    /// Keeps an answer to `url`. That it could not be kept is no matter.
    pub(super) fn put(&self, url: &str, kept: &Kept) {
        let Some(path) = self.path(url).filter(|_| kept.body.len() <= LARGEST) else { return };
        if self.write(&path, kept).is_ok() && self.written.fetch_add(1, Ordering::Relaxed) == 0 {
            let _ = self.prune();
        }
    }

    fn write(&self, path: &Path, kept: &Kept) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        // Complete or not at all: another process may read it meanwhile.
        let mut half = path.to_owned();
        half.set_extension(format!(
            "{}-{}",
            std::process::id(),
            self.written.load(Ordering::Relaxed)
        ));
        let written = (|| {
            let mut file =
                fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half)?;
            let line = |text: &str| !text.contains('\n');
            if !line(&kept.tag) || !line(&kept.link) {
                return Err(io::ErrorKind::InvalidData.into());
            }
            write!(file, "{FORM}\n{}\n{}\n{}\n", kept.tag, kept.link, kept.body.len())?;
            file.write_all(&kept.body)?;
            fs::rename(&half, path)
        })();
        if written.is_err() {
            let _ = fs::remove_file(&half);
        }
        written
    }

    fn prune(&self) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let mut files = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            files.push((entry.metadata()?.modified()?, entry.path()));
        }
        let surplus = files.len().saturating_sub(FILES);
        files.sort();
        for (_, path) in files.into_iter().take(surplus) {
            let _ = fs::remove_file(path);
        }
        Ok(())
    }
}

fn parse(bytes: &[u8]) -> Option<Kept> {
    let mut parts = bytes.splitn(5, |byte| *byte == b'\n');
    let mut line = || std::str::from_utf8(parts.next()?).ok();
    let (form, tag, link, length) = (line()?, line()?, line()?, line()?);
    let body = parts.next()?;
    let whole = form == FORM && !tag.is_empty() && length.parse() == Ok(body.len());
    whole.then(|| Kept { tag: tag.to_owned(), link: link.to_owned(), body: body.to_vec() })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn kept(body: &str) -> Kept {
        Kept { tag: "W/\"a\"".to_owned(), link: String::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn another_token_never_gets_it_and_no_token_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let of = |token: &str| Cache::new(Some(folder.path().join("c")), &token.into());
        let (mine, yours) = (of("ghp_mine-mine-mine"), of("ghp_yours-yours"));
        mine.put("https://x/runs", &kept("{\n}"));
        assert_eq!(mine.get("https://x/runs"), Some(kept("{\n}")));
        assert_eq!(mine.get("https://x/runs?page=2"), None);
        assert_eq!(yours.get("https://x/runs"), None);
        for entry in fs::read_dir(folder.path().join("c")).unwrap() {
            let path = entry.unwrap().path();
            let text = format!("{} {}", path.display(), fs::read_to_string(&path).unwrap());
            assert!(!text.contains("mine-mine"), "{text}");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn damage_is_asked_again_and_size_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let cache = |folder: &Path| Cache::new(Some(folder.to_owned()), &"token".into());
        let one = cache(folder.path());
        one.put("u", &kept("body"));
        let path = one.path("u").unwrap();
        let text = fs::read(&path).unwrap();
        for damage in [&text[..text.len() - 1], b"", b"\xff\n\n\n\n", b"other form\n1\n2\n0\n"] {
            fs::write(&path, damage).unwrap();
            assert_eq!(one.get("u"), None);
        }
        one.put("large", &kept(&"x".repeat(LARGEST + 1)));
        assert_eq!(one.get("large"), None);
        for nth in 0..FILES + 9 {
            cache(folder.path()).put(&nth.to_string(), &kept("b"));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), FILES);
        Cache::new(None, &"token".into()).put("u", &kept("nowhere"));
    }
}
