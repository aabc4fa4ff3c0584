//! What comes over the network, or does not: names, connections, certificates, answers.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use parky_ops::domain::Jst;
use parky_ops::sandbox::cloudflare::{ACCOUNT_ID, error_body, success_body};
use parky_ops::sandbox::server::{Act, Canned, Fault, Stage};
use parky_ops::sandbox::{Behaviour, HostStandIn, VendorPages};
use serde_json::{Value, json};

use crate::harness::{
    CloudflareSite, Done, HttpServer, Run, Site, TOKEN_VARIABLE, Tls, closed_port,
    cloudflare_config, silent_port,
};

const API: &str = "api.parky.localhost";

/// A user file with these hosts.
fn with_hosts(hosts: &[&str]) -> Site {
    Site::bare(&format!("vendor = []\n[env.prod]\nhosts = {hosts:?}\n"))
}

/// A host of a site of its own, that behaves like this.
fn host(behaviour: &Behaviour) -> (Site, HostStandIn) {
    let stage = Stage::start().unwrap();
    let host = HostStandIn::start(&stage, "api.parky.co.jp", behaviour).unwrap();
    (with_hosts(&[&host.url()]), host)
}

/// The only vendor of the file is the page at `url`.
fn add_vendor(site: &Site, url: &str) {
    site.edit(|text| {
        format!(
            "{text}\n[[vendor]]\nname = \"Cloudflare\"\nurl = \"{url}\"\ncomponents = [\"API\"]\n"
        )
    });
}

/// A status page that meets `fault`.
fn failing_vendor(site: &Site, fault: Fault) -> VendorPages {
    let pages = VendorPages::start(&Stage::start().unwrap(), Utc::now(), Vec::new()).unwrap();
    pages.server().faults().set("/", fault);
    add_vendor(site, &pages.url("cloudflare"));
    pages
}

/// A wait that must end is given three times as long, for a machine that is busy.
fn ended_within(done: &Done, seconds: u64) {
    assert!(done.took < 3 * Duration::from_secs(seconds), "took {:?}", done.took);
}

#[test]
fn a_name_that_does_not_resolve_is_red() {
    let url = "https://api.parky.invalid";
    let site = with_hosts(&[url]);
    let done = site.run("health --json").exits(10);
    assert_eq!(done.data()["verdict"], "red");
    assert_eq!(done.says("hosts", url), "red dns");
    assert!(done.text("hosts", url).contains("the name does not resolve"), "{}", done.stdout);
    assert_eq!(done.says("certificates", url), "unknown dns");
    let page = site.run("health").exits(10).stdout;
    assert!(page.contains(url) && page.contains("the name does not resolve"), "{page}");
}

#[test]
fn a_refused_connection_is_red() {
    let (site, host) = host(&Behaviour::Refuses);
    let done = site.run("triage --only hosts --json").exits(10);
    assert_eq!(done.says("hosts", &host.url()), "red refused");
    assert_eq!(done.data()["offline"], false, "the vendors were not asked");
    assert_eq!(done.check("hosts", &host.url())["evidence"]["failed"], 3);
}

/// `health` of a server on `port`, on a machine that trusts `tls`.
fn over_tls(tls: &Tls, port: u16) -> (String, Done) {
    let url = format!("https://{API}:{port}");
    let site = with_hosts(&[&url]);
    let roots = site.home().join("roots.pem");
    std::fs::write(&roots, tls.root_pem()).unwrap();
    let run = |words: &str| site.run(words).var("SSL_CERT_FILE", &roots).done();
    let done = run("health --json");
    assert_eq!(run("health").code, done.code, "text and JSON end alike");
    (url, done)
}

#[test]
fn a_certificate_of_a_trusted_root_is_green() {
    // Without this the three tests below could be red for another reason.
    let tls = Tls::new();
    let (url, done) = over_tls(&tls, tls.server(API, 90));
    assert_eq!(done.code, Some(0), "{}", done.stdout);
    assert_eq!(done.says("certificates", &url), "green ok");
}

