//! The pace against a server that counts, with every latency; no real time passes.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::discord::classify::UNSAID_WAIT;
use crate::discord::{Answer, Bucket, Class};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn bucket(remaining: u32, reset_after: Duration) -> Bucket {
    Bucket { limit: 5, remaining, reset_after, name: None }
}

/// When each of `rows` posts reaches the server, which it does `there` after it left; its answer is
/// here `back` later. Starts at `now` and gives the moment at which the last one left as well.
fn run(
    lane: &mut Lane,
    mut now: Instant,
    rows: usize,
    mut latency: impl FnMut(usize) -> (Duration, Duration),
) -> (Vec<Instant>, Instant) {
    let mut seen = Vec::new();
    let mut left = now;
    for row in 0..rows {
        while let Slot::At(at, _) = lane.next(now) {
            now = at;
        }
        lane.sent(now);
        left = now;
        let (there, back) = latency(row);
        seen.push(now + there);
        now += there + back;
        lane.answered(now, None);
    }
    (seen, left)
}

/// The most of `times` in any window, open at its end.
fn densest(times: &[Instant], window: Duration) -> usize {
    times
        .iter()
        .map(|from| times.iter().filter(|at| *at >= from && **at < *from + window).count())
        .max()
        .unwrap_or(0)
}

#[tokio::test]
async fn an_absurd_wait_is_shown() {
    let start = Instant::now();
    for wait in [ms(600_001), Duration::from_secs(42_500), Duration::MAX] {
        let mut lane = Lane::new(Rate::Full.allowance(), &[]);
        lane.sent(start);
        lane.limited(start, wait);
        let Slot::Absurd { wait: shown, until } = lane.next(start) else {
            unreachable!("{wait:?}")
        };
        assert_eq!(shown, wait);
        assert!(until > start + LONGEST_WAIT);

        let mut global = Global::new(Rate::Full.allowance());
        global.limited(start, wait);
        assert!(matches!(global.next(start), Slot::Absurd { .. }));

        let mut lane = Lane::new(Rate::Full.allowance(), &[]);
        lane.sent(start);
        lane.answered(start, &bucket(0, wait));
        assert!(matches!(lane.next(start), Slot::Absurd { .. }));
    }
}

#[tokio::test]
async fn a_429_is_obeyed_with_a_little_more() {
    let start = Instant::now();
    let mut waits = Vec::new();
    for seed in 0..50 {
        let mut lane = Lane::new(Rate::Full.allowance(), &[]).seed(seed);
        lane.sent(start);
        lane.limited(start + ms(100), ms(350));
        let Slot::At(at, WaitReason::Limited) = lane.next(start + ms(100)) else { unreachable!() };
        let more = at - start - ms(450);
        assert!((ms(50)..=ms(250)).contains(&more), "{more:?}");
        assert_eq!(lane.next(at), Slot::Now);
        waits.push(more);
    }
    waits.dedup();
    assert!(waits.len() > 40, "seeds spread the waits");
}

#[tokio::test]
async fn a_wait_that_was_not_said_doubles_until_an_answer_comes() {
    let mut now = Instant::now();
    let mut lane = Lane::new(Rate::Full.allowance(), &[]);
    for expected in [60, 120, 240, 480, 480] {
        lane.sent(now);
        lane.limited(now, UNSAID_WAIT);
        let Slot::At(at, _) = lane.next(now) else { unreachable!() };
        let wait = at - now;
        let expected = Duration::from_secs(expected);
        assert!((expected..expected + ms(251)).contains(&wait), "{wait:?}");
        now = at;
    }
    lane.sent(now);
    lane.answered(now, None);
    lane.sent(now);
    lane.limited(now, UNSAID_WAIT);
    assert!(matches!(lane.next(now), Slot::At(at, _) if at < now + Duration::from_secs(61)));
}

