//! GitHub Actions of each scenario: the history of a good day, and what happened on a bad one.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::sandbox::github::{Annotation, Cron, Job, Log, Repo, Run, Step, Workflow};

/// The repository of every scenario.
pub const REPOSITORY: &str = "parky/parky";

/// Ids begin here: beyond 32 bits, as they are today.
pub(super) const FIRST_RUN: u64 = 17_400_000_000;
const FIRST_JOB: u64 = 48_900_000_000;

fn ci() -> Workflow {
    Workflow::new(61_001, "CI", "ci.yml")
}

fn deploy() -> Workflow {
    Workflow::new(61_002, "Deploy", "deploy.yml")
}

fn healthcheck() -> Workflow {
    Workflow::new(61_003, "Synthetic healthcheck", "synthetic-healthcheck.yml")
}

const fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

fn job(id: u64, name: &str, starts: DateTime<Utc>, works_s: i64) -> Job {
    Job::new(FIRST_JOB + id, name, starts, works_s)
}

/// The repository on a good day: everything is green.
pub(super) fn green(now: DateTime<Utc>) -> Repo {
    let mut repo = Repo::new(REPOSITORY, 731_118, vec![ci(), deploy(), healthcheck()]);
    let releases = [
        (2, 5, "feat: 駐車場検索に満空情報を追加 (#1284)"),
        (6, 1, "fix: 予約確定時の二重課金を防止 (#1271)"),
        (9, 4, "chore: bump hono to 4.9"),
    ];
    for (nth, (days, hours, title)) in (0..).zip(releases) {
        let at = now - TimeDelta::days(days) - TimeDelta::hours(hours) - minutes(21);
        repo.runs.push(tests(10 + nth, title, at));
        repo.runs.push(deployment(20 + nth, title, at + minutes(4)));
    }
    repo.runs.extend(probes(now - minutes(3)));
    repo
}

/// The workflow that looks every five minutes, as it goes on.
pub(in crate::sandbox) const HEALTHCHECK: Cron = Cron {
    repo: REPOSITORY,
    file: "synthetic-healthcheck.yml",
    every: Duration::from_secs(300),
    run: probe,
};

/// An hour of good probes up to `newest`.
fn probes(newest: DateTime<Utc>) -> impl Iterator<Item = Run> {
    (0_u8..12).map(move |nth| {
        let at = newest - minutes(5 * i64::from(nth));
        probe(30 + u64::from(nth), at, true)
    })
}

/// A good day on which the healthcheck ran last so long ago.
pub(super) fn silent(now: DateTime<Utc>, ago: TimeDelta) -> Repo {
    let mut repo = green(now);
    repo.runs.retain(|run| !run.path.ends_with(HEALTHCHECK.file));
    repo.runs.extend(probes(now - ago));
    repo
}

/// Lets the probes after `since` and before `until` fail.
pub(super) fn failing(repo: &mut Repo, since: DateTime<Utc>, until: DateTime<Utc>) {
    for run in repo.runs.iter_mut().filter(|run| run.path.ends_with(HEALTHCHECK.file)) {
        if run.created > since && run.created < until {
            *run = probe(run.id - FIRST_RUN, run.created, false);
        }
    }
}

/// The deploy that ended `at`, and the probes that have failed since `started`.
pub(super) fn bad_deploy(
    now: DateTime<Utc>,
    at: DateTime<Utc>,
    started: DateTime<Utc>,
    title: &str,
) -> Repo {
    let mut repo = green(now);
    repo.runs.push(tests(13, title, at - minutes(9)));
    repo.runs.push(deployment(23, title, at - TimeDelta::seconds(98)));
    failing(&mut repo, started, now);
    repo
}

