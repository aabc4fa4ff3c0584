//! A TCP connection to the first of several addresses that answers (RFC 8305): a dead one costs a
//! quarter of a second, not the deadline, as it does in a browser.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::error::{ProbeError, Step};

/// The head start of each address over the next.
const STAGGER: Duration = Duration::from_millis(250);

/// Takes the two address families in turn, beginning with the first one's.
pub(super) fn alternate(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut this, mut other): (VecDeque<_>, VecDeque<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut order = VecDeque::new();
    while let Some(address) = this.pop_front() {
        order.push_back(address);
        std::mem::swap(&mut this, &mut other);
        if this.is_empty() {
            std::mem::swap(&mut this, &mut other);
        }
    }
    order
}

/// The first connection that stands. Where none does: the failure that tells most.
pub(super) async fn fastest(mut waiting: VecDeque<SocketAddr>) -> Result<TcpStream, ProbeError> {
    let mut trying = FuturesUnordered::new();
    let mut worst: Option<ProbeError> = None;
    loop {
        if let Some(address) = waiting.pop_front() {
            trying.push(TcpStream::connect(address));
        }
        let more = !waiting.is_empty();
        tokio::select! {
            outcome = trying.next() => match outcome {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => worst = Some(most_telling(worst, &error)),
                None => return Err(worst.unwrap_or(ProbeError::Dns)),
            },
            () = sleep(STAGGER), if more => {}
        }
    }
}

/// Refused is an answer; silence says less; no route, often of the one family that this machine
/// does not have, least.
fn most_telling(before: Option<ProbeError>, error: &io::Error) -> ProbeError {
    let rank = |error: &ProbeError| match error {
        ProbeError::Refused => 3,
        ProbeError::ConnectionLost(_) => 2,
        ProbeError::Timeout(_) => 1,
        _ => 0,
    };
    let this = match error.kind() {
        io::ErrorKind::ConnectionRefused => ProbeError::Refused,
        io::ErrorKind::TimedOut => ProbeError::Timeout(Step::Connect),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            ProbeError::ConnectionLost(Step::Connect)
        }
        _ => ProbeError::NoRoute,
    };
    before.into_iter().chain([this]).max_by_key(rank).unwrap_or(ProbeError::NoRoute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(addresses: &[&str]) -> Vec<String> {
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        alternate(addresses).iter().map(|a| a.ip().to_string()).collect()
    }

    #[test]
    fn families_take_turns() {
        let given = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"];
        assert_eq!(order(&given), ["::1", "1.1.1.1", "::2", "2.2.2.2", "::3"]);
        assert_eq!(order(&["1.1.1.1:1", "2.2.2.2:1", "[::1]:1"]), ["1.1.1.1", "::1", "2.2.2.2"]);
        assert_eq!(order(&[]), Vec::<String>::new());
    }

    #[test]
    fn a_refusal_tells_more_than_a_missing_route() {
        let of = |kind: io::ErrorKind| io::Error::from(kind);
        let first = most_telling(None, &of(io::ErrorKind::ConnectionRefused));
        assert_eq!(
            most_telling(Some(first), &of(io::ErrorKind::NetworkUnreachable)),
            ProbeError::Refused
        );
        let first = most_telling(None, &of(io::ErrorKind::NetworkUnreachable));
        assert_eq!(first, ProbeError::NoRoute);
        assert_eq!(
            most_telling(Some(first), &of(io::ErrorKind::TimedOut)),
            ProbeError::Timeout(Step::Connect)
        );
    }
}
