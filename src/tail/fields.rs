//! The fields of an event that are of use, found in one walk over its JSON: an event is read millions of
//! times, and to look into it once more for each object in it costs more than everything else.

use super::pick::Field;
use super::scan::Scan;

/// Where a field is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Outcome,
    At,
    Logs,
    Exceptions,
    VersionId,
    WallTime,
    CpuTime,
    Entrypoint,
    Truncated,
    Diagnostics,
    Script,
    Cron,
    ScheduledTime,
    Request,
    Url,
    Method,
    Headers,
    Colo,
    Country,
    Status,
    MailFrom,
    RcptTo,
    RawSize,
    Consumed,
    Message,
    Kind,
    Queue,
    BatchSize,
    RpcMethod,
    Socket,
    InnerKind,
    InnerCode,
    SocketKind,
    Code,
}

const SLOTS: usize = Slot::Code as usize + 1;

/// A field by its name: kept as it came, or looked into.
struct Node {
    name: &'static str,
    kept: Kept,
    below: &'static [Node],
}

#[derive(Clone, Copy)]
enum Kept {
    /// As it came.
    Raw(Slot),
    /// Whether it is there: the slot holds `{}`, `null`, or `0` for what is neither.
    There(Slot),
    /// Not itself.
    No,
}

const fn leaf(name: &'static str, slot: Slot) -> Node {
    Node { name, kept: Kept::Raw(slot), below: &[] }
}

const fn node(name: &'static str, kept: Kept, below: &'static [Node]) -> Node {
    Node { name, kept, below }
}

static TREE: [Node; 12] = [
    leaf("outcome", Slot::Outcome),
    node("event", Kept::No, &EVENT),
    leaf("eventTimestamp", Slot::At),
    leaf("logs", Slot::Logs),
    leaf("exceptions", Slot::Exceptions),
    node("scriptVersion", Kept::No, &[leaf("id", Slot::VersionId)]),
    leaf("wallTime", Slot::WallTime),
    leaf("cpuTime", Slot::CpuTime),
    leaf("entrypoint", Slot::Entrypoint),
    leaf("truncated", Slot::Truncated),
    leaf("diagnosticsChannelEvents", Slot::Diagnostics),
    leaf("scriptName", Slot::Script),
];

static EVENT: [Node; 16] = [
    node("request", Kept::There(Slot::Request), &REQUEST),
    node("response", Kept::No, &[leaf("status", Slot::Status)]),
    leaf("cron", Slot::Cron),
    leaf("scheduledTime", Slot::ScheduledTime),
    leaf("mailFrom", Slot::MailFrom),
    leaf("rcptTo", Slot::RcptTo),
    leaf("rawSize", Slot::RawSize),
    leaf("consumedEvents", Slot::Consumed),
    leaf("message", Slot::Message),
    leaf("type", Slot::Kind),
    leaf("queue", Slot::Queue),
    leaf("batchSize", Slot::BatchSize),
    leaf("rpcMethod", Slot::RpcMethod),
    node("getWebSocketEvent", Kept::There(Slot::Socket), &SOCKET),
    leaf("webSocketEventType", Slot::SocketKind),
    leaf("code", Slot::Code),
];

static REQUEST: [Node; 4] = [
    leaf("url", Slot::Url),
    leaf("method", Slot::Method),
    leaf("headers", Slot::Headers),
    node("cf", Kept::No, &[leaf("colo", Slot::Colo), leaf("country", Slot::Country)]),
];

static SOCKET: [Node; 2] =
    [leaf("webSocketEventType", Slot::InnerKind), leaf("code", Slot::InnerCode)];

/// See the module. Borrows the JSON.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>([Option<&'a str>; SLOTS]);

impl<'a> Fields<'a> {
    /// The fields of the object that `json` holds, with nothing but whitespace after it. Of fields of
    /// the same name the last one counts. `None`: it is no JSON, or no object.
    pub(super) fn read(json: &'a str) -> Option<Self> {
        let mut found = Self([None; SLOTS]);
        let mut scan = Scan::new(json);
        found.object(&mut scan, &TREE)?;
        scan.end()?;
        Some(found)
    }

