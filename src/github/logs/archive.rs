//! The archive of a run's logs: many jobs in one piece.
//!
//! It is put into an unnamed file (mode 0600) and read from there. Names in it are data: nothing is
//! ever written to a path made of one. A job that it does not hold beyond doubt is for the endpoint
//! of the job: names in it are cleaned, cut, and may be equal.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use hyper::body::Bytes;
use tokio::sync::mpsc;
use zip::ZipArchive;

use super::super::model::Job;
use crate::http::{ApiError, Stream, Unreadable};

/// A larger archive, or a larger log in it, is not read; in bytes.
const LARGEST: u64 = 1 << 30;
/// Entries beyond this are no archive of logs.
const MOST: usize = 50_000;
/// Names are cut, at the earliest, after so many characters.
const CUT: usize = 45;

/// A whole archive.
#[derive(Debug)]
pub struct Archive {
    file: File,
    /// Whole-job entries: place and cleaned name.
    whole: Vec<(usize, String)>,
}

impl Archive {
    /// Takes the archive that `stream` brings.
    pub(super) async fn fetch(mut stream: Stream, folder: &Path) -> Result<Self, ApiError> {
        let too_large = Unreadable::TooLarge(usize::try_from(LARGEST).unwrap_or(usize::MAX));
        let shape = |how: String| Unreadable::WrongShape(how.into());
        let local = |error: io::Error| shape(format!("no room for it: {error}"));
        let mut file = unnamed(folder).map_err(|error| stream.unreadable(local(error)))?;
        let mut size = 0;
        while let Some(chunk) = stream.chunk().await? {
            size += chunk.len() as u64;
            if size > LARGEST {
                return Err(stream.unreadable(too_large));
            }
            file.write_all(&chunk).map_err(|error| stream.unreadable(local(error)))?;
        }
        Self::index(file).map_err(|how| stream.unreadable(shape(how)))
    }

    /// Reads what is in it.
    fn index(mut file: File) -> Result<Self, String> {
        let failed = |error: &dyn std::fmt::Display| format!("no archive of logs: {error}");
        file.rewind().map_err(|error| failed(&error))?;
        let copy = file.try_clone().map_err(|error| failed(&error))?;
        let archive = ZipArchive::new(copy).map_err(|error| failed(&error))?;
        if archive.len() > MOST {
            return Err(format!("{} entries in it", archive.len()));
        }
        let mut whole = Vec::new();
        for (place, name) in archive.file_names().enumerate() {
            let Ok(name) = name else { continue };
            whole.extend(job_of(&name).map(|job| (place, job)));
        }
        Ok(Self { file, whole })
    }

    /// Which entry is the whole log of `job`, among all jobs of its attempt; `None` where there is any
    /// doubt.
    fn entry(&self, job: &Job, all: &[Job]) -> Option<usize> {
        let wanted = cleaned(&job.name);
        let others = all.iter().filter(|other| other.attempt == job.attempt);
        let alike = others.filter(|other| same(&wanted, &cleaned(&other.name)));
        if wanted.is_empty() || alike.count() != 1 {
            return None;
        }
        let mut fitting = self.whole.iter().filter(|(_, name)| same(name, &wanted));
        match (fitting.next(), fitting.next()) {
            (Some((place, _)), None) => Some(*place),
            _ => None,
        }
    }

    /// The log of `job` as pieces of bytes; `None` where the archive does not hold it beyond doubt.
    /// An error ends it: damage, or a size beyond all reason.
    pub fn log(&self, job: &Job, all: &[Job]) -> Option<mpsc::Receiver<io::Result<Bytes>>> {
        let place = self.entry(job, all)?;
        let file = self.file.try_clone().ok()?;
        let (send, receive) = mpsc::channel(4);
        tokio::task::spawn_blocking(move || {
            if let Err(error) = inflate(file, place, LARGEST, &send) {
                // Nobody listens any more: that is no error.
                let _ = send.blocking_send(Err(error));
            }
        });
        Some(receive)
    }
}

/// Sends the entry at `place`, at most `largest` bytes of it whatever its header says.
fn inflate(
    file: File,
    place: usize,
    largest: u64,
    send: &mpsc::Sender<io::Result<Bytes>>,
) -> io::Result<()> {
    let mut archive = ZipArchive::new(file).map_err(io::Error::other)?;
    let entry = archive.by_index(place).map_err(io::Error::other)?;
    let beyond = || io::Error::other("larger than any log: not read");
    if entry.size() > largest {
        return Err(beyond());
    }
    let mut entry = entry.take(largest + 1);
    let mut sent = 0;
    loop {
        let mut block = vec![0; 64 << 10];
        let read = entry.read(&mut block)?;
        sent += read as u64;
        if sent > largest {
            return Err(beyond());
        }
        block.truncate(read);
        if read == 0 || send.blocking_send(Ok(block.into())).is_err() {
            return Ok(());
        }
    }
}

