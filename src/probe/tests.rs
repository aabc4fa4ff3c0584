//! Probes against real sockets: each step that fails is told apart from the others.

use super::*;
use crate::domain::{Reach, ReasonCode};
use crate::http::stub::{
    Act, Authority, Stub, answer, closed_port, json, self_signed, silent_port,
};
use crate::http::{TlsFault, USER_AGENT};

fn no_roots() -> Roots {
    Roots::given(rustls::RootCertStore::empty())
}

async fn ask(url: &str) -> Attempt {
    let deadline = Instant::now() + Duration::from_secs(10);
    probe(&url.parse().unwrap(), deadline, &no_roots()).await
}

/// What a probe of a server that does `act` sees within 400 ms.
async fn saw(act: Act) -> Attempt {
    let stub = Stub::http(move |_, _| act.clone()).await;
    probe(&stub.url(), Instant::now() + Duration::from_millis(400), &no_roots()).await
}

fn error(attempt: &Attempt) -> (&ProbeError, ReasonCode, Reach) {
    let error = attempt.error.as_ref().unwrap();
    let (code, reach) = error.reason();
    (error, code, reach)
}

#[tokio::test]
async fn a_name_that_does_not_resolve() {
    let attempt = ask(&format!("http://{}.example/healthz", "a".repeat(64))).await;
    assert_eq!(error(&attempt), (&ProbeError::Dns, ReasonCode::Dns, Reach::NotReached));
    assert_eq!((attempt.connect_ms, attempt.address), (None, None));
}

#[tokio::test]
async fn a_closed_port_refuses() {
    let (_taken, port) = closed_port();
    // Through the name both addresses of the machine are tried.
    let attempt = ask(&format!("http://localhost:{port}/healthz")).await;
    assert_eq!(error(&attempt), (&ProbeError::Refused, ReasonCode::Refused, Reach::NotReached));
    assert!(attempt.dns_ms.is_some());
}

#[tokio::test]
async fn no_connection_in_time() {
    let (_held, port) = silent_port().await;
    let url = format!("http://127.0.0.1:{port}").parse().unwrap();
    let attempt = probe(&url, Instant::now() + Duration::from_millis(300), &no_roots()).await;
    let timeout = ProbeError::Timeout(Step::Connect);
    assert_eq!(error(&attempt), (&timeout, ReasonCode::Timeout, Reach::NotReached));
}

#[tokio::test]
async fn a_hang_is_told_by_its_step() {
    let attempt = saw(Act::Stall(Vec::new())).await;
    let timeout = ProbeError::Timeout(Step::FirstByte);
    assert_eq!(error(&attempt), (&timeout, ReasonCode::Timeout, Reach::Reached));
    assert_eq!((attempt.status, attempt.first_byte_ms), (None, None));

    let half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123";
    let attempt = saw(Act::Stall(half.into())).await;
    assert_eq!(attempt.error, Some(ProbeError::Timeout(Step::Body)));
    assert_eq!(attempt.status, Some(200));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap()).parse().unwrap();
    let roots = Roots::given(Authority::new().roots);
    let attempt = probe(&url, Instant::now() + Duration::from_millis(300), &roots).await;
    assert_eq!(attempt.error, Some(ProbeError::Timeout(Step::Tls)));
}

#[tokio::test]
async fn a_connection_that_breaks_and_an_answer_that_is_no_http() {
    let attempt = saw(Act::Send(Vec::new())).await;
    let lost = ProbeError::ConnectionLost(Step::FirstByte);
    assert_eq!(error(&attempt), (&lost, ReasonCode::ConnectionLost, Reach::Reached));

    let half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123";
    let attempt = saw(Act::Send(half.into())).await;
    assert_eq!(attempt.error, Some(ProbeError::ConnectionLost(Step::Body)));

    let attempt = saw(Act::Send(b"SSH-2.0-OpenSSH_9.6\r\n".into())).await;
    assert_eq!(error(&attempt), (&ProbeError::NotHttp, ReasonCode::NotHttp, Reach::Reached));
}

#[tokio::test]
async fn the_status_is_given_whatever_it_is() {
    for (status, number) in [("503 Nope", 503), ("302 Found", 302), ("200 OK", 200)] {
        let attempt = saw(answer(status, &["Location: /elsewhere"], "x")).await;
        assert_eq!((attempt.status, attempt.error), (Some(number), None));
    }
}

