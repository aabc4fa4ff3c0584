//! One WebSocket to Cloudflare: the connection, the handshake, and frames as they come.
//!
//! The protocol is tungstenite's, fed from a [`Pipe`]; the bytes are moved here. So a frame that is no
//! UTF-8 costs itself and not the line, and nothing is lost when waiting for more is broken off.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tungstenite::client::IntoClientRequest as _;
use tungstenite::handshake::HandshakeError;
use tungstenite::handshake::client::{ClientHandshake, Request};
use tungstenite::http::HeaderValue;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Bytes, Message, WebSocket};
use url::Url;

use super::fault::LineFault;
use super::pipe::Pipe;
use crate::domain::loopback::is_loopback;
use crate::http::{Roots, TlsFault, USER_AGENT, client_config, dns};

/// What is spoken on the line.
const SUBPROTOCOL: &str = "trace-v1";
/// Longer messages end the line. An event is cut by Cloudflare far below.
const LONGEST: usize = 64 << 20;

trait Wire: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Wire for T {}

/// What came over the line.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A text or binary message; both may hold events.
    Frame(Bytes),
    /// A message of text that is none.
    Garbled,
    /// The answer to a ping, with what was in the ping.
    Pong(Bytes),
    /// Something else that shows that the other side lives.
    Life,
}

/// An open line.
pub(super) struct Socket {
    protocol: WebSocket<Pipe>,
    wire: Box<dyn Wire>,
    sent: usize,
}

impl Socket {
    /// Connects to `url`, and says that filtered events are not wanted.
    pub(super) async fn connect(
        url: &SecretString,
        roots: &Roots,
        deadline: Instant,
    ) -> Result<Self, LineFault> {
        let opening = async {
            let url = Url::parse(url.expose_secret()).map_err(|_| LineFault::BadUrl("no URL"))?;
            let wire = connection(&url, roots).await?;
            let mut socket = handshake(&url, wire).await?;
            socket.send(Message::text(r#"{"debug":false}"#))?;
            socket.flush().await?;
            Ok(socket)
        };
        timeout_at(deadline, opening).await.unwrap_or(Err(LineFault::Timeout))
    }

    /// The next thing that has come already.
    pub(super) fn next(&mut self) -> Result<Option<Incoming>, LineFault> {
        match self.protocol.read() {
            Ok(Message::Text(text)) => Ok(Some(Incoming::Frame(text.into()))),
            Ok(Message::Binary(bytes)) => Ok(Some(Incoming::Frame(bytes))),
            Ok(Message::Pong(payload)) => Ok(Some(Incoming::Pong(payload))),
            Ok(Message::Ping(_) | Message::Frame(_)) => Ok(Some(Incoming::Life)),
            Ok(Message::Close(said)) => Err(closed(said)),
            Err(tungstenite::Error::Utf8(_)) => Ok(Some(Incoming::Garbled)),
            Err(tungstenite::Error::Io(error))
                if error.kind() == std::io::ErrorKind::WouldBlock =>
            {
                Ok(None)
            }
            Err(error) => Err(LineFault::of_stream(&error)),
        }
    }

    /// Waits until more has come, and sends what is to be sent. May be broken off at any time.
    pub(super) async fn wait(&mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    /// Asks the other side for a sign of life.
    pub(super) fn ping(&mut self, number: u64) -> Result<(), LineFault> {
        self.send(Message::Ping(Bytes::copy_from_slice(&number.to_be_bytes())))
    }

    /// Says goodbye, as far as that goes within `deadline`.
    pub(super) async fn close(mut self, deadline: Instant) {
        let _ = self.protocol.close(None);
        let _ = timeout_at(deadline, self.flush()).await;
    }

    fn send(&mut self, message: Message) -> Result<(), LineFault> {
        self.protocol
            .write(message)
            .and_then(|()| self.protocol.flush())
            .map_err(|error| LineFault::of_stream(&error))
    }

    async fn flush(&mut self) -> Result<(), LineFault> {
        poll_fn(|cx| self.poll_send(cx)).await.map_err(|_| LineFault::Broken)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Poll::Ready(Err(_)) = self.poll_send(cx) {
            self.protocol.get_mut().ended = true;
            return Poll::Ready(());
        }
        let pipe = self.protocol.get_mut();
        let mut buffer = ReadBuf::new(pipe.room());
        match Pin::new(&mut self.wire).poll_read(cx, &mut buffer) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                let count = buffer.filled().len();
                pipe.comes(count);
            }
            Poll::Ready(_) => pipe.ended = true,
        }
        Poll::Ready(())
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let out = &mut self.protocol.get_mut().out;
        while let Some(rest @ [_, ..]) = out.get(self.sent..) {
            match Pin::new(&mut self.wire).poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
                }
                Poll::Ready(Ok(count)) => self.sent += count,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        out.clear();
        self.sent = 0;
        Pin::new(&mut self.wire).poll_flush(cx)
    }
}

fn closed(said: Option<tungstenite::protocol::CloseFrame>) -> LineFault {
    use crate::domain::text::{one_line, shorten};
    let (code, reason) = said.map_or((1005, String::new()), |said| {
        (said.code.into(), shorten(&one_line(&said.reason), 120))
    });
    LineFault::Closed { code, reason }
}

async fn connection(url: &Url, roots: &Roots) -> Result<Box<dyn Wire>, LineFault> {
    let tls = match url.scheme() {
        "wss" => true,
        "ws" if is_loopback(url) => false,
        "ws" => return Err(LineFault::BadUrl("events would travel in the clear")),
        _ => return Err(LineFault::BadUrl("no WebSocket")),
    };
    let host = url.host_str().ok_or(LineFault::BadUrl("no host in it"))?;
    let port = url.port_or_known_default().unwrap_or(443);
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = dns::lookup(plain, port)
        .await
        .map_err(|_| LineFault::Unreachable("its name does not resolve".to_owned()))?;
    let stream = TcpStream::connect(addresses.as_slice())
        .await
        .map_err(|error| LineFault::of_connection(&error))?;
    // Pings and closes are small and must not wait for company.
    let _ = stream.set_nodelay(true);
    if !tls {
        return Ok(Box::new(stream));
    }
    let roots = roots.load().await.map_err(LineFault::Tls)?;
    let config = client_config(roots, &["http/1.1"])
        .map_err(|error| LineFault::Tls(TlsFault::from(&error)))?;
    let name = rustls::pki_types::ServerName::try_from(plain.to_owned())
        .map_err(|_| LineFault::BadUrl("no name that a certificate could have"))?;
    let secured = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    secured.map(|stream| Box::new(stream) as Box<dyn Wire>).map_err(|error| {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(fault) => LineFault::Tls(TlsFault::from(fault)),
            None => LineFault::Broken,
        }
    })
}

