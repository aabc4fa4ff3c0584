//! The stream of one replay, read back.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::Done;

/// What one run told of itself.
#[derive(Debug)]
pub(super) struct Events {
    pub(super) plan: Value,
    /// The end of each row, by its key.
    pub(super) rows: BTreeMap<String, Value>,
    pub(super) waits: Vec<Value>,
    pub(super) summary: Value,
}

impl Events {
    /// Reads the stream, and expects a sum that comes out even.
    pub(super) fn of(done: &Done) -> Self {
        Self::read(&done.stdout).unwrap_or_else(|| {
            panic!("no whole stream ({:?}): {}\n{}", done.code, done.stdout, done.stderr)
        })
    }

    fn read(text: &str) -> Option<Self> {
        let lines: Vec<Value> =
            text.lines().map(serde_json::from_str).collect::<Result<_, _>>().ok()?;
        let of = |event: &'static str| lines.iter().filter(move |line| line["event"] == event);
        assert_eq!(lines.first()?["event"], "start", "{text}");
        let mut rows = BTreeMap::new();
        for row in of("row") {
            let earlier = rows.insert(row["id"].as_str()?.to_owned(), row.clone());
            assert_eq!(earlier, None, "a row ended twice");
        }
        let events = Self {
            plan: of("plan").next()?.clone(),
            waits: of("wait").cloned().collect(),
            summary: of("summary").next()?.clone(),
            rows,
        };
        events.is_even();
        Some(events)
    }

    fn is_even(&self) {
        let number = |value: &Value| value.as_u64().unwrap();
        let skips = self.summary["skipped"].as_object().unwrap();
        let states = ["delivered", "rejected", "unsure", "blocked", "left"];
        let ended: u64 = states.map(|state| self.count(state)).iter().sum();
        let skipped: u64 = skips.values().map(number).sum();
        let selected = number(&self.summary["selected"]);
        assert_eq!(ended + skipped, selected, "{}", self.summary);
        assert_eq!(self.rows.len() as u64, selected, "each row has one end");
        for state in states {
            assert_eq!(self.ids(state).len() as u64, self.count(state), "{state}");
        }
    }

    /// How many rows ended as `state`.
    pub(super) fn count(&self, state: &str) -> u64 {
        self.summary[state].as_u64().unwrap()
    }

    /// The rows that ended as `state`.
    pub(super) fn ids(&self, state: &str) -> Vec<&str> {
        let of_state = self.rows.iter().filter(|(_, row)| row["state"] == state);
        of_state.map(|(id, _)| id.as_str()).collect()
    }

    /// How the row ended, and why.
    pub(super) fn end(&self, id: impl std::fmt::Display) -> (&str, &str) {
        let id = format!("{id}");
        let row = self.rows.get(&id).unwrap_or_else(|| panic!("no row {id}: {:#?}", self.rows));
        (row["state"].as_str().unwrap(), row["reason"].as_str().unwrap_or_default())
    }
}
