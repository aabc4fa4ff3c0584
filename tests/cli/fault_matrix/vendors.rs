//! Vendors that are ill, and pages that do not tell.

use parky_ops::sandbox::server::{Act, Canned, Fault};

use super::{faults, try_all};

faults! {
    "a vendor is degraded": |w| w.vendor("github", "degraded_performance") => YELLOW ["vendors/GitHub yellow degraded"] {"/vendor/names": "[\"GitHub\"]"};
    "a vendor is in part out": |w| w.vendor("supabase", "partial_outage") => YELLOW ["vendors/Supabase yellow degraded"];
    "a vendor is being mended": |w| w.vendor("sentry", "under_maintenance") => YELLOW ["vendors/Sentry yellow degraded"];
    "a vendor is out": |w| w.vendor("cloudflare", "major_outage") => RED ["vendors/Cloudflare red vendor-outage"] {"/vendor": "{\"judgement\": \"them\", \"names\": [\"Cloudflare\"]}"};
    "a vendor says a word that is new": |w| w.vendor("discord", "on_fire") => YELLOW ["vendors/Discord yellow degraded"];
    "a vendor's page is HTML": |w| w.vendor_page("discord", Fault::answer(Canned::html(200))) => UNKNOWN ["vendors/Discord unknown unreadable"];
    "a vendor's page answers 503": |w| w.vendor_page("discord", Fault::answer(Canned::status(503))) => UNKNOWN ["vendors/Discord unknown service-error"];
    "a vendor's page hangs": |w| w.vendor_page("discord", Fault::new(Act::Hang)) => UNKNOWN ["vendors/Discord unknown timeout"] {"/vendor/judgement": "\"unknown\""};
    "a vendor renamed its components": |w| w.vendor_page("discord", Fault::answer(Canned::json(200, &serde_json::json!({"components": []})))) => UNKNOWN ["vendors/Discord unknown not-found"];
}

#[test]
fn each_fault_of_a_vendor_is_seen_and_nothing_else() {
    try_all(FAULTS);
}
