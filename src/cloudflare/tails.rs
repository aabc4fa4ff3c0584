//! Live tails: opening one, counting those that are open, deleting one. A tail is this program's own
//! and changes nothing that serves users, but it takes one of the ten places that a worker has for
//! viewers until it is deleted or expires.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::envelope;
use crate::http::{Api, ApiError, Method, Reply, Request, lenient};

/// So many viewers may look at one worker at once, dashboards included (Cloudflare's documentation).
pub const MOST_VIEWERS: usize = 10;

/// What Cloudflare is asked to leave out before it sends.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TailFilters {
    /// Share of the invocations to send, strictly between 0 and 1.
    pub sampling_rate: Option<f64>,
    /// Outcomes, in Cloudflare's own words.
    pub outcomes: Vec<String>,
    /// HTTP methods; leaves out everything that is no HTTP request.
    pub methods: Vec<String>,
    /// A header that the request must have, and what its value must contain.
    pub header: Option<(String, Option<String>)>,
    /// Addresses of clients; `self` is this machine's.
    pub client_ips: Vec<String>,
    /// Text that must stand in a console message.
    pub search: Option<String>,
    /// UUID of the version that served.
    pub version: Option<String>,
}

impl TailFilters {
    /// The list that Cloudflare wants: one object for each filter that is asked for.
    pub fn json(&self) -> Value {
        let mut list = Vec::new();
        let mut add = |key: &str, value: Value| list.push(json!({ key: value }));
        if let Some(rate) = self.sampling_rate {
            add("sampling_rate", json!(rate));
        }
        for (key, words) in [
            ("outcome", &self.outcomes),
            ("method", &self.methods),
            ("client_ip", &self.client_ips),
        ] {
            if !words.is_empty() {
                add(key, json!(words));
            }
        }
        match &self.header {
            Some((key, Some(query))) => add("header", json!({ "key": key, "query": query })),
            Some((key, None)) => add("header", json!({ "key": key })),
            None => {}
        }
        if let Some(search) = &self.search {
            add("query", json!(search));
        }
        if let Some(version) = &self.version {
            add("scriptVersion", json!(version));
        }
        Value::Array(list)
    }
}

/// A tail that was opened.
#[derive(Debug, Clone)]
pub struct Tail {
    /// Its id, by which it is deleted.
    pub id: String,
    /// Where its socket is. Whoever knows it can read along: never shown.
    pub url: SecretString,
    /// How long it lasts from now on, where Cloudflare told. Counted by Cloudflare's own clock: this
    /// machine's may be wrong.
    pub lifetime: Option<TimeDelta>,
}

#[derive(Deserialize)]
struct Wire {
    id: String,
    url: Option<String>,
    expires_at: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

/// The tails of one account.
#[derive(Debug, Clone)]
pub struct Tails {
    api: Api,
    account: String,
}

impl Tails {
    /// The tails of the account with the id `account`.
    pub fn new(api: Api, account: impl Into<String>) -> Self {
        Self { api, account: account.into() }
    }

    /// Opens a tail on `script`; sent once. `now` counts where the answer bears no date.
    ///
    /// # Errors
    /// No answer, a refusal, or an answer that is not as documented.
    pub async fn create(
        &self,
        script: &str,
        filters: &TailFilters,
        now: DateTime<Utc>,
        deadline: Instant,
    ) -> Result<Tail, ApiError> {
        let path = self.path(script);
        let request = Request::new(Method::POST, &path).json(&json!({ "filters": filters.json() }));
        let reply = self.api.send(request, deadline).await?;
        let found: Wire =
            envelope::result(&reply)?.ok_or_else(|| reply.wrong_shape("no tail in it"))?;
        let url = found.url.ok_or_else(|| reply.wrong_shape("the tail has no url"))?;
        let expires = found.expires_at.as_deref().and_then(lenient::time);
        // The date is cut to a whole second: the tail may end so much earlier than it seems to.
        let dated = dated(&reply).map(|at| at + TimeDelta::seconds(1));
        let lifetime = expires.map(|at| at - dated.unwrap_or(now));
        Ok(Tail { id: found.id, url: url.into(), lifetime })
    }

    /// How many tails are open on `script`.
    ///
    /// # Errors
    /// No answer, a refusal, or an answer that is not as documented.
    pub async fn count(&self, script: &str, deadline: Instant) -> Result<usize, ApiError> {
        let reply = self.api.get(&self.path(script), &[], deadline).await?;
        let found: Value = envelope::result(&reply)?.unwrap_or_default();
        Ok(found.as_array().map_or(0, Vec::len))
    }

    /// Deletes a tail. One that is gone already is deleted.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub async fn delete(&self, script: &str, id: &str, deadline: Instant) -> Result<(), ApiError> {
        let [a, account, w, s, script, tails] = self.path(script);
        let path = [a, account, w, s, script, tails, id];
        let reply = self.api.send(Request::new(Method::DELETE, &path), deadline).await?;
        match envelope::result::<Value>(&reply) {
            Err(error) if error.fault != crate::http::Fault::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The names of the account's scripts, one request.
    ///
    /// # Errors
    /// No answer, a refusal, or an answer that is not as documented.
    pub async fn scripts(&self, deadline: Instant) -> Result<Vec<String>, ApiError> {
        let path = ["accounts", &self.account, "workers", "scripts"];
        let reply = self.api.get(&path, &[], deadline).await?;
        let found: Vec<Named> = envelope::result(&reply)?.unwrap_or_default();
        Ok(found.into_iter().map(|script| script.id).collect())
    }

    /// Whether `name` is a Pages project, which people take for a worker.
    pub async fn is_pages_project(&self, name: &str, deadline: Instant) -> bool {
        let path = ["accounts", &self.account, "pages", "projects", name];
        match self.api.get(&path, &[], deadline).await {
            Ok(reply) => envelope::result::<Value>(&reply).is_ok_and(|found| found.is_some()),
            Err(_) => false,
        }
    }

    fn path<'a>(&'a self, script: &'a str) -> [&'a str; 6] {
        ["accounts", &self.account, "workers", "scripts", script, "tails"]
    }
}

/// When Cloudflare says that it answered.
fn dated(reply: &Reply) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc2822(reply.header("date")?).ok()?;
    Some(at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_for_is_in_the_filters() {
        assert_eq!(TailFilters::default().json(), json!([]));
        let filters = TailFilters {
            sampling_rate: Some(0.25),
            outcomes: vec!["exception".into(), "exceededCpu".into()],
            methods: vec!["POST".into()],
            header: Some(("x-parky".into(), Some("a: b".into()))),
            client_ips: vec!["self".into()],
            search: Some("timeout".into()),
            version: Some("v".into()),
        };
        let wanted = json!([
            { "sampling_rate": 0.25 },
            { "outcome": ["exception", "exceededCpu"] },
            { "method": ["POST"] },
            { "client_ip": ["self"] },
            { "header": { "key": "x-parky", "query": "a: b" } },
            { "query": "timeout" },
            { "scriptVersion": "v" },
        ]);
        assert_eq!(filters.json(), wanted);
        let bare = TailFilters { header: Some(("x".into(), None)), ..TailFilters::default() };
        assert_eq!(bare.json(), json!([{ "header": { "key": "x" } }]));
    }
}
