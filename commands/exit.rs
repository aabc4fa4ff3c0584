//! Every exit code, documented once. `help exit-codes` and the README print this table.

use std::process::ExitCode;

use parky_ops::domain::{Check, ReasonClass, ReasonCode, State, Verdict};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Failed,
    Usage,
    Configuration,
    NotFound,
    Unreachable,
    Unconfirmed,
    Partly,
    Held,
    Red,
    Yellow,
    Interrupted,
    Terminated,
}

/// The table: code, and what it means.
pub(crate) const CODES: &[(u8, &str)] = &[
    (0, "done; verdict green or yellow; nothing found"),
    (1, "failed"),
    (2, "wrong usage"),
    (3, "configuration or credentials missing or refused"),
    (4, "not found"),
    (5, "upstream unreachable or out of time"),
    (6, "confirmation needed or declined"),
    (7, "partly: verdict unknown, or something was left undone"),
    (8, "another run holds all that was wanted (--no-wait)"),
    (10, "red verdict, freeze, or a watched run failed"),
    (11, "yellow with --fail-on yellow"),
    (130, "interrupted"),
    (143, "terminated"),
];

impl Outcome {
    /// The process's exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Outcome::Done => 0,
            Outcome::Failed => 1,
            Outcome::Usage => 2,
            Outcome::Configuration => 3,
            Outcome::NotFound => 4,
            Outcome::Unreachable => 5,
            Outcome::Unconfirmed => 6,
            Outcome::Partly => 7,
            Outcome::Held => 8,
            Outcome::Red => 10,
            Outcome::Yellow => 11,
            Outcome::Interrupted => 130,
            Outcome::Terminated => 143,
        }
    }

    /// How a verdict command ends. Nothing measured at all is a matter of configuration where every
    /// reason is one, and of the network where nothing could be reached.
    pub(crate) fn of_checks(checks: &[Check], fail_on_yellow: bool) -> Self {
        let unknown = || checks.iter().filter(|check| check.state == State::Unknown);
        let measured = checks
            .iter()
            .any(|check| matches!(check.state, State::Green | State::Yellow | State::Red));
        match Verdict::over(checks) {
            Verdict::Red => Outcome::Red,
            Verdict::Unknown if !measured && unknown().count() > 0 => {
                let offline = unknown().any(|check| check.reason.code == ReasonCode::Offline);
                let ours = unknown().all(|check| check.reason.code.class() == ReasonClass::Ours);
                match (offline, ours) {
                    (true, _) => Outcome::Unreachable,
                    (false, true) => Outcome::Configuration,
                    (false, false) => Outcome::Partly,
                }
            }
            Verdict::Unknown => Outcome::Partly,
            Verdict::Yellow if fail_on_yellow => Outcome::Yellow,
            Verdict::Yellow | Verdict::Green => Outcome::Done,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        ExitCode::from(outcome.code())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use parky_ops::domain::{Judgement, Source, check::Times};

    use super::*;

    fn checks(judgements: &[(State, ReasonCode)]) -> Vec<Check> {
        let times = Times { took_ms: 0, measured_at: DateTime::UNIX_EPOCH };
        let check = |(state, code): &(State, ReasonCode)| {
            Judgement::new(*state, *code, "").check(Source::Hosts, "x", times)
        };
        judgements.iter().map(check).collect()
    }

    #[test]
    fn verdicts_have_their_codes() {
        use ReasonCode::{Http5xx, NoCredential, Offline, Ok, Slow, Timeout};
        let code = |list: &[_]| Outcome::of_checks(&checks(list), false).code();
        assert_eq!(code(&[(State::Green, Ok), (State::Red, Http5xx)]), 10);
        assert_eq!(code(&[(State::Green, Ok), (State::Unknown, NoCredential)]), 7);
        assert_eq!(code(&[(State::Unknown, NoCredential)]), 3);
        assert_eq!(code(&[(State::Unknown, NoCredential), (State::Unknown, Timeout)]), 7);
        assert_eq!(code(&[(State::Unknown, Offline), (State::Unknown, Offline)]), 5);
        assert_eq!(code(&[(State::Yellow, Slow)]), 0);
        assert_eq!(Outcome::of_checks(&checks(&[(State::Yellow, Slow)]), true).code(), 11);
    }
}
