//! Versions of a script: the list in one request, one whole with what it stands on.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::wire::shown;
use super::{Client, envelope, wire};
use crate::domain::{Binding, Version, VersionDetail};
use crate::http::{ApiError, lenient};

impl Client {
    /// The versions of `script` that can be deployed, newest first: up to 100, one request.
    ///
    /// # Errors
    /// No answer, a refusal, or an answer that is not as documented.
    pub async fn versions(
        &self,
        script: &str,
        deadline: Instant,
    ) -> Result<Vec<Version>, ApiError> {
        let path = self.script(script, "versions");
        let reply = self.api.get(&path, &[("deployable", "true")], deadline).await?;
        let found: wire::Versions = envelope::listed(&reply)?;
        let mut versions: Vec<_> = found.items.iter().map(version).collect();
        versions.sort_by_key(|version| std::cmp::Reverse((version.number, version.at)));
        Ok(versions)
    }

    /// One version of `script` with what it stands on. Secrets are there by name only, and values of
    /// other bindings are not kept.
    ///
    /// # Errors
    /// No answer, a refusal (no such version: 404), or an answer that is not as documented.
    pub async fn version(
        &self,
        script: &str,
        version_id: &str,
        deadline: Instant,
    ) -> Result<VersionDetail, ApiError> {
        let path =
            ["accounts", &self.account, "workers", "scripts", script, "versions", version_id];
        let reply = self.api.get(&path, &[], deadline).await?;
        let found: wire::Version =
            envelope::result(&reply)?.ok_or_else(|| reply.wrong_shape("no version in it"))?;
        Ok(detail(&found))
    }
}

fn version(wire: &wire::Version) -> Version {
    let words = |words: &Option<String>| words.as_deref().map(shown);
    Version {
        version_id: shown(&wire.id),
        number: wire.number,
        at: wire.metadata.created_on.as_deref().and_then(lenient::time),
        author: words(&wire.metadata.author_email),
        source: words(&wire.metadata.source),
        message: words(&wire.annotations.message),
        tag: words(&wire.annotations.tag),
        triggered_by: words(&wire.annotations.triggered_by),
    }
}

fn detail(wire: &wire::Version) -> VersionDetail {
    let wire::Resources { bindings, script, script_runtime } = &wire.resources;
    let all = |words: &[String]| words.iter().map(|word| shown(word)).collect();
    let mut bindings: Vec<_> = bindings.iter().map(binding).collect();
    bindings.sort_by(|a, b| a.name.cmp(&b.name));
    VersionDetail {
        version: version(wire),
        compatibility_date: script_runtime.compatibility_date.as_deref().map(shown),
        compatibility_flags: all(&script_runtime.compatibility_flags),
        migration_tag: script_runtime.migration_tag.as_deref().map(shown),
        handlers: all(&script.handlers),
        bindings,
    }
}

/// Keys that say where a binding leads, of the types that lead somewhere.
const LEADS: [&str; 8] = [
    "namespace_id",
    "bucket_name",
    "queue_name",
    "database_id",
    "service",
    "class_name",
    "dataset",
    "index_name",
];

fn binding(wire: &Map<String, Value>) -> Binding {
    let word = |key: &str| wire.get(key).and_then(Value::as_str).map(shown);
    let mut hasher = DefaultHasher::new();
    // The keys may come in any order.
    let mut keys: Vec<_> = wire.iter().map(|(key, value)| format!("{key}={value}")).collect();
    keys.sort();
    keys.hash(&mut hasher);
    Binding {
        name: word("name").unwrap_or_default(),
        kind: word("type").unwrap_or_default(),
        to: LEADS.into_iter().find_map(word),
        fingerprint: hasher.finish(),
    }
}
