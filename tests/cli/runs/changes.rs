//! `runs rerun|cancel|approve|reject`: the plan, the yes, and an honest word on what became of it.

use parky_ops::http::Method;
use parky_ops::sandbox::server::{Act, Canned, Fault};
use serde_json::json;

use crate::harness::{GithubSite, NAMES, RED, RUNNING, WAITING};

fn posts(github: &GithubSite) -> Vec<String> {
    let all = github.requests().into_iter();
    all.filter_map(|line| line.strip_prefix("POST /repos/parky/parky/actions/").map(str::to_owned))
        .collect()
}

#[test]
fn without_a_yes_there_is_a_plan_and_no_change() {
    let github = GithubSite::new();
    for (words, code, kind, name) in [
        (format!("runs rerun {RED} --failed --json"), 6, "normal", json!(null)),
        (format!("runs rerun {RED} --failed --dry-run --yes --json"), 0, "normal", json!(null)),
        (format!("runs cancel {RUNNING} --json"), 6, "normal", json!(null)),
        (format!("runs approve {WAITING} --json"), 6, "severe", json!("production")),
        (format!("runs approve {WAITING} --yes --json"), 6, "severe", json!("production")),
        (
            format!("runs reject {WAITING} --confirm staging --json"),
            6,
            "severe",
            json!("production"),
        ),
        (
            format!("runs reject {WAITING} --confirm production --dry-run --json"),
            0,
            "severe",
            json!("production"),
        ),
    ] {
        let data = github.run(&words).exits(code).data();
        assert_eq!(data["executed"], false, "{words}");
        let plan = &data["plan"];
        assert_eq!((&plan["consent"]["kind"], &plan["consent"]["name"]), (&json!(kind), &name));
        assert_eq!(plan["target"]["repository"], "parky/parky");
        assert!(plan["act"].as_str().unwrap().contains("of parky/parky"), "{plan}");
        let again = github.run(&words).exits(code).data();
        assert_eq!(again["plan"]["id"], plan["id"], "the same plan has the same id");
    }
    assert_eq!(posts(&github), Vec::<String>::new());
}

#[test]
fn the_failed_jobs_run_again_and_only_they() {
    let github = GithubSite::new();
    let plan = github.run(&format!("runs rerun {RED} --failed --dry-run --json")).exits(0).data();
    let changes = plan["plan"]["changes"].to_string();
    assert!(changes.contains(NAMES[1]) && !changes.contains("lint"), "{changes}");
    let data = github.run(&format!("runs rerun {RED} --failed --yes --json")).exits(0).data();
    assert_eq!((&data["posted"], &data["state"]), (&json!("sent"), &json!("done")));
    assert_eq!(data["run"]["attempt"], 2);
    assert_eq!(posts(&github), [format!("runs/{RED}/rerun-failed-jobs")]);
}

#[test]
fn one_job_runs_again_by_its_name() {
    let github = GithubSite::new();
    let _ = github.run(&format!("runs rerun {RED} --job typecheck --yes")).exits(0);
    assert_eq!(posts(&github), ["jobs/48900000602/rerun"]);
    let _ = github.run(&format!("runs rerun {RED} --job nothing --yes")).exits(4);
    let _ = github.run(&format!("runs rerun {RUNNING} --yes")).exits(1);
    assert_eq!(posts(&github).len(), 1);
}

#[test]
fn the_servers_own_words_are_told_when_it_refuses() {
    let github = GithubSite::new();
    let message = "Unable to retry this workflow run because it was created over a month ago";
    let refusal = Canned::json(403, &json!({ "message": message }));
    let path = format!("/repos/parky/parky/actions/runs/{RED}/rerun");
    github.stand_in.server().faults().set(&path, Fault::answer(refusal));
    let error = github.run(&format!("runs rerun {RED} --yes --json")).exits(3).error();
    assert!(error["message"].as_str().unwrap().contains(message), "{error}");
}

