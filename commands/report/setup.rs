//! Refusals of the command line, of the configuration and of credentials.

use std::error::Error;

use parky_ops::auth::{AuthError, WriteRefusal};
use parky_ops::checks::access::NoAccess;
use parky_ops::config::{ConfigError, WriteError};

use super::kind::Kind;
use super::service;
use crate::exit::Outcome;
use crate::refusal::{GivenUp, NotFound, Refusal, Unconfirmed, Usage};

/// The kind of such an error; `None` for every other.
pub(super) fn kind(cause: &(dyn Error + 'static)) -> Option<Kind> {
    refusal(cause).or_else(|| configuration(cause))
}

fn refusal(cause: &(dyn Error + 'static)) -> Option<Kind> {
    if let Some(Refusal { code, outcome, hint, source, .. }) = cause.downcast_ref() {
        let api = source.as_ref().and_then(|error| service::of_api(error).api);
        return Some(Kind { api, ..Kind::new(code, *outcome, hint) });
    }
    if let Some(usage) = cause.downcast_ref::<Usage>() {
        return Some(Kind::new("usage", Outcome::Usage, &usage.hint));
    }
    if let Some(missing) = cause.downcast_ref::<NotFound>() {
        return Some(Kind::new("not-found", Outcome::NotFound, &missing.hint));
    }
    if let Some(unconfirmed) = cause.downcast_ref::<Unconfirmed>() {
        return Some(Kind::new("unconfirmed", Outcome::Unconfirmed, &unconfirmed.hint));
    }
    cause.is::<GivenUp>().then(|| Kind::new("given-up", Outcome::Unreachable, ""))
}

fn configuration(cause: &(dyn Error + 'static)) -> Option<Kind> {
    if let Some(write) = cause.downcast_ref::<WriteError>() {
        return Some(Kind::new("config-write", Outcome::Failed, write.hint()));
    }
    let ours = |code, hint| Some(Kind::new(code, Outcome::Configuration, hint));
    if let Some(refusal) = cause.downcast_ref::<WriteRefusal>() {
        return ours("target", refusal.hint());
    }
    if let Some(config) = cause.downcast_ref::<ConfigError>() {
        return ours("config", config.hint());
    }
    if let Some(auth) = cause.downcast_ref::<AuthError>() {
        return ours("credentials", auth.hint());
    }
    let access = cause.downcast_ref::<NoAccess>()?;
    ours(access.word(), access.hint())
}
