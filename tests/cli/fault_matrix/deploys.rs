//! What was deployed when, and a Cloudflare that does not tell.

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

faults! {
    "a deploy before the start": |w| deploy(w, NEW) => YELLOW ["workers/public yellow fresh-deploy"] {"/suspect/target": "\"public\"", "/suspect/is_rollback": "false", "/vendor/judgement": "\"us\""};
    "a rollback before the start": |w| deploy(w, OLD) => YELLOW ["workers/public yellow fresh-deploy"] {"/suspect/is_rollback": "true", "/suspect/number": "140"};
    "a deploy after the start": |w| { deploy(w, NEW); w.say("--started 2h") } => GREEN [] {"/suspect": "null", "/after_start/0/target": "\"public\"", "/after_start/0/is_rollback": "false"};
    "a rollback after the start": |w| { deploy(w, OLD); w.say("--started 2h") } => GREEN [] {"/suspect": "null", "/after_start/0/is_rollback": "true"};
    "traffic is split": |w| { split(w); w.say("--started 2h") } => YELLOW ["workers/public yellow split"] {"/suspect": "null"};
    "a canary before the start": split => YELLOW ["workers/public yellow fresh-deploy"] {"/suspect/number": "136"};
    "Cloudflare's token is refused": |w| w.var("CLOUDFLARE_API_TOKEN", "a-token-of-nobody") => UNKNOWN ["workers/* unknown unauthorized"] {"/vendor/judgement": "\"us\""};
    "Cloudflare's token lacks the right": |w| w.cloudflare("/", Fault::answer(refusal(403, 10000))) => UNKNOWN ["workers/* unknown no-permission"];
    "Cloudflare answers 500": |w| w.cloudflare("/", Fault::answer(refusal(500, 10001))) => UNKNOWN ["workers/* unknown service-error"];
    "Cloudflare answers HTML": |w| w.cloudflare("/", Fault::answer(Canned::html(200))) => UNKNOWN ["workers/* unknown unreadable"];
    "Cloudflare answers 429": |w| w.cloudflare("/", Fault::answer(refusal(429, 10429))) => UNKNOWN ["workers/* unknown rate-limited"];
    "Cloudflare hangs": |w| w.cloudflare("/", Fault::new(Act::Hang)) => UNKNOWN ["workers/* unknown timeout"];
    "one worker cannot be read": |w| w.cloudflare(&script(), Fault::answer(refusal(404, 10007))) => UNKNOWN ["workers/public unknown not-found"];
}

fn deploy(world: &mut World<'_>, number: u64) {
    world.site.sandbox().cloudflare().colleague_deploys(PUBLIC, number);
}

fn split(world: &mut World<'_>) {
    let shares = [(NEW, 10), (LIVE, 90)];
    world.site.sandbox().cloudflare().colleague_splits(PUBLIC, &shares);
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
