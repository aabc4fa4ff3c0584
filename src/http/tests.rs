//! The client against real sockets: every way to fail has its own error, and counts its tries.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::stub::{Act, Authority, Stub, answer, closed_port, json, self_signed, silent_port};
use super::*;
use crate::domain::{Clock, Reach, ReasonCode, Redactor};

const TOKEN: &str = "cf-secret-token-0123456789";

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn shortly() -> Instant {
    Instant::now() + Duration::from_millis(400)
}

fn clock() -> Clock {
    Clock::fixed("2026-11-21T18:12:00Z".parse().unwrap())
}

fn client(roots: Roots) -> Client {
    Client::new(roots, Redactor::default(), clock(), None)
}

fn api(base: Url) -> Api {
    client(Roots::system()).api(Service::Cloudflare, base, Some(TOKEN.into()))
}

/// The error of a GET of `/things` as a number from a server that does `script`.
async fn failure(script: impl Fn(usize, &str) -> Act + Send + Sync + 'static) -> (ApiError, usize) {
    let stub = Stub::http(script).await;
    let error = api(stub.url()).get_json::<u32>(&["things"], &[], soon()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(TOKEN));
    (error, stub.requests().len())
}

async fn unreadable(act: Act) -> Unreadable {
    let (error, tries) = failure(move |_, _| act.clone()).await;
    assert_eq!(tries, 1, "{error}");
    let Fault::Unreadable(how) = error.fault else { unreachable!("{error}") };
    how
}