#[tokio::test]
async fn a_body_without_end_is_cut() {
    let attempt = saw(Act::Flood(b"HTTP/1.1 200 OK\r\n\r\n".into())).await;
    assert_eq!((attempt.status, attempt.error), (Some(200), None));
}

#[tokio::test]
async fn the_request_is_a_plain_one() {
    let stub = Stub::http(|_, _| json("{}")).await;
    let url = stub.url().join("/healthz?deep=1#top").unwrap();
    let attempt = probe(&url, Instant::now() + Duration::from_secs(10), &no_roots()).await;
    assert_eq!(attempt.error, None);
    assert_eq!(attempt.address, Some(stub.addr));
    assert_eq!((attempt.dns_ms, attempt.tls_ms), (None, None));
    let head = stub.requests()[0].to_ascii_lowercase();
    assert!(head.starts_with("get /healthz?deep=1 http/1.1\r\n"), "{head}");
    for line in [format!("host: {}", stub.addr), "connection: close".into()] {
        assert!(head.contains(&format!("\r\n{line}\r\n")), "{head}");
    }
    assert!(head.contains(&format!("user-agent: {}\r\n", USER_AGENT.to_lowercase())));
}

/// What a probe of `https://localhost` sees, whose server has `tls`.
async fn saw_tls(tls: rustls::ServerConfig, authority: &Authority) -> Attempt {
    let stub = Stub::https(tls, |_, _| json("{}")).await;
    let roots = Roots::given(authority.roots.clone());
    let deadline = Instant::now() + Duration::from_secs(10);
    probe(&stub.https_url("localhost"), deadline, &roots).await
}

#[tokio::test]
async fn an_expired_certificate_fails_and_is_shown_with_its_dates() {
    let authority = Authority::new();
    let tls = authority.server(&["localhost"], |params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 2, 3);
    });
    let attempt = saw_tls(tls, &authority).await;
    let expired = ProbeError::Tls(TlsFault::Expired);
    assert_eq!(error(&attempt), (&expired, ReasonCode::TlsExpired, Reach::Reached));
    let certificate = attempt.certificate.unwrap();
    assert_eq!(certificate.not_after.to_rfc3339(), "2021-02-03T00:00:00+00:00");
    assert_eq!(certificate.trusted, Err(TlsFault::Expired));
    assert_eq!((attempt.status, attempt.tls_ms), (None, None));
}

#[tokio::test]
async fn a_certificate_of_the_future_is_not_valid_yet() {
    let authority = Authority::new();
    let tls = authority.server(&["localhost"], |params| {
        params.not_before = rcgen::date_time_ymd(2999, 1, 1);
        params.not_after = rcgen::date_time_ymd(2999, 2, 1);
    });
    let attempt = saw_tls(tls, &authority).await;
    let early = ProbeError::Tls(TlsFault::NotYetValid);
    assert_eq!(error(&attempt), (&early, ReasonCode::TlsExpired, Reach::Reached));
}

#[tokio::test]
async fn a_certificate_that_nobody_signed() {
    let authority = Authority::new();
    let plain = self_signed(&["localhost"], |_| {});
    let as_openssl_does = self_signed(&["localhost"], |params| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    });
    for tls in [plain, as_openssl_does, Authority::new().server(&["localhost"], |_| {})] {
        let attempt = saw_tls(tls, &authority).await;
        let untrusted = ProbeError::Tls(TlsFault::Untrusted);
        assert_eq!(error(&attempt), (&untrusted, ReasonCode::TlsUntrusted, Reach::Reached));
        assert_eq!(attempt.certificate.unwrap().names, ["localhost"]);
    }
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let authority = Authority::new();
    let tls = authority.server(&["other.example", "10.1.2.3", "bad\u{7f}name"], |_| {});
    let attempt = saw_tls(tls, &authority).await;
    let wrong = ProbeError::Tls(TlsFault::WrongName);
    assert_eq!(error(&attempt), (&wrong, ReasonCode::TlsWrongName, Reach::Reached));
    let names = attempt.certificate.unwrap().names;
    assert_eq!(names, ["other.example", "10.1.2.3", "bad\\u{7f}name"]);
}

