//! What one probe saw.

use std::net::SocketAddr;

use tokio::time::Instant;

use super::certificate::Certificate;
use super::error::ProbeError;

/// What one probe saw. Each time is that step's own; a step that was not reached has none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attempt {
    /// Milliseconds for the name; none for an address.
    pub dns_ms: Option<u64>,
    /// Milliseconds for the TCP connection.
    pub connect_ms: Option<u64>,
    /// Milliseconds for the TLS handshake.
    pub tls_ms: Option<u64>,
    /// Milliseconds from the request to the head of the answer.
    pub first_byte_ms: Option<u64>,
    /// Milliseconds from the beginning to the end of the answer, or to the failure.
    pub total_ms: u64,
    /// The HTTP status, as soon as the head came.
    pub status: Option<u16>,
    /// What the host showed, even where it was refused.
    pub certificate: Option<Certificate>,
    /// The address that answered.
    pub address: Option<SocketAddr>,
    /// What failed; none where a whole answer came, whatever its status.
    pub error: Option<ProbeError>,
}

/// Whole milliseconds since `began`.
pub(super) fn ms_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
