//! What every check produces, and the verdict over many of them (contract §1 and §2).

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Reason, ReasonCode};

/// Which part of the world a check belongs to; one source is one group in `triage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is the word that stands in the contract")]
pub enum Source {
    Hosts,
    Certificates,
    Workers,
    Pages,
    Actions,
    Synthetic,
    Database,
    Connections,
    Locks,
    Dlq,
    Vendors,
    Config,
    Credentials,
    Tokens,
}

impl Source {
    /// The sources of `triage`, in the order in which they are shown.
    pub const TRIAGE: [Source; 11] = [
        Source::Hosts,
        Source::Certificates,
        Source::Workers,
        Source::Pages,
        Source::Actions,
        Source::Synthetic,
        Source::Database,
        Source::Connections,
        Source::Locks,
        Source::Dlq,
        Source::Vendors,
    ];

    /// The word as it stands in JSON and behind `--only`.
    pub fn word(self) -> &'static str {
        match self {
            Source::Hosts => "hosts",
            Source::Certificates => "certificates",
            Source::Workers => "workers",
            Source::Pages => "pages",
            Source::Actions => "actions",
            Source::Synthetic => "synthetic",
            Source::Database => "database",
            Source::Connections => "connections",
            Source::Locks => "locks",
            Source::Dlq => "dlq",
            Source::Vendors => "vendors",
            Source::Config => "config",
            Source::Credentials => "credentials",
            Source::Tokens => "tokens",
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

impl std::str::FromStr for Source {
    type Err = String;

    /// Reads a source of `triage`.
    fn from_str(word: &str) -> Result<Self, String> {
        Source::TRIAGE.into_iter().find(|source| source.word() == word).ok_or_else(|| {
            let words = Source::TRIAGE.map(Source::word);
            match super::text::nearest(word, words) {
                Some(near) => format!("no source '{word}', did you mean '{near}'?"),
                None => format!("no source '{word}'; there are {}", words.join(", ")),
            }
        })
    }
}

/// How a thing is, as far as it could be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Measured, and in order.
    Green,
    /// Measured, and worth a look.
    Yellow,
    /// Reached and bad, or it refuses, times out or is saturated.
    Red,
    /// We could not look.
    Unknown,
    /// Not configured, or switched off.
    Skipped,
}

impl State {
    /// The word as it stands in JSON.
    pub fn word(self) -> &'static str {
        match self {
            State::Green => "green",
            State::Yellow => "yellow",
            State::Red => "red",
            State::Unknown => "unknown",
            State::Skipped => "skipped",
        }
    }

    /// Order of severity: red, unknown, yellow, green, skipped.
    pub fn rank(self) -> u8 {
        match self {
            State::Red => 4,
            State::Unknown => 3,
            State::Yellow => 2,
            State::Green => 1,
            State::Skipped => 0,
        }
    }
}

/// The word over all checks: red > unknown > yellow > green.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the same words as State")]
pub enum Verdict {
    Green,
    Yellow,
    Red,
    Unknown,
}

impl Verdict {
    /// The verdict over `checks`. Nothing measured at all is `unknown`, never green.
    pub fn over<'a>(checks: impl IntoIterator<Item = &'a Check>) -> Self {
        let worst = checks.into_iter().map(|check| check.state).max_by_key(|state| state.rank());
        match worst {
            Some(State::Red) => Verdict::Red,
            Some(State::Yellow) => Verdict::Yellow,
            Some(State::Green) => Verdict::Green,
            Some(State::Unknown | State::Skipped) | None => Verdict::Unknown,
        }
    }

    /// The same word as a state.
    pub fn state(self) -> State {
        match self {
            Verdict::Green => State::Green,
            Verdict::Yellow => State::Yellow,
            Verdict::Red => State::Red,
            Verdict::Unknown => State::Unknown,
        }
    }
}

/// The figures behind a check, under stable keys; units stand in the key (`_ms`, `_s`, `_bytes`).
pub type Evidence = Map<String, Value>;

/// Something to type next, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextStep {
    /// A line that can be pasted into a shell.
    pub command: String,
    /// What it does or shows, in one line.
    pub why: String,
}

impl NextStep {
    /// A next step; both parts are kept on one line.
    pub fn new(command: impl Into<String>, why: impl AsRef<str>) -> Self {
        Self { command: command.into(), why: super::text::one_line(why.as_ref()) }
    }
}

