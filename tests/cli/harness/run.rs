//! One run of the binary, with an environment that holds nothing but what the test put there.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// The binary under test.
pub(crate) fn binary() -> PathBuf {
    let other = std::env::var_os("PARKY_OPS_TEST_BINARY").map(PathBuf::from);
    other.unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_parky-ops")))
}

/// Whether the binary under test was built with the stand-ins: the one that is shipped was not.
pub(crate) fn has_sandbox() -> bool {
    std::env::var_os("PARKY_OPS_TEST_BINARY").is_none()
}

/// A folder with the binary under its own name, to be put into `PATH`.
pub(crate) fn bin(home: &Path) -> String {
    let folder = home.join("bin");
    std::fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(binary(), folder.join("parky-ops")).unwrap();
    format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display())
}

/// A command line under construction.
#[derive(Debug)]
pub(crate) struct Run {
    words: Vec<OsString>,
    variables: BTreeMap<String, OsString>,
    directory: PathBuf,
}

/// What a run left behind.
#[derive(Debug)]
#[must_use]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Run {
    /// `parky-ops WORDS`, at home in `home`.
    pub(crate) fn new(home: &Path, words: &str) -> Self {
        let path = "/usr/local/bin:/usr/bin:/bin";
        let variables = [("HOME", home.as_os_str().to_owned()), ("PATH", path.into())];
        Self {
            words: words.split_whitespace().map(OsString::from).collect(),
            variables: variables.map(|(name, value)| (name.to_owned(), value)).into(),
            directory: home.to_owned(),
        }
    }

    /// One more word, blanks and all.
    pub(crate) fn arg(mut self, word: impl Into<OsString>) -> Self {
        self.words.push(word.into());
        self
    }

    pub(crate) fn var(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    pub(crate) fn directory(mut self, directory: &Path) -> Self {
        self.directory = directory.to_owned();
        self
    }

    /// The command, for tests that start it themselves.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command.args(&self.words).env_clear().envs(&self.variables).current_dir(&self.directory);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(super) fn words(&self) -> &[OsString] {
        &self.words
    }

    pub(super) fn variables(&self) -> &BTreeMap<String, OsString> {
        &self.variables
    }

    pub(super) fn home(&self) -> &Path {
        &self.directory
    }

    /// Runs it to its end.
    pub(crate) fn done(&self) -> Done {
        finished(&mut self.command())
    }

    /// Runs it where no file may grow beyond so many half KiB: a disk that is full. Without the trap
    /// writing on would be a signal that ends it.
    pub(crate) fn with_room_for(&self, blocks: u32) -> Done {
        let mut shell = Command::new("/bin/sh");
        let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        shell.args(["-c", &line, "sh"]).arg(binary()).args(&self.words);
        shell.env_clear().envs(&self.variables).current_dir(&self.directory).stdin(Stdio::null());
        finished(&mut shell)
    }

    /// Runs it, and expects this exit code.
    pub(crate) fn exits(&self, code: i32) -> Done {
        let done = self.done();
        assert_eq!(done.code, Some(code), "{:?}\n{}\n{}", self.words, done.stdout, done.stderr);
        done
    }
}

fn finished(command: &mut Command) -> Done {
    let begun = std::time::Instant::now();
    let output = command.output().expect("running the binary");
    Done {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("stdout in UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr in UTF-8"),
        took: begun.elapsed(),
    }
}

impl Done {
    /// stdout as one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}\n{}", self.stdout, self.stderr))
    }

    /// The `data` of the JSON document.
    pub(crate) fn data(&self) -> Value {
        self.json()["data"].clone()
    }

    /// The check of this source and name.
    pub(crate) fn check(&self, source: &str, name: &str) -> Value {
        let data = self.data();
        let found = data["checks"]
            .as_array()
            .and_then(|all| all.iter().find(|c| c["source"] == source && c["name"] == name));
        found.unwrap_or_else(|| panic!("no check {source}/{name} in {data:#}")).clone()
    }

    /// State and reason code of a check, as `red http-5xx`.
    pub(crate) fn says(&self, source: &str, name: &str) -> String {
        let check = self.check(source, name);
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!("{} {}", word(&check["state"]), word(&check["reason"]["code"]))
    }

    /// The text of a check's reason.
    pub(crate) fn text(&self, source: &str, name: &str) -> String {
        self.check(source, name)["reason"]["text"].as_str().unwrap_or_default().to_owned()
    }

    /// Expects that `secret` stands nowhere in what was printed.
    pub(crate) fn hides(&self, secret: &str) {
        for (stream, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            assert!(!text.contains(secret), "the secret stands on {stream}: {text}");
        }
    }

    /// Expects these words on stderr.
    pub(crate) fn stderr_says(&self, words: &str) {
        assert!(self.stderr.contains(words), "no {words:?} in: {}", self.stderr);
    }

    /// The object under `error` that `--json` puts on stderr.
    pub(crate) fn error(&self) -> Value {
        let line = self.stderr.lines().find(|line| line.starts_with("{\"error\""));
        let line = line.unwrap_or_else(|| panic!("no error object: {}", self.stderr));
        serde_json::from_str::<Value>(line).expect("the error as JSON")["error"].clone()
    }
}
