//! `hosts` and `certificates`: what a user's browser would see, from where we stand.
//!
//! Three tries for each host, started 500 ms apart: one lost packet must not page. The certificates
//! come from the same connections.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Group, Sink, World, nothing_configured};
use crate::config::{Host, Thresholds};
use crate::domain::clock::span;
use crate::domain::median;
use crate::domain::{Jst, Judgement, Reach, ReasonClass, ReasonCode, Source};
use crate::probe::{Attempt, Certificate, ProbeError, three_tries};

/// The group.
pub const GROUP: Group = Group {
    sources: &[Source::Hosts, Source::Certificates],
    deadline: DEADLINE,
    owes,
    ask: |world, wanted, sink| {
        let sources = [Source::Hosts, Source::Certificates].map(|s| wanted.contains(&s));
        ask(world, sources, sink).boxed_local()
    },
};

const DEADLINE: Duration = Duration::from_secs(6);

fn owes(world: &World) -> Vec<(Source, String)> {
    if world.config.hosts.is_empty() {
        return vec![(Source::Hosts, Source::Hosts.word().to_owned())];
    }
    let hosts = world.config.hosts.iter().map(|host| (Source::Hosts, host.name.clone()));
    let https = world.config.hosts.iter().filter(|host| host.url.scheme() == "https");
    hosts.chain(https.map(|host| (Source::Certificates, host.name.clone()))).collect()
}

async fn ask(world: &World, [hosts, certificates]: [bool; 2], sink: Sink) {
    if world.config.hosts.is_empty() && hosts {
        sink.check(nothing_configured(world, Source::Hosts));
    }
    let sink = &sink;
    let thresholds = &world.config.thresholds;
    let probes = world.config.hosts.iter().map(|host| async move {
        let begun = Instant::now();
        let limit = Duration::from_millis(thresholds.probe_timeout_ms);
        let until = world.deadline(DEADLINE);
        let tries = three_tries(&host.healthz(), limit, until, world.roots()).await;
        let times = world.times(begun);
        if hosts {
            let judgement = judge_host(&tries, thresholds);
            sink.check(judgement.check(Source::Hosts, &host.name, times));
        }
        if certificates && let Some(judgement) = certificate_of(host, &tries, thresholds, world) {
            sink.check(judgement.check(Source::Certificates, &host.name, times));
        }
    });
    join_all(probes).await;
}

fn certificate_of(
    host: &Host,
    tries: &[Attempt],
    thresholds: &Thresholds,
    world: &World,
) -> Option<Judgement> {
    (host.url.scheme() == "https").then(|| judge_certificate(tries, thresholds, world.clock.now()))
}

/// What one try means for users.
enum Outcome {
    Good,
    /// Answered with something else than health: a wrong route rather than an outage.
    Odd(ReasonCode),
    Failed(ReasonCode),
}

fn outcome(attempt: &Attempt) -> Outcome {
    match (&attempt.error, attempt.status) {
        (Some(error), _) => Outcome::Failed(error.reason().0),
        (None, Some(200..=299)) => Outcome::Good,
        (None, Some(300..=399)) => Outcome::Odd(ReasonCode::Redirect),
        (None, Some(400..=499)) => Outcome::Odd(ReasonCode::Http4xx),
        (None, Some(500..=599)) => Outcome::Failed(ReasonCode::Http5xx),
        (None, _) => Outcome::Failed(ReasonCode::Unreadable),
    }
}