#[test]
fn an_answer_that_was_lost_is_looked_after_and_never_sent_again() {
    let github = GithubSite::new();
    let path = format!("/repos/parky/parky/actions/runs/{RED}/rerun");
    let faults = github.stand_in.server().faults();
    faults.set(&path, Fault::new(Act::OwnThenClose).on(Method::POST));
    let data = github.run(&format!("runs rerun {RED} --yes --json")).exits(0).data();
    assert_eq!((&data["posted"], &data["state"]), (&json!("lost"), &json!("done")));
    assert_eq!(posts(&github).len(), 1);

    let github = GithubSite::new();
    let path = format!("/repos/parky/parky/actions/runs/{RED}/rerun");
    github.stand_in.server().faults().set(&path, Fault::new(Act::Close).on(Method::POST));
    let data = github.run(&format!("runs rerun {RED} --yes --json")).exits(7).data();
    assert_eq!((&data["posted"], &data["state"]), (&json!("lost"), &json!("unknown")));
    assert_eq!(posts(&github).len(), 1);
}

#[test]
fn a_run_is_cancelled_and_a_finished_one_is_not() {
    let github = GithubSite::new();
    let data = github.run(&format!("runs cancel {RUNNING} --yes --json")).exits(0).data();
    assert_eq!((&data["state"], &data["run"]["conclusion"]), (&json!("done"), &json!("cancelled")));
    let error = github.run(&format!("runs cancel {RUNNING} --yes --json")).exits(1).error();
    assert!(error["message"].as_str().unwrap().contains("nothing to cancel"), "{error}");
    assert_eq!(posts(&github), [format!("runs/{RUNNING}/cancel")]);
}

#[test]
fn an_environment_that_was_named_opens_or_fails() {
    for (verb, conclusion) in [("approve", json!(null)), ("reject", json!("failure"))] {
        let github = GithubSite::new();
        let words = format!("runs {verb} {WAITING} --confirm production --json --comment checked");
        let data = github.run(&words).exits(0).data();
        assert_eq!(data["state"], "done");
        let view = github.run(&format!("runs view {WAITING} --json")).exits(0).data();
        assert_eq!(view["run"]["conclusion"], conclusion, "{verb}");
        let body = github.stand_in.server().requests();
        let body = body.iter().find(|seen| seen.method == "POST").unwrap().body.clone();
        assert!(body.contains("\"comment\":\"checked\""), "{body}");
        let error = github.run(&words).exits(1).error();
        assert!(error["message"].as_str().unwrap().contains("waits for no approval"), "{error}");
    }
    let github = GithubSite::new();
    let _ = github.run(&format!("runs approve {WAITING} --environment staging")).exits(4);
}

#[test]
fn at_a_terminal_the_environment_has_to_be_typed() {
    let github = GithubSite::new();
    for (typed, code) in [("staging\r", 6), ("\r", 6), ("production\r", 0)] {
        let mut pty = github.run(&format!("runs approve {WAITING}")).at_terminal(100);
        pty.wait_for("type 'production' to go on");
        pty.type_in(typed);
        let ended = pty.end();
        assert_eq!(ended.code, Some(code), "{}", ended.screen);
    }
    assert_eq!(posts(&github).len(), 1);
}

#[test]
fn a_token_of_no_environment_changes_nothing_outside_prod() {
    let github = GithubSite::new();
    let words = format!("--env dev runs rerun {RED} --yes --json");
    let error = github.run(&words).exits(3).error();
    assert_eq!(error["hint"], "set PARKY_OPS_DEV_GH_TOKEN instead");
    assert_eq!(posts(&github), Vec::<String>::new());
    let own = github.run(&words).without("GH_TOKEN").var("PARKY_OPS_DEV_GH_TOKEN", github.token());
    let _ = own.exits(0);
    assert_eq!(posts(&github).len(), 1);
}
