//! `synthetic`: the healthcheck that GitHub runs every five minutes: late, failed, or silent. Pure; asked
//! together with `actions`.
//!
//! Scheduled workflows start late or not at all while GitHub is busy, and silence means that nobody
//! looks. A run that goes on says nothing yet, and does not hide the one before it; a run that was
//! cancelled or skipped says nothing at all.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::run::with_run;
use crate::config::Thresholds;
use crate::domain::clock::span;
use crate::domain::{Judgement, ReasonCode};
use crate::github::{Run, State};

/// The check's name.
pub(super) const NAME: &str = "healthcheck";

/// A run that came to a verdict.
struct Told<'a> {
    run: &'a Run,
    good: bool,
    /// When it looked.
    at: DateTime<Utc>,
}

/// The runs that came to a verdict, the latest look first: an old run that is run again looks anew.
fn told(runs: &[Run]) -> Vec<Told<'_>> {
    let verdict = |run: &Run| match run.state() {
        State::Good => Some(true),
        State::Bad => Some(false),
        State::Skipped | State::Cancelled | State::Waiting | State::Running => None,
    };
    let told = |run| {
        let at = looked_at(run)?;
        Some(Told { run, good: verdict(run)?, at })
    };
    let mut told: Vec<_> = runs.iter().filter_map(told).collect();
    told.sort_by_key(|told| std::cmp::Reverse(told.at));
    told
}

fn looked_at(run: &Run) -> Option<DateTime<Utc>> {
    run.started_at.or(run.created_at)
}

/// The first failed run after the last good one, while they fail; as far back as runs are known.
pub(super) fn failing_since(runs: &[Run]) -> Option<DateTime<Utc>> {
    told(runs).iter().take_while(|told| !told.good).last().map(|told| told.at)
}

/// Judges the runs of the workflow.
pub(super) fn judge(runs: &[Run], thresholds: &Thresholds, now: DateTime<Utc>) -> Judgement {
    let told = told(runs);
    let good = told.iter().find(|told| told.good);
    let judgement = match (told.first(), good) {
        (Some(newest), _) if !newest.good => failed(&told, now),
        (_, Some(good)) => by_age(now - good.at, thresholds),
        _ if runs.iter().any(|run| looked_at(run).is_none()) => {
            let text = "GitHub does not tell when the healthcheck ran";
            Judgement::unknown(ReasonCode::Unreadable, text)
        }
        _ => {
            let text = match runs.len() {
                0 => "the healthcheck has never run: nobody looks".to_owned(),
                n => format!("none of the newest {n} healthchecks came to an end: nobody looks"),
            };
            Judgement::red(ReasonCode::Stale, text)
        }
    };
    let judgement = match told.first() {
        Some(newest) => with_run(judgement, newest.run),
        None => judgement,
    };
    judgement
        .with("last_success_at", json!(good.map(|good| good.at)))
        .with("last_success_age_s", json!(good.map(|good| (now - good.at).num_seconds())))
        .with("failing_since", json!(failing_since(runs)))
        .with("running", runs.iter().any(|run| !run.is_complete()))
}