/// CI is red on the main branch, a deploy waits for a person, and a nightly wrote a long log.
pub(super) fn broken(now: DateTime<Utc>) -> Repo {
    let mut repo = green(now);
    let nightly = Workflow::new(61_004, "Nightly E2E", "nightly.yml");
    repo.runs.push(red(now - minutes(40)));
    repo.runs.push(waiting(now - minutes(25)));
    repo.runs.push(running(now - minutes(1)));
    let long = job(620, "e2e", now - TimeDelta::hours(5), 900)
        .fails(&["##[error]12 of 840 scenarios failed"])
        .with_log(Log::Filler { step: 3, mib: 200 });
    repo.runs.push(
        nightly
            .run(FIRST_RUN + 62, "Nightly E2E", now - TimeDelta::hours(5), vec![long])
            .on(Some("main"), "schedule"),
    );
    let mut limited = job(630, "test (macos, 22)", now - TimeDelta::hours(3), 21_600);
    limited.cancelled = Some(now - TimeDelta::hours(2));
    repo.runs.push(ci().run(
        FIRST_RUN + 63,
        "perf: 検索の索引を作り直す (#1288)",
        now - TimeDelta::hours(3),
        vec![limited],
    ));
    let mut typo =
        deploy().run(FIRST_RUN + 64, "ci: deploy を分割 (#1290)", now - minutes(50), Vec::new());
    typo.verdict = Some("startup_failure");
    repo.runs.push(typo);
    repo.workflows.push(nightly);
    repo
}

fn tests(id: u64, title: &str, at: DateTime<Utc>) -> Run {
    let jobs = vec![
        job(id * 10, "lint", at, 20).work("npm run lint"),
        job(id * 10 + 1, "test (ubuntu, 22)", at, 90),
        job(id * 10 + 2, "test (ubuntu, 24)", at, 95),
    ];
    ci().run(FIRST_RUN + id, title, at, jobs)
}

fn deployment(id: u64, title: &str, at: DateTime<Utc>) -> Run {
    let jobs = vec![job(id * 10, "deploy (public)", at, 94).work("npx wrangler deploy")];
    deploy().run(FIRST_RUN + id, title, at, jobs)
}

fn probe(id: u64, at: DateTime<Utc>, good: bool) -> Run {
    let probe = job(id * 10, "probe", at, 6).work("scripts/healthcheck.sh");
    let probe = match good {
        true => probe,
        false => probe.fails(&["##[error]not every host answers its /healthz with 200"]),
    };
    healthcheck()
        .run(FIRST_RUN + id, "Synthetic healthcheck", at, vec![probe])
        .on(Some("main"), "schedule")
}

/// Eleven jobs, of which two fail.
fn red(at: DateTime<Utc>) -> Run {
    let mut jobs = vec![job(600, "lint", at, 20).work("npm run lint")];
    for (nth, name) in (1..).zip([
        "test (ubuntu, 22, unit)",
        "test (ubuntu, 24, unit)",
        "test (ubuntu, 22, api)",
        "test (ubuntu, 24, api)",
        "test (macos, 24, unit)",
        "build (public)",
        "build (admin)",
        "build (marketing)",
    ]) {
        jobs.push(job(600 + nth, name, at, 80));
    }
    let mut payment = job(609, "integration / e2e (payments: card)", at, 70).fails(&[
        "FAIL test/payments/card.test.ts > 3-D Secure > returns to the reservation",
        "AssertionError: expected 402 to be 200",
        "    at test/payments/card.test.ts:88:31",
        "Tests  1 failed | 211 passed (212)",
    ]);
    payment.annotations.insert(
        0,
        Annotation {
            level: "failure",
            path: "test/payments/card.test.ts".to_owned(),
            line: 88,
            message: "AssertionError: expected 402 to be 200".to_owned(),
        },
    );
    payment.steps.insert(3, Step::new(4, "upload report", 0).ends("skipped"));
    jobs.push(payment);
    let types = ["src/reserve/v2.ts(41,7): error TS2322: Type 'null' is not assignable"];
    jobs.push(job(610, "typecheck", at, 30).work("npx tsc --noEmit").fails(&types));
    ci().run(FIRST_RUN + 60, "feat: 予約APIをv2に切り替え (#1291)", at, jobs)
}

fn waiting(at: DateTime<Utc>) -> Run {
    let jobs = vec![
        job(640, "build", at, 60).work("npm run build"),
        job(641, "deploy (production)", at, 30).work("npx wrangler deploy").waits_for("production"),
    ];
    deploy().run(FIRST_RUN + 61, "fix: 3-D Secure の戻り先 (#1292)", at, jobs)
}

fn running(at: DateTime<Utc>) -> Run {
    let jobs = vec![
        job(650, "lint", at, 15).work("npm run lint"),
        job(651, "test (ubuntu, 24)", at, 1200),
    ];
    ci().run(FIRST_RUN + 65, "fix: 型エラーを修正 (#1293)", at, jobs).on(Some("fix/types"), "push")
}