/// A new file that has no name by the time this returns.
fn unnamed(folder: &Path) -> io::Result<File> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    for _ in 0..64 {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".parky-ops-logs-{}-{number}", std::process::id()));
        let open =
            OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
        match open {
            Ok(file) => return fs::remove_file(&path).map(|()| file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// The cleaned name of the job whose whole log an entry of this name is: `N_NAME.txt` at the top.
fn job_of(entry: &str) -> Option<String> {
    if entry.contains(['/', '\\', ':']) {
        return None;
    }
    let (number, name) = entry.strip_suffix(".txt")?.split_once('_')?;
    number.parse::<i64>().ok()?;
    Some(cleaned(name))
}

/// What is left of a name whichever service cleaned it.
fn cleaned(name: &str) -> String {
    let lost = |c: char| {
        c.is_control() || c.is_whitespace() || "/\\:*?\"<>|_".contains(c) || c == '\u{fffd}'
    };
    name.chars().filter(|c| !lost(*c)).collect()
}

/// Whether two cleaned names may be one: equal, or one is the other's beginning and long enough to
/// have been cut.
fn same(a: &str, b: &str) -> bool {
    let cut = |short: &str, long: &str| short.chars().count() >= CUT && long.starts_with(short);
    a == b || cut(a, b) || cut(b, a)
}

#[cfg(test)]
mod tests {
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(entries: &[(&str, &[u8])]) -> Result<Archive, String> {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = zip::ZipWriter::new(unnamed(folder.path()).unwrap());
        for (name, body) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(body).unwrap();
        }
        let file = writer.finish().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "it has no name");
        Archive::index(file)
    }

    fn job(name: &str) -> Job {
        Job {
            id: 1,
            run: 1,
            attempt: 1,
            name: name.to_owned(),
            status: "completed".to_owned(),
            conclusion: None,
            started_at: None,
            completed_at: None,
            steps: Vec::new(),
            url: String::new(),
        }
    }

    fn entry(names: &[&str], jobs: &[&str]) -> Option<usize> {
        let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &b"x"[..])).collect();
        let jobs: Vec<Job> = jobs.iter().map(|name| job(name)).collect();
        archive(&entries).unwrap().entry(&jobs[0], &jobs)
    }

    #[test]
    fn a_job_is_found_by_what_every_service_leaves_of_its_name() {
        let job = "caller / test (ubuntu, \"22\"): a_b";
        for name in [
            "0_caller  test (ubuntu, 22) a_b.txt",
            "-2147483648_caller _ test (ubuntu, _22_)_ a_b.txt",
        ] {
            assert_eq!(entry(&["1_lint.txt", name, "lint/1_x.txt"], &[job, "lint"]), Some(1));
        }
        let long = "決".repeat(80);
        let cut = format!("3_{}\u{fffd}.txt", "決".repeat(58));
        assert_eq!(entry(&[&cut], &[&long]), Some(0));
    }

    #[test]
    fn any_doubt_is_for_the_endpoint_of_the_job() {
        assert_eq!(entry(&["0_test.txt"], &["test", "test"]), None, "two jobs of one name");
        assert_eq!(entry(&["0_a b.txt"], &["a/b", "a:b"]), None, "two names, one left");
        assert_eq!(entry(&["0_test.txt", "1_te_st.txt"], &["test"]), None, "two entries");
        assert_eq!(entry(&["0_tes.txt"], &["test"]), None, "a short beginning");
        assert_eq!(entry(&["0_lint.txt"], &["test"]), None);
        assert_eq!(entry(&["0_.txt"], &["///"]), None);
    }

    #[test]
    fn hostile_names_are_nobody() {
        for name in ["../0_test.txt", "/0_test.txt", "a\\0_test.txt", "C:0_test.txt", "test.txt"] {
            assert_eq!(entry(&[name], &["test"]), None, "{name}");
        }
    }

    #[test]
    fn what_is_no_archive_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let index = |bytes: &[u8]| {
            let mut file = unnamed(folder.path()).unwrap();
            file.write_all(bytes).unwrap();
            Archive::index(file)
        };
        let mut whole = archive(&[("0_a.txt", b"text")]).unwrap().file;
        let mut bytes = Vec::new();
        whole.rewind().unwrap();
        whole.read_to_end(&mut bytes).unwrap();
        assert!(index(&bytes).is_ok());
        for bad in [&b""[..], b"<html>", &bytes[..bytes.len() / 2]] {
            let error = index(bad).unwrap_err();
            assert!(error.starts_with("no archive of logs"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_bomb_is_stopped_whatever_its_header_says() {
        let archive = archive(&[("0_a.txt", &vec![b'0'; 300_000])]).unwrap();
        for (largest, good) in [(300_000, true), (299_999, false), (10, false)] {
            let (send, mut receive) = mpsc::channel(4);
            let file = archive.file.try_clone().unwrap();
            let work = tokio::task::spawn_blocking(move || inflate(file, 0, largest, &send));
            let mut size = 0;
            while let Some(block) = receive.recv().await {
                size += block.unwrap().len() as u64;
            }
            assert_eq!(work.await.unwrap().is_ok(), good);
            assert!(size <= largest);
        }
    }
}