    /// The field as it came, where it is there.
    pub(super) fn get(&self, slot: Slot) -> Field<'a> {
        self.0.get(slot as usize).copied().flatten()
    }

    fn set(&mut self, slot: Slot, value: Option<&'a str>) {
        if let Some(place) = self.0.get_mut(slot as usize) {
            *place = value;
        }
    }

    fn forget(&mut self, nodes: &[Node]) {
        for node in nodes {
            if let Kept::Raw(slot) | Kept::There(slot) = node.kept {
                self.set(slot, None);
            }
            self.forget(node.below);
        }
    }

    fn object(&mut self, scan: &mut Scan<'a>, nodes: &'static [Node]) -> Option<()> {
        let mut seen = 0_u32;
        scan.object(|scan, key| {
            let mut known = nodes.iter().enumerate();
            let Some((place, node)) = known.find(|(_, node)| key == node.name) else {
                return scan.value().map(drop);
            };
            if let Kept::Raw(slot) = node.kept {
                self.set(slot, Some(scan.value()?));
                return Some(());
            }
            if seen & 1 << place != 0 {
                self.forget(node.below);
            }
            seen |= 1 << place;
            let value = match scan.peek()? {
                b'{' => {
                    self.object(scan, node.below)?;
                    "{}"
                }
                _ if scan.value()? == "null" => "null",
                _ => "0",
            };
            if let Kept::There(slot) = node.kept {
                self.set(slot, Some(value));
            }
            Some(())
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn each_node_has_a_slot_of_its_own() {
        fn each(nodes: &[Node], seen: &mut Vec<usize>) {
            for node in nodes {
                if let Kept::Raw(slot) | Kept::There(slot) = node.kept {
                    seen.push(slot as usize);
                }
                each(node.below, seen);
            }
        }
        let mut seen = Vec::new();
        each(&TREE, &mut seen);
        seen.sort_unstable();
        assert_eq!(seen, (0..SLOTS).collect::<Vec<_>>());
    }

    #[test]
    fn the_last_of_a_name_counts_with_everything_in_it() {
        let json = r#"{"event":{"request":{"url":"a","cf":{"colo":"NRT"}}},"event":{"request":{"url":"b"}},"outcome":1.50e1}"#;
        let found = Fields::read(json).unwrap();
        assert_eq!((found.get(Slot::Url), found.get(Slot::Colo)), (Some("\"b\""), None));
        let rest = (found.get(Slot::Request), found.get(Slot::Outcome));
        assert_eq!(rest, (Some("{}"), Some("1.50e1")));
    }

    #[test]
    fn what_no_number_and_no_text_can_hold_stands_for_itself() {
        for odd in ["1e999", r#""\ud800""#, "-0.0", "[1e999]"] {
            let json = format!(r#"{{"event":{{"request":{odd},"cron":{odd}}},"outcome":"ok"}}"#);
            let found = Fields::read(&json).unwrap();
            assert_eq!((found.get(Slot::Request), found.get(Slot::Cron)), (Some("0"), Some(odd)));
            assert_eq!(found.get(Slot::Outcome), Some("\"ok\""));
        }
        for json in ["", "null", "[]", "1", "{", r#"{"a":1} x"#, "{\"a\":\"\u{1}\"}"] {
            assert!(Fields::read(json).is_none(), "{json}");
        }
        let deep = format!("{{\"event\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(Fields::read(&deep).is_some(), "depth costs no stack");
    }

    /// What a reader that takes everything apart finds in a slot.
    fn model(event: &Value, path: &[&str]) -> Option<Value> {
        path.iter().try_fold(event, |of, name| of.get(name)).cloned()
    }

    proptest::proptest! {
        #[test]
        fn the_walk_finds_what_is_there(
            parts in proptest::collection::vec("event|request|cf|colo|status|cron|x|ev\\\\u0065nt", 0..6),
            value in "null|1|\"s\"|\\{\\}|\\[1\\]|true|\\{\"url\":\"u\",\"id\":3\\}",
            again in proptest::bool::ANY,
        ) {
            let mut json = value;
            for part in parts {
                let twice = if again { format!(r#""{part}":{{"cf":{{"colo":1}}}},"#) } else { String::new() };
                json = format!(r#"{{{twice}"{part}":{json},"outcome":"ok"}}"#);
            }
            let event: Value = serde_json::from_str(&json).unwrap();
            let found = Fields::read(&json);
            proptest::prop_assert_eq!(found.is_some(), event.is_object());
            let Some(found) = found else { return Ok(()) };
            for (slot, path) in [
                (Slot::Outcome, &["outcome"][..]),
                (Slot::Cron, &["event", "cron"]),
                (Slot::Url, &["event", "request", "url"]),
                (Slot::Colo, &["event", "request", "cf", "colo"]),
                (Slot::Status, &["event", "response", "status"]),
            ] {
                let raw = found.get(slot).map(|raw| serde_json::from_str::<Value>(raw).unwrap());
                proptest::prop_assert_eq!(raw, model(&event, path), "{:?} in {}", path, json);
            }
            let kind = model(&event, &["event", "request"]).map(|request| match request {
                Value::Null => "null",
                Value::Object(_) => "{}",
                _ => "0",
            });
            proptest::prop_assert_eq!(found.get(Slot::Request), kind, "{}", json);
        }
    }
}
