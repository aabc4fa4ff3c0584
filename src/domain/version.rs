//! A version of a worker, what it stands on, and how two of them differ. Pure.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// A version of a worker, as it stands in Cloudflare's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// The version's UUID.
    pub version_id: String,
    /// Its running number, where Cloudflare told it.
    pub number: Option<u64>,
    /// When it was made (UTC).
    pub at: Option<DateTime<Utc>>,
    /// Who made it, as Cloudflare says.
    pub author: Option<String>,
    /// With what: `wrangler`, `dash`, `api`, …
    pub source: Option<String>,
    /// The message it was given.
    pub message: Option<String>,
    /// The tag it was given.
    pub tag: Option<String>,
    /// What made it: `upload`, `secret`, …
    pub triggered_by: Option<String>,
}

impl Version {
    /// A version of which nothing but the id is known.
    pub fn bare(version_id: impl Into<String>, number: Option<u64>) -> Self {
        Self {
            version_id: version_id.into(),
            number,
            at: None,
            author: None,
            source: None,
            message: None,
            tag: None,
            triggered_by: None,
        }
    }

    /// `@141 (bf58218a)`, or the id's beginning alone.
    pub fn name(&self) -> String {
        let id: String = self.version_id.chars().take(8).collect();
        self.number.map_or_else(|| id.clone(), |number| format!("@{number} ({id})"))
    }

    /// Whether a changed secret made it: the code is that of the version before.
    pub fn is_of_secret(&self) -> bool {
        self.triggered_by.as_deref() == Some("secret")
    }
}

/// A version with what it stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionDetail {
    /// The version itself.
    #[serde(flatten)]
    pub version: Version,
    /// The behaviour of the runtime that it was made for.
    pub compatibility_date: Option<String>,
    /// Single behaviours that it switches on or off.
    pub compatibility_flags: Vec<String>,
    /// The last migration of its Durable Objects.
    pub migration_tag: Option<String>,
    /// What it handles: `fetch`, `scheduled`, …
    pub handlers: Vec<String>,
    /// What it is bound to, in the order of their names.
    pub bindings: Vec<Binding>,
}

/// Something that a version is bound to, by name and type; values are never kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Binding {
    /// Its name in the code.
    pub name: String,
    /// `kv_namespace`, `secret_text`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The namespace, bucket, queue, database or service that it leads to.
    pub to: Option<String>,
    /// Tells a value from another one without keeping either.
    #[serde(skip)]
    pub fingerprint: u64,
}

impl Binding {
    /// Whether it is a secret, of which only the name is known.
    pub fn is_secret(&self) -> bool {
        self.kind.starts_with("secret")
    }
}

/// One thing in which two versions differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `binding`, `secret`, `compatibility-date`, `compatibility-flag`, `migration`, `handler`.
    pub kind: &'static str,
    /// The name of the binding or flag; empty where there is only one such thing.
    pub name: String,
    /// What the first version has; `None`: nothing.
    pub from: Option<String>,
    /// What the second version has; `None`: nothing.
    pub to: Option<String>,
}

impl Difference {
    /// As a sentence of the way from the first version to the second.
    pub fn says(&self) -> String {
        let subject = match (self.kind, self.name.as_str()) {
            ("compatibility-date", _) => "compatibility date".to_owned(),
            ("compatibility-flag", name) => format!("compatibility flag {name}"),
            ("migration", _) => "Durable Object migration".to_owned(),
            (kind, name) => format!("{kind} {name}"),
        };
        match (&self.from, &self.to) {
            (None, Some(to)) if *to == self.name => format!("{subject} is added"),
            (Some(from), None) if *from == self.name => format!("{subject} goes away"),
            (None, Some(to)) => format!("{subject} is added: {to}"),
            (Some(from), None) => format!("{subject} goes away: {from}"),
            (Some(from), Some(to)) if from == to => format!("{subject} gets another value ({to})"),
            (Some(from), Some(to)) => format!("{subject}: {from} -> {to}"),
            (None, None) => subject,
        }
    }
}

