//! Hosts that refuse, fail, lag or show a certificate that nobody should trust; and no network.

use parky_ops::sandbox::Behaviour::{
    Answers, Closes, Garbage, Hangs, Redirects, Refuses, Slow, Sometimes,
};

use super::world::{PUBLIC_NAME, World};
use super::{faults, try_all};
use crate::harness::{Tls, closed_port};

const API: &str = "api.parky.co.jp";
const PORTALS: [&str; 2] = ["admin.parky.co.jp", "owner.parky.co.jp"];

faults! {
    "a host refuses": |w| w.host(API, &Refuses) => RED ["hosts/api.parky.co.jp red refused"] {"/severity/proposed": "\"SEV2\""};
    "a host answers 503": |w| w.host(API, &Answers(503)) => RED ["hosts/api.parky.co.jp red http-5xx"] {"/severity/p": "\"P1\""};
    "a host answers 404": |w| w.host(API, &Answers(404)) => YELLOW ["hosts/api.parky.co.jp yellow http-4xx"];
    "a host redirects": |w| w.host(API, &Redirects("/".to_owned())) => YELLOW ["hosts/api.parky.co.jp yellow redirect"];
    "a host is slow": |w| w.host(API, &Slow(200, 2600)) => YELLOW ["hosts/api.parky.co.jp yellow slow"];
    "a host hangs": |w| w.host(API, &Hangs) => RED ["hosts/api.parky.co.jp red timeout"];
    "a host closes": |w| w.host(API, &Closes) => RED ["hosts/api.parky.co.jp red connection-lost"];
    "a host speaks no HTTP": |w| w.host(API, &Garbage) => RED ["hosts/api.parky.co.jp red not-http"];
    "a host fails one try of three": |w| w.host(API, &Sometimes(503, 3)) => YELLOW ["hosts/api.parky.co.jp yellow flaky"];
    "a certificate ended": |w| w.certificate(PUBLIC_NAME, -2) => RED ["hosts/parky.co.jp red tls-expired", "certificates/parky.co.jp red tls-expired"];
    "a certificate of another name": |w| w.certificate("parky.example", 90) => RED ["hosts/parky.co.jp red tls-wrong-name", "certificates/parky.co.jp red tls-wrong-name"];
    "a certificate of nobody": |w| w.public_site(Tls::self_signed_server(PUBLIC_NAME)) => RED ["hosts/parky.co.jp red tls-untrusted", "certificates/parky.co.jp red tls-untrusted"];
    "a certificate ends in 10 days": |w| w.certificate(PUBLIC_NAME, 10) => YELLOW ["certificates/parky.co.jp yellow expires-soon"];
    "a certificate ends in 2 days": |w| w.certificate(PUBLIC_NAME, 2) => RED ["certificates/parky.co.jp red expires-soon"];
    "a host with TLS refuses": |w| w.public_site(closed_port()) => RED ["hosts/parky.co.jp red refused", "certificates/parky.co.jp unknown refused"];
    "every host is down": all_down => RED ["hosts/* red refused", "certificates/parky.co.jp unknown refused"] {"/severity/proposed": "\"SEV1\"", "/offline": "false"};
    "there is no network": offline => OFFLINE ["* unknown offline"] {"/offline": "true", "/severity/proposed": "null", "/next": "[]"};
}

fn all_down(world: &mut World<'_>) {
    PORTALS.iter().chain([&API]).for_each(|host| world.host(host, &Refuses));
    world.public_site(closed_port());
}

fn offline(world: &mut World<'_>) {
    world.nothing_answers();
    world.database_at(closed_port());
}

#[test]
fn each_fault_of_a_host_is_seen_and_nothing_else() {
    try_all(FAULTS);
}