#[tokio::test]
async fn tls_that_is_none() {
    let authority = Authority::new();
    let stub = Stub::http(|_, _| json("{}")).await;
    let roots = Roots::given(authority.roots.clone());
    let url = stub.https_url("localhost");
    let deadline = Instant::now() + Duration::from_millis(400);
    let attempt = probe(&url, deadline, &roots).await;
    // A server that waits for the end of a line that TLS never sends.
    assert_eq!(attempt.error, Some(ProbeError::Timeout(Step::Tls)));

    let attempt = probe(&url, Instant::now() + Duration::from_secs(10), &no_roots()).await;
    let (_, code, reach) = error(&attempt);
    assert_eq!((code, reach), (ReasonCode::TlsOurs, Reach::NotTried));
}

#[tokio::test]
async fn a_good_certificate_and_all_times() {
    let authority = Authority::new();
    let attempt = saw_tls(authority.server(&["localhost"], |_| {}), &authority).await;
    assert_eq!((attempt.status, attempt.error), (Some(200), None));
    let certificate = attempt.certificate.unwrap();
    assert_eq!(certificate.trusted, Ok(()));
    assert_eq!(certificate.issuer, "Test Root");
    let steps = [attempt.dns_ms, attempt.connect_ms, attempt.tls_ms, attempt.first_byte_ms];
    let sum: u64 = steps.map(|step| step.unwrap()).iter().sum();
    assert!(sum <= attempt.total_ms, "{steps:?} in {}", attempt.total_ms);
}

#[tokio::test]
async fn three_tries_start_apart_and_run_at_once() {
    let stub = Stub::http(|number, _| match number {
        0 => Act::Stall(Vec::new()),
        _ => json("{}"),
    })
    .await;
    let began = Instant::now();
    let (limit, until) = (Duration::from_millis(1200), began + Duration::from_secs(60));
    let tries = three_tries(&stub.url(), limit, until, &no_roots()).await;
    assert_eq!(errors(tries), [Some(ProbeError::Timeout(Step::FirstByte)), None, None]);
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(1200), "{took:?}");
    assert!(took < Duration::from_millis(3600), "one after another: {took:?}");
}

fn errors(tries: Vec<Attempt>) -> Vec<Option<ProbeError>> {
    tries.into_iter().map(|attempt| attempt.error).collect()
}

#[tokio::test]
async fn our_own_haste_is_not_held_against_a_host() {
    let stub = Stub::http(|_, _| Act::Stall(Vec::new())).await;
    let tries = |ms| {
        let until = Instant::now() + Duration::from_millis(ms);
        let url = stub.url();
        async move { errors(three_tries(&url, Duration::from_secs(4), until, &no_roots()).await) }
    };
    assert_eq!(tries(300).await, [], "no try had a fair chance");
    let hung = Some(ProbeError::Timeout(Step::FirstByte));
    assert_eq!(tries(1200).await, [hung], "one had");
}

#[tokio::test]
async fn a_dead_address_does_not_hold_up_the_next() {
    let stub = Stub::http(|_, _| json("{}")).await;
    let (_taken, port) = closed_port();
    let dead = ([127, 0, 0, 1], port).into();
    let stream = connect::fastest([dead, stub.addr].into()).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), stub.addr);
}

#[tokio::test]
async fn one_that_speaks_before_it_is_asked_does_not_speak_http() {
    let url = "http://api.example/healthz".parse().unwrap();
    for greeting in ["SSH-2.0-OpenSSH_9.6\r\n", "220 mail.example ESMTP\r\n", "\0\x7f\u{ff}"] {
        let (near, mut far) = tokio::io::duplex(4096);
        tokio::io::AsyncWriteExt::write_all(&mut far, greeting.as_bytes()).await.unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        let got = exchange::get(near, &url, deadline, &mut Attempt::default()).await;
        assert_eq!(got, Err(ProbeError::NotHttp), "{greeting:?}");
    }
    // Whoever only hangs up has said nothing.
    let (near, far) = tokio::io::duplex(4096);
    drop(far);
    let deadline = Instant::now() + Duration::from_secs(10);
    let got = exchange::get(near, &url, deadline, &mut Attempt::default()).await;
    assert_eq!(got, Err(ProbeError::ConnectionLost(Step::FirstByte)));
}
