//! Why a worker cannot be tailed, and what to do about it.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::fault::LineFault;
use crate::http::{ApiError, Fault};

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TailError {
    /// Cloudflare did not open a tail.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The line of a tail could not be made, or was lost.
    #[error(transparent)]
    Line(#[from] LineFault),
    /// It expired before another one could be opened.
    #[error("the tail expired before the next one was open")]
    Expired,
}

/// A longer wait than this is named instead of sat through.
const PATIENCE: Duration = Duration::from_secs(60);

impl TailError {
    /// How long to wait before trying again, at least `usual`; `None` where there is no use in it.
    pub(super) fn again(&self, usual: Duration, now: DateTime<Utc>) -> Option<Duration> {
        match self {
            TailError::Api(error) => match &error.fault {
                Fault::RateLimited { retry_at: Some(at) } => {
                    let asked = (*at - now).to_std().unwrap_or_default();
                    (asked <= PATIENCE).then(|| asked.max(usual))
                }
                Fault::Server | Fault::Unreachable(_) | Fault::Unreadable(_) => Some(usual),
                _ => None,
            },
            TailError::Line(fault) => (!fault.is_final()).then_some(usual),
            TailError::Expired => Some(usual),
        }
    }
}
