//! A stream that looks like a working day: what a socket sends that no test has told otherwise.
//!
//! Each event has its moment, which depends on the script and its number alone, so that two viewers of
//! one worker are sent the same events, as at Cloudflare. A script in trouble shows errors for as long
//! as the bad version is live, in proportion to its share; after a rollback it is well again.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::time::sleep_until;

use super::rough;
use super::step::Step;
use super::working_day::{self, Draw};
use crate::sandbox::cloudflare::Account;

/// See the module.
pub(super) struct Traffic {
    script: String,
    nth: u64,
    slot: Duration,
}

impl Traffic {
    /// The stream of `script`, from this moment on.
    pub(super) fn new(script: &str, account: &Account) -> Self {
        let slot = working_day::slot(script);
        let passed = account.started.elapsed().as_millis() / slot.as_millis().max(1);
        let nth = u64::try_from(passed).unwrap_or_default();
        let mut traffic = Self { script: script.to_owned(), nth, slot };
        if traffic.due(account) < Instant::now() {
            traffic.nth += 1;
        }
        traffic
    }

    /// The next event, or what happens in its place, when its moment has come. May be dropped at any
    /// time.
    pub(super) async fn next(&mut self, account: &Account) -> Step {
        let due = self.due(account);
        sleep_until(due.into()).await;
        let nth = self.nth;
        self.nth += 1;
        let draw = Draw::new(&self.script, nth);
        let passed = TimeDelta::from_std(due - account.started).unwrap_or_default();
        let at = account.now + passed;
        let (version, troubled) = self.version(account, &draw);
        let named = |mut event: Value| {
            event["scriptName"] = json!(self.script);
            event["scriptVersion"] = json!({ "id": version });
            event
        };
        let rough = account.tails.held().rough.contains(&self.script);
        rough.then(|| rough::mishap(nth, at, named)).flatten().unwrap_or_else(|| {
            Step::Event(named(working_day::event(&self.script, &draw, troubled, at)))
        })
    }

    /// Somewhere in its slot.
    fn due(&self, account: &Account) -> Instant {
        let slot = u64::try_from(self.slot.as_millis()).unwrap_or(u64::MAX);
        let within = Draw::new(&self.script, self.nth).below("moment", slot);
        let begin = slot.saturating_mul(self.nth);
        account.started + Duration::from_millis(begin.saturating_add(within))
    }

    /// The version that serves this one, by the shares of the live deployment, and whether it is bad.
    fn version(&self, account: &Account, draw: &Draw<'_>) -> (String, bool) {
        let live = account.with(&self.script, |script| {
            script.deployments.first().map(|live| live.versions.clone()).unwrap_or_default()
        });
        let live = live.unwrap_or_default();
        let drawn = draw.below("version", 100) as f64;
        let mut sum = 0.0;
        let picked = live.iter().find(|(_, share)| {
            sum += share;
            drawn < sum
        });
        let version = picked.or(live.first()).map(|(id, _)| id.clone()).unwrap_or_default();
        let troubled = account.tails.held().troubled.get(&self.script) == Some(&version);
        (version, troubled)
    }
}
