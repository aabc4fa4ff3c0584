//! `tail`: what is shown, what is told of what was missed, and that no tail is left behind.

mod answers;
mod following;
mod lines;
mod signals;
mod traffic;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use parky_ops::sandbox::cloudflare::tails::{Step, Tails};
use serde_json::{Value, json};

use crate::harness::{CloudflareSite, Run};

/// The only script of the site.
pub(crate) const SCRIPT: &str = "parky-public-prod";
/// How long anything may take before the test has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// A site whose sockets do this, one after another.
pub(crate) fn site(plays: impl IntoIterator<Item = Vec<Step>>) -> CloudflareSite {
    let site = CloudflareSite::new();
    site.stand_in.tails().play(SCRIPT, plays);
    site
}

/// An event with a number in it.
pub(crate) fn event(number: u64) -> Value {
    json!({ "outcome": "ok", "number": number, "logs": [], "exceptions": [], "event": {
        "request": { "method": "GET", "url": format!("https://api.parky.co.jp/{number}") },
        "response": { "status": 200 },
    } })
}

/// A step that sends it.
pub(crate) fn sends(number: u64) -> Step {
    Step::Event(event(number))
}

/// Waits until `is_so`.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Expects that every tail was deleted, and within the time that is promised.
pub(crate) fn assert_deleted(tails: &Tails) {
    assert!(!tails.all().is_empty(), "no tail was opened");
    assert_eq!(tails.open(), [], "a tail was left behind");
}

/// A tail that runs, with what it has printed.
pub(crate) struct Running {
    pub(crate) child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<thread::JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(run: &Run) -> Self {
        let mut child = run.command().stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let reader = thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        Self { child, lines, reader: Some(reader) }
    }

    /// The lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits until so many lines of JSON with this event have come.
    pub(crate) fn wait_for(&self, word: &str, count: usize) {
        let begin = format!("{{\"event\":\"{word}\"");
        let came = || self.lines().iter().filter(|line| line.starts_with(&begin)).count();
        wait_until(&format!("{count} of {word} in {:?}", self.lines()), || came() >= count);
    }

    /// Waits for its end: the exit code, and all lines.
    pub(crate) fn end(mut self) -> (Option<i32>, Vec<String>) {
        let begun = Instant::now();
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code();
            }
            assert!(begun.elapsed() < PATIENCE, "still running: {:?}", self.lines());
            thread::sleep(Duration::from_millis(5));
        };
        self.reader.take().unwrap().join().unwrap();
        (code, self.lines())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a stream as JSON.
pub(crate) fn stream(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// The words of a stream's lines, in order.
pub(crate) fn words(stream: &[Value]) -> Vec<&str> {
    stream.iter().map(|line| line["event"].as_str().unwrap()).collect()
}

/// The numbers of the events in a stream, in order.
pub(crate) fn numbers(stream: &[Value]) -> Vec<u64> {
    let tails = stream.iter().filter(|line| line["event"] == "tail");
    tails.map(|line| line["trace"]["number"].as_u64().unwrap()).collect()
}
