//! What set a worker off. The kind is told by the keys, in wrangler's own order.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::fields::{Fields, Slot};
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
    headers: Field<'a>,
    place: [Field<'a>; 2],
}

impl<'a> Request<'a> {
    /// The id of the request at Cloudflare's edge.
    pub fn ray(&self) -> Option<Cow<'a, str>> {
        self.header("cf-ray")
    }

    /// A header's value, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<Cow<'a, str>> {
        let [value] = fields(self.headers, &[name]);
        text(value)
    }

    /// Where it came in, and from which country: `NRT`, `JP`.
    pub fn place(&self) -> [Option<Cow<'a, str>>; 2] {
        self.place.map(text)
    }
}

impl<'a> Event<'a> {
    pub(super) fn of(fields: &Fields<'a>) -> Self {
        let get = |slot| fields.get(slot);
        let there = |slot| is_there(get(slot));
        let or_empty = |slot| text(get(slot)).unwrap_or_default();
        if there(Slot::Cron) {
            Event::Scheduled {
                cron: or_empty(Slot::Cron),
                at: milliseconds(get(Slot::ScheduledTime)),
            }
        } else if there(Slot::Request) {
            fetch(fields)
        } else if there(Slot::MailFrom) {
            Event::Email {
                from: or_empty(Slot::MailFrom),
                to: text(get(Slot::RcptTo)),
                size: number(get(Slot::RawSize)),
            }
        } else if there(Slot::ScheduledTime) {
            Event::Alarm { at: text(get(Slot::ScheduledTime)) }
        } else if there(Slot::Consumed) {
            Event::Tail { scripts: consumed_scripts(get(Slot::Consumed)) }
        } else if there(Slot::Message) && there(Slot::Kind) {
            Event::Info { message: or_empty(Slot::Message), kind: or_empty(Slot::Kind) }
        } else if there(Slot::Queue) {
            Event::Queue { queue: or_empty(Slot::Queue), size: number(get(Slot::BatchSize)) }
        } else if there(Slot::RpcMethod) {
            Event::Rpc {
                entrypoint: text(get(Slot::Entrypoint)),
                method: or_empty(Slot::RpcMethod),
            }
        } else if get(Slot::Socket).is_some() {
            Event::WebSocket {
                kind: text(get(Slot::InnerKind)).or_else(|| text(get(Slot::SocketKind))),
                code: number(get(Slot::InnerCode)).or_else(|| number(get(Slot::Code))),
            }
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

fn fetch<'a>(fields: &Fields<'a>) -> Event<'a> {
    let status = number(fields.get(Slot::Status));
    let status = status.filter(|n| n.fract() == 0.0 && (0.0..1000.0).contains(n));
    Event::Fetch {
        method: text(fields.get(Slot::Method)),
        url: text(fields.get(Slot::Url)),
        status: status.map(|status| status as u16),
        request: Request {
            headers: fields.get(Slot::Headers),
            place: [fields.get(Slot::Colo), fields.get(Slot::Country)],
        },
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