/// The newest one failed: how many in a row, and since when.
fn failed(told: &[Told<'_>], now: DateTime<Utc>) -> Judgement {
    let in_a_row: Vec<_> = told.iter().take_while(|told| !told.good).collect();
    let since = in_a_row.last().map(|first| span(now - first.at)).unwrap_or_default();
    let last_good = match told.get(in_a_row.len()) {
        Some(good) => format!("the last good one was {} ago", span(now - good.at)),
        None => "no good one is listed".to_owned(),
    };
    let text = match in_a_row.len() {
        1 => format!("the newest healthcheck failed {since} ago; {last_good}"),
        n => format!("the last {n} healthchecks failed, for {since} now; {last_good}"),
    };
    Judgement::red(ReasonCode::HealthcheckFailed, text).with("failed_in_a_row", in_a_row.len())
}

/// The last word was good: how long ago.
fn by_age(age: TimeDelta, thresholds: &Thresholds) -> Judgement {
    let limit = |minutes| TimeDelta::minutes(i64::try_from(minutes).unwrap_or(i64::from(i32::MAX)));
    let ago = span(age);
    if age < limit(thresholds.healthcheck_yellow_min) {
        Judgement::green(format!("succeeded {ago} ago"))
    } else if age <= limit(thresholds.healthcheck_red_min) {
        let text = format!("late: the last healthcheck succeeded {ago} ago");
        Judgement::yellow(ReasonCode::Stale, text)
    } else {
        let text = format!(
            "silent: the last healthcheck succeeded {ago} ago, and nobody has looked since"
        );
        Judgement::red(ReasonCode::Stale, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::database::test_support::thresholds;
    use crate::checks::run::test_support::run;
    use crate::domain::State as Is;

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
    }

    /// Runs as `15 success`, newest first: minutes ago, and the conclusion or the status.
    fn runs(list: &[&str]) -> Vec<Run> {
        let one = |(nth, text): (u64, &&str)| {
            let (minutes, word) = text.split_once(' ').unwrap();
            let at = now() - TimeDelta::minutes(minutes.parse().unwrap());
            run(900 - nth, "Healthcheck", word, at)
        };
        (0..).zip(list).map(one).collect()
    }

    #[test]
    fn the_healthcheck_by_the_table() {
        use {Is::*, ReasonCode as Code};
        for (list, expected, words) in [
            (&["3 success"][..], (Green, Code::Ok), "succeeded 3 min ago"),
            (&["0 in_progress", "14 success"], (Green, Code::Ok), "14 min"),
            (&["15 success"], (Yellow, Code::Stale), "late"),
            (&["30 success"], (Yellow, Code::Stale), "30 min"),
            (&["31 success"], (Red, Code::Stale), "silent"),
            (&["1 in_progress", "47 success"], (Red, Code::Stale), "47 min"),
            (&["3 failure", "8 success"], (Red, Code::HealthcheckFailed), "failed 3 min ago"),
            (
                &["1 queued", "3 failure", "8 timed_out", "13 success", "18 failure"],
                (Red, Code::HealthcheckFailed),
                "the last 2 healthchecks failed, for 8 min now; the last good one was 13 min ago",
            ),
            (&["3 failure"], (Red, Code::HealthcheckFailed), "no good one is listed"),
            (&["3 success", "8 failure"], (Green, Code::Ok), "succeeded 3 min ago"),
            (&["3 cancelled", "8 success"], (Green, Code::Ok), "8 min"),
            (&["3 skipped", "8 failure"], (Red, Code::HealthcheckFailed), "failed 8 min ago"),
            (&["3 cancelled"], (Red, Code::Stale), "none of the newest 1"),
            (&[], (Red, Code::Stale), "has never run"),
            (&["-2 success"], (Green, Code::Ok), "0 s ago"),
        ] {
            let judgement = judge(&runs(list), &thresholds(), now());
            assert_eq!((judgement.state, judgement.reason.code), expected, "{list:?}");
            assert!(judgement.reason.text.contains(words), "{words} in {}", judgement.reason.text);
        }
    }

    #[test]
    fn the_start_is_the_first_failure_after_the_last_good_one() {
        let since = |list: &[&str]| failing_since(&runs(list)).map(|at| (now() - at).num_minutes());
        assert_eq!(since(&["3 failure", "8 failure", "13 success", "18 failure"]), Some(8));
        assert_eq!(since(&["1 in_progress", "3 failure", "5 cancelled", "8 failure"]), Some(8));
        assert_eq!(since(&["3 success", "8 failure"]), None, "that is over");
        assert_eq!(since(&[]), None);
    }

    #[test]
    fn an_old_run_that_is_run_again_looks_anew() {
        let mut list = runs(&["20 failure", "25 success"]);
        list[1].started_at = Some(now() - TimeDelta::minutes(2));
        assert_eq!(judge(&list, &thresholds(), now()).state, Is::Green);
        assert_eq!(failing_since(&list), None);
    }

    #[test]
    fn runs_without_a_time_are_no_measurement() {
        let mut list = runs(&["3 success"]);
        (list[0].started_at, list[0].created_at) = (None, None);
        let judgement = judge(&list, &thresholds(), now());
        assert_eq!((judgement.state, judgement.reason.code), (Is::Unknown, ReasonCode::Unreadable));
    }
}
