//! Lines by the library itself, at a faster pace than Cloudflare's: what takes minutes there.

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use parky_ops::cloudflare::{Client, TailFilters, Tails};
use parky_ops::domain::{Clock, Redactor};
use parky_ops::http::{self, Api, Roots, Service};
use parky_ops::sandbox::cloudflare::tails::{Handshake, Step};
use parky_ops::sandbox::server::{Canned, Door, Fault};
use parky_ops::sandbox::{ACCOUNT_ID, CloudflareStandIn};
use parky_ops::tail::{Books, Item, LineFault, Means, Pace, TailError, Watch, watch};
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::{Instant, timeout};

use super::{PATIENCE, SCRIPT, assert_deleted, event, sends, site};

/// A tenth of a second where it is ten.
fn pace() -> Pace {
    Pace {
        ping: Duration::from_millis(300),
        overlap: Duration::from_millis(300),
        backoff: [10, 20, 40].map(Duration::from_millis).into(),
        ..Pace::default()
    }
}

fn api(stand_in: &CloudflareStandIn, clock: Clock) -> Api {
    let client = http::Client::new(Roots::system(), Redactor::default(), clock, None);
    let url = stand_in.url().parse().unwrap();
    client.api(Service::Cloudflare, url, Some(stand_in.token().clone()))
}

/// Watches the script at this pace and by this clock, and hands what happens to `look`.
fn watched<F: Future<Output = ()>>(
    stand_in: &CloudflareStandIn,
    pace: &Pace,
    clock: Clock,
    look: impl FnOnce(Receiver<Item>) -> F,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let api = api(stand_in, clock);
        let books = Books::new(Tails::new(api.clone(), ACCOUNT_ID));
        let (client, roots) = (Client::new(api, ACCOUNT_ID), Roots::system());
        let means = Means { books: &books, client: &client, roots: &roots, clock, pace };
        let one = Watch {
            worker: "public".into(),
            script: SCRIPT.into(),
            filters: TailFilters::default(),
            newest: false,
        };
        let (out, items) = mpsc::channel(8);
        let watches = [one];
        let watching = async {
            watch(&means, &watches, out).await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = watching => {}
            looked = timeout(PATIENCE, look(items)) => looked.expect("in time"),
        }
        assert_eq!(books.close(Instant::now() + PATIENCE).await, []);
    });
    assert_deleted(stand_in.tails());
}

/// The next item that is not one of those that only tell how things go.
async fn next(items: &mut Receiver<Item>) -> Item {
    loop {
        match items.recv().await.expect("another item") {
            Item::Retrying { .. } | Item::Open { .. } => {}
            item => return item,
        }
    }
}

/// The frames until so many have come.
async fn frames(items: &mut Receiver<Item>, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    while all.len() < count {
        if let Item::Frames { frames, .. } = next(items).await {
            all.extend(frames.iter().map(|frame| String::from_utf8(frame.to_vec()).unwrap()));
        }
    }
    all
}

#[test]
fn a_line_without_pongs_is_dead_and_the_gap_begins_with_its_last_sign_of_life() {
    let site = site([vec![sends(1), Step::FallSilent], vec![sends(2)]]);
    let begun = Utc::now();
    watched(&site.stand_in, &pace(), Clock::system(), |mut items| async move {
        assert!(frames(&mut items, 1).await[0].contains("\"number\":1"));
        let Item::Gap { from, to, cause, .. } = next(&mut items).await else { panic!("no gap") };
        assert_eq!(cause, LineFault::NoPong.to_string());
        assert!(from >= begun && to - from >= TimeDelta::milliseconds(300), "{from} {to}");
        assert!(frames(&mut items, 1).await[0].contains("\"number\":2"));
    });
}

#[test]
fn a_line_that_was_dead_when_it_was_renewed_leaves_a_gap() {
    let site = site([vec![sends(1), Step::FallSilent], vec![sends(2)]]);
    let tails = site.stand_in.tails().clone();
    tails.set_lifetime(TimeDelta::seconds(3));
    // So patient that the renewal comes before a beat is missed.
    let pace = Pace { ping: Duration::from_secs(4), ..pace() };
    watched(&site.stand_in, &pace, Clock::system(), |mut items| async move {
        assert!(frames(&mut items, 1).await[0].contains("\"number\":1"));
        tails.set_lifetime(TimeDelta::hours(1));
        assert!(frames(&mut items, 1).await[0].contains("\"number\":2"));
        let gap = loop {
            match next(&mut items).await {
                Item::Gap { from, to, cause, .. } => break (to - from, cause),
                Item::Renewed { .. } => {}
                other => panic!("{other:?}"),
            }
        };
        assert!(gap.0 > TimeDelta::zero() && gap.1.contains("no sign of life"), "{gap:?}");
    });
}

#[test]
fn a_quiet_line_that_answers_lives() {
    let site = site([vec![Step::Ping, Step::Wait(Duration::from_millis(2500)), sends(1)]]);
    watched(&site.stand_in, &pace(), Clock::system(), |mut items| async move {
        let item = next(&mut items).await;
        assert!(matches!(item, Item::Frames { .. }), "{item:?}");
    });
    assert!(site.stand_in.tails().all()[0].pings >= 2);
}

