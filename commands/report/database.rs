//! What the database answered, or why it was not asked.

use std::error::Error;

use parky_ops::database::{AidError, KillError, NoMigrations};
use parky_ops::domain::{ReasonClass, ReasonCode};
use parky_ops::postgres::PgError;

use super::kind::Kind;
use crate::exit::Outcome;

/// The kind of such an error; `None` for every other.
pub(super) fn kind(cause: &(dyn Error + 'static)) -> Option<Kind> {
    if let Some(error) = cause.downcast_ref() {
        return Some(of_postgres(error));
    }
    if let Some(error) = cause.downcast_ref::<AidError>() {
        return Some(of_first_aid(error.code(), error.hint()));
    }
    if let Some(error) = cause.downcast_ref() {
        return Some(of_kill(error));
    }
    let code = match cause.downcast_ref::<NoMigrations>()? {
        NoMigrations::Absent(_) => ReasonCode::NoTable,
        NoMigrations::NoPermission(_) => ReasonCode::NoPermission,
        NoMigrations::Unreadable(error) => error.reason().1,
    };
    Some(of_first_aid(code, None))
}

/// The table that was asked for is part of the configuration.
pub(super) fn of_postgres(error: &PgError) -> Kind {
    let code = error.reason().1;
    Kind::new(code.word(), outcome(code), "parky-ops doctor")
}

/// Ours to mend, out of reach, or a fault of the server or of this program.
pub(super) fn outcome(code: ReasonCode) -> Outcome {
    use ReasonCode as Code;
    match code {
        _ if code.class() == ReasonClass::Ours => Outcome::Configuration,
        Code::Dns | Code::Refused | Code::Unreachable | Code::NotTried => Outcome::Unreachable,
        Code::Timeout | Code::Deadline | Code::ConnectionLost => Outcome::Unreachable,
        Code::Saturated | Code::StartingUp | Code::Locked => Outcome::Unreachable,
        _ => Outcome::Failed,
    }
}

/// First aid looks into tables that a server may or may not have.
fn of_first_aid(code: ReasonCode, hint: Option<String>) -> Kind {
    let outcome = match code {
        ReasonCode::NoTable | ReasonCode::NoColumn => Outcome::NotFound,
        code => outcome(code),
    };
    let usual = || match outcome {
        Outcome::Configuration => "parky-ops doctor".to_owned(),
        Outcome::Unreachable => "parky-ops db ping".to_owned(),
        _ => String::new(),
    };
    Kind::new(code.word(), outcome, hint.unwrap_or_else(usual))
}

fn of_kill(error: &KillError) -> Kind {
    match error {
        KillError::NoSession(_) => Kind::new("not-found", Outcome::NotFound, "parky-ops db locks"),
        KillError::Refused { .. } => Kind::new("refused-session", Outcome::Configuration, ""),
        KillError::Unsure(_) => Kind::new("unsure", Outcome::Partly, "parky-ops db locks"),
        KillError::OtherConsent(_) => Kind::new("unconfirmed", Outcome::Unconfirmed, ""),
        KillError::Postgres(error) => of_first_aid(error.reason().1, None),
    }
}
