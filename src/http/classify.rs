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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::time::Instant;
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::domain::{Clock, Redactor};
    use crate::http::stub::Authority;
    use crate::http::{ApiError, Client, Method, Request, Roots, Service};

    /// The error of a request over HTTP/2 to a server that has got its head, answers `frames` and
    /// hangs up.
    async fn failure(frames: &'static [u8]) -> ApiError {
        let authority = Authority::new();
        let mut tls = authority.server(&["localhost"], |_| {});
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = TlsAcceptor::from(Arc::new(tls)).accept(stream).await.unwrap();
            stream.read_exact(&mut [0; PREFACE]).await.unwrap();
            loop {
                let mut head = [0; 9];
                stream.read_exact(&mut head).await.unwrap();
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                let mut payload = vec![0; usize::try_from(length).unwrap()];
                stream.read_exact(&mut payload).await.unwrap();
                if head[3] == HEADERS {
                    break;
                }
            }
            stream.write_all(&SETTINGS).await.unwrap();
            stream.write_all(frames).await.unwrap();
            stream.shutdown().await.unwrap();
            // A connection that is closed with bytes unread is reset, and they may overtake ours.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        });
        let http =
            Client::new(Roots::given(authority.roots), Redactor::default(), Clock::system(), None);
        let api = http.api(Service::Discord, base.parse().unwrap(), None);
        let request = Request::new(Method::POST, &["x"]).json(&serde_json::json!({}));
        let error = api.send(request, Instant::now() + Duration::from_secs(10)).await.unwrap_err();
        drop(api);
        server.abort();
        error
    }

    const PREFACE: usize = 24;
    const HEADERS: u8 = 1;
    /// Without any setting.
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

    #[tokio::test]
    async fn a_request_that_http_2_may_have_taken_is_not_told_as_lost() {
        let internal = &[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 2];
        let away_above_ours = &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        for frames in [&internal[..], away_above_ours, &[]] {
            let error = failure(frames).await;
            assert_eq!(error.fault, Fault::Unreachable(Unreachable::Broken), "{frames:?}");
            assert!(error.may_have_arrived());
        }
    }

    #[tokio::test]
    async fn a_request_that_http_2_refused_was_not_taken() {
        let refused = &[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 7];
        let away_below_ours = &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for frames in [&refused[..], away_below_ours] {
            let error = failure(frames).await;
            assert_eq!(error.fault, Fault::Unreachable(Unreachable::NotTaken), "{frames:?}");
            assert!(!error.may_have_arrived());
        }
    }
}
