//! The first bytes of a PostgreSQL connection, and the errors that may answer them.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const SSL: u32 = 80_877_103;
const GSS: u32 = 80_877_104;
const PROTOCOL_MAJOR: u32 = 3;
/// PostgreSQL's own bound on the length of a startup message, in bytes.
const LONGEST: usize = 10_000;

/// How a client begins.
pub(super) enum Greeting {
    /// With who it is: the whole message.
    Startup(Vec<u8>),
    /// With a wish to cancel, or with nonsense.
    Else,
}

/// Reads until the client says who it is; encryption is declined on the way.
pub(super) async fn read(client: &mut TcpStream) -> io::Result<Greeting> {
    loop {
        let length = client.read_u32().await? as usize;
        if !(8..=LONGEST).contains(&length) {
            return Ok(Greeting::Else);
        }
        let mut message = vec![0; length];
        message[..4].copy_from_slice(&(length as u32).to_be_bytes());
        client.read_exact(&mut message[4..]).await?;
        match u32::from_be_bytes([message[4], message[5], message[6], message[7]]) {
            SSL | GSS => client.write_all(b"N").await?,
            code if code >> 16 == PROTOCOL_MAJOR => return Ok(Greeting::Startup(message)),
            _ => return Ok(Greeting::Else),
        }
    }
}

pub(super) fn wrong_password(startup: &[u8]) -> Vec<u8> {
    let user = parameter(startup, "user").unwrap_or_default();
    fatal("28P01", &format!("password authentication failed for user \"{user}\""), None)
}

pub(super) fn busy() -> Vec<u8> {
    fatal(
        "53300",
        "the embedded sandbox database carries one transaction at a time",
        Some("End the other transaction, or install PostgreSQL: the native engine carries more."),
    )
}

pub(super) fn engine_is_gone() -> Vec<u8> {
    fatal("57P03", "the embedded sandbox database has stopped", None)
}

/// The value of a parameter of a startup message.
fn parameter(startup: &[u8], name: &str) -> Option<String> {
    let mut words = startup.get(8..)?.split(|byte| *byte == 0);
    while let (Some(key), Some(value)) = (words.next(), words.next()) {
        if key == name.as_bytes() {
            return Some(String::from_utf8_lossy(value).into_owned());
        }
    }
    None
}

fn fatal(code: &str, message: &str, hint: Option<&str>) -> Vec<u8> {
    let fields = [('S', "FATAL"), ('V', "FATAL"), ('C', code), ('M', message)];
    let fields = fields.into_iter().chain(hint.map(|hint| ('H', hint)));
    let mut body = String::new();
    for (kind, value) in fields {
        body.extend([kind]);
        body.push_str(value);
        body.push('\0');
    }
    body.push('\0');
    let length = (body.len() + 4) as u32;
    [b"E".as_slice(), &length.to_be_bytes(), body.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_found_among_the_parameters() {
        let startup = b"\0\0\0\0\0\x03\0\0database\0postgres\0user\0parky\0\0";
        assert_eq!(parameter(startup, "user").as_deref(), Some("parky"));
        assert_eq!(parameter(startup, "options"), None);
        assert_eq!(parameter(b"short", "user"), None);
    }

    #[test]
    fn an_error_has_the_length_that_it_states() {
        let message = busy();
        let stated = u32::from_be_bytes([message[1], message[2], message[3], message[4]]);
        assert_eq!(stated as usize, message.len() - 1);
        assert!(message.ends_with(b"\0\0"));
    }
}
