//! What was deployed when, and a Cloudflare that does not tell.

use chrono::TimeDelta;
use parky_ops::sandbox::PAGES;
use parky_ops::sandbox::cloudflare::{Build, PagesHistory, PagesRelease};
use parky_ops::sandbox::server::{Act, Canned, Fault};

use super::world::World;
use super::{faults, try_all};

const PUBLIC: &str = "parky-public-prod";
/// Uploaded, and never deployed.
const NEW: u64 = 136;
/// What runs.
const LIVE: u64 = 141;
/// What ran before.
const OLD: u64 = 140;

/// A build that has been up for days.
const OLD_BUILD: (u64, i64, Build) = (1, 5000, Build::Succeeded);

faults! {
    "a deploy before the start": |w| deploy(w, NEW) => YELLOW ["workers/public yellow fresh-deploy"] {"/suspect/target": "\"public\"", "/suspect/is_rollback": "false", "/vendor/judgement": "\"us\""};
    "a rollback before the start": |w| deploy(w, OLD) => YELLOW ["workers/public yellow fresh-deploy"] {"/suspect/is_rollback": "true", "/suspect/number": "140"};
    "a deploy after the start": |w| { deploy(w, NEW); w.say("--started 2h") } => GREEN [] {"/suspect": "null", "/after_start/0/target": "\"public\"", "/after_start/0/is_rollback": "false"};
    "a rollback after the start": |w| { deploy(w, OLD); w.say("--started 2h") } => GREEN [] {"/suspect": "null", "/after_start/0/is_rollback": "true"};
    "traffic is split": |w| { split(w); w.say("--started 2h") } => YELLOW ["workers/public yellow split"] {"/suspect": "null"};
    "a canary before the start": split => YELLOW ["workers/public yellow fresh-deploy"] {"/suspect/number": "136"};
    "a build of Pages failed": |w| builds(w, &[(2, 10, Build::Failed), OLD_BUILD]) => YELLOW ["pages/parky-web yellow build-failed"] {"/suspect": "null"};
    "Pages is building": |w| builds(w, &[(2, 10, Build::Running), OLD_BUILD]) => YELLOW ["pages/parky-web yellow building"] {"/suspect": "null"};
    "a build of Pages before the start": |w| builds(w, &[(2, 10, Build::Succeeded), OLD_BUILD]) => YELLOW ["pages/parky-web yellow fresh-deploy"] {"/suspect/kind": "\"pages\"", "/vendor/judgement": "\"us\""};
    "a build of Pages after the start": |w| { builds(w, &[(2, 10, Build::Succeeded), OLD_BUILD]); w.say("--started 2h") } => GREEN [] {"/suspect": "null", "/after_start/0/kind": "\"pages\""};
    "no build of Pages succeeded": |w| builds(w, &[(1, 5000, Build::Failed)]) => YELLOW ["pages/parky-web yellow no-deployment"];
    "the Pages project is not there": |w| w.site.sandbox().cloudflare().set_pages(&[]) => UNKNOWN ["pages/parky-web unknown not-found"];
    "Cloudflare's token is refused": |w| w.var("CLOUDFLARE_API_TOKEN", "a-token-of-nobody") => UNKNOWN ["workers/* unknown unauthorized", "pages/* unknown unauthorized"] {"/vendor/judgement": "\"us\""};
    "Cloudflare's token lacks the right": |w| w.cloudflare("/", Fault::answer(refusal(403, 10000))) => UNKNOWN ["workers/* unknown no-permission", "pages/* unknown no-permission"];
    "Cloudflare answers 500": |w| w.cloudflare("/", Fault::answer(refusal(500, 10001))) => UNKNOWN ["workers/* unknown service-error", "pages/* unknown service-error"];
    "Cloudflare answers HTML": |w| w.cloudflare("/", Fault::answer(Canned::html(200))) => UNKNOWN ["workers/* unknown unreadable", "pages/* unknown unreadable"];
    "Cloudflare answers 429": |w| w.cloudflare("/", Fault::answer(refusal(429, 10429))) => UNKNOWN ["workers/* unknown rate-limited", "pages/* unknown rate-limited"];
    "Cloudflare hangs": |w| w.cloudflare("/", Fault::new(Act::Hang)) => UNKNOWN ["workers/* unknown timeout", "pages/* unknown timeout"];
    "one worker cannot be read": |w| w.cloudflare(&script(), Fault::answer(refusal(404, 10007))) => UNKNOWN ["workers/public unknown not-found"];
}

fn deploy(world: &mut World<'_>, number: u64) {
    world.site.sandbox().cloudflare().colleague_deploys(PUBLIC, number);
}

fn split(world: &mut World<'_>) {
    let shares = [(NEW, 10), (LIVE, 90)];
    world.site.sandbox().cloudflare().colleague_splits(PUBLIC, &shares);
}

/// The builds of production: number, minutes ago, and how each ended; newest first.
fn builds(world: &mut World<'_>, builds: &[(u64, i64, Build)]) {
    let release = |&(number, minutes, build): &(u64, i64, Build)| PagesRelease {
        number,
        ago: TimeDelta::minutes(minutes),
        branch: "main",
        message: "feat: search",
        build,
    };
    let releases = builds.iter().map(release).collect();
    world.site.sandbox().cloudflare().set_pages(&[PagesHistory { project: PAGES, releases }]);
}

/// The path of everything about a script.
fn script() -> String {
    let account = parky_ops::sandbox::ACCOUNT_ID;
    format!("/client/v4/accounts/{account}/workers/scripts/{PUBLIC}/")
}

fn refusal(status: u16, code: u64) -> Canned {
    let body = serde_json::json!({
        "success": false, "result": null, "messages": [],
        "errors": [{"code": code, "message": "no"}],
    });
    Canned::json(status, &body)
}

#[test]
fn each_deploy_and_each_refusal_of_cloudflare_is_seen_and_nothing_else() {
    try_all(FAULTS);
}