#[tokio::test]
async fn a_429_that_others_caused_halves_the_rate_for_a_while() {
    let start = Instant::now();
    let mut lane = Lane::new(Rate::Full.allowance(), &[]);
    run(&mut lane, start, 3, |_| (ms(1), ms(1)));
    lane.sent(start + ms(10));
    assert_eq!(lane.limited(start + ms(11), ms(43_000)), Explained::No);
    let Slot::At(again, WaitReason::Limited) = lane.next(start + ms(11)) else { unreachable!() };
    assert!(lane.is_slow(again));
    let (seen, last) = run(&mut lane, again, 30, |_| (ms(0), ms(0)));
    assert_eq!((densest(&seen, ms(2000)), densest(&seen, ms(60_000))), (2, 15));
    assert!(!lane.is_slow(last + Duration::from_secs(120)));
}

#[tokio::test]
async fn a_429_at_the_edge_of_our_own_ledger_explains_itself() {
    let start = Instant::now();
    let mut lane = Lane::new(Rate::Full.allowance(), &[]);
    let (_, last) = run(&mut lane, start, 29, |_| (ms(0), ms(0)));
    lane.sent(last + ms(1));
    assert_eq!(lane.limited(last + ms(1), ms(40_000)), Explained::Yes);
    assert!(!lane.is_slow(last + ms(1)));

    let earlier: Vec<Instant> = (0..30).map(|n| start + ms(n)).collect();
    let mut lane = Lane::new(Rate::Polite.allowance(), &earlier);
    lane.sent(start + ms(30_000));
    assert_eq!(lane.limited(start + ms(30_000), ms(30_000)), Explained::Yes);
}

#[tokio::test]
async fn a_bucket_that_others_have_used_is_waited_for() {
    let start = Instant::now();
    let next = |rate: Rate, bucket: &Bucket| {
        let mut lane = Lane::new(rate.allowance(), &[]);
        lane.sent(start);
        lane.answered(start, bucket);
        lane.next(start)
    };
    let waits = Slot::At(start + ms(1505), WaitReason::Bucket);
    assert_eq!(next(Rate::Full, &bucket(0, ms(1500))), waits);
    assert_eq!(next(Rate::Full, &bucket(1, ms(1500))), Slot::Now);
    // A polite run leaves two to others.
    assert_eq!(next(Rate::Polite, &bucket(2, ms(1500))), waits);
    assert_eq!(next(Rate::Polite, &bucket(3, ms(1500))), Slot::Now);
}

#[tokio::test]
async fn a_post_without_an_answer_counts_from_when_it_was_given_up() {
    let start = Instant::now();
    let mut lane =
        Lane::new(Allowance { per_webhook: (1, ms(2000)), ..Rate::Full.allowance() }, &[]);
    lane.sent(start);
    lane.lost(start + ms(30_000));
    assert_eq!(lane.next(start + ms(30_000)), Slot::At(start + ms(32_000), WaitReason::Webhook));
    lane.sent(start + ms(40_000));
    assert_eq!(lane.next(start + ms(45_000)), Slot::At(start + ms(47_000), WaitReason::Webhook));
}

#[tokio::test]
async fn posts_of_others_and_of_before_are_taken_into_account() {
    let start = Instant::now() + Duration::from_secs(60);
    let earlier: Vec<Instant> = (0..30).rev().map(|n| start - ms(1000 * n)).collect();
    let mut lane = Lane::new(Rate::Full.allowance(), &earlier);
    assert_eq!(lane.posted_within(ms(60_000), start), 30);
    assert_eq!(lane.next(start), Slot::At(start + ms(31_000), WaitReason::Channel));

    let mut lane = Lane::new(Rate::Full.allowance(), &[]);
    lane.sent(start);
    for n in 0..4 {
        lane.noticed(start + ms(n));
    }
    lane.answered(start + ms(10), None);
    assert_eq!(lane.next(start + ms(10)), Slot::At(start + ms(2000), WaitReason::Webhook));
    assert_eq!(lane.posted_within(ms(2000), start + ms(2005)), 1, "its own, since its answer");
}

#[tokio::test]
async fn all_lanes_together_keep_to_the_cap() {
    for rate in [Rate::Polite, Rate::Full] {
        let mut now = Instant::now();
        let mut global = Global::new(rate.allowance());
        let mut times = Vec::new();
        for nth in 0..500 {
            if nth % 20 == 0 {
                global.heard(now, 0);
            }
            while let Slot::At(at, WaitReason::Global) = global.next(now) {
                now = at;
            }
            global.take();
            global.done(now, true);
            times.push(now);
        }
        let per_s = rate.allowance().global_per_s;
        assert_eq!(densest(&times, ms(1000)), usize::try_from(per_s).unwrap());
        global.limited(now, ms(5000));
        global.limited(now, ms(1000));
        let Slot::At(at, WaitReason::Limited) = global.next(now) else { unreachable!() };
        assert!(at >= now + ms(5050));
    }
}

