//! The journal of this machine, as far as it can be written: a rollback neither fails nor waits for
//! want of it, and says so.

use std::time::Duration;

use chrono::{DateTime, Utc};
use parky_ops::checks::World;
use parky_ops::domain::text::one_line;
use parky_ops::domain::{Caveat, Redactor};
use parky_ops::rollback::{Card, Report};
use parky_ops::state::{JournalEntry, JournalKind, State};
use serde_json::{Map, Value, json};
use tokio::time::timeout;

/// How long another process that holds the file is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// See the module.
pub(super) struct Book(Result<State, String>);

impl Book {
    /// Not open yet.
    pub(super) fn closed() -> Self {
        Self(Err("it was not opened in time".to_owned()))
    }

    pub(super) async fn open(world: &World) -> Self {
        let opened = async {
            let directory = world.config.state_dir.as_ref().ok_or("no home directory")?;
            State::open(directory).await.map_err(|error| error.to_string())
        };
        Self(timeout(PATIENCE, opened).await.unwrap_or_else(|_| Err(held())))
    }

    /// Puts a line down, and gives its number.
    pub(super) async fn put(&mut self, line: &JournalEntry, now: DateTime<Utc>) -> Option<i64> {
        let state = self.0.as_mut().ok()?;
        let put = match timeout(PATIENCE, state.record(line, now)).await {
            Ok(put) => put.map_err(|error| error.to_string()),
            Err(_) => Err(held()),
        };
        match put {
            Ok(seq) => Some(seq),
            Err(why) => {
                self.0 = Err(why);
                None
            }
        }
    }

    /// That there is no line on this, or not all of them.
    pub(super) fn caveat(&self) -> Option<Caveat> {
        let text = |why| format!("the journal of this machine does not have it: {why}");
        self.0.as_ref().err().map(|why| Caveat::new("no-journal", text(why)))
    }
}

fn held() -> String {
    "another process holds the local state".to_owned()
}

/// What is common to both lines of a rollback.
pub(super) struct Lines<'a> {
    pub(super) card: &'a Card,
    /// `api` or `script`.
    pub(super) method: &'static str,
    pub(super) operator: &'a str,
    pub(super) reason: Option<&'a str>,
    pub(super) redactor: &'a Redactor,
}

impl Lines<'_> {
    /// That the request leaves.
    pub(super) fn begun(&self, now: DateTime<Utc>) -> JournalEntry {
        self.line("began", "started", Map::new(), now)
    }

    /// How it ended; `begun` is the line on its beginning.
    pub(super) fn ended(
        &self,
        report: &Report,
        begun: Option<i64>,
        now: DateTime<Utc>,
    ) -> JournalEntry {
        let state = report.state.word();
        let refused = report.refused.as_ref().map(|refused| refused.code);
        let more = json!({
            "started": begun,
            "posted": report.posted,
            "refused": refused,
            "verify": { "state": report.verify.state, "text": report.verify.text },
            "deployment_id": report.to.deployment_id,
        });
        let more = more.as_object().cloned().unwrap_or_default();
        self.line(&format!("ended: {}", state.replace('_', " ")), state, more, now)
    }

    fn line(
        &self,
        says: &str,
        result: &str,
        more: Map<String, Value>,
        now: DateTime<Utc>,
    ) -> JournalEntry {
        let Card { kind, target, script, account, live, to, .. } = self.card;
        let [from_end, to_end] = self.card.ends();
        let reason = self.reason.map(|reason| one_line(&self.redactor.clean(reason)));
        let why = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let text = format!(
            "rollback of {target} {says}: {} -> {}, by {}{why}",
            live.name(),
            to.name(),
            self.method
        );
        let mut data = json!({
            "target": target,
            "kind": kind,
            "script": script,
            "account": account,
            "from": from_end,
            "to": to_end,
            "method": self.method,
            "result": result,
            "reason": reason,
            "plan": self.card.id(),
        });
        if let Some(data) = data.as_object_mut() {
            data.extend(more);
        }
        JournalEntry {
            env: self.card.env.clone(),
            incident: None,
            occurred_at: now,
            actor: self.operator.to_owned(),
            kind: JournalKind::Rollback,
            text: one_line(&self.redactor.clean(&text)),
            data: data.as_object().cloned().unwrap_or_default(),
        }
    }
}