/// How far a check got towards its thing; tells an outage from our own missing network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// No network was touched (no credential, switched off).
    #[default]
    NotTried,
    /// Failed at the name look-up or at the connect.
    NotReached,
    /// Something answered.
    Reached,
}

/// What a pure judge says of what was gathered: a check without its name and times.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// How the thing is.
    pub state: State,
    /// Why.
    pub reason: Reason,
    /// The figures behind it.
    pub evidence: Evidence,
    /// What to type next, where the check knows it.
    pub next: Option<NextStep>,
    /// How far the look got.
    #[serde(skip)]
    pub reach: Reach,
}

impl Judgement {
    /// A judgement of `state` for `code`, said as `text`. The thing counts as reached where the
    /// code speaks of the thing itself; say otherwise with [`Judgement::reach`].
    pub fn new(state: State, code: ReasonCode, text: impl AsRef<str>) -> Self {
        let reach = match state {
            State::Green | State::Yellow | State::Red => Reach::Reached,
            State::Unknown | State::Skipped => Reach::NotTried,
        };
        Self {
            state,
            reason: Reason::new(code, text),
            evidence: Evidence::new(),
            next: None,
            reach,
        }
    }

    /// Measured and in order.
    pub fn green(text: impl AsRef<str>) -> Self {
        Self::new(State::Green, ReasonCode::Ok, text)
    }

    /// Measured and worth a look.
    pub fn yellow(code: ReasonCode, text: impl AsRef<str>) -> Self {
        Self::new(State::Yellow, code, text)
    }

    /// Reached and bad.
    pub fn red(code: ReasonCode, text: impl AsRef<str>) -> Self {
        Self::new(State::Red, code, text)
    }

    /// Could not be measured.
    pub fn unknown(code: ReasonCode, text: impl AsRef<str>) -> Self {
        Self::new(State::Unknown, code, text)
    }

    /// Adds a figure.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.evidence.insert(key.to_owned(), value.into());
        self
    }

    /// Names the next step.
    #[must_use]
    pub fn next(mut self, step: NextStep) -> Self {
        self.next = Some(step);
        self
    }

    /// Says how far the look got.
    #[must_use]
    pub fn reach(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    /// The check that this judgement makes of `name`.
    pub fn check(self, source: Source, name: impl Into<String>, times: Times) -> Check {
        let Judgement { state, reason, evidence, next, reach } = self;
        let Times { took_ms, measured_at } = times;
        Check {
            source,
            name: name.into(),
            state,
            reason,
            evidence,
            took_ms,
            measured_at,
            next,
            reach,
        }
    }
}

/// When a check was measured and how long that took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Milliseconds from the start of the check to its end.
    pub took_ms: u64,
    /// When it was measured (UTC).
    pub measured_at: DateTime<Utc>,
}

/// One finding of one source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// The group it belongs to.
    pub source: Source,
    /// What it is about: a host, a worker, a vendor, or a fixed word.
    pub name: String,
    /// How that thing is.
    pub state: State,
    /// Why.
    pub reason: Reason,
    /// The figures behind it.
    pub evidence: Evidence,
    /// Milliseconds the check took.
    pub took_ms: u64,
    /// When it was measured (UTC).
    pub measured_at: DateTime<Utc>,
    /// What to type next.
    pub next: Option<NextStep>,
    /// How far the look got.
    #[serde(skip)]
    pub reach: Reach,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(state: State) -> Check {
        let times = Times { took_ms: 1, measured_at: DateTime::UNIX_EPOCH };
        Judgement::new(state, ReasonCode::Ok, "").check(Source::Hosts, "x", times)
    }

    #[test]
    fn red_beats_unknown_beats_yellow_beats_green() {
        let all = [State::Green, State::Yellow, State::Unknown, State::Red].map(check);
        assert_eq!(Verdict::over(&all), Verdict::Red);
        assert_eq!(Verdict::over(&all[..3]), Verdict::Unknown);
        assert_eq!(Verdict::over(&all[..2]), Verdict::Yellow);
        assert_eq!(Verdict::over(&all[..1]), Verdict::Green);
    }

    #[test]
    fn nothing_measured_is_unknown() {
        assert_eq!(Verdict::over(&[]), Verdict::Unknown);
        assert_eq!(Verdict::over(&[check(State::Skipped)]), Verdict::Unknown);
    }

    #[test]
    fn a_misspelt_source_is_suggested() {
        let error = "host".parse::<Source>().unwrap_err();
        assert!(error.contains("did you mean 'hosts'"), "{error}");
    }
}