/// Runs that begin when `begins` says, each with requests that take a while, and hear of each other by
/// a ledger. When each request reached Discord, which is anywhere between its two ends.
fn crowd(
    begins: &[u64],
    allowance: Allowance,
    latency: impl Fn(u64) -> (u64, u64),
) -> Vec<Instant> {
    struct Run {
        begin: Instant,
        beat: Instant,
        global: Global,
        open: Vec<Instant>,
    }
    let start = Instant::now();
    let run = |begin: &u64| {
        let begin = start + ms(*begin);
        Run { begin, beat: begin, global: Global::new(allowance), open: Vec::new() }
    };
    let mut runs: Vec<Run> = begins.iter().map(run).collect();
    let (mut arrivals, mut nth) = (Vec::new(), 0);
    for now in (0..40_000).step_by(5).map(|at| start + ms(at)) {
        let alive = runs.iter().filter(|run| run.begin <= now).count();
        for run in runs.iter_mut().filter(|run| run.begin <= now) {
            run.open.retain(|end| {
                if *end <= now {
                    run.global.done(*end, true);
                }
                *end > now
            });
            // A beat may be late by as much as it is believed.
            if run.beat <= now {
                run.global.heard(now, u32::try_from(alive - 1).unwrap());
                run.beat = now + FRESH - ms(10);
            }
            while run.global.next(now) == Slot::Now {
                run.global.take();
                let (there, back) = latency(nth);
                arrivals.push(now + ms(there));
                run.open.push(now + ms(there + back));
                nth += 1;
            }
        }
    }
    arrivals
}

#[tokio::test]
async fn runs_behind_one_address_stay_below_its_limit() {
    let (polite, full) = (Rate::Polite.allowance(), Rate::Full.allowance());
    for latency in [|_| (1, 1), |nth| (nth * 37 % 700, 20), |nth| (5, nth * 53 % 900)] {
        for (begins, allowance) in [
            (&[0, 0, 0, 0, 0][..], polite),
            (&[0, 10, 20, 30, 40], full),
            (&[0, 12_000, 12_000, 12_000, 12_000], full),
            (&[0, 3_000, 9_500, 16_000, 16_500], full),
        ] {
            let times = crowd(begins, allowance, latency);
            let most = densest(&times, ms(1000));
            assert!(most <= 50, "{most} in a second: {begins:?}");
            assert!(times.len() > 200, "{}", times.len());
        }
    }
}

#[tokio::test]
async fn a_run_that_hears_nothing_is_careful() {
    let start = Instant::now();
    let mut global = Global::new(Rate::Full.allowance());
    assert_eq!(global.share(start), 2);
    global.heard(start, 0);
    assert_eq!(global.share(start), 40, "alone");
    global.heard(start + ms(2000), 1);
    assert_eq!(global.share(start + ms(2000)), 20, "a newcomer");
    assert_eq!(global.share(start + ms(2000) + FRESH), 2, "the ledger is gone");
    global.heard(start + ms(60_000), 1);
    assert_eq!(global.share(start + ms(60_000)), 2, "the others may have forgotten it");
    for second in [62, 64, 66] {
        global.heard(start + ms(second * 1000), 1);
    }
    assert_eq!(global.share(start + ms(67_000)), 20);
    global.heard(start + ms(68_000), 100);
    assert_eq!(global.share(start + ms(68_000)), 1);
}

#[tokio::test]
async fn requests_under_way_keep_their_places() {
    let start = Instant::now();
    let mut global = Global::new(Rate::Full.allowance());
    global.heard(start, 0);
    for _ in 0..40 {
        assert_eq!(global.next(start), Slot::Now);
        global.take();
    }
    let Slot::At(again, WaitReason::Global) = global.next(start) else { unreachable!() };
    assert!(again < start + ms(100));
    // One was let go before anything left, and one was answered.
    global.done(start, false);
    assert_eq!(global.next(start), Slot::Now);
    global.take();
    global.done(start + ms(300), true);
    assert_eq!(global.next(start + ms(300)), Slot::At(start + ms(1300), WaitReason::Global));
}

