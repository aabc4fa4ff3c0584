//! The binary at a terminal: typed at, looked at, interrupted.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use expectrl::process::Process as _;
use expectrl::process::unix::{Signal, UnixProcess, WaitStatus};

use super::{Run, binary};

/// How long anything may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(40);
/// Rows of the terminal: enough for every answer, so that nothing scrolls away.
const ROWS: u16 = 200;

/// A program on a terminal of its own, with what it wrote.
pub(crate) struct Pty {
    process: UnixProcess,
    keyboard: File,
    seen: Arc<Mutex<Vec<u8>>>,
    reader: Option<thread::JoinHandle<()>>,
    columns: u16,
}

/// How it ended, and what stands on the terminal.
#[derive(Debug)]
#[must_use]
pub(crate) struct Ended {
    /// The exit code; `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    /// Everything that was written, escapes and all.
    pub(crate) raw: String,
    /// What the terminal shows in the end.
    pub(crate) screen: String,
    pub(crate) cursor_hidden: bool,
}

impl Run {
    /// Starts it on a terminal of so many columns.
    pub(crate) fn at_terminal(&self, columns: u16) -> Pty {
        self.at_terminal_of_shell(columns, "exec \"$@\"")
    }

    /// The same by a line of shell, in which `"$@"` is the command.
    pub(crate) fn at_terminal_of_shell(&self, columns: u16, line: &str) -> Pty {
        let mut command = Command::new("/bin/sh");
        // The terminal has its size before the program looks: whoever made it first gave it another.
        let sized =
            format!("while [ \"$(stty size)\" != '{ROWS} {columns}' ]; do sleep 0.02; done");
        command.arg("-c").arg(format!("{sized}; stty echo; {line}")).arg("sh");
        command.arg(binary()).args(self.words()).env_clear();
        command.env("TERM", "xterm-256color").envs(self.variables());
        Pty::start(command.current_dir(self.home()), columns)
    }
}

fn size(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).unwrap()
}

impl Pty {
    /// Starts any program.
    pub(crate) fn start(command: &mut Command, columns: u16) -> Self {
        let command = std::mem::replace(command, Command::new("true"));
        let mut process = UnixProcess::spawn_command(command).expect("starting on a terminal");
        process.set_window_size(columns, ROWS).expect("sizing the terminal");
        let mut screen = process.get_raw_handle().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let reader = thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Linux reports the end of a terminal as an error.
            while let Ok(read @ 1..) = screen.read(&mut buffer) {
                kept.lock().unwrap().extend_from_slice(&buffer[..read]);
            }
        });
        let keyboard = process.get_raw_handle().unwrap();
        Self { process, keyboard, seen, reader: Some(reader), columns }
    }

    /// What was written so far.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned()
    }

    /// Waits until `text` was written.
    pub(crate) fn wait_for(&self, text: &str) {
        let begun = Instant::now();
        while !self.raw().contains(text) {
            assert!(begun.elapsed() < PATIENCE, "no {text:?} on the terminal:\n{}", self.raw());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the terminal shows `text`.
    pub(crate) fn wait_until_shown(&self, text: &str) {
        let begun = Instant::now();
        while !self.terminal().screen().contents().contains(text) {
            let shown = self.terminal().screen().contents();
            assert!(begun.elapsed() < PATIENCE, "no {text:?} on the terminal:\n{shown}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether the terminal shows `text` within a moment.
    pub(crate) fn shows_soon(&self, text: &str) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(2) {
            if self.terminal().screen().contents().contains(text) {
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        false
    }

    fn terminal(&self) -> vt100::Parser {
        let mut terminal = vt100::Parser::new(size(ROWS), size(self.columns), 0);
        terminal.process(&self.seen.lock().unwrap());
        terminal
    }

    /// Types.
    pub(crate) fn type_in(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&mut self) {
        self.process.signal(Signal::SIGTERM).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let begun = Instant::now();
        let code = loop {
            match self.process.status() {
                Ok(WaitStatus::Exited(_, code)) => break Some(code),
                Ok(WaitStatus::StillAlive) if begun.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(5));
                }
                Ok(WaitStatus::StillAlive) => panic!("still running:\n{}", self.raw()),
                Ok(_) | Err(_) => break None,
            }
        };
        self.reader.take().unwrap().join().unwrap();
        let terminal = self.terminal();
        let (screen, cursor_hidden) =
            (terminal.screen().contents(), terminal.screen().hide_cursor());
        Ended { code, raw: self.raw(), screen, cursor_hidden }
    }
}