#[test]
fn an_expired_certificate_is_red_with_its_date() {
    let tls = Tls::new();
    let (url, done) = over_tls(&tls, tls.server(API, -2));
    assert_eq!(done.code, Some(10), "{}", done.stdout);
    assert_eq!(done.says("hosts", &url), "red tls-expired");
    assert_eq!(done.says("certificates", &url), "red tls-expired");
    let ended = done.check("certificates", &url)["evidence"]["not_after"].clone();
    let ended: DateTime<Utc> = ended.as_str().unwrap().parse().unwrap();
    let ago = Utc::now() - ended;
    assert!(ago > TimeDelta::hours(47) && ago < TimeDelta::hours(49), "{ended}");
    let text = done.text("certificates", &url);
    assert!(text.contains(&Jst(ended).to_string()), "{text}");
}

#[test]
fn a_self_signed_certificate_is_red() {
    let tls = Tls::new();
    for port in [Tls::self_signed_server(API), Tls::new().server(API, 90)] {
        let (url, done) = over_tls(&tls, port);
        assert_eq!(done.code, Some(10), "{}", done.stdout);
        assert_eq!(done.says("hosts", &url), "red tls-untrusted");
        assert_eq!(done.says("certificates", &url), "red tls-untrusted");
        assert!(done.text("hosts", &url).contains("nobody this machine trusts"));
    }
}

#[test]
fn a_certificate_for_another_name_is_red() {
    let tls = Tls::new();
    let (url, done) = over_tls(&tls, tls.server("admin.parky.localhost", 90));
    assert_eq!(done.code, Some(10), "{}", done.stdout);
    assert_eq!(done.says("hosts", &url), "red tls-wrong-name");
    assert_eq!(done.says("certificates", &url), "red tls-wrong-name");
    let names = &done.check("certificates", &url)["evidence"]["names"];
    assert_eq!(*names, json!(["admin.parky.localhost"]));
}

#[test]
fn a_host_that_hangs_is_red_within_its_deadline() {
    let in_tls = format!("https://{API}:{}", silent_port());
    let in_http = format!("http://{API}:{}", silent_port());
    let site = with_hosts(&[&in_tls, &in_http]);
    let done = site.run("triage --only hosts --json").exits(10);
    ended_within(&done, 6);
    assert_eq!(done.says("hosts", &in_tls), "red timeout");
    assert!(done.text("hosts", &in_tls).contains("in the TLS handshake"), "{}", done.stdout);
    assert_eq!(done.says("hosts", &in_http), "red timeout");
    assert!(done.text("hosts", &in_http).contains("waiting for the first byte"));

    let done = site.run("triage --only hosts --timeout 1s --json").exits(7);
    ended_within(&done, 2);
    assert_eq!(done.says("hosts", &in_http), "unknown deadline");
}

#[test]
fn an_api_that_hangs_is_unknown_within_its_deadline() {
    let cloudflare = CloudflareSite::failing(Fault::new(Act::Hang));
    let done = cloudflare.run("triage --only workers --json").exits(7);
    ended_within(&done, 5);
    assert_eq!(done.says("workers", "public"), "unknown timeout");
    let text = done.text("workers", "public");
    assert!(text.starts_with("Cloudflare: ") && text.contains("no whole answer in time"), "{text}");
}

/// 100 MB of `head`'s kind, and how many bytes a client took of it at the most.
fn flood(head: &'static str) -> (HttpServer, Arc<AtomicUsize>) {
    let most = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&most);
    let server = HttpServer::with(move |stream, _| {
        let chunk = vec![b' '; 1 << 20];
        let mut sent = 0;
        let mut alive = stream.write_all(head.as_bytes()).is_ok();
        while alive && sent < 100 << 20 {
            alive = stream.write_all(&chunk).is_ok();
            sent += if alive { chunk.len() } else { 0 };
        }
        counter.fetch_max(sent, Ordering::SeqCst);
    });
    (server, most)
}

#[test]
fn a_body_of_100_mb_is_cut_off() {
    let declared = "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n";
    let undeclared = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    for head in [declared, undeclared] {
        let (server, most) = flood(head);
        let site = Site::bare(&cloudflare_config(&server.url(), ACCOUNT_ID));
        add_vendor(&site, &server.url());
        site.edit(|text| text.replace("[env.prod]", &with_host(&server.url())));
        let run = site.run("triage --only hosts,workers,vendors --json");
        let done = run.var(TOKEN_VARIABLE, "t0k3n-t0k3n-t0k3n").exits(7);
        assert_eq!(done.says("hosts", &server.url()), "green ok", "the status says enough");
        for (source, name) in [("workers", "public"), ("vendors", "Cloudflare")] {
            assert_eq!(done.says(source, name), "unknown unreadable");
            let text = done.text(source, name);
            assert!(text.contains("the answer is larger than"), "{text}");
        }
        // What is under way in the sockets' buffers counts as taken.
        assert!(most.load(Ordering::SeqCst) < 50 << 20, "{most:?} bytes were taken");
    }
}

