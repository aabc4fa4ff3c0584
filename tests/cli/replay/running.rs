//! A replay while it runs: looked at, signalled, stopped and let go on.

use std::io::{BufRead as _, BufReader, Read};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use super::stage::until;
use crate::harness::{Done, Run};

/// A process that is killed, should the test end before it.
pub(super) struct Running {
    child: Child,
    begun: Instant,
    out: Stream,
    err: Stream,
}

/// What was written so far.
struct Stream {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Stream {
    fn of(from: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&text);
        let reader = thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                *kept.lock().unwrap() += &(line + "\n");
            }
        });
        Self { text, reader: Some(reader) }
    }

    fn so_far(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    fn whole(&mut self) -> String {
        self.reader.take().unwrap().join().unwrap();
        self.so_far()
    }
}

impl Running {
    pub(super) fn start(run: &Run) -> Self {
        let mut child = run.command().spawn().expect("starting the binary");
        let out = Stream::of(child.stdout.take().unwrap());
        let err = Stream::of(child.stderr.take().unwrap());
        Self { child, begun: Instant::now(), out, err }
    }

    pub(super) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).expect("signalling the binary");
    }

    /// Waits until it said so on stdout.
    pub(super) fn says(&self, text: &str) {
        until(text, || self.out.so_far().contains(text));
    }

    /// Waits until it said so on stderr.
    pub(super) fn notes(&self, text: &str) {
        until(text, || self.err.so_far().contains(text));
    }

    /// Waits until it is suspended.
    pub(super) fn is_stopped(&self) {
        let path = format!("/proc/{}/stat", self.child.id());
        until("the stop", || {
            let stat = std::fs::read_to_string(&path).unwrap_or_default();
            // The state follows the name, which stands in parentheses.
            stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
        });
    }

    /// Waits for its end.
    pub(super) fn done(mut self) -> Done {
        let mut code = None;
        until("the end", || match self.child.try_wait().expect("waiting for the binary") {
            Some(status) => {
                code = status.code();
                true
            }
            None => false,
        });
        let (stdout, stderr) = (self.out.whole(), self.err.whole());
        Done { code, stdout, stderr, took: self.begun.elapsed() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
