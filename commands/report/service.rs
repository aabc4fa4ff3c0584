//! What a service answered, or why it did not.

use std::error::Error;

use parky_ops::domain::ReasonCode;
use parky_ops::http::ApiError;

use super::kind::{Api, Kind};
use crate::exit::Outcome;

/// The kind of such an error; `None` for every other.
pub(super) fn kind(cause: &(dyn Error + 'static)) -> Option<Kind> {
    cause.downcast_ref().map(of_api)
}

pub(super) fn of_api(error: &ApiError) -> Kind {
    of_api_as(error, error.reason().0)
}

/// The same, where more is known of why.
pub(super) fn of_api_as(error: &ApiError, code: ReasonCode) -> Kind {
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
    let hint = if outcome == Outcome::Configuration { "parky-ops doctor" } else { "" };
    Kind { api: Some(api), ..Kind::new(code.word(), outcome, hint) }
}
