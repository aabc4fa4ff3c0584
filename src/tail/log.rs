//! What a worker wrote and threw, and structured lines unfolded: many workers write one JSON object a
//! line, with its level, scope and resource in it.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::pick::{Field, elements, fields, text};

/// How serious a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of the console")]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    /// The level of a word: the console's, and those that loggers use.
    pub fn of(word: &str) -> Option<Self> {
        let known = WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
        known.map(|(_, level)| *level)
    }
}

const WORDS: [(&str, Level); 14] = [
    ("log", Level::Info),
    ("info", Level::Info),
    ("notice", Level::Info),
    ("debug", Level::Debug),
    ("trace", Level::Debug),
    ("verbose", Level::Debug),
    ("warn", Level::Warn),
    ("warning", Level::Warn),
    ("error", Level::Error),
    ("err", Level::Error),
    ("fatal", Level::Error),
    ("critical", Level::Error),
    ("alert", Level::Error),
    ("emergency", Level::Error),
];

/// One line of the console.
#[derive(Debug, Clone, Copy)]
pub struct Log<'a> {
    level: Field<'a>,
    message: Field<'a>,
}

/// A line as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Line<'a> {
    /// How serious it is, as the line itself says, else as the console does.
    pub level: Level,
    /// The word for that, as it was written.
    pub word: Cow<'a, str>,
    /// The part of the program, where the line names one.
    pub scope: Option<String>,
    /// What it is about, where the line names it.
    pub resource: Option<String>,
    /// What is said.
    pub text: Cow<'a, str>,
    /// The other fields of a structured line.
    pub rest: Vec<(String, String)>,
}

impl<'a> Log<'a> {
    pub(super) fn of(raw: &'a str) -> Self {
        let [level, message] = fields(Some(raw), &["level", "message"]);
        Self { level, message }
    }

    /// The line, unfolded where it is structured.
    pub fn line(&self) -> Line<'a> {
        let word = text(self.level).unwrap_or(Cow::Borrowed("log"));
        let level = Level::of(&word).unwrap_or(Level::Info);
        let parts = elements(self.message);
        let text = match parts.as_slice() {
            [first, rest @ ..] if !rest.is_empty() => {
                let mut text = String::with_capacity(self.message.map_or(0, str::len));
                text.push_str(&shown(first));
                for part in rest {
                    text.push(' ');
                    text.push_str(&shown(part));
                }
                Cow::Owned(text)
            }
            only => {
                let only = only.first().copied().or(self.message).unwrap_or_default();
                if let Some(object) = structured(only) {
                    return unfold(object, level, word);
                }
                shown(only)
            }
        };
        Line { level, word, scope: None, resource: None, text, rest: Vec::new() }
    }
}

/// The object of a structured line: one that names its level or its message.
fn structured(part: &str) -> Option<Map<String, Value>> {
    let object = match text(Some(part)) {
        Some(text) if text.trim_start().starts_with('{') => serde_json::from_str(&text).ok()?,
        Some(_) => return None,
        None => serde_json::from_str::<Map<String, Value>>(part).ok()?,
    };
    let known = ["level", "severity", "message", "msg"];
    known.iter().any(|key| object.contains_key(*key)).then_some(object)
}

fn unfold(mut object: Map<String, Value>, level: Level, word: Cow<'_, str>) -> Line<'_> {
    let mut take = |keys: &[&str]| {
        let key = keys.iter().find(|key| object.get(**key).is_some_and(|v| !v.is_null()))?;
        object.shift_remove(*key).map(|value| plain(&value))
    };
    let own = take(&["level", "severity"]).filter(|word| Level::of(word).is_some());
    let scope = take(&["scope", "logger", "component", "module"]);
    let resource = take(&["resource", "resource_id", "resourceId"]);
    let text = take(&["message", "msg", "event"]).unwrap_or_default().into();
    let rest = object.iter().map(|(key, value)| (key.clone(), plain(value))).collect();
    let (level, word) = match own {
        Some(word) => (Level::of(&word).unwrap_or(level), Cow::Owned(word)),
        None => (level, word),
    };
    Line { level, word, scope, resource, text, rest }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// A part of a message: text as it is, everything else as JSON.
fn shown(part: &str) -> Cow<'_, str> {
    text(Some(part)).unwrap_or(Cow::Borrowed(part))
}

/// Something that was thrown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception<'a> {
    /// Its kind, such as `TypeError`.
    pub name: Cow<'a, str>,
    /// What it says; JSON where that is no text.
    pub message: Cow<'a, str>,
    /// Where it was thrown, in lines.
    pub stack: Option<Cow<'a, str>>,
}

impl<'a> Exception<'a> {
    pub(super) fn of(raw: &'a str) -> Self {
        let [name, message, stack] = fields(Some(raw), &["name", "message", "stack"]);
        let message = match message {
            Some(message) => shown(message),
            None => shown(raw),
        };
        Self { name: text(name).unwrap_or(Cow::Borrowed("Error")), message, stack: text(stack) }
    }
}
