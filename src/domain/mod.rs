//! Plain types and pure judgements. No I/O, and no import from any other part of the library.

pub mod calendar;
pub mod check;
pub mod clock;
mod consent;
mod deployment;
mod env;
mod hex;
mod invocation;
pub mod loopback;
mod median;
mod pages;
mod reason;
mod redact;
pub mod severity;
pub mod text;
mod version;
mod version_ref;
mod when;

pub use calendar::Calendar;
pub use check::{Check, Evidence, Judgement, NextStep, Reach, Source, State, Verdict};
pub use clock::{Clock, Jst};
pub use consent::{Agreement, Consent};
pub(crate) use deployment::mark_rollbacks;
pub use deployment::{Cohort, Deployment, VersionShare};
pub use env::EnvName;
pub use hex::{hex, sha_of_hex};
pub use invocation::Invocation;
pub use median::median;
pub use pages::{PagesBuild, PagesDeployment, PagesEnvironment, PagesProject};
pub use reason::{Reason, ReasonClass, ReasonCode};
pub use redact::Redactor;
pub use severity::Severity;
pub use version::{Binding, Difference, Version, VersionDetail, differences};
pub use version_ref::{VersionRef, WrongReference, ids_in_url};
pub use when::{Moment, MomentError, parse_span};

use serde::Serialize;

/// Something that the reader must know to read the answer rightly: a cut list, a limited view, a
/// file that loosened a threshold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Caveat {
    /// A stable kebab-case word.
    pub code: &'static str,
    /// One line for a person.
    pub text: String,
}

impl Caveat {
    /// A caveat; `text` may hold words from outside, which are made harmless.
    pub fn new(code: &'static str, text: impl AsRef<str>) -> Self {
        Self { code, text: text::one_line(text.as_ref()) }
    }
}