#[tokio::test]
async fn refused_is_tried_three_times() {
    let (_taken, port) = closed_port();
    let base = format!("http://127.0.0.1:{port}").parse().unwrap();
    let error = api(base).get(&["x"], &[], soon()).await.unwrap_err();
    assert_eq!(error.fault, Fault::Unreachable(Unreachable::Refused));
    assert_eq!(error.reason(), (ReasonCode::Unreachable, Reach::NotReached));
    assert!(!error.may_have_arrived());
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_told_from_a_refusal() {
    // Without the proxy that the machine may have, which would be the one to resolve.
    let wire = reqwest::Client::builder()
        .tls_backend_preconfigured(
            client_config(Arc::new(rustls::RootCertStore::empty()), &[]).unwrap(),
        )
        .dns_resolver(dns::Resolver)
        .no_proxy()
        .build()
        .unwrap();
    let url = format!("http://{}.example", "a".repeat(64));
    let error = wire.get(url).send().await.unwrap_err();
    assert_eq!(classify::fault(&error, false), Fault::Unreachable(Unreachable::Dns));
}

#[tokio::test]
async fn a_server_error_may_pass() {
    let stub = Stub::http(|number, _| match number {
        0 => answer("503 Service Unavailable", &[], "<html>"),
        1 => Act::Send(Vec::new()),
        _ => json("7"),
    })
    .await;
    let got: u32 = api(stub.url()).get_json(&["things"], &[], soon()).await.unwrap();
    assert_eq!((got, stub.requests().len()), (7, 3));
}

#[tokio::test]
async fn a_lasting_server_error_is_tried_three_times() {
    let (error, tries) = failure(|_, _| answer("502 Bad Gateway", &["CF-Ray: 8ab-NRT"], "")).await;
    assert_eq!((error.fault.clone(), tries), (Fault::Server, 3));
    assert_eq!(error.request_id.as_deref(), Some("8ab-NRT"));
    assert_eq!(
        error.to_string(),
        "Cloudflare: the service failed (HTTP 502) [GET /things, request 8ab-NRT]"
    );
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_three_times() {
    let (error, tries) = failure(|_, _| Act::Send(Vec::new())).await;
    assert_eq!((error.fault.clone(), tries), (Fault::Unreachable(Unreachable::Broken), 3));
    assert!(error.may_have_arrived());
}

#[tokio::test]
async fn what_was_refused_is_not_tried_again() {
    for (status, code, word) in [
        ("401 Unauthorized", Fault::Unauthorized, ReasonCode::Unauthorized),
        ("403 Forbidden", Fault::Forbidden, ReasonCode::NoPermission),
        ("404 Not Found", Fault::NotFound, ReasonCode::NotFound),
        ("422 Unprocessable", Fault::Refused, ReasonCode::ServiceError),
    ] {
        let body = format!(r#"{{"message":"no: {TOKEN}\u001b[2J","code":50001}}"#);
        let (error, tries) = failure(move |_, _| answer(status, &[], &body)).await;
        assert_eq!((&error.fault, tries), (&code, 1));
        assert_eq!(error.reason(), (word, Reach::Reached));
        let said = error.said.unwrap();
        assert_eq!((said.code, &*said.message), (Some(50001), "no: ***\\u{1b}[2J"));
    }
}

#[tokio::test]
async fn too_many_requests_without_a_time_is_not_tried_again() {
    let (error, tries) = failure(|_, _| answer("429 Too Many Requests", &[], "")).await;
    assert_eq!((error.fault, tries), (Fault::RateLimited { retry_at: None }, 1));
}

#[tokio::test]
async fn too_many_requests_with_a_short_wait_is_waited_for() {
    let stub = Stub::http(|number, _| match number {
        0 => answer("429 Too Many Requests", &["Retry-After: 0.2"], ""),
        // The clock stands still, so this date is a wait of one second.
        1 => answer("429 Nope", &["Retry-After: Sat, 21 Nov 2026 18:12:01 GMT"], ""),
        _ => json("7"),
    })
    .await;
    let began = Instant::now();
    let got: u32 = api(stub.url()).get_json(&["things"], &[], soon()).await.unwrap();
    assert_eq!((got, stub.requests().len()), (7, 3));
    assert!(began.elapsed() >= Duration::from_millis(1200), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_long_wait_is_named_not_waited_for() {
    let began = Instant::now();
    let (error, tries) = failure(|_, _| answer("429 Nope", &["Retry-After: 300"], "")).await;
    assert_eq!(tries, 1);
    assert!(error.to_string().contains("until 2026-11-22 03:17:00 JST"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(9));
    for nonsense in ["-5", "1e300", "soon", ""] {
        let header = format!("Retry-After: {nonsense}");
        let (error, _) = failure(move |_, _| answer("429 Nope", &[&header], "")).await;
        assert_eq!(error.fault, Fault::RateLimited { retry_at: None }, "{nonsense:?}");
    }
}

#[tokio::test]
async fn no_try_starts_after_the_deadline() {
    let stub = Stub::http(|_, _| answer("503 Nope", &["Retry-After: 2"], "")).await;
    let error = api(stub.url()).get_json::<u32>(&["x"], &[], shortly()).await.unwrap_err();
    assert_eq!((error.fault, stub.requests().len()), (Fault::Server, 1));
}

#[tokio::test]
async fn a_hang_after_accept_ends_at_the_deadline() {
    for start in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123"] {
        let stub = Stub::http(|_, _| Act::Stall(start.into())).await;
        let error = api(stub.url()).get(&["x"], &[], shortly()).await.unwrap_err();
        let timeout = Unreachable::Timeout { connected: true };
        assert_eq!(error.fault, Fault::Unreachable(timeout), "after {start:?}");
        assert_eq!(error.reason(), (ReasonCode::Timeout, Reach::Reached));
        assert_eq!(stub.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_connection_that_never_comes_is_told_from_a_hang() {
    let (_held, port) = silent_port().await;
    let base = format!("http://127.0.0.1:{port}").parse().unwrap();
    let error = api(base).get(&["x"], &[], shortly()).await.unwrap_err();
    let timeout = Unreachable::Timeout { connected: false };
    assert_eq!(error.fault, Fault::Unreachable(timeout));
    assert_eq!(error.reason(), (ReasonCode::Timeout, Reach::NotReached));
}

#[tokio::test]
async fn senseless_answers_each_have_their_word() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"a\":".into();
    let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":".into();
    assert_eq!(unreadable(json("<!doctype html><p>")).await, Unreadable::Html);
    let html = answer("200 OK", &["Content-Type: Text/HTML"], "oops");
    assert_eq!(unreadable(html).await, Unreadable::Html);
    assert_eq!(unreadable(json("")).await, Unreadable::Empty);
    assert_eq!(unreadable(json(r#"{"a":"#)).await, Unreadable::Truncated);
    assert_eq!(unreadable(Act::Send(half)).await, Unreadable::Truncated);
    assert_eq!(unreadable(Act::Send(chunk)).await, Unreadable::Truncated);
    assert_eq!(unreadable(json("OK!")).await, Unreadable::NotJson);
    assert_eq!(unreadable(Act::Send(b"SSH-2.0-OpenSSH\r\n".into())).await, Unreadable::NotHttp);
    let wrong = unreadable(json(&format!(r#""{TOKEN}""#))).await;
    let Unreadable::WrongShape(how) = wrong else { unreachable!("{wrong:?}") };
    assert!(how.starts_with("invalid type: string \"***\""), "{how}");
}

#[tokio::test]
async fn a_huge_body_is_not_kept() {
    let declared = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 100 << 20);
    let endless = "HTTP/1.1 200 OK\r\n\r\n".to_owned();
    for head in [declared, endless] {
        let act = Act::Flood(head.into());
        assert_eq!(unreadable(act).await, Unreadable::TooLarge(MAX_BODY));
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_the_token_stays() {
    let other = Stub::http(|_, _| json("7")).await;
    let location = format!("Location: http://{}/login?state=abcdef", other.addr);
    let stub = Stub::http(move |_, _| answer("302 Found", &[&location], "")).await;
    let api = api(stub.url());
    assert_eq!(api.get(&["x"], &[], soon()).await.unwrap().status, 302);
    let error = api.get_json::<u32>(&["x"], &[], soon()).await.unwrap_err();
    assert!(error.to_string().contains("/login, which is not followed"), "{error}");
    assert!(!error.to_string().contains("state"));
    assert_eq!(other.requests(), Vec::<String>::new());
    assert!(stub.requests()[0].contains(&format!("authorization: Bearer {TOKEN}\r\n")));
}

#[tokio::test]
async fn clones_of_an_api_share_its_connection() {
    let whole = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n7";
    let stub = Stub::http(|_, _| Act::Keep(whole.into())).await;
    let api = api(stub.url());
    for _ in 0..3 {
        assert_eq!(api.clone().get_json::<u32>(&["x"], &[], soon()).await.unwrap(), 7);
    }
    assert_eq!((stub.requests().len(), stub.connections()), (3, 1));
}

#[tokio::test]
async fn http_2_is_offered_over_tls() {
    let authority = Authority::new();
    let mut tls = authority.server(&["localhost"], |_| {});
    tls.alpn_protocols = vec![b"h2".to_vec()];
    // The beginning of every HTTP/2 connection reads like a request, and is one to the stub.
    let stub = Stub::https(tls, |_, _| Act::Send(Vec::new())).await;
    let client = client(Roots::given(authority.roots));
    let api = client.api(Service::StatusPage, stub.https_url("localhost"), None);
    api.get(&["x"], &[], soon()).await.unwrap_err();
    assert!(stub.requests()[0].starts_with("PRI * HTTP/2.0\r\n"), "{:?}", stub.requests());
}

#[tokio::test]
async fn a_compressed_body_is_unpacked_and_measured_unpacked() {
    // printf 7 | gzip -n
    let seven = [31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 51, 7, 0, 130, 74, 191, 106, 1, 0, 0, 0];
    let stub = Stub::http(move |_, _| answer("200 OK", &["Content-Encoding: gzip"], seven)).await;
    let api = api(stub.url());
    assert_eq!(api.get_json::<u32>(&["x"], &[], soon()).await.unwrap(), 7);
    let error = api.max_body(0).get(&["x"], &[], soon()).await.unwrap_err();
    assert_eq!(error.fault, Fault::Unreadable(Unreadable::TooLarge(0)));
}

#[tokio::test]
async fn a_change_is_sent_once() {
    for act in [Act::Send(Vec::new()), answer("503 Nope", &["Retry-After: 0"], "")] {
        let stub = Stub::http(move |_, _| act.clone()).await;
        let request = Request::new(Method::POST, &["x"]).query(&[("wait", "true")]);
        let request =
            request.header(header::IF_NONE_MATCH, "\"e\"").json(&serde_json::json!({"a": 1}));
        let _ = api(stub.url()).send(request, soon()).await;
        assert_eq!(stub.requests().len(), 1);
        assert!(stub.requests()[0].starts_with("POST /x?wait=true HTTP/1.1\r\n"));
        assert!(stub.requests()[0].contains("if-none-match: \"e\"\r\n"));
    }
}

#[derive(Default)]
struct Recorder(Mutex<Vec<String>>);

impl RequestLog for Recorder {
    fn record(&self, entry: &Logged<'_>) {
        let Logged { method, url, attempt, status, request_id, .. } = entry;
        let line = format!("{method} {url} {attempt} {status:?} {request_id:?}");
        self.0.lock().unwrap().push(line);
    }
}

#[tokio::test]
async fn every_try_is_on_the_record_without_secrets() {
    let stub = Stub::http(|number, _| match number {
        0 => answer("500 Nope", &["X-Request-Id: r1"], ""),
        _ => answer("200 OK", &["X-Request-Id: r2"], "7"),
    })
    .await;
    let log = Arc::new(Recorder::default());
    let client =
        Client::new(Roots::system(), Redactor::default(), clock(), Some(Arc::clone(&log) as _));
    let api = client.api(Service::GitHub, stub.url(), Some(TOKEN.into()));
    api.get(&["x"], &[("q", TOKEN)], soon()).await.unwrap();
    let base = stub.url();
    assert_eq!(
        *log.0.lock().unwrap(),
        [
            format!("GET {base}x?q=*** 1 Some(500) Some(\"r1\")"),
            format!("GET {base}x?q=*** 2 Some(200) Some(\"r2\")"),
        ]
    );
    assert!(!format!("{api:?} {client:?}").contains(TOKEN));
}

async fn tls_fault(tls: rustls::ServerConfig, roots: rustls::RootCertStore) -> (ApiError, usize) {
    let stub = Stub::https(tls, |_, _| json("7")).await;
    let api = client(Roots::given(roots)).api(
        Service::Cloudflare,
        stub.https_url("localhost"),
        Some(TOKEN.into()),
    );
    (api.get(&["x"], &[], soon()).await.unwrap_err(), stub.requests().len())
}

#[tokio::test]
async fn certificates_are_checked_and_each_fault_is_told() {
    let authority = Authority::new();
    let expired = authority.server(&["localhost"], |params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
    let other_name = authority.server(&["other.example"], |_| {});
    let own = self_signed(&["localhost"], |_| {});
    for (tls, fault) in [
        (expired, TlsFault::Expired),
        (other_name, TlsFault::WrongName),
        (own, TlsFault::Untrusted),
    ] {
        let (error, requests) = tls_fault(tls, authority.roots.clone()).await;
        assert_eq!(error.fault, Fault::Unreachable(Unreachable::Tls(fault)));
        assert_eq!(error.reason(), (ReasonCode::TlsOurs, Reach::Reached));
        assert_eq!(requests, 0, "no token goes to a server that cannot prove its name");
    }
}

#[tokio::test]
async fn a_trusted_certificate_is_taken_and_one_root_load_serves_all() {
    let authority = Authority::new();
    let stub = Stub::https(authority.server(&["localhost"], |_| {}), |_, _| json("7")).await;
    let client = client(Roots::given(authority.roots.clone()));
    let api = client.api(Service::Cloudflare, stub.https_url("localhost"), Some(TOKEN.into()));
    assert_eq!(api.get_json::<u32>(&["x"], &[], soon()).await.unwrap(), 7);
    let (first, second) =
        (client.roots().load().await.unwrap(), client.roots().load().await.unwrap());
    assert!(Arc::ptr_eq(&first, &second));
}
