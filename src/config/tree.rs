//! The settings of all layers as one flat map from path to value, each with its origin. Pure.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::keys::Key;
use super::origin::{Origin, Sourced};

/// A value, and the key that it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) key: &'static Key,
    pub(crate) value: LeafValue,
    pub(crate) origin: Origin,
}

/// A value that may be shown, or one that may not.
#[derive(Debug, Clone)]
pub(crate) enum LeafValue {
    Open(Value),
    Secret(SecretString),
}

impl Leaf {
    /// A leaf; what belongs to a secret key is hidden at once.
    pub(crate) fn new(key: &'static Key, value: Value, origin: Origin) -> Self {
        let value = match value {
            Value::String(text) if key.is_secret() => LeafValue::Secret(text.into()),
            other => LeafValue::Open(other),
        };
        Self { key, value, origin }
    }

    /// The value, unless it is a secret.
    pub(crate) fn open(&self) -> Option<&Value> {
        match &self.value {
            LeafValue::Open(value) => Some(value),
            LeafValue::Secret(_) => None,
        }
    }
}

/// Settings by path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree(BTreeMap<Vec<String>, Leaf>);

impl Tree {
    /// Sets one value.
    pub(crate) fn set(&mut self, path: Vec<String>, leaf: Leaf) {
        self.0.insert(path, leaf);
    }

    /// Lays `over` on top: tables merge by key, lists are replaced whole.
    pub(crate) fn lay(&mut self, over: Tree) {
        self.0.extend(over.0);
    }

    /// The leaf at a dotted path, for paths without free names.
    pub(crate) fn get(&self, path: &str) -> Option<&Leaf> {
        self.at(&path.split('.').map(str::to_owned).collect::<Vec<_>>())
    }

    /// The leaf at a path.
    pub(crate) fn at(&self, path: &[String]) -> Option<&Leaf> {
        self.0.get(path)
    }

    /// All leaves, in the order of their paths.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[String], &Leaf)> {
        self.0.iter().map(|(path, leaf)| (path.as_slice(), leaf))
    }

    /// The leaves under a path, with the rest of theirs.
    pub(crate) fn under<'a>(
        &'a self,
        path: &'a [&'a str],
    ) -> impl Iterator<Item = (&'a [String], &'a Leaf)> {
        self.0.iter().filter_map(move |(at, leaf)| {
            let fits = at.len() > path.len() && at.iter().zip(path).all(|(a, b)| a == b);
            fits.then(|| (&at[path.len()..], leaf))
        })
    }

    /// The open values under a path as a JSON object.
    pub(crate) fn object(&self, path: &[&str]) -> Value {
        let mut object = Map::new();
        for (rest, leaf) in self.under(path) {
            if let Some(value) = leaf.open() {
                insert(&mut object, rest, value.clone());
            }
        }
        Value::Object(object)
    }

    /// The text at a dotted path; an empty one counts as unset.
    pub(crate) fn text(&self, path: &str) -> Option<Sourced<String>> {
        self.get(path).and_then(sourced_text)
    }

    /// The names that stand directly under a table.
    pub(crate) fn names(&self, table: &str) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.0.keys().filter(|p| p.len() > 1 && p[0] == table).map(|p| p[1].as_str()).collect();
        names.dedup();
        names
    }
}

/// The text of a leaf, with its origin; an empty one counts as unset.
pub(crate) fn sourced_text(leaf: &Leaf) -> Option<Sourced<String>> {
    let text = leaf.open()?.as_str().filter(|text| !text.is_empty())?;
    Some(Sourced::new(text.to_owned(), leaf.origin.clone()))
}

fn insert(object: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => {
            object.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            let below = object.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(below) = below {
                insert(below, rest, value);
            }
        }
    }
}
