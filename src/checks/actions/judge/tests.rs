//! The table of the runbook, row by row, and what must not be taken for the branch.

use chrono::TimeDelta;

use super::*;
use crate::checks::run::test_support::run;

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn rules(several: bool) -> Rules {
    Rules {
        branch: "main".to_owned(),
        deploys: vec!["deploy.yml".to_owned()],
        healthcheck: Some("synthetic.yml".to_owned()),
        several,
    }
}

/// Runs as `40 CI failure`: minutes ago, workflow, conclusion or status; newest first.
fn seen(list: &[&str]) -> Seen {
    let one = |(nth, text): (u64, &&str)| {
        let mut words = text.split(' ');
        let mut word = || words.next().unwrap();
        let (minutes, workflow, state) = (word().parse().unwrap(), word(), word());
        run(900 - nth, workflow, state, now() - TimeDelta::minutes(minutes))
    };
    Seen { runs: (0..).zip(list).map(one).collect(), ..Seen::default() }
}

/// The checks as `name: state code`; a repository of which nothing was seen is not found.
fn said(of: &[(&str, Option<Seen>)], rules: &Rules) -> Vec<String> {
    let unread = Judgement::unknown(ReasonCode::NotFound, "no such repository");
    let repos: Vec<RepoName> = of.iter().map(|(repo, _)| repo.parse().unwrap()).collect();
    let all = repos.iter().zip(of).map(|(repo, (_, seen))| (repo, seen.as_ref().ok_or(&unread)));
    let say = |(name, judgement): (String, Judgement)| {
        format!("{name}: {} {}", judgement.state.word(), judgement.reason.code.word())
    };
    checks(all, rules, now()).into_iter().map(say).collect()
}

fn one(list: &[&str]) -> Vec<String> {
    said(&[("parky/parky", Some(seen(list)))], &rules(false))
}

#[test]
fn workflows_by_the_table() {
    for (list, expected) in [
        (&["3 CI success", "9 Deploy success"][..], &["default-branch: green ok"][..]),
        (&["3 CI neutral", "9 Deploy skipped"], &["default-branch: green ok"]),
        (&["3 CI failure", "9 Deploy success"], &["CI: yellow run-failed"]),
        (&["3 CI success", "9 CI failure"], &["default-branch: green ok"]),
        (&["3 CI timed_out"], &["CI: yellow run-failed"]),
        (&["3 Deploy startup_failure"], &["Deploy: yellow run-failed"]),
        (&["3 CI stale"], &["CI: yellow run-failed"]),
        (&["3 CI a_new_word"], &["CI: yellow run-failed"]),
        (&["3 CI cancelled"], &["CI: yellow run-cancelled"]),
        (&["3 Deploy waiting"], &["Deploy: yellow awaiting-approval"]),
        (&["3 CI action_required"], &["CI: yellow awaiting-approval"]),
        (
            &["3 Deploy in_progress", "9 CI failure"],
            &["Deploy: yellow in-progress", "CI: yellow run-failed"],
        ),
        (&["3 Deploy queued", "9 Deploy failure"], &["Deploy: yellow in-progress"]),
        (&["3 Deploy skipped", "9 Deploy failure"], &["Deploy: yellow run-failed"]),
        // The healthcheck has a check of its own.
        (&["3 Synthetic failure", "9 CI success"], &["default-branch: green ok"]),
        (&["3 Synthetic failure"], &["default-branch: green ok"]),
        (&[], &["default-branch: yellow no-runs"]),
    ] {
        assert_eq!(one(list), expected, "{list:?}");
    }
}

#[test]
fn what_is_not_of_the_branch_says_nothing_of_it() {
    let mut all = seen(&["3 CI failure", "4 CI failure", "5 CI failure", "9 CI success"]);
    all.runs[0].event = "pull_request".to_owned();
    all.runs[1].branch = Some("fix/types".to_owned());
    all.runs[2].event = "dynamic".to_owned();
    assert_eq!(said(&[("a/b", Some(all.clone()))], &rules(false)), ["default-branch: green ok"]);
    all.runs.truncate(3);
    assert_eq!(said(&[("a/b", Some(all))], &rules(false)), ["default-branch: yellow no-runs"]);
}

#[test]
fn a_deploy_that_waits_counts_wherever_it_came_from() {
    let mut all = seen(&["3 Deploy waiting", "4 CI waiting", "9 CI success"]);
    all.runs[0].branch = Some("v1.2.3".to_owned());
    all.runs[1].branch = Some("fix/types".to_owned());
    let said = said(&[("a/b", Some(all))], &rules(false));
    assert_eq!(said, ["Deploy: yellow awaiting-approval"]);
}