#[test]
fn while_two_lines_overlap_each_event_comes_as_often_as_it_was_sent() {
    let site = site([]);
    let tails = site.stand_in.tails().clone();
    tails.set_lifetime(TimeDelta::seconds(6));
    let sending = tails.clone();
    watched(&site.stand_in, &pace(), Clock::system(), |mut items| async move {
        let mut seen = 0;
        let mut sent = 0_u64;
        let mut renewed = 0;
        while renewed < 2 || seen < sent {
            if renewed < 2 && sending.sockets() > 0 {
                // Two that are alike: only their count tells them from one that came twice.
                sending.send(SCRIPT, &Step::Event(event(sent)));
                sending.send(SCRIPT, &Step::Event(event(sent)));
                sent += 2;
            }
            while let Ok(item) = timeout(Duration::from_millis(15), items.recv()).await {
                match item.expect("another item") {
                    Item::Frames { frames, .. } => seen += frames.len() as u64,
                    Item::Renewed { .. } => renewed += 1,
                    Item::Open { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(items.try_recv().is_err() || renewed > 2, "more came than was sent");
        assert_eq!(seen, sent);
    });
}

#[test]
fn a_tail_that_cannot_be_renewed_is_lost_when_it_has_expired_and_not_before() {
    let site = site([vec![sends(1)], vec![sends(2)]]);
    let stand_in = site.stand_in.clone();
    stand_in.tails().set_lifetime(TimeDelta::seconds(3));
    let path = format!("/client/v4/accounts/{ACCOUNT_ID}/workers/scripts/{SCRIPT}/tails");
    let pace = Pace { backoff: vec![Duration::from_millis(200); 60], ..pace() };
    let faults = stand_in.clone();
    watched(&stand_in, &pace, Clock::system(), |mut items| async move {
        frames(&mut items, 1).await;
        let broken = Fault::answer(Canned::html(502)).on(parky_ops::http::Method::POST);
        faults.server().faults().set(&path, broken.times(14));
        let Item::Gap { cause, .. } = next(&mut items).await else { panic!("no gap") };
        assert_eq!(cause, TailError::Expired.to_string());
        assert!(frames(&mut items, 1).await[0].contains("\"number\":2"));
    });
}

#[test]
fn a_line_is_given_up_after_its_tries() {
    let site = site([vec![sends(1)]]);
    let stand_in = site.stand_in.clone();
    let door = stand_in.clone();
    watched(&stand_in, &pace(), Clock::system(), |mut items| async move {
        frames(&mut items, 1).await;
        door.tails().set_door(Door::Refuse).unwrap();
        let mut tries = 0;
        loop {
            match items.recv().await.expect("another item") {
                Item::Retrying { .. } => tries += 1,
                Item::Lost { from: Some(_), error: TailError::Line(fault), .. } => {
                    assert!(matches!(fault, LineFault::Unreachable(_)), "{fault}");
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(tries, 3);
    });
}

#[test]
fn a_first_line_that_cannot_be_made_is_given_up_soon_with_its_reason() {
    for (handshake, said) in [
        (Handshake::Refuse(403), LineFault::Refused(403)),
        (Handshake::NoSubprotocol, LineFault::NoSubprotocol),
        (Handshake::OtherSubprotocol, LineFault::NoSubprotocol),
    ] {
        let site = site([]);
        site.stand_in.tails().shake([handshake; 9]);
        watched(&site.stand_in, &pace(), Clock::system(), |mut items| async move {
            let Item::Lost { from: None, error, .. } = next(&mut items).await else { panic!() };
            assert_eq!(error, TailError::Line(said));
        });
        assert_eq!(site.stand_in.tails().all().len(), 3);
    }
    for handshake in [Handshake::Garbage, Handshake::Hang] {
        let site = site([]);
        site.stand_in.tails().shake([handshake; 9]);
        let pace = Pace { connect: Duration::from_secs(2), ..pace() };
        watched(&site.stand_in, &pace, Clock::system(), |mut items| async move {
            let item = next(&mut items).await;
            assert!(matches!(item, Item::Lost { from: None, .. }), "{item:?}");
        });
    }
}

#[test]
fn a_clock_that_is_wrong_by_an_hour_changes_nothing() {
    for hours in [-1, 1] {
        let site = site([]);
        let tails = site.stand_in.tails().clone();
        tails.set_lifetime(TimeDelta::seconds(5));
        let now: DateTime<Utc> = Utc::now() + TimeDelta::hours(hours);
        let count = tails.clone();
        watched(&site.stand_in, &pace(), Clock::fixed(now), |mut items| async move {
            let item = next(&mut items).await;
            assert!(matches!(item, Item::Renewed { .. }), "{item:?}");
            assert_eq!(count.all().len(), 2, "renewed once, when it was time");
        });
    }
}
