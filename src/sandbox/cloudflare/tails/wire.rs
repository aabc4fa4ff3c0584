//! WebSocket frames (RFC 6455 5.2), made by hand so that they can also be made wrong.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

pub(super) const CONTINUATION: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;

/// Longer frames of a client are refused, in bytes.
const LONGEST: u64 = 1 << 20;

/// Appends a frame of a server; `last` ends the message.
pub(super) fn put(out: &mut Vec<u8>, opcode: u8, last: bool, payload: &[u8]) {
    out.push(opcode | if last { 0x80 } else { 0 });
    let length = payload.len() as u64;
    match length {
        0..=125 => out.push(length as u8),
        126..=0xffff => {
            out.push(126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&length.to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

/// The payload of a close.
pub(super) fn close(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

/// The next frame of a client: opcode and payload.
pub(super) async fn get(from: &mut (impl AsyncRead + Unpin)) -> io::Result<(u8, Vec<u8>)> {
    let [first, second] = [from.read_u8().await?, from.read_u8().await?];
    let length = match second & 0x7f {
        126 => u64::from(from.read_u16().await?),
        127 => from.read_u64().await?,
        short => u64::from(short),
    };
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    // wrangler masks nothing, against the standard, and Cloudflare takes it.
    let mut mask = [0; 4];
    if second & 0x80 != 0 {
        from.read_exact(&mut mask).await?;
    }
    let mut payload = vec![0; length as usize];
    from.read_exact(&mut payload).await?;
    for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    Ok((first & 0x0f, payload))
}