/// Judges a host by its tries: red when two of three fail, or when the median is far too slow.
pub fn judge_host(tries: &[Attempt], thresholds: &Thresholds) -> Judgement {
    let outcomes: Vec<_> = tries.iter().map(outcome).collect();
    let failed: Vec<_> = tries
        .iter()
        .zip(&outcomes)
        .filter_map(|(t, o)| if let Outcome::Failed(code) = o { Some((t, *code)) } else { None })
        .collect();
    let odd = tries.iter().zip(&outcomes).find_map(|(t, o)| match o {
        Outcome::Odd(code) => Some((t, *code)),
        Outcome::Good | Outcome::Failed(_) => None,
    });
    let median = median_ms(tries);
    let (asked, bad) = (tries.len(), failed.len());
    let judgement = match (failed.first(), odd, median) {
        (Some((first, code)), _, _) if code.class() == ReasonClass::Ours => {
            Judgement::unknown(*code, said(first))
        }
        (Some((first, code)), _, _) if bad * 2 > asked => {
            Judgement::red(*code, format!("{} ({bad} of {asked} tries)", said(first)))
        }
        (Some((first, _)), _, _) => {
            let text = format!("{} ({bad} of {asked} tries)", said(first));
            Judgement::yellow(ReasonCode::Flaky, text)
        }
        (None, Some((first, code)), _) => Judgement::yellow(code, said(first)),
        (None, None, Some(ms)) if ms > thresholds.host_red_ms => {
            Judgement::red(ReasonCode::Slow, format!("answers in {ms} ms (median)"))
        }
        (None, None, Some(ms)) if ms >= thresholds.host_yellow_ms => {
            Judgement::yellow(ReasonCode::Slow, format!("answers in {ms} ms (median)"))
        }
        (None, None, Some(ms)) => Judgement::green(format!("answers in {ms} ms")),
        (None, None, None) => {
            Judgement::unknown(ReasonCode::Deadline, "there was no time for a single try")
        }
    };
    let reached = |t: &&Attempt| t.error.as_ref().is_none_or(|e| e.reason().1 == Reach::Reached);
    let reach = if tries.iter().any(|t| reached(&t)) { Reach::Reached } else { Reach::NotReached };
    judgement
        .reach(reach)
        .with("median_ms", json!(median))
        .with("failed", json!(bad))
        .with("tries", tries.iter().map(evidence).collect::<Vec<Value>>())
}

/// What a try looked like, in words.
fn said(attempt: &Attempt) -> String {
    match (&attempt.error, attempt.status) {
        (Some(error), _) => error.to_string(),
        (None, Some(status)) => format!("answers {status}"),
        (None, None) => "no answer".to_owned(),
    }
}

fn evidence(attempt: &Attempt) -> Value {
    json!({
        "status": attempt.status,
        "error": attempt.error.as_ref().map(|e| e.reason().0.word()),
        "address": attempt.address.map(|a| a.to_string()),
        "dns_ms": attempt.dns_ms,
        "connect_ms": attempt.connect_ms,
        "tls_ms": attempt.tls_ms,
        "first_byte_ms": attempt.first_byte_ms,
        "total_ms": attempt.total_ms,
    })
}

/// Median time of the tries that were answered, in ms.
fn median_ms(tries: &[Attempt]) -> Option<u64> {
    median(tries.iter().filter(|t| t.error.is_none()).map(|t| t.total_ms).collect())
}

/// Judges the certificate that the tries saw.
pub fn judge_certificate(
    tries: &[Attempt],
    thresholds: &Thresholds,
    now: DateTime<Utc>,
) -> Judgement {
    let Some(certificate) = tries.iter().find_map(|t| t.certificate.as_ref()) else {
        let why = tries.iter().find_map(|t| t.error.as_ref());
        let (code, reach) = why.map_or((ReasonCode::NotTried, Reach::NotTried), ProbeError::reason);
        let text = why.map_or_else(|| "no certificate was seen".to_owned(), ToString::to_string);
        return Judgement::unknown(code, format!("no certificate was seen: {text}")).reach(reach);
    };
    let left = certificate.not_after - now;
    let under = |days: u64| left < TimeDelta::days(i64::try_from(days).unwrap_or(0));
    let ends = format!("ends in {}", span(left));
    let judgement = match &certificate.trusted {
        _ if left.num_seconds() <= 0 => {
            let ended = Jst(certificate.not_after);
            let text = format!("the certificate ended at {ended}, {} ago", span(-left));
            Judgement::red(ReasonCode::TlsExpired, text)
        }
        Err(fault) => {
            let (code, _) = ProbeError::Tls(fault.clone()).reason();
            Judgement::red(code, fault.to_string())
        }
        Ok(()) if under(thresholds.cert_red_days) => Judgement::red(ReasonCode::ExpiresSoon, ends),
        Ok(()) if under(thresholds.cert_yellow_days) => {
            Judgement::yellow(ReasonCode::ExpiresSoon, ends)
        }
        Ok(()) => Judgement::green(ends),
    };
    with_certificate(judgement, certificate).with("days_left", left.num_days())
}

