//! The fields of an event that are of use, found in one walk over its JSON: an event is read millions of
//! times, and to look into it once more for each object in it costs more than everything else.

use std::fmt;

use serde::Deserialize as _;
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::pick::Field;

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
    /// the same name the last one counts.
    ///
    /// # Errors
    /// It is no JSON, or no object.
    pub(super) fn read(json: &'a str) -> Result<Self, serde_json::Error> {
        // Numbers beyond any range and halves of signs are JSON, and stop the quick walk only where an
        // object should have been.
        Self::walk(json, false).or_else(|_| Self::walk(json, true))
    }

    fn walk(json: &'a str, careful: bool) -> Result<Self, serde_json::Error> {
        let mut found = Self([None; SLOTS]);
        let mut from = serde_json::Deserializer::from_str(json);
        let walk = Walk { nodes: &TREE, found: &mut found, careful };
        de::Deserializer::deserialize_map(&mut from, walk)?;
        from.end()?;
        Ok(found)
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
}

/// An object, or what stands in its place.
struct Walk<'f, 'a> {
    nodes: &'static [Node],
    found: &'f mut Fields<'a>,
    /// Each object is looked over first, so that what cannot be read in it costs no more than itself.
    careful: bool,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, 'de> {
    type Value = &'static str;

    fn deserialize<D: de::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        if !self.careful {
            return from.deserialize_any(self);
        }
        let raw = <&RawValue>::deserialize(from)?;
        let mut inner = serde_json::Deserializer::from_str(raw.get());
        let other = if raw.get() == "null" { "null" } else { "0" };
        Ok(de::Deserializer::deserialize_map(&mut inner, self).unwrap_or(other))
    }
}

impl<'de> Visitor<'de> for Walk<'_, 'de> {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self { nodes, found, careful } = self;
        let mut seen = 0_u32;
        while let Some(place) = map.next_key_seed(Key(nodes))? {
            let Some((place, node)) = place.and_then(|place| Some((place, nodes.get(place)?)))
            else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if let Kept::Raw(slot) = node.kept {
                found.set(slot, Some(map.next_value::<&RawValue>()?.get()));
                continue;
            }
            if seen & 1 << place != 0 {
                found.forget(node.below);
            }
            seen |= 1 << place;
            let value = map.next_value_seed(Walk { nodes: node.below, found, careful })?;
            if let Kept::There(slot) = node.kept {
                found.set(slot, Some(value));
            }
        }
        Ok("{}")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok("null")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok("0")
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok("0")
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok("0")
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok("0")
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok("0")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok("0")
    }
}

/// A key, as the place of its node.
struct Key(&'static [Node]);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<usize>;

    fn deserialize<D: de::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|node| node.name == key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(json: &str, careful: bool) -> Option<[Option<&str>; SLOTS]> {
        Fields::walk(json, careful).ok().map(|found| found.0)
    }

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
        for careful in [false, true] {
            let found = Fields::walk(json, careful).unwrap();
            assert_eq!((found.get(Slot::Url), found.get(Slot::Colo)), (Some("\"b\""), None));
            assert_eq!(
                (found.get(Slot::Request), found.get(Slot::Outcome)),
                (Some("{}"), Some("1.50e1"))
            );
        }
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
            assert!(Fields::read(json).is_err(), "{json}");
        }
        let deep = format!("{{\"event\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(Fields::read(&deep).is_ok(), "depth costs no stack");
    }

    proptest::proptest! {
        #[test]
        fn both_walks_find_the_same(
            parts in proptest::collection::vec("event|request|cf|colo|status|cron|x", 0..6),
            value in "null|1|\"s\"|\\{\\}|\\[1\\]|true|\\{\"url\":\"u\",\"id\":3\\}",
            again in proptest::bool::ANY,
        ) {
            let mut json = value;
            for part in parts {
                let twice = if again { format!(r#""{part}":{{"cf":{{"colo":1}}}},"#) } else { String::new() };
                json = format!(r#"{{{twice}"{part}":{json},"outcome":"ok"}}"#);
            }
            proptest::prop_assert_eq!(slots(&json, false), slots(&json, true));
        }
    }
}
