//! From the findings to one answer. Pure.

use chrono::{DateTime, Utc};

use super::next::{Ground, steps};
use super::start::{Signs, started};
use super::suspect::{Position, position, suspects};
use super::{Proposal, Suspect, Symptom, Told, ToldState, Triage, UsOrThem, VendorView, impact};
use crate::checks::dlq::DeadLetterFacts;
use crate::checks::{Gathered, workers};
use crate::config::Config;
use crate::domain::severity::Answers;
use crate::domain::{
    Check, Deployment, Invocation, Judgement, Reach, ReasonCode, Source, State, Verdict,
};

/// What the operator said and what this machine remembers.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// `--started` (UTC).
    pub started: Option<DateTime<Utc>>,
    /// `--host`
    pub host: Option<String>,
    /// `--symptom`
    pub symptom: Option<Symptom>,
    /// The flags of the severity.
    pub answers: Answers,
    /// The first of the unbroken row of red triages on this machine.
    pub red_streak: Option<DateTime<Utc>>,
}

/// The answer to `question`, from what was gathered.
pub fn judge(
    gathered: Gathered,
    question: &Question,
    config: &Config,
    invocation: &Invocation,
    now: DateTime<Utc>,
) -> Triage {
    let Gathered { mut checks, workers, dead_letters, caveats } = gathered;
    let signs = Signs {
        flag: question.started,
        red_streak: question.red_streak,
        healthcheck: None,
        dead_letter: dead_letters.as_ref().and_then(|facts| facts.first_open_after_quiet_hour),
    };
    let (started_at, started_from) = started(signs, now);
    let window = config.thresholds.suspect_window_min;
    checks.extend(workers.iter().map(|deployed| worker_check(deployed, started_at, window, now)));
    checks.sort_by_key(|check| check.source);
    let offline = is_offline(&checks);
    if offline {
        checks.iter_mut().for_each(make_offline);
    }

    let deployments: Vec<Deployment> =
        workers.iter().filter_map(|w| w.result.as_ref().ok()).flatten().cloned().collect();
    let (suspect, after_start) = suspects(&deployments, started_at, window);
    let ground = Ground { config, invocation, workers: &workers, suspect: suspect.as_ref() };
    for check in &mut checks {
        let step = if offline { None } else { ground.step(check) };
        check.next = check.next.take().or(step);
    }
    let answers = impact::answers(question.answers, &checks, &config.env);
    Triage {
        verdict: Verdict::over(&checks),
        offline,
        severity: impact::propose(answers, started_at, &config.calendar),
        started_at,
        started_from,
        host: question.host.clone(),
        symptom: question.symptom,
        told: told(&checks, dead_letters.as_ref()),
        vendor: vendor(&checks, suspect.as_ref()),
        next: steps(&checks),
        suspect,
        after_start,
        checks,
        caveats,
    }
}

/// The proposal again, once the operator has said more.
pub fn propose(answers: Answers, answer: &Triage, config: &Config) -> Proposal {
    let answers = impact::answers(answers, &answer.checks, &config.env);
    impact::propose(answers, answer.started_at, &config.calendar)
}

fn worker_check(
    deployed: &workers::Deployed,
    start: DateTime<Utc>,
    window_min: u64,
    now: DateTime<Utc>,
) -> Check {
    let suspected =
        |deployment: &Deployment| position(deployment.at, start, window_min) == Position::Window;
    let judgement = match &deployed.result {
        Ok(deployments) => workers::judge(deployments, suspected, now),
        Err(judgement) => judgement.clone(),
    };
    judgement.check(Source::Workers, &deployed.worker, deployed.times)
}

/// Whether everything that was tried failed at the name look-up or the connect, the vendors' status
/// pages included: then it is our network that is down, not the world (contract §2).
fn is_offline(checks: &[Check]) -> bool {
    let tried = || checks.iter().filter(|check| check.reach != Reach::NotTried);
    let vendors_tried = tried().any(|check| check.source == Source::Vendors);
    vendors_tried && tried().all(|check| check.reach == Reach::NotReached)
}

fn make_offline(check: &mut Check) {
    if check.state == State::Skipped {
        return;
    }
    let text = format!("you appear to be offline ({})", check.reason.text);
    let judgement = Judgement::unknown(ReasonCode::Offline, text);
    check.state = judgement.state;
    check.reason = judgement.reason;
}

/// A count that row security cut short proves that somebody was not told, but never that all were.
fn told(checks: &[Check], facts: Option<&DeadLetterFacts>) -> Told {
    let readable = checks.iter().any(|check| {
        let p0 = check.source == Source::Dlq && check.name == "p0";
        p0 && !matches!(check.state, State::Unknown | State::Skipped)
    });
    let state = match facts {
        Some(facts) if facts.untold_p0 > 0 => ToldState::No,
        Some(facts) if !readable || facts.filtered_by_row_security => ToldState::Unknown,
        Some(facts) if facts.told_p0 > 0 => ToldState::Yes,
        Some(_) => ToldState::Nothing,
        None => ToldState::Unknown,
    };
    let untold_p0 = facts.filter(|_| state != ToldState::Unknown).map(|facts| facts.untold_p0);
    Told { state, untold_p0 }
}

fn vendor(checks: &[Check], suspect: Option<&Suspect>) -> VendorView {
    let vendors = || checks.iter().filter(|check| check.source == Source::Vendors);
    let any = |state| vendors().any(|check| check.state == state);
    let measured = vendors().any(|c| !matches!(c.state, State::Unknown | State::Skipped));
    let judgement = match suspect {
        Some(_) => UsOrThem::Us,
        None if any(State::Red) => UsOrThem::Them,
        None if any(State::Unknown) || !measured => UsOrThem::Unknown,
        None => UsOrThem::Us,
    };
    let troubled = vendors().filter(|c| matches!(c.state, State::Red | State::Yellow));
    VendorView { judgement, names: troubled.map(|c| c.name.clone()).collect() }
}
