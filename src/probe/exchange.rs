//! One `GET` over a connection that stands: when the first byte came, and whether the rest did.

use std::error::Error as _;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use url::{Position, Url};

use super::attempt::{Attempt, ms_since};
use super::error::{ProbeError, Step, within};
use crate::http::USER_AGENT;

/// A health answer is short; what is longer is not worth the wait.
const BODY: usize = 64 << 10;

/// Asks for `url` over `stream`; notes status and time to the first byte in `attempt`.
pub(super) async fn get(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send,
    url: &Url,
    deadline: Instant,
    attempt: &mut Attempt,
) -> Result<(), ProbeError> {
    let (mut sender, connection) = http1::handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(|error| meaning(&error, Step::FirstByte))?;
    let request = request(url)?;
    let conversation = async {
        let began = Instant::now();
        let head = async {
            let sent = sender.send_request(request).await;
            sent.map_err(|error| meaning(&error, Step::FirstByte))
        };
        let response = within(deadline, Step::FirstByte, head).await?;
        attempt.first_byte_ms = Some(ms_since(began));
        attempt.status = Some(response.status().as_u16());
        within(deadline, Step::Body, drain(response)).await
    };
    // The connection has to be driven, and its own end is told to the conversation as well: but for
    // what is said before there is a request.
    let driver = async {
        match connection.await {
            Err(error) if is_no_answer(&error) => Err(ProbeError::NotHttp),
            _ => std::future::pending().await,
        }
    };
    tokio::select! {
        outcome = conversation => outcome,
        outcome = driver => outcome,
    }
}

fn request(url: &Url) -> Result<Request<Empty<Bytes>>, ProbeError> {
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Request::get(&url[Position::BeforePath..Position::AfterQuery])
        .header(header::HOST, host)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, "*/*")
        .header(header::CONNECTION, "close")
        .body(Empty::new())
        .map_err(|_| ProbeError::BadUrl)
}

async fn drain(response: Response<Incoming>) -> Result<(), ProbeError> {
    let mut body = response.into_body();
    let mut read = 0;
    while read < BODY {
        match body.frame().await {
            None => return Ok(()),
            Some(Ok(frame)) => read += frame.data_ref().map_or(0, Bytes::len),
            Some(Err(error)) => return Err(meaning(&error, Step::Body)),
        }
    }
    Ok(())
}

fn meaning(error: &hyper::Error, step: Step) -> ProbeError {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<hyper::Error>());
    // Bytes that come before anything was asked cancel the request; the cause says so.
    let spoke_first = error.is_canceled() && cause.is_some_and(is_no_answer);
    if error.is_parse() || spoke_first {
        ProbeError::NotHttp
    } else {
        ProbeError::ConnectionLost(step)
    }
}

/// Whether something was said that is no answer to a request. hyper has a kind for bytes that it did
/// not expect, and no question for it: it is the one that is none of the others and has no cause.
fn is_no_answer(cause: &hyper::Error) -> bool {
    let ended = cause.is_closed()
        || cause.is_canceled()
        || cause.is_incomplete_message()
        || cause.source().is_some();
    cause.is_parse() || !ended
}