/// What changes on the way from `from` to `to`.
pub fn differences(from: &VersionDetail, to: &VersionDetail) -> Vec<Difference> {
    let mut all = Vec::new();
    let one = |kind, from: &Option<String>, to: &Option<String>| {
        (from != to).then(|| Difference {
            kind,
            name: String::new(),
            from: from.clone(),
            to: to.clone(),
        })
    };
    all.extend(one("migration", &from.migration_tag, &to.migration_tag));
    all.extend(one("compatibility-date", &from.compatibility_date, &to.compatibility_date));
    words("compatibility-flag", &from.compatibility_flags, &to.compatibility_flags, &mut all);
    words("handler", &from.handlers, &to.handlers, &mut all);
    bindings(&from.bindings, &to.bindings, &mut all);
    all
}

fn words(kind: &'static str, from: &[String], to: &[String], all: &mut Vec<Difference>) {
    let missing = |word: &String, list: &[String]| (!list.contains(word)).then(|| word.clone());
    for word in from.iter().filter_map(|word| missing(word, to)) {
        all.push(Difference { kind, name: word.clone(), from: Some(word), to: None });
    }
    for word in to.iter().filter_map(|word| missing(word, from)) {
        all.push(Difference { kind, name: word.clone(), from: None, to: Some(word) });
    }
}

fn bindings(from: &[Binding], to: &[Binding], all: &mut Vec<Difference>) {
    let names = from.iter().chain(to.iter().filter(|b| from.iter().all(|a| a.name != b.name)));
    for Binding { name, .. } in names {
        let of = |list: &'_ [Binding]| list.iter().find(|binding| binding.name == *name).cloned();
        let (from, to) = (of(from), of(to));
        let same = from.as_ref().zip(to.as_ref()).is_some_and(|(a, b)| {
            a.kind == b.kind && a.to == b.to && a.fingerprint == b.fingerprint
        });
        if !same {
            let secret = [&from, &to].into_iter().flatten().all(Binding::is_secret);
            let kind = if secret { "secret" } else { "binding" };
            let says = |binding: Option<Binding>| binding.map(|binding| shown(&binding, secret));
            all.push(Difference { kind, name: name.clone(), from: says(from), to: says(to) });
        }
    }
}

fn shown(binding: &Binding, secret: bool) -> String {
    match (&binding.to, secret) {
        (_, true) => binding.name.clone(),
        (Some(to), false) => format!("{} {to}", binding.kind),
        (None, false) => binding.kind.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(name: &str, kind: &str, to: Option<&str>, fingerprint: u64) -> Binding {
        Binding { name: name.into(), kind: kind.into(), to: to.map(str::to_owned), fingerprint }
    }

    fn detail(date: &str, flags: &[&str], bindings: Vec<Binding>) -> VersionDetail {
        VersionDetail {
            version: Version::bare("v", None),
            compatibility_date: Some(date.into()),
            compatibility_flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
            migration_tag: None,
            handlers: vec!["fetch".into()],
            bindings,
        }
    }

    fn says(from: &VersionDetail, to: &VersionDetail) -> Vec<String> {
        differences(from, to).iter().map(Difference::says).collect()
    }

    #[test]
    fn equal_versions_have_no_differences() {
        let one =
            detail("2026-04-30", &["nodejs_compat"], vec![binding("A", "plain_text", None, 1)]);
        assert_eq!(differences(&one, &one), []);
    }

    #[test]
    fn every_kind_of_difference_is_a_sentence() {
        let live = VersionDetail {
            migration_tag: Some("v2".into()),
            ..detail(
                "2026-11-01",
                &["nodejs_compat", "new_url"],
                vec![
                    binding("CACHE", "kv_namespace", Some("aa"), 1),
                    binding("GONE", "secret_text", None, 2),
                    binding("MODE", "plain_text", None, 3),
                    binding("STORE", "r2_bucket", Some("one"), 4),
                ],
            )
        };
        let target = detail(
            "2026-04-30",
            &["nodejs_compat"],
            vec![
                binding("BACK", "secret_text", None, 5),
                binding("MODE", "plain_text", None, 6),
                binding("STORE", "r2_bucket", Some("two"), 7),
            ],
        );
        assert_eq!(
            says(&live, &target),
            [
                "Durable Object migration goes away: v2",
                "compatibility date: 2026-11-01 -> 2026-04-30",
                "compatibility flag new_url goes away",
                "binding CACHE goes away: kv_namespace aa",
                "secret GONE goes away",
                "binding MODE gets another value (plain_text)",
                "binding STORE: r2_bucket one -> r2_bucket two",
                "secret BACK is added",
            ]
        );
    }
}
