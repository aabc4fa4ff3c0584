//! A slow stream that looks like a working day: what a socket sends that no test has told otherwise.
//!
//! A script in trouble shows errors for as long as the version is live that was the newest when the
//! trouble began; after a rollback it is well again.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::events;
use crate::sandbox::cloudflare::Account;
use crate::sandbox::fake;

const PATHS: [(&str, &str); 6] = [
    ("GET", "/v2/spots?near=shibuya"),
    ("GET", "/v2/spots/4711/availability"),
    ("POST", "/v2/reservations"),
    ("GET", "/v2/me"),
    ("GET", "/healthz"),
    ("PATCH", "/v2/reservations/90210"),
];

/// See the module.
pub(super) struct Traffic {
    script: String,
    nth: u64,
}

impl Traffic {
    pub(super) fn new(script: &str) -> Self {
        Self { script: script.to_owned(), nth: 0 }
    }

    /// The next event, after a while.
    pub(super) async fn next(&mut self, account: &Account) -> Value {
        let first = if self.nth == 0 { 50 } else { 250 };
        sleep(Duration::from_millis(first + self.draw("pause", 600))).await;
        self.nth += 1;
        let now = account.now();
        let (version, troubled) = self.version(account);
        let mut event = match self.script.contains("store-sync") {
            true => {
                let cron =
                    json!({ "cron": "*/5 * * * *", "scheduledTime": now.timestamp_millis() });
                let event = events::around(&cron, now);
                let line = json!({ "level": "info", "scope": "sync", "resource": "stores", "message": "差分を反映", "changed": self.draw("changed", 40) });
                events::logged(event, "log", &json!([line.to_string()]))
            }
            false => self.request(troubled, now),
        };
        event["scriptName"] = json!(self.script);
        event["scriptVersion"] = json!({ "id": version });
        event["wallTime"] = json!(12 + self.draw("wall", 90) + if troubled { 700 } else { 0 });
        event["cpuTime"] = json!(1 + self.draw("cpu", 9));
        event
    }

    fn request(&self, troubled: bool, now: chrono::DateTime<chrono::Utc>) -> Value {
        let (method, path) = PATHS[self.draw("path", 6) as usize];
        let host = if self.script.contains("admin") { "admin" } else { "api" };
        let url = format!("https://{host}.parky.co.jp{path}");
        if troubled && self.draw("luck", 10) < 7 {
            let line = json!({ "level": "error", "scope": "reservations", "resource": "spot:4711", "message": "予約APIv2が応答しません", "upstream": "supabase", "attempt": 3 });
            let event = events::logged(
                events::fetch(method, &url, 503, now),
                "error",
                &json!([line.to_string()]),
            );
            if self.draw("thrown", 10) < 4 {
                let stack = "    at reserve (src/v2/reservations.ts:84:13)\n    at handle (src/index.ts:31:5)";
                let message = json!("Cannot read properties of undefined (reading 'price')");
                return events::ended(
                    events::threw(event, "TypeError", &message, stack),
                    "exception",
                );
            }
            return event;
        }
        let event = events::fetch(method, &url, 200, now);
        if self.draw("said", 10) < 3 {
            return events::logged(
                event,
                "log",
                &json!(["cache", "hit", { "key": "spots:shibuya" }]),
            );
        }
        event
    }

    /// The version that serves this one, by the shares of the live deployment, and whether it is bad.
    fn version(&self, account: &Account) -> (String, bool) {
        let live = account.with(&self.script, |script| {
            script.deployments.first().map(|live| live.versions.clone()).unwrap_or_default()
        });
        let live = live.unwrap_or_default();
        let drawn = self.draw("version", 100) as f64;
        let mut sum = 0.0;
        let picked = live.iter().find(|(_, share)| {
            sum += share;
            drawn < sum
        });
        let version = picked.or(live.first()).map(|(id, _)| id.clone()).unwrap_or_default();
        let troubled = account.tails.held().troubled.get(&self.script) == Some(&version);
        (version, troubled)
    }

    fn draw(&self, what: &str, below: u64) -> u64 {
        let seed = format!("{} {} {what}", self.script, self.nth);
        u64::from_str_radix(&fake::hex(&seed, 12), 16).unwrap_or(0) % below
    }
}