#[test]
fn a_run_that_goes_on_does_not_hide_that_the_last_one_failed() {
    let all = seen(&["3 Deploy in_progress", "9 Deploy failure"]);
    let repo = "a/b".parse().unwrap();
    let checks = checks([(&repo, Ok(&all))].into_iter(), &rules(false), now());
    let text = &checks[0].1.reason.text;
    assert_eq!(
        text,
        "a deploy is in progress for 3 min: \"title 900\" by mori; the one before it: failure 9 min ago"
    );
    assert_eq!(checks[0].1.evidence["run_id"], 900);
}

#[test]
fn names_from_outside_are_one_harmless_line_and_twins_are_told_apart() {
    let mut all = seen(&["3 CI failure", "4 X failure"]);
    all.runs[0].workflow = "CI\u{1b}[2J\nforged".to_owned();
    let names = said(&[("a/b", Some(all.clone()))], &rules(false));
    assert!(names.iter().all(|name| !name.contains(['\u{1b}', '\n'])), "{names:?}");
    all.runs[1].workflow = all.runs[0].workflow.clone();
    let names = said(&[("a/b", Some(all))], &rules(false));
    assert_eq!(names[1], ".github/workflows/x.yml: yellow run-failed");
}

#[test]
fn several_repositories_keep_their_names_and_hide_each_other_from_nobody() {
    let good = || Some(seen(&["3 CI success"]));
    let bad = || Some(seen(&["3 CI failure"]));
    let several = |list: &[(&str, Option<Seen>)]| said(list, &rules(true));
    assert_eq!(several(&[("a/a", good()), ("a/b", good())]), ["default-branch: green ok"]);
    assert_eq!(several(&[("a/a", good()), ("a/b", bad())]), ["a/b CI: yellow run-failed"]);
    assert_eq!(
        several(&[("a/a", good()), ("a/b", None)]),
        ["a/b: unknown not-found", "default-branch: green ok"]
    );
    assert_eq!(several(&[("a/a", None)]), ["a/a: unknown not-found"]);
    assert_eq!(
        several(&[("a/a", bad()), ("a/b", Some(seen(&[])))]),
        ["a/a CI: yellow run-failed", "a/b: yellow no-runs"]
    );
    assert_eq!(said(&[("a/a", None)], &rules(false)), ["default-branch: unknown not-found"]);
}

#[test]
fn what_could_not_be_read_is_said_beside_what_could() {
    let unread = Judgement::unknown(ReasonCode::ServiceError, "502");
    let partly = |list: &[&str]| Seen { unread: Some(unread.clone()), cut: true, ..seen(list) };
    let single = |list: &[&str]| said(&[("a/b", Some(partly(list)))], &rules(false));
    assert_eq!(single(&["3 CI success"]), ["default-branch: unknown service-error"]);
    assert_eq!(
        single(&["3 CI failure"]),
        ["CI: yellow run-failed", "default-branch: unknown service-error"]
    );
    let flooded = Seen { cut: true, ..seen(&["3 Synthetic success"]) };
    assert_eq!(said(&[("a/b", Some(flooded))], &rules(false)), ["default-branch: yellow no-runs"]);
}

#[test]
fn which_runs_deploy() {
    let deploy = run(1, "Deploy", "success", now());
    let ci = run(2, "CI", "success", now());
    let named = rules(false);
    assert!(named.deploys(&deploy) && named.deployed(&deploy) && !named.deploys(&ci));
    let by_name = Rules { deploys: vec!["deploy".to_owned()], ..rules(false) };
    assert!(by_name.deploys(&deploy));
    let none = Rules { deploys: Vec::new(), ..rules(false) };
    assert!(none.deploys(&deploy) && !none.deploys(&ci), "by the word, where none is named");
    for word in ["failure", "waiting", "queued", "cancelled"] {
        assert!(!named.deployed(&run(1, "Deploy", word, now())), "{word}");
    }
    assert!(named.deployed(&run(1, "Deploy", "in_progress", now())));
    let by_id = Rules { deploys: vec!["61002".to_owned()], ..rules(false) };
    assert!(by_id.deploys(&Run { workflow_id: Some(61_002), ..ci.clone() }) && !by_id.deploys(&ci));
    let path =
        Run { path: "org/x/.github/workflows/deploy.yml@refs/heads/v1".to_owned(), ..deploy };
    assert!(named.deploys(&path));
}
