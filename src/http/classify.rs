//! What a failure of the HTTP library means. Pure: looks only at the error that it is given.

use std::error::Error;
use std::io;

use super::error::{Fault, Unreachable, Unreadable};
use super::tls::TlsFault;

type Cause<'a> = &'a (dyn Error + 'static);

/// What the failure `error` of sending means; `connected` says whether a connection had ever been
/// made.
pub(super) fn fault(error: &reqwest::Error, connected: bool) -> Fault {
    Fault::Unreachable(if error.is_dns() {
        Unreachable::Dns
    } else if error.is_timeout() {
        Unreachable::Timeout { connected: connected && !error.is_connect() }
    } else {
        return causes(error)
            .find_map(from_cause)
            .unwrap_or(Fault::Unreachable(Unreachable::Broken));
    })
}

/// `error` and what it wraps. An `io::Error` hides the error it was made from: `source` skips it.
fn causes<'a>(error: Cause<'a>) -> impl Iterator<Item = Cause<'a>> {
    fn inside<'a>(error: &Cause<'a>) -> Option<Cause<'a>> {
        let error = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    }
    // A library whose error names itself as its source must not hang us.
    std::iter::successors(Some(error), inside).take(16)
}

fn from_cause(cause: Cause<'_>) -> Option<Fault> {
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return Some(Fault::Unreachable(Unreachable::Tls(TlsFault::from(error))));
    }
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return error.is_parse().then_some(Fault::Unreadable(Unreadable::NotHttp));
    }
    match cause.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => Some(Fault::Unreachable(Unreachable::Refused)),
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::AddrNotAvailable => Some(Fault::Unreachable(Unreachable::NoRoute)),
        _ => None,
    }
}
