//! From an error to what the person sees: heading, causes, a hint that can be pasted, the exit code.
//! Decided here, once.

mod letters;

use std::ffi::OsString;
use std::io;

use clap::error::{ContextKind, ContextValue};
use parky_ops::auth::{AuthError, WriteRefusal};
use parky_ops::checks::access::NoAccess;
use parky_ops::config::{ConfigError, WriteError};
use parky_ops::database::{AidError, KillError, NoMigrations};
use parky_ops::dlq::FailureId;
use parky_ops::domain::text::shorten;
use parky_ops::domain::{ReasonClass, ReasonCode};
use parky_ops::http::ApiError;
use parky_ops::postgres::{PgError, PgErrorKind};
use parky_ops::rollback::NoTarget;
use parky_ops::rollback::look::NoCard;
use serde::Serialize;

use crate::exit::Outcome;
use crate::ui::{Format, Tone, Ui, paint};

/// A request that makes no sense, found after the command line was parsed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Usage {
    message: String,
    hint: String,
}

impl Usage {
    pub(crate) fn new(message: String, hint: &str) -> Self {
        Self { message, hint: hint.to_owned() }
    }
}

/// What was named is not there.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct NotFound {
    message: String,
    hint: String,
}

impl NotFound {
    pub(crate) fn new(message: String, hint: String) -> Self {
        Self { message, hint }
    }

    /// Rows of the dead-letter table, by their keys.
    pub(crate) fn rows<'a>(ids: impl IntoIterator<Item = &'a FailureId>) -> Self {
        let ids: Vec<_> = ids.into_iter().map(|id| shorten(&id.to_string(), 80)).collect();
        let named = ids.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(", ");
        let rest =
            if ids.len() > 10 { format!(" and {} more", ids.len() - 10) } else { String::new() };
        let message = format!("no dead letter {named}{rest}");
        Self { message, hint: "parky-ops dlq list".to_owned() }
    }
}

/// A refusal that knows its exit code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    code: &'static str,
    outcome: Outcome,
    message: String,
    hint: String,
    /// The answer that it is about.
    source: Option<Box<ApiError>>,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, outcome: Outcome, message: String, hint: &str) -> Self {
        Self { code, outcome, message, hint: hint.to_owned(), source: None }
    }

    pub(crate) fn failed(message: String, hint: &str) -> Self {
        Self::new("failed", Outcome::Failed, message, hint)
    }

    pub(crate) fn configuration(message: String, hint: &str) -> Self {
        Self::new("config", Outcome::Configuration, message, hint)
    }

    pub(crate) fn not_found(message: String, hint: &str) -> Self {
        Self::new("not-found", Outcome::NotFound, message, hint)
    }

    pub(crate) fn unreachable(message: String, hint: &str) -> Self {
        Self::new("unreachable", Outcome::Unreachable, message, hint)
    }

    /// Nothing may be written to what a credential leads to.
    pub(crate) fn write(refusal: &WriteRefusal) -> Self {
        let hint = refusal.hint();
        Self::new("target", Outcome::Configuration, refusal.to_string(), &hint)
    }

    /// With the answer that it is about.
    pub(crate) fn because(self, error: ApiError) -> Self {
        Self { source: Some(Box::new(error)), ..self }
    }
}

/// A service that failed for so long that nobody waits any more.
#[derive(Debug, thiserror::Error)]
#[error("given up after {} s without an answer", after.as_secs())]
pub(crate) struct GivenUp {
    pub(crate) after: std::time::Duration,
    pub(crate) source: ApiError,
}

/// A change that needs a yes, where none was given.
#[derive(Debug, thiserror::Error)]
#[error("nobody agreed to {act}")]
pub(crate) struct Unconfirmed {
    act: String,
    hint: String,
}

impl Unconfirmed {
    pub(crate) fn new(act: String, hint: String) -> Self {
        Self { act, hint }
    }
}

/// A signal that came where there is no answer yet to end with.
#[derive(Debug, thiserror::Error)]
#[error("stopped")]
pub(crate) struct Stopped(pub(crate) Outcome);

/// What an error is to the outside.
#[derive(Debug, PartialEq, Eq)]
struct Kind {
    code: &'static str,
    outcome: Outcome,
    hint: String,
    api: Option<Api>,
}

/// The facts of a failed request, for a ticket with the vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Api {
    service: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'a str,
    message: String,
    causes: Vec<String>,
    hint: &'a str,
    exit: u8,
    #[serde(flatten)]
    api: Option<&'a Api>,
}