fn request(url: &Url) -> Result<Request, LineFault> {
    let bad = |_| LineFault::BadUrl("no WebSocket");
    let mut request = url.as_str().into_client_request().map_err(bad)?;
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    headers.insert("user-agent", HeaderValue::from_static(USER_AGENT));
    Ok(request)
}

async fn handshake(url: &Url, mut wire: Box<dyn Wire>) -> Result<Socket, LineFault> {
    let config =
        WebSocketConfig::default().max_message_size(Some(LONGEST)).max_frame_size(Some(LONGEST));
    let mut under_way = ClientHandshake::start(Pipe::default(), request(url)?, Some(config))
        .map_err(|error| LineFault::of_handshake(&error))?;
    loop {
        match under_way.handshake() {
            Ok((protocol, _)) => return Ok(Socket { protocol, wire, sent: 0 }),
            Err(HandshakeError::Failure(error)) => return Err(LineFault::of_handshake(&error)),
            Err(HandshakeError::Interrupted(mut mid)) => {
                carry(&mut *wire, mid.get_mut().get_mut()).await?;
                under_way = mid;
            }
        }
    }
}

/// Moves the bytes of the handshake.
async fn carry(wire: &mut dyn Wire, pipe: &mut Pipe) -> Result<(), LineFault> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let broken = |_| LineFault::Broken;
    if !pipe.out.is_empty() {
        wire.write_all(&pipe.out).await.map_err(broken)?;
        wire.flush().await.map_err(broken)?;
        pipe.out.clear();
    }
    match wire.read(pipe.room()).await.map_err(broken)? {
        0 => pipe.ended = true,
        count => pipe.comes(count),
    }
    Ok(())
}