#[test]
fn fifty_invalid_requests_end_a_run() {
    let answer = |invalid| Answer { invalid, class: Class::Rejected, ..Answer::not_sent("") };
    let invalid = Invalid::default();
    for _ in 0..49 {
        assert!(!invalid.note(&answer(true)) && !invalid.note(&answer(false)));
    }
    assert!(invalid.note(&answer(true)));
    assert!(invalid.note(&answer(false)), "and stays so");
    assert_eq!(invalid.count(), Invalid::MOST);
}

#[tokio::test]
async fn the_estimate_is_what_a_lane_takes() {
    let start = Instant::now() + Duration::from_secs(60);
    let (full, polite) = (Rate::Full.allowance(), Rate::Polite.allowance());
    let busy: Vec<Duration> = (0..30).map(|n| ms(2000 * n)).collect();
    for (rows, ago, allowance, seconds) in [
        (0, &[][..], full, 0),
        (1, &[], full, 0),
        (5, &[], full, 0),
        (6, &[], full, 2),
        (30, &[], full, 10),
        (31, &[], full, 60),
        (200, &[], full, 366),
        (1000, &[], full, 1982),
        (30, &[], polite, 66),
        (200, &[], polite, 552),
        (1, &busy, full, 2),
        (30, &busy, full, 60),
    ] {
        let expected = Duration::from_secs(seconds);
        assert_eq!(estimate(rows, ago, allowance), expected, "{rows} {allowance:?}");
        let earlier: Vec<Instant> = ago.iter().map(|ago| start - *ago).collect();
        let mut lane = Lane::new(allowance, &earlier);
        let (_, last) = run(&mut lane, start, rows, |_| (ms(0), ms(0)));
        assert_eq!(last - start, expected, "{rows} {allowance:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_window_ever_holds_more_than_is_allowed(
        is_polite in any::<bool>(),
        earlier in proptest::collection::vec(0_u64..60_000, 0..40),
        latencies in proptest::collection::vec((0_u64..900, 0_u64..900), 1..20),
        rows in 1_usize..120,
    ) {
        let rate = if is_polite { Rate::Polite } else { Rate::Full };
        let allowance = rate.allowance();
        let start = Instant::now() + Duration::from_secs(60);
        let mut lane = Lane::new(allowance, &earlier.iter().map(|n| start - ms(*n)).collect::<Vec<_>>());
        let latency = |row: usize| {
            let (there, back) = latencies[row % latencies.len()];
            (ms(there), ms(back))
        };
        let (seen, last) = run(&mut lane, start, rows, latency);
        let mut all: Vec<Instant> = earlier.iter().map(|n| start - ms(*n)).collect();
        all.extend(&seen);
        for (count, window) in [allowance.per_webhook, allowance.per_channel] {
            for own in &seen {
                let within = |at: &&Instant| *at <= own && **at + window > *own;
                let posts = all.iter().filter(within).count();
                prop_assert!(posts <= usize::try_from(count).unwrap(), "{posts} in {window:?}");
            }
        }
        let ago: Vec<Duration> = earlier.iter().map(|n| ms(*n)).collect();
        prop_assert!(last - start >= estimate(rows, &ago, allowance));
    }

    #[test]
    fn at_ten_milliseconds_of_latency_two_per_cent_are_lost_at_most(
        is_polite in any::<bool>(),
        rows in 20_usize..2000,
    ) {
        let rate = if is_polite { Rate::Polite } else { Rate::Full };
        let mut lane = Lane::new(rate.allowance(), &[]);
        let start = Instant::now();
        let (_, last) = run(&mut lane, start, rows, |_| (ms(5), ms(5)));
        // The first of a burst and those behind it also take the way itself.
        let floor = estimate(rows, &[], rate.allowance()) + ms(50);
        prop_assert!((last - start).as_secs_f64() <= floor.as_secs_f64() * 1.02);
    }
}