/// Says what went wrong, and how the process ends.
pub(crate) fn failure(error: &anyhow::Error, ui: &Ui) -> Outcome {
    // Only our own stdout: a pipe that breaks anywhere else is wrapped in its own kind of error.
    if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) {
        return Outcome::Done;
    }
    if let Some(Stopped(outcome)) = error.downcast_ref() {
        return *outcome;
    }
    let kind = kind(error);
    let causes: Vec<_> = error.chain().skip(1).map(ToString::to_string).collect();
    say(ui, &kind, error.to_string(), causes);
    kind.outcome
}

/// Says what is wrong with the command line. Help and version, which clap reports as errors too, are
/// answers and go to stdout.
pub(crate) fn usage(error: &clap::Error, words: impl Iterator<Item = OsString>) -> Outcome {
    if !error.use_stderr() {
        // A closed pipe is a quiet end.
        let _ = error.print();
        return Outcome::Done;
    }
    let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let json = words.iter().any(|word| word == "--json" || word == "--format=json")
        || words.windows(2).any(|pair| pair == ["--format", "json"]);
    if json {
        let hint = "parky-ops help".to_owned();
        let kind = Kind { code: "usage", outcome: Outcome::Usage, hint, api: None };
        say(&Ui::plain(Format::Json), &kind, in_one_line(error), Vec::new());
    } else {
        let _ = error.print();
    }
    Outcome::Usage
}

/// The parser's complaint without its usage lines, and what was probably meant.
fn in_one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let suggested =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let near = suggested.into_iter().find_map(|kind| match error.get(kind)? {
        ContextValue::String(word) => Some(word),
        ContextValue::Strings(words) => words.first(),
        _ => None,
    });
    near.map_or_else(|| line.to_owned(), |near| format!("{line}, did you mean '{near}'?"))
}

fn say(ui: &Ui, kind: &Kind, message: String, causes: Vec<String>) {
    if ui.look.format == Format::Json {
        let Kind { code, outcome, hint, api } = kind;
        let exit = outcome.code();
        let error = Body { code, message, causes, hint, exit, api: api.as_ref() };
        ui.say_json(&Document { error });
        return;
    }
    ui.say(&format!("{} {message}", paint(Tone::Bad, "error:")));
    for cause in causes {
        ui.say(&format!("  because: {cause}"));
    }
    if !kind.hint.is_empty() {
        ui.say(&format!("{} {}", paint(Tone::Good, "try:"), kind.hint));
    }
}

fn kind(error: &anyhow::Error) -> Kind {
    let kind = |code, outcome, hint| Kind { code, outcome, hint, api: None };
    for cause in error.chain() {
        if let Some(usage) = cause.downcast_ref::<Usage>() {
            return kind("usage", Outcome::Usage, usage.hint.clone());
        }
        if let Some(none) = cause.downcast_ref::<NoCard>() {
            return of_rollback(none);
        }
        if cause.is::<GivenUp>() {
            return kind("given-up", Outcome::Unreachable, String::new());
        }
        if let Some(refusal) = cause.downcast_ref::<WriteRefusal>() {
            return kind("target", Outcome::Configuration, refusal.hint());
        }
        if let Some(unconfirmed) = cause.downcast_ref::<Unconfirmed>() {
            return kind("unconfirmed", Outcome::Unconfirmed, unconfirmed.hint.clone());
        }
        if let Some(Refusal { code, outcome, hint, source, .. }) = cause.downcast_ref() {
            let api = source.as_ref().and_then(|error| of_api(error).api);
            return Kind { api, ..kind(*code, *outcome, hint.clone()) };
        }
        if let Some(write) = cause.downcast_ref::<WriteError>() {
            return kind("config-write", Outcome::Failed, write.hint());
        }
        if let Some(config) = cause.downcast_ref::<ConfigError>() {
            return kind("config", Outcome::Configuration, config.hint());
        }
        if let Some(auth) = cause.downcast_ref::<AuthError>() {
            return kind("credentials", Outcome::Configuration, auth.hint());
        }
        if let Some(missing) = cause.downcast_ref::<NotFound>() {
            return kind("not-found", Outcome::NotFound, missing.hint.clone());
        }
        if let Some(access) = cause.downcast_ref::<NoAccess>() {
            return kind(access.word(), Outcome::Configuration, access.hint());
        }
        if let Some(letters) = letters::kind(cause) {
            return letters;
        }
        if let Some(database) = cause.downcast_ref::<PgError>() {
            return of_database(database);
        }
        if let Some(api) = cause.downcast_ref::<ApiError>() {
            return of_api(api);
        }
        if let Some(of_database) = of_first_aid(cause) {
            return of_database;
        }
    }
    kind("failed", Outcome::Failed, String::new())
}

fn of_database(error: &PgError) -> Kind {
    let hint = "parky-ops doctor".to_owned();
    Kind { code: error.reason().1.word(), outcome: of_postgres(error), hint, api: None }
}

