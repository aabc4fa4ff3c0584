//! The table of the runbook, row by row.

use chrono::TimeDelta;

use super::*;
use crate::domain::State;

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn build(id: &str, minutes_ago: i64, stage: &str, status: &str) -> PagesDeployment {
    PagesDeployment {
        deployment_id: id.to_owned(),
        environment: PagesEnvironment::Production,
        at: now() - TimeDelta::minutes(minutes_ago),
        url: None,
        branch: Some("main".to_owned()),
        commit: None,
        message: Some("fix".to_owned()),
        stage: Some(stage.to_owned()),
        status: Some(status.to_owned()),
        ended_at: None,
        live: false,
    }
}

fn good(id: &str, minutes_ago: i64) -> PagesDeployment {
    build(id, minutes_ago, "deploy", "success")
}

fn past(live: Option<&str>, builds: &[PagesDeployment]) -> Past {
    let live = live.map(|id| builds.iter().find(|build| build.deployment_id == id).unwrap());
    let project = PagesProject {
        project: "web".to_owned(),
        domains: Vec::new(),
        production_branch: Some("main".to_owned()),
        from_repository: true,
        live: live.cloned(),
        latest: builds.first().cloned(),
    };
    Past { project, builds: builds.to_vec() }
}

#[test]
fn projects_by_the_table() {
    use {ReasonCode as Code, State::*};
    let old = || good("old", 5000);
    let newer = |stage, status| [build("new", 10, stage, status), old()];
    for (live, builds, expected, words) in [
        (Some("old"), vec![old()], (Green, Code::Ok), "live: old, 3 d"),
        (
            Some("old"),
            newer("build", "failure").into(),
            (Yellow, Code::BuildFailed),
            "failed at build",
        ),
        (
            Some("old"),
            newer("build", "active").into(),
            (Yellow, Code::Building),
            "is under way at build",
        ),
        (
            Some("old"),
            newer("queued", "idle").into(),
            (Yellow, Code::Building),
            "at queued, for 10 min",
        ),
        (Some("old"), newer("build", "success").into(), (Yellow, Code::Building), "live: old"),
        (
            Some("old"),
            newer("build", "canceled").into(),
            (Yellow, Code::BuildFailed),
            "was cancelled",
        ),
        (Some("new"), vec![good("new", 10), old()], (Yellow, Code::FreshDeploy), "live: new"),
        (
            Some("old"),
            vec![build("x", 1, "build", "failure"), good("new", 10), old()],
            (Yellow, Code::FreshDeploy),
            "live: old, 3 d 11 h ago \"fix\"; new is newer, but not live; the newest build x failed",
        ),
        (
            Some("old"),
            vec![good("back", 4000), old()],
            (Green, Code::Ok),
            "back is newer, but not live",
        ),
        (None, vec![], (Yellow, Code::NoDeployment), "serves nothing yet; nothing was built"),
        (
            None,
            vec![build("x", 10, "clone_repo", "failure")],
            (Yellow, Code::NoDeployment),
            "the newest build x failed at clone_repo",
        ),
    ] {
        let past = past(live, &builds);
        let window = |build: &PagesDeployment| build.at > now() - TimeDelta::minutes(60);
        let judgement = judge(&past, window, now());
        assert_eq!((judgement.state, judgement.reason.code), expected, "{live:?} {builds:#?}");
        assert!(judgement.reason.text.contains(words), "{words} in {}", judgement.reason.text);
    }
}

#[test]
fn the_way_back_leads_to_what_was_served_before_and_only_from_what_is_live() {
    let builds = [good("c", 5), build("b", 50, "build", "failure"), good("a", 500)];
    let back = |live, suspect| {
        past(Some(live), &builds).way_back(suspect).map(|to| to.deployment_id.clone())
    };
    assert_eq!(back("c", "c").as_deref(), Some("a"), "not to the one that failed");
    assert_eq!(back("a", "c"), None, "somebody went back already");
    assert_eq!(back("a", "a"), None, "there is nothing before it");
}

#[test]
fn a_build_serves_from_its_end_and_an_end_before_its_beginning_counts_for_nothing() {
    let ended = |minutes_ago| PagesDeployment {
        ended_at: Some(now() - TimeDelta::minutes(minutes_ago)),
        ..good("a", 20)
    };
    assert_eq!(ended(8).served_from(), now() - TimeDelta::minutes(8));
    assert_eq!(ended(30).served_from(), ended(30).at);
}
