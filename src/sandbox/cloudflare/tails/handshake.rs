//! The beginning of a socket, and how it may fail.

use std::future::pending;
use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tungstenite::handshake::derive_accept_key;

use super::Tails;

/// What becomes of a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Handshake {
    /// It is accepted.
    #[default]
    Accept,
    /// It is refused with this HTTP status.
    Refuse(u16),
    /// It is accepted, but the subprotocol is not.
    NoSubprotocol,
    /// It is accepted with another subprotocol.
    OtherSubprotocol,
    /// It gets no answer.
    Hang,
    /// It gets bytes that are no HTTP.
    Garbage,
}

/// Longer heads of requests are refused, in bytes.
const LONGEST: usize = 16 << 10;

/// Answers a handshake; the id of the tail where a socket came of it.
pub(super) async fn shake(tails: &Tails, stream: &mut TcpStream) -> io::Result<Option<String>> {
    let head = head(stream).await?;
    let header = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        let found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned()).next()
    };
    let secret = head.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let id = {
        let held = tails.held();
        let found = held.tails.iter().find(|kept| kept.secret == secret && !kept.seen.deleted);
        found.map(|kept| kept.seen.id.clone())
    };
    let speaks = header("sec-websocket-protocol")
        .is_some_and(|all| all.split(',').any(|one| one.trim() == "trace-v1"));
    let Some(key) = header("sec-websocket-key") else { return refuse(stream, 426).await };
    let subprotocol = match tails.next_handshake() {
        Handshake::Refuse(status) => return refuse(stream, status).await,
        Handshake::Hang => return pending().await,
        Handshake::Garbage => {
            stream.write_all(b"\x00\xff\x13 this is no handshake\r\n\r\n").await?;
            return Ok(None);
        }
        _ if id.is_none() => return refuse(stream, 404).await,
        _ if !speaks => return refuse(stream, 400).await,
        Handshake::Accept => "sec-websocket-protocol: trace-v1\r\n",
        Handshake::OtherSubprotocol => "sec-websocket-protocol: chat\r\n",
        Handshake::NoSubprotocol => "",
    };
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-accept: {}\r\n{subprotocol}\r\n",
        derive_accept_key(key.as_bytes())
    );
    stream.write_all(answer.as_bytes()).await?;
    Ok(id)
}

async fn head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

async fn refuse(stream: &mut TcpStream, status: u16) -> io::Result<Option<String>> {
    let answer = format!("HTTP/1.1 {status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(None)
}

/// Bytes that are no protocol.
pub(super) async fn babble(mut stream: TcpStream) {
    let _ = stream.write_all(b"\x00\xff\x13 this is not the protocol you expect\r\n\r\n").await;
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
}