fn with_host(url: &str) -> String {
    format!("[env.prod]\nhosts = [\"{url}\"]")
}

/// Both an API and a status page that meet `fault` are `unknown`, with this code and these words.
fn both_are_unknown(fault: &Fault, code: &str, words: &[&str]) {
    let cloudflare = CloudflareSite::failing(fault.clone());
    let _pages = failing_vendor(&cloudflare.site, fault.clone());
    let done = cloudflare.run("triage --only workers,vendors --json -vv").exits(7);
    assert_eq!(done.data()["verdict"], "unknown");
    assert_eq!(done.data()["offline"], false);
    assert_eq!(done.data()["vendor"]["judgement"], "unknown");
    done.hides(cloudflare.token());
    for (source, name) in [("workers", "public"), ("vendors", "Cloudflare")] {
        assert_eq!(done.says(source, name), format!("unknown {code}"));
        let text = done.text(source, name);
        for word in words {
            assert!(text.contains(word), "no '{word}' in: {text}");
        }
    }
}

#[test]
fn html_instead_of_json_is_unknown() {
    let words = ["a web page instead of JSON", "HTTP 200"];
    both_are_unknown(&Fault::answer(Canned::html(200)), "unreadable", &words);
}

#[test]
fn truncated_json_is_unknown() {
    let half = Canned::status(200)
        .header("content-type", "application/json")
        .body(r#"{"success": true, "result": {"deployments": [{"id": "#);
    let broken = Fault::new(Act::Truncate { answer: half.clone(), missing: 400 });
    both_are_unknown(&broken, "unreadable", &["the answer stops half way"]);
    both_are_unknown(&Fault::answer(half), "unreadable", &["the answer stops half way"]);
}

#[test]
fn null_and_unknown_values_are_tolerated() {
    let deployment = json!({
        "id": "d1", "created_on": "2026-01-05T00:00:00Z", "source": "teleport", "new": {"x": [1]},
        "author_email": null, "annotations": null, "strategy": null,
        "versions": [{"version_id": "aaaaaaaa-1", "percentage": null, "since": 7}, null],
    });
    let answer = success_body(&json!({ "deployments": [deployment, null], "next": null }));
    let cloudflare = CloudflareSite::failing(Fault::answer(Canned::json(200, &answer)));
    let page = json!({
        "page": null, "status": {"indicator": null}, "incidents": null, "new": true,
        "components": [null, {"name": null, "status": null}, {"name": "API", "status": "on_fire"}],
    });
    let _pages = failing_vendor(&cloudflare.site, Fault::answer(Canned::json(200, &page)));
    let done = cloudflare.run("triage --only workers,vendors --json").exits(0);
    assert_eq!(done.says("workers", "public"), "green ok");
    let evidence = &done.check("workers", "public")["evidence"];
    assert_eq!((&evidence["author"], &evidence["message"]), (&Value::Null, &Value::Null));
    assert_eq!(evidence["versions"][0]["percentage"], 100.0);
    // A word that nobody knows is no reason to call it well.
    assert_eq!(done.says("vendors", "Cloudflare"), "yellow degraded");
    assert!(done.text("vendors", "Cloudflare").contains("on fire"));
}

fn too_many() -> Canned {
    Canned::json(429, &error_body(971, "Please wait and consider throttling your request speed"))
}

#[test]
fn a_429_names_the_time_to_come_back() {
    let at = Utc::now().trunc_subsecs(0) + TimeDelta::minutes(7);
    let date = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let said = format!("asked to wait until {}", Jst(at).to_the_second());
    let answer = too_many().header("retry-after", &date);
    both_are_unknown(&Fault::answer(answer), "rate-limited", &[&said, "HTTP 429"]);

    let answer = too_many().header("retry-after", "420");
    let cloudflare = CloudflareSite::failing(Fault::answer(answer));
    let done = cloudflare.run("triage --only workers --json").exits(7);
    assert!(done.text("workers", "public").contains("asked to wait until 20"), "{}", done.stdout);
    assert_eq!(cloudflare.requests(), 2, "deployments and versions, once each");
}

#[test]
fn a_short_429_is_waited_for() {
    let answer = Fault::answer(too_many().header("retry-after", "1")).times(2);
    let cloudflare = CloudflareSite::failing(answer);
    let done = cloudflare.run("triage --only workers --json").exits(0);
    assert_eq!(done.says("workers", "public"), "green ok");
    assert!(done.took > Duration::from_secs(1), "it was asked to wait for a second");
}

#[test]
fn a_429_without_headers_is_unknown() {
    let words = ["asked to wait without saying how long", "HTTP 429"];
    both_are_unknown(&Fault::answer(too_many()), "rate-limited", &words);
}

#[test]
fn a_host_that_answers_5xx_is_red() {
    for status in [500, 503, 522] {
        let (site, host) = host(&Behaviour::Answers(status));
        let done = site.run("triage --only hosts --json").exits(10);
        assert_eq!(done.says("hosts", &host.url()), "red http-5xx");
        let text = done.text("hosts", &host.url());
        assert!(text.contains(&format!("answers {status}")), "{text}");
        assert_eq!(host.requests().len(), 3, "three tries");
    }
}

#[test]
fn an_api_that_answers_5xx_is_unknown() {
    let page = Canned::html(502).header("cf-ray", "9a1f00c0ffee1234-NRT");
    let fault = Fault::answer(page);
    both_are_unknown(&fault, "service-error", &["the service failed", "HTTP 502"]);
    let cloudflare = CloudflareSite::failing(fault);
    let done = cloudflare.run("triage --only workers --json -vv").exits(7);
    assert_eq!(cloudflare.requests(), 6, "two questions, three tries each");
    // For a ticket with the vendor.
    let id = "9a1f00c0ffee1234-NRT";
    assert_eq!(done.check("workers", "public")["evidence"]["request_id"], id);
    assert!(done.stderr.contains(id), "{}", done.stderr);

    // What fails once is asked again.
    let once = Fault::answer(Canned::status(503)).times(1);
    let cloudflare = CloudflareSite::failing(once);
    let done = cloudflare.run("triage --only workers --json").exits(0);
    assert_eq!(done.says("workers", "public"), "green ok");
}

/// Everything is away from this machine, and nothing of it can be reached.
fn unplugged() -> Site {
    let config = cloudflare_config("https://api.cloudflare.invalid/client/v4", ACCOUNT_ID);
    let site = Site::bare(&config);
    add_vendor(&site, &format!("http://127.0.0.1:{}", closed_port()));
    let hosts =
        format!("[env.prod]\nhosts = [\"api.parky.invalid\", \"127.0.0.1:{}\"]", closed_port());
    site.edit(|text| text.replace("[env.prod]", &hosts));
    site.set("env.prod.pages", "[\"parky-web\"]");
    site.set("urls.github", "\"https://api.github.invalid\"");
    site.set("github.repos", "[\"parky/parky\"]");
    site.set("github.healthcheck_workflow", "\"synthetic-healthcheck.yml\"");
    site
}

fn with_credentials(run: Run) -> Run {
    let url = "postgresql://postgres:hunter2hunter2@db.parky.invalid/postgres?sslmode=require";
    run.var(TOKEN_VARIABLE, "t0k3n-t0k3n-t0k3n")
        .var("SUPABASE_DB_URL", url)
        .var("GH_TOKEN", "ghp_t0k3n")
}

#[test]
fn no_network_is_offline_and_no_outage() {
    let site = unplugged();
    let done = with_credentials(site.run("triage --json")).exits(5);
    let data = done.data();
    assert_eq!(data["offline"], true);
    assert_eq!(data["verdict"], "unknown");
    assert_eq!(data["severity"]["proposed"], Value::Null, "no outage is proposed");
    assert_eq!(data["vendor"]["judgement"], "unknown");
    assert_eq!(data["told"]["state"], "unknown");
    assert_eq!(data["next"], json!([]));
    let checks = data["checks"].as_array().unwrap();
    assert!(checks.len() > 15, "{data:#}");
    for check in checks {
        assert_eq!(check["state"], "unknown", "{check:#}");
        assert_eq!(check["reason"]["code"], "offline", "{check:#}");
    }
    done.hides("hunter2hunter2");
    let page = with_credentials(site.run("triage -vv")).exits(5);
    assert!(page.stdout.contains("you appear to be offline"), "{}", page.stdout);
    page.hides("hunter2hunter2");
}
