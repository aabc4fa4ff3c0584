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
        // A router or a TLS alert can also end a connection that has carried the request already.
        let found = match error.is_connect() {
            true => causes(error).find_map(while_connecting),
            false => causes(error).find_map(once_connected),
        };
        return found.unwrap_or(Fault::Unreachable(Unreachable::Broken));
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

fn while_connecting(cause: Cause<'_>) -> Option<Fault> {
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return Some(Fault::Unreachable(Unreachable::Tls(TlsFault::from(error))));
    }
    match cause.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => Some(Fault::Unreachable(Unreachable::Refused)),
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::AddrNotAvailable => Some(Fault::Unreachable(Unreachable::NoRoute)),
        _ => None,
    }
}

fn once_connected(cause: Cause<'_>) -> Option<Fault> {
    if let Some(error) = cause.downcast_ref::<h2::Error>() {
        return not_taken(error).then_some(Fault::Unreachable(Unreachable::NotTaken));
    }
    let error = cause.downcast_ref::<hyper::Error>()?;
    error.is_parse().then_some(Fault::Unreadable(Unreadable::NotHttp))
}

/// Whether the server vouches that it did nothing with the request (RFC 9113 §8.7): it refused the
/// stream, or went away before it. `h2` gives a server's GOAWAY to the streams above it only.
fn not_taken(error: &h2::Error) -> bool {
    let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    error.is_remote() && (refused || error.is_go_away())
}
