//! What all APIs of one run have in common.

use std::sync::Arc;

use super::log::RequestLog;
use super::tls::Roots;
use crate::domain::{Clock, Redactor};

/// The parts that outlive a request.
pub(super) struct Shared {
    pub(super) roots: Roots,
    pub(super) redactor: Redactor,
    pub(super) clock: Clock,
    pub(super) log: Option<Arc<dyn RequestLog>>,
}
