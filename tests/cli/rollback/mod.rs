//! `parky-ops rollback`: every way in which it must not go wrong.

mod answers;
mod canary;
mod consent;
mod database;
mod notice;
mod own_tail;
mod pages;
mod script;
mod steps;
mod target;
mod way_back;

use chrono::TimeDelta;
use parky_ops::http::Method;
use parky_ops::sandbox::cloudflare::{ACCOUNT_ID, Release, version_id};
use parky_ops::sandbox::server::{Act, Fault};
use serde_json::Value;

use crate::harness::{CloudflareSite, Done, SCRIPT};

const AGREED: &str = "rollback worker public --confirm public --verify 0 --json";

fn release(number: u64, hours: i64) -> Release {
    Release::new(number, TimeDelta::hours(hours), "ci@parky.co.jp", "feat: x")
}

/// 14 is live; 13 and 12 were before.
fn three() -> CloudflareSite {
    CloudflareSite::of_releases(vec![release(14, 1), release(13, 20), release(12, 40)], None)
}

impl CloudflareSite {
    /// The number of the version that is live, or of both members of a split.
    fn live(&self) -> Vec<u64> {
        let done = self.run("workers list --json").exits(0);
        let live = done.data()["rows"][0]["live"].as_array().unwrap().clone();
        live.iter().map(|share| share["number"].as_u64().unwrap()).collect()
    }

    /// Paths of the worker's API.
    fn path(below: &str) -> String {
        format!("/client/v4/accounts/{ACCOUNT_ID}/workers/scripts/{SCRIPT}{below}")
    }

    fn fault(&self, below: &str, fault: Fault) {
        self.stand_in.server().faults().set(&Self::path(below), fault);
    }

    /// How many deployments were asked for.
    fn posts(&self) -> usize {
        let requests = self.stand_in.server().requests();
        requests.iter().filter(|request| request.method == "POST").count()
    }
}

fn id(number: u64) -> String {
    version_id(SCRIPT, number)
}

/// `posted state`, as `sent live`.
fn said(done: &Done) -> String {
    let data = done.data();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{} {}", word(&data["posted"]), word(&data["state"]))
}

fn on_post(act: Act) -> Fault {
    Fault::new(act).on(Method::POST)
}
