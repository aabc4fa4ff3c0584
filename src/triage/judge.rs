//! From the findings to one answer. Pure.

use chrono::{DateTime, Utc};

use super::next::{Ground, steps};
use super::start::{Signs, started};
use super::suspect::{Position, position, suspects};
use super::{
    Proposal, Suspect, Symptom, Told, ToldState, Triage, UsOrThem, VendorView, changes, impact,
};
use crate::checks::dlq::DeadLetterFacts;
use crate::checks::{Gathered, offline, pages, workers};
use crate::config::Config;
use crate::domain::severity::Answers;
use crate::domain::{Check, Invocation, PagesDeployment, ReasonCode, Source, State, Verdict};
use crate::github::Run;

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
    let Gathered { mut checks, workers, pages, runs, dead_letters, caveats } = gathered;
    // Earlier trouble that is over says nothing of a world that is in order now.
    let in_order = matches!(Verdict::over(&checks), Verdict::Green | Verdict::Yellow);
    let signs = Signs {
        flag: question.started,
        red_streak: question.red_streak.filter(|_| !in_order),
        healthcheck: runs.failing_since,
        dead_letter: dead_letters.as_ref().and_then(|facts| facts.first_open_after_quiet_hour),
    };
    let (started_at, started_from) = started(signs, now);
    let window = Window { start: started_at, minutes: config.thresholds.suspect_window_min, now };
    checks.extend(workers.iter().map(|deployed| window.worker(deployed)));
    checks.extend(pages.iter().map(|served| window.project(served)));
    checks.sort_by_key(|check| check.source);
    let offline = offline::apply(&mut checks);

    let changes = window.changes(&workers, &pages, &runs.deploys);
    let (suspect, after_start) = suspects(changes, started_at, window.minutes);
    let hosts_red =
        checks.iter().any(|check| check.source == Source::Hosts && check.state == State::Red);
    let ground = Ground {
        config,
        invocation,
        workers: &workers,
        pages: &pages,
        suspect: suspect.as_ref(),
        hosts_red,
    };
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

/// The time around the start, by which deployments are judged.
struct Window {
    start: DateTime<Utc>,
    minutes: u64,
    now: DateTime<Utc>,
}

impl Window {
    fn holds(&self, at: DateTime<Utc>) -> bool {
        position(at, self.start, self.minutes) == Position::Window
    }

    fn worker(&self, deployed: &workers::Deployed) -> Check {
        let judgement = match &deployed.result {
            Ok(deployments) => workers::judge(deployments, |d| self.holds(d.at), self.now),
            Err(judgement) => judgement.clone(),
        };
        judgement.check(Source::Workers, &deployed.worker, deployed.times)
    }

    fn project(&self, served: &pages::Served) -> Check {
        let suspected = |build: &PagesDeployment| {
            self.holds(changes::build_at(build, self.start, self.minutes))
        };
        let judgement = match &served.result {
            Ok(past) => pages::judge(past, suspected, self.now),
            Err(judgement) => judgement.clone(),
        };
        judgement.check(Source::Pages, &served.project, served.times)
    }

    /// Everything that could be read of what changed.
    fn changes(
        &self,
        workers: &[workers::Deployed],
        pages: &[pages::Served],
        deploys: &[Run],
    ) -> Vec<Suspect> {
        let deployed = || workers.iter().filter_map(|worker| worker.result.as_deref().ok());
        let built = || pages.iter().filter_map(|served| served.result.as_ref().ok());
        let made = deployed().flatten().map(|deployment| deployment.at);
        let served = built().flat_map(|past| past.served().map(PagesDeployment::served_from));
        let made: Vec<_> = made.chain(served).collect();
        let of_workers = deployed().flat_map(|list| changes::of_worker(list, self.start));
        let of_pages = built().flat_map(|past| changes::of_project(past, self.start, self.minutes));
        let of_runs = changes::of_runs(deploys, &made, self.start, self.now);
        of_workers.chain(of_pages).chain(of_runs).collect()
    }
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
    let deployments_read = !checks.iter().any(is_unread_deployment);
    let judgement = match suspect {
        Some(_) => UsOrThem::Us,
        // Nothing of ours in the window is known only where all deployments were read.
        None if any(State::Red) && !deployments_read => UsOrThem::Unknown,
        None if any(State::Red) => UsOrThem::Them,
        None if any(State::Unknown) || !measured => UsOrThem::Unknown,
        None => UsOrThem::Us,
    };
    let troubled = vendors().filter(|c| matches!(c.state, State::Red | State::Yellow));
    VendorView { judgement, names: troubled.map(|c| c.name.clone()).collect() }
}

