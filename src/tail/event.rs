//! What set a worker off. The kind is told by the keys, in wrangler's own order.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::pick::{Field, elements, fields, is_there, milliseconds, number, text};

/// See the module. What a field should hold and does not is missing.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are named after Cloudflare's")]
pub enum Event<'a> {
    /// A cron trigger.
    Scheduled { cron: Cow<'a, str>, at: Option<DateTime<Utc>> },
    /// An HTTP request. The URL may be missing or empty.
    Fetch {
        method: Option<Cow<'a, str>>,
        url: Option<Cow<'a, str>>,
        status: Option<u16>,
        request: Request<'a>,
    },
    /// A mail.
    Email { from: Cow<'a, str>, to: Option<Cow<'a, str>>, size: Option<f64> },
    /// The alarm of a Durable Object.
    Alarm { at: Option<Cow<'a, str>> },
    /// A Tail Worker that was given the events of these scripts.
    Tail { scripts: Vec<String> },
    /// Word from Cloudflare itself.
    Info { message: Cow<'a, str>, kind: Cow<'a, str> },
    /// A batch of a queue.
    Queue { queue: Cow<'a, str>, size: Option<f64> },
    /// A call of a method.
    Rpc { entrypoint: Option<Cow<'a, str>>, method: Cow<'a, str> },
    /// A hibernating WebSocket of a Durable Object woke up.
    WebSocket { kind: Option<Cow<'a, str>>, code: Option<f64> },
    /// None of these, or nothing.
    Other,
}

/// What is worth knowing of a request beyond its line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Request<'a> {
    headers: Hidden<'a>,
    cf: Hidden<'a>,
}

/// A field that is looked into when it is asked for.
#[derive(Debug, Clone, Copy, Default)]
struct Hidden<'a>(Field<'a>);

impl PartialEq for Hidden<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.map(RawValue::get) == other.0.map(RawValue::get)
    }
}

impl<'a> Request<'a> {
    /// The id of the request at Cloudflare's edge.
    pub fn ray(&self) -> Option<Cow<'a, str>> {
        self.header("cf-ray")
    }

    /// A header's value, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<Cow<'a, str>> {
        let [value] = fields(self.headers.0, &[name]);
        text(value)
    }

    /// Where it came in, and from which country: `NRT`, `JP`.
    pub fn place(&self) -> [Option<Cow<'a, str>>; 2] {
        fields(self.cf.0, &["colo", "country"]).map(text)
    }
}

const KEYS: [&str; 16] = [
    "cron",
    "scheduledTime",
    "request",
    "response",
    "mailFrom",
    "rcptTo",
    "rawSize",
    "consumedEvents",
    "message",
    "type",
    "queue",
    "batchSize",
    "rpcMethod",
    "getWebSocketEvent",
    "webSocketEventType",
    "code",
];

impl<'a> Event<'a> {
    pub(super) fn of(event: Field<'a>, entrypoint: Field<'a>) -> Self {
        let [
            cron,
            scheduled,
            request,
            response,
            from,
            to,
            size,
            consumed,
            message,
            kind,
            queue,
            batch,
            rpc,
            socket,
            socket_kind,
            code,
        ] = fields(event, &KEYS);
        let or_empty = |field| text(field).unwrap_or_default();
        if is_there(cron) {
            Event::Scheduled { cron: or_empty(cron), at: milliseconds(scheduled) }
        } else if is_there(request) {
            fetch(request, response)
        } else if is_there(from) {
            Event::Email { from: or_empty(from), to: text(to), size: number(size) }
        } else if is_there(scheduled) {
            Event::Alarm { at: text(scheduled) }
        } else if is_there(consumed) {
            Event::Tail { scripts: consumed_scripts(consumed) }
        } else if is_there(message) && is_there(kind) {
            Event::Info { message: or_empty(message), kind: or_empty(kind) }
        } else if is_there(queue) {
            Event::Queue { queue: or_empty(queue), size: number(batch) }
        } else if is_there(rpc) {
            Event::Rpc { entrypoint: text(entrypoint), method: or_empty(rpc) }
        } else if socket.is_some() {
            let [inner_kind, inner_code] = fields(socket, &["webSocketEventType", "code"]);
            let kind = text(inner_kind).or_else(|| text(socket_kind));
            Event::WebSocket { kind, code: number(inner_code).or_else(|| number(code)) }
        } else {
            Event::Other
        }
    }

    /// The HTTP status that was answered.
    pub fn status(&self) -> Option<u16> {
        match self {
            Event::Fetch { status, .. } => *status,
            _ => None,
        }
    }

    /// The request's URL.
    pub fn url(&self) -> Option<&str> {
        match self {
            Event::Fetch { url, .. } => url.as_deref().filter(|url| !url.is_empty()),
            _ => None,
        }
    }

    /// The path of the request's URL, without its query.
    pub fn path(&self) -> Option<&str> {
        let url = self.url()?;
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let path = rest.find('/').map_or("/", |at| rest.get(at..).unwrap_or("/"));
        path.split(['?', '#']).next()
    }
}

fn fetch<'a>(request: Field<'a>, response: Field<'a>) -> Event<'a> {
    let [method, url, headers, cf] = fields(request, &["method", "url", "headers", "cf"]);
    let [status] = fields(response, &["status"]);
    let status = number(status).filter(|n| n.fract() == 0.0 && (0.0..1000.0).contains(n));
    Event::Fetch {
        method: text(method),
        url: text(url),
        status: status.map(|status| status as u16),
        request: Request { headers: Hidden(headers), cf: Hidden(cf) },
    }
}

/// Each script once, in the order in which they came.
fn consumed_scripts(consumed: Field<'_>) -> Vec<String> {
    let mut scripts: Vec<String> = Vec::new();
    for event in elements(consumed) {
        let [name] = fields(Some(event), &["scriptName"]);
        let name = text(name).unwrap_or_default().into_owned();
        if !name.is_empty() && !scripts.contains(&name) {
            scripts.push(name);
        }
    }
    scripts
}