/// Ours to mend, out of reach, or a fault of the server or this program.
fn of_postgres(error: &PgError) -> Outcome {
    use PgErrorKind as K;
    match error.kind() {
        K::Tls | K::Config | K::Credential | K::NoDatabase | K::NoPermission => {
            Outcome::Configuration
        }
        K::NoTable | K::NoSchema | K::NoColumn => Outcome::Configuration,
        K::Server | K::Query | K::Unreadable => Outcome::Failed,
        _ => Outcome::Unreachable,
    }
}

/// Why a rollback has no target: a choice that makes no sense, or one that cannot be made.
fn of_rollback(none: &NoCard) -> Kind {
    let kind = |code, outcome, hint: &str| Kind { code, outcome, hint: hint.to_owned(), api: None };
    let list = "parky-ops workers versions NAME";
    match none {
        NoCard::Unmapped { .. } => {
            kind("unmapped", Outcome::Configuration, "parky-ops config show --origin")
        }
        NoCard::NoScript { source, .. } => Kind { outcome: Outcome::NotFound, ..of_api(source) },
        NoCard::Api { reason, source } => of_api_as(source, reason.code),
        NoCard::NoTarget(none) => match none {
            NoTarget::NothingDeployed | NoTarget::NothingBefore { .. } => {
                kind("nothing-before", Outcome::NotFound, list)
            }
            NoTarget::Unknown { .. } => kind("not-found", Outcome::NotFound, list),
            _ => kind("wrong-target", Outcome::Usage, list),
        },
    }
}

/// What the database answered, or why it was not asked.
fn of_first_aid(cause: &(dyn std::error::Error + 'static)) -> Option<Kind> {
    let of_postgres = |code: ReasonCode, hint: Option<String>| {
        let outcome = match (code.class(), code) {
            (ReasonClass::Ours, ReasonCode::NoTable | ReasonCode::NoColumn) => Outcome::NotFound,
            (ReasonClass::Ours, _) => Outcome::Configuration,
            (_, ReasonCode::Dns | ReasonCode::Refused | ReasonCode::Unreachable) => {
                Outcome::Unreachable
            }
            (_, ReasonCode::Timeout | ReasonCode::Deadline | ReasonCode::ConnectionLost) => {
                Outcome::Unreachable
            }
            (_, ReasonCode::Saturated | ReasonCode::StartingUp | ReasonCode::Locked) => {
                Outcome::Unreachable
            }
            _ => Outcome::Failed,
        };
        let hint = hint.unwrap_or_else(|| match outcome {
            Outcome::Configuration => "parky-ops doctor".to_owned(),
            Outcome::Unreachable => "parky-ops db ping".to_owned(),
            _ => String::new(),
        });
        Kind { code: code.word(), outcome, hint, api: None }
    };
    if let Some(error) = cause.downcast_ref::<AidError>() {
        return Some(of_postgres(error.code(), error.hint()));
    }
    if let Some(error) = cause.downcast_ref::<KillError>() {
        let own = crate::db::kill_outcome(error);
        return Some(match (own, error) {
            (Some((code, outcome, hint)), _) => {
                Kind { code, outcome, hint: hint.to_owned(), api: None }
            }
            (None, KillError::Postgres(error)) => of_postgres(error.reason().1, None),
            (None, _) => {
                Kind { code: "failed", outcome: Outcome::Failed, hint: String::new(), api: None }
            }
        });
    }
    match cause.downcast_ref::<NoMigrations>()? {
        NoMigrations::Absent(_) => Some(of_postgres(ReasonCode::NoTable, None)),
        NoMigrations::NoPermission(_) => Some(of_postgres(ReasonCode::NoPermission, None)),
        NoMigrations::Unreadable(error) => Some(of_postgres(error.reason().1, None)),
    }
}

fn of_api(error: &ApiError) -> Kind {
    of_api_as(error, error.reason().0)
}

/// The same, where more is known of why.
fn of_api_as(error: &ApiError, code: ReasonCode) -> Kind {
    use ReasonCode as Code;
    let outcome = match code {
        Code::Unauthorized | Code::NoPermission | Code::WrongAccount | Code::TlsOurs => {
            Outcome::Configuration
        }
        Code::NotFound => Outcome::NotFound,
        Code::Unreachable | Code::Timeout | Code::Deadline => Outcome::Unreachable,
        _ => Outcome::Failed,
    };
    let api = Api {
        service: error.asked.service.to_string(),
        http_status: error.status,
        request_id: error.request_id.as_deref().map(str::to_owned),
    };
    let hint = match outcome {
        Outcome::Configuration => "parky-ops doctor".to_owned(),
        _ => String::new(),
    };
    Kind { code: code.word(), outcome, hint, api: Some(api) }
}
