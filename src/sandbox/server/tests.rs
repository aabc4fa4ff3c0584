//! Faults and doors over real sockets.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use axum::http::Method;
use axum::routing::get as route;

use super::*;
use crate::sandbox::plain_client::{get, get_as, get_within, send};

fn server() -> Server {
    let router = Router::new().route("/ok", route(async || "fine").post(async || "made"));
    Server::start(&Stage::start().unwrap(), router, Some("right-token".to_owned().into())).unwrap()
}

fn error(server: &Server) -> ErrorKind {
    get_within(Duration::from_millis(300), &server.url("/ok")).unwrap_err().kind()
}

#[test]
fn a_closed_door_refuses_at_once_and_opens_again_on_the_same_port() {
    let server = server();
    for _ in 0..5 {
        assert_eq!(get(&server.url("/ok")).unwrap().body, "fine");
        server.set_door(Door::Refuse).unwrap();
        assert_eq!(error(&server), ErrorKind::ConnectionRefused);
        server.set_door(Door::Open).unwrap();
    }
    assert_eq!(get(&server.url("/ok")).unwrap().body, "fine");
}

#[test]
fn a_door_can_hang_close_and_babble() {
    let server = server();
    server.set_door(Door::Hang).unwrap();
    assert!(matches!(error(&server), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    server.set_door(Door::Garbage).unwrap();
    assert_eq!(get(&server.url("/ok")).unwrap().status, 0);
    server.set_door(Door::Close).unwrap();
    let closed = get(&server.url("/ok"));
    assert!(closed.is_err() || closed.is_ok_and(|reply| reply.status == 0));
    assert!(server.requests().is_empty());
}

#[test]
fn an_answer_can_hang_close_and_break_off() {
    let server = server();
    let faults = server.faults();
    faults.set("/ok", Fault::new(Act::Hang));
    assert!(matches!(error(&server), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    faults.set("/ok", Fault::new(Act::Close));
    assert_eq!(get(&server.url("/ok")).unwrap().status, 0);
    let answer = Canned::status(200).body("half of it");
    faults.set("/ok", Fault::new(Act::Truncate { answer, missing: 90 }));
    let reply = get(&server.url("/ok")).unwrap();
    assert_eq!((reply.header("content-length"), reply.body.as_str()), (Some("100"), "half of it"));
}

#[test]
fn an_answer_can_be_huge() {
    let server = server();
    let answer = Canned::status(200).header("content-type", "application/json");
    server.faults().set("/ok", Fault::new(Act::Stream { answer, mib: 3 }));
    let reply = get(&server.url("/ok")).unwrap();
    assert!(reply.body.len() > 3 << 20, "{}", reply.body.len());
    assert_eq!(reply.header("content-type"), Some("application/json"));
}

#[test]
fn an_answer_can_be_another_one_late_and_only_so_often() {
    let server = server();
    let answer = Canned::html(502).header("retry-after", "7").header("bad\nname", "x");
    let late = Fault::answer(answer).after(Duration::from_millis(60)).times(1);
    server.faults().set("/", late);
    let asked = Instant::now();
    let reply = get(&server.url("/ok")).unwrap();
    assert!(asked.elapsed() >= Duration::from_millis(60));
    assert_eq!((reply.status, reply.header("retry-after")), (502, Some("7")));
    assert!(reply.body.starts_with("<!DOCTYPE html>"));
    assert_eq!(get(&server.url("/ok")).unwrap().status, 200);
}

#[test]
fn a_reply_can_be_lost_for_one_method_only() {
    let server = server();
    server.faults().set("/ok", Fault::new(Act::OwnThenClose).on(Method::POST));
    assert_eq!(send("POST", &server.url("/ok"), "", "").unwrap().status, 0);
    assert_eq!(get(&server.url("/ok")).unwrap().status, 200);
}

#[test]
fn the_log_tells_what_arrived_but_no_token() {
    let server = server();
    get_as(&"right-token".to_owned().into(), &server.url("/ok?x=1"));
    get_as(&"another-token".to_owned().into(), &server.url("/ok"));
    send("POST", &server.url("/ok"), "authorization: Basic abc\r\n", "a body").unwrap();
    get(&server.url("/ok")).unwrap();
    let arrived = server.requests();
    let credentials: Vec<_> = arrived.iter().map(|request| request.credential).collect();
    use Credential::{Malformed, Missing, Right, Wrong};
    assert_eq!(credentials, [Right, Wrong, Malformed, Missing]);
    assert_eq!((arrived[0].method.as_str(), arrived[0].path.as_str()), ("GET", "/ok?x=1"));
    assert_eq!(arrived[0].header("authorization"), Some("***"));
    assert_eq!(arrived[2].body, "a body");
    assert!(!format!("{arrived:?} {server:?}").contains("token"), "{arrived:?}");
    server.forget_requests();
    assert!(server.requests().is_empty());
}

#[test]
fn a_change_of_the_door_ends_connections_that_are_open() {
    let server = server();
    server.faults().set("/ok", Fault::new(Act::Hang));
    let url = server.url("/ok");
    let waiting = std::thread::spawn(move || get(&url));
    let asked = Instant::now();
    while server.requests().is_empty() && asked.elapsed() < Duration::from_secs(15) {
        std::thread::sleep(Duration::from_millis(2));
    }
    server.set_door(Door::Open).unwrap();
    assert_eq!(waiting.join().unwrap().unwrap().status, 0);
}
