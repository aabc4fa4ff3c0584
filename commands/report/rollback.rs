//! Why there is nothing that a rollback could go back to.

use std::error::Error;

use parky_ops::rollback::NoTarget;
use parky_ops::rollback::look::NoCard;

use super::kind::Kind;
use super::service::{of_api, of_api_as};
use crate::exit::Outcome;

/// The kind of such an error; `None` for every other.
pub(super) fn kind(cause: &(dyn Error + 'static)) -> Option<Kind> {
    cause.downcast_ref().map(of)
}

/// Why a rollback has no target: a choice that makes no sense, or one that cannot be made.
fn of(none: &NoCard) -> Kind {
    match none {
        NoCard::Unmapped { .. } => {
            Kind::new("unmapped", Outcome::Configuration, "parky-ops config show --origin")
        }
        NoCard::NoScript { source, .. } => Kind { outcome: Outcome::NotFound, ..of_api(source) },
        NoCard::Api { reason, source } => of_api_as(source, reason.code),
        NoCard::NoTarget(none) => no_target(none, "parky-ops workers versions NAME"),
        NoCard::NoDeployment(none) => no_target(none, "parky-ops pages show PROJECT"),
    }
}

/// `list` shows what there is.
fn no_target(none: &NoTarget, list: &str) -> Kind {
    match none {
        NoTarget::NothingDeployed | NoTarget::NothingBefore { .. } => {
            Kind::new("nothing-before", Outcome::NotFound, list)
        }
        NoTarget::Unknown { .. } => Kind::new("not-found", Outcome::NotFound, list),
        _ => Kind::new("wrong-target", Outcome::Usage, list),
    }
}
