//! A client for the tests that hides nothing: one request on one connection, bytes as they came.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::{Position, Url};

/// What came back; status 0 where it was no HTTP.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    head: String,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a body of JSON")
    }

    /// Status and first code of a Cloudflare error.
    pub(super) fn code(&self) -> (u16, i64) {
        let json = self.json();
        assert_eq!(json["success"], false, "{json}");
        (self.status, json["errors"][0]["code"].as_i64().unwrap())
    }
}

/// Long enough for a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn get(url: &str) -> io::Result<Reply> {
    get_within(PATIENCE, url)
}

/// For those who may get no answer.
pub(super) fn get_within(limit: Duration, url: &str) -> io::Result<Reply> {
    exchange(limit, "GET", url, "", "")
}

pub(super) fn get_as(token: &SecretString, url: &str) -> Reply {
    send("GET", url, &bearer(token), "").unwrap()
}

pub(super) fn post_as(token: &SecretString, url: &str, body: &Value) -> Reply {
    send("POST", url, &bearer(token), &body.to_string()).unwrap()
}

fn bearer(token: &SecretString) -> String {
    format!("authorization: Bearer {}\r\n", token.expose_secret())
}

/// `headers` are whole lines.
pub(super) fn send(method: &str, url: &str, headers: &str, body: &str) -> io::Result<Reply> {
    exchange(PATIENCE, method, url, headers, body)
}

fn exchange(
    limit: Duration,
    method: &str,
    url: &str,
    headers: &str,
    body: &str,
) -> io::Result<Reply> {
    let url = Url::parse(url).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", url.port().unwrap()))?;
    stream.set_read_timeout(Some(limit))?;
    let (target, length) = (&url[Position::BeforePath..], body.len());
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nhost: x\r\n{headers}connection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Ok(Reply { status, head: head.to_owned(), body: body.to_owned() })
}