/// A source of our own deployments that was not looked at, though there is something to look at.
fn is_unread_deployment(check: &Check) -> bool {
    let unread = match check.state {
        State::Unknown => true,
        State::Skipped => check.reason.code != ReasonCode::NotConfigured,
        State::Green | State::Yellow | State::Red => false,
    };
    unread && matches!(check.source, Source::Workers | Source::Pages)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chrono::TimeDelta;

    use super::*;
    use crate::config::{LoadInput, Vars, load};
    use crate::domain::check::Times;
    use crate::domain::{Deployment, EnvName, Judgement, Reach, VersionShare};
    use crate::triage::StartedFrom;

    fn now() -> DateTime<Utc> {
        "2026-11-21T18:12:00Z".parse().unwrap()
    }

    fn times() -> Times {
        Times { took_ms: 1, measured_at: now() }
    }

    fn answer(gathered: Gathered, question: &Question) -> Triage {
        let vars = Vars::default();
        let config = load(&LoadInput::new(&vars, Path::new("/"))).unwrap().config;
        let invocation =
            Invocation { env: EnvName::prod(), say_env: false, config: None, sandbox: None };
        judge(gathered, question, &config, &invocation, now())
    }

    fn check(source: Source, judgement: Judgement) -> Check {
        judgement.check(source, source.word(), times())
    }

    fn of(checks: Vec<Check>) -> Triage {
        answer(Gathered { checks, ..Gathered::default() }, &Question::default())
    }

    fn unreached(source: Source) -> Check {
        let judgement = Judgement::red(ReasonCode::Refused, "refused").reach(Reach::NotReached);
        check(source, judgement)
    }

    #[test]
    fn offline_proposes_nothing() {
        let triage = of(vec![unreached(Source::Hosts), unreached(Source::Vendors)]);
        assert!(triage.offline);
        assert_eq!(triage.verdict, Verdict::Unknown);
        assert_eq!(triage.severity.proposed, None);
        assert!(triage.next.is_empty());
    }

    #[test]
    fn a_red_vendor_is_them_unless_we_deployed() {
        let red = || check(Source::Vendors, Judgement::red(ReasonCode::VendorOutage, "down"));
        let triage = of(vec![red()]);
        assert_eq!(triage.vendor.judgement, UsOrThem::Them);
        assert_eq!(triage.vendor.names, ["vendors"]);
        let workers = vec![deployed(7)];
        let ours = Gathered { checks: vec![red()], workers, ..Gathered::default() };
        let triage = answer(ours, &Question::default());
        assert_eq!(triage.vendor.judgement, UsOrThem::Us);
        assert_eq!(triage.suspect.unwrap().target, "public");
    }

    fn deployed(minutes_ago: i64) -> workers::Deployed {
        let share = VersionShare { version_id: "v".into(), number: None, percentage: 100.0 };
        let deployment = Deployment {
            worker: "public".into(),
            script: "s".into(),
            deployment_id: "d".into(),
            at: now() - TimeDelta::minutes(minutes_ago),
            author: None,
            source: None,
            message: None,
            triggered_by: None,
            cohorts: Vec::new(),
            versions: vec![share],
            live: true,
            is_rollback: false,
        };
        workers::Deployed { worker: "public".into(), result: Ok(vec![deployment]), times: times() }
    }

    #[test]
    fn a_worker_is_fresh_by_the_start_and_not_by_the_present() {
        let state = |started_ago: i64| {
            let started = Some(now() - TimeDelta::minutes(started_ago));
            let question = Question { started, ..Question::default() };
            let gathered = Gathered { workers: vec![deployed(200)], ..Gathered::default() };
            let triage = answer(gathered, &question);
            (triage.checks[0].state, triage.suspect.is_some(), triage.after_start.len())
        };
        assert_eq!(state(190), (State::Yellow, true, 0), "10 minutes before the start");
        assert_eq!(state(0), (State::Green, false, 0), "long before it");
        assert_eq!(state(300), (State::Green, false, 1), "after it: listed, not suspected");
    }

    #[test]
    fn whether_anyone_was_told() {
        let facts = |untold_p0, told_p0, filtered_by_row_security| DeadLetterFacts {
            untold_p0,
            told_p0,
            filtered_by_row_security,
            ..DeadLetterFacts::default()
        };
        let told = |facts: Option<DeadLetterFacts>| {
            let p0 = Judgement::green("read").check(Source::Dlq, "p0", times());
            let gathered =
                Gathered { checks: vec![p0], dead_letters: facts, ..Gathered::default() };
            answer(gathered, &Question::default()).told
        };
        assert_eq!(told(Some(facts(3, 1, false))).state, ToldState::No);
        assert_eq!(told(Some(facts(3, 1, true))).state, ToldState::No, "three are proof enough");
        assert_eq!(told(Some(facts(0, 1, false))).state, ToldState::Yes);
        assert_eq!(told(Some(facts(0, 0, false))).state, ToldState::Nothing);
        assert_eq!(told(Some(facts(0, 0, true))).state, ToldState::Unknown);
        assert_eq!(told(None), Told { state: ToldState::Unknown, untold_p0: None });
    }

    #[test]
    fn the_first_lost_alert_tells_the_start() {
        let first = now() - TimeDelta::minutes(12);
        let facts = DeadLetterFacts {
            first_open_after_quiet_hour: Some(first),
            ..DeadLetterFacts::default()
        };
        let gathered = Gathered { dead_letters: Some(facts), ..Gathered::default() };
        let triage = answer(gathered, &Question::default());
        assert_eq!((triage.started_at, triage.started_from), (first, StartedFrom::DeadLetter));
    }
}