fn with_certificate(judgement: Judgement, certificate: &Certificate) -> Judgement {
    judgement
        .with("names", json!(certificate.names))
        .with("issuer", certificate.issuer.as_str())
        .with("not_before", json!(certificate.not_before))
        .with("not_after", json!(certificate.not_after))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{LoadInput, Vars, load};
    use crate::domain::State;
    use crate::http::TlsFault;
    use crate::probe::Step;

    fn thresholds() -> Thresholds {
        let vars = Vars::default();
        load(&LoadInput::new(&vars, Path::new("/"))).unwrap().config.thresholds
    }

    fn answered(status: u16, total_ms: u64) -> Attempt {
        Attempt { status: Some(status), total_ms, ..Attempt::default() }
    }

    fn failed(error: ProbeError) -> Attempt {
        Attempt { error: Some(error), ..Attempt::default() }
    }

    fn said(tries: &[Attempt; 3]) -> (State, ReasonCode) {
        let judgement = judge_host(tries, &thresholds());
        (judgement.state, judgement.reason.code)
    }

    #[test]
    fn every_row_of_the_thresholds() {
        use ReasonCode as Code;
        use State::{Green, Red, Yellow};
        let ok = || answered(200, 80);
        let down = || failed(ProbeError::Timeout(Step::FirstByte));
        for (tries, state, code) in [
            ([ok(), ok(), ok()], Green, Code::Ok),
            ([ok(), ok(), down()], Yellow, Code::Flaky),
            ([ok(), down(), down()], Red, Code::Timeout),
            ([answered(503, 9), answered(503, 9), ok()], Red, Code::Http5xx),
            ([answered(503, 9), ok(), ok()], Yellow, Code::Flaky),
            ([answered(404, 9), answered(404, 9), answered(404, 9)], Yellow, Code::Http4xx),
            ([answered(301, 9), ok(), ok()], Yellow, Code::Redirect),
            ([answered(200, 999), answered(200, 999), answered(200, 999)], Green, Code::Ok),
            ([answered(200, 1000), answered(200, 1000), ok()], Yellow, Code::Slow),
            ([answered(200, 3000), answered(200, 3000), ok()], Yellow, Code::Slow),
            ([answered(200, 3001), answered(200, 3001), ok()], Red, Code::Slow),
        ] {
            assert_eq!(said(&tries), (state, code), "{tries:?}");
        }
    }

    #[test]
    fn a_trust_store_that_cannot_be_read_says_nothing_of_the_host() {
        let ours = || failed(ProbeError::Tls(TlsFault::NoRoots("none".into())));
        assert_eq!(said(&[ours(), ours(), ours()]), (State::Unknown, ReasonCode::TlsOurs));
    }

    #[test]
    fn how_far_the_look_got() {
        let reach = |tries: [Attempt; 3]| judge_host(&tries, &thresholds()).reach;
        let dns = || failed(ProbeError::Dns);
        assert_eq!(reach([dns(), dns(), dns()]), Reach::NotReached);
        assert_eq!(reach([dns(), dns(), answered(503, 1)]), Reach::Reached);
    }

    fn certificate(ends_in_hours: i64, trusted: Result<(), TlsFault>) -> (State, ReasonCode) {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let certificate = Certificate {
            names: vec!["api.parky.co.jp".into()],
            issuer: "CA".into(),
            not_before: now - TimeDelta::days(80),
            not_after: now + TimeDelta::hours(ends_in_hours),
            trusted,
        };
        let attempt = Attempt { certificate: Some(certificate), ..answered(200, 1) };
        let judgement = judge_certificate(&[attempt], &thresholds(), now);
        (judgement.state, judgement.reason.code)
    }

    #[test]
    fn certificates_by_the_days_that_are_left() {
        use ReasonCode as Code;
        assert_eq!(certificate(15 * 24, Ok(())), (State::Green, Code::Ok));
        assert_eq!(certificate(14 * 24, Ok(())), (State::Green, Code::Ok));
        assert_eq!(certificate(14 * 24 - 1, Ok(())), (State::Yellow, Code::ExpiresSoon));
        assert_eq!(certificate(3 * 24, Ok(())), (State::Yellow, Code::ExpiresSoon));
        assert_eq!(certificate(3 * 24 - 1, Ok(())), (State::Red, Code::ExpiresSoon));
        assert_eq!(certificate(-1, Err(TlsFault::Expired)), (State::Red, Code::TlsExpired));
        let foreign = certificate(2000, Err(TlsFault::Untrusted));
        assert_eq!(foreign, (State::Red, Code::TlsUntrusted));
        let other = certificate(2000, Err(TlsFault::WrongName));
        assert_eq!(other, (State::Red, Code::TlsWrongName));
    }

    #[test]
    fn a_certificate_that_nobody_saw_is_unknown() {
        let now = DateTime::UNIX_EPOCH;
        let judgement = judge_certificate(&[failed(ProbeError::Dns)], &thresholds(), now);
        assert_eq!((judgement.state, judgement.reach), (State::Unknown, Reach::NotReached));
    }
}
