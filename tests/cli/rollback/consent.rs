//! Who has to agree, and how.

use serde_json::json;

use super::*;

#[test]
fn nothing_is_agreed_to_off_a_terminal() {
    let site = three();
    for words in ["", "--yes", "--confirm admin", "--confirm publi", "--no-input"] {
        let done = site.run(&format!("rollback worker public --json {words}")).exits(6);
        let data = done.data();
        assert_eq!(done.json()["schema"], "parky-ops/rollback-worker/v1");
        assert_eq!(
            (&data["executed"], &data["plan"]["consent"]["kind"]),
            (&json!(false), &json!("severe"))
        );
        assert_eq!(data["plan"]["consent"]["name"], "public");
        assert_eq!(done.stderr, "", "{words}");
    }
    assert_eq!((site.posts(), site.live()), (0, vec![14]));
    let done = site.run("rollback worker public").exits(6);
    assert!(done.stderr.contains("--confirm public"), "{}", done.stderr);
}

#[test]
fn a_dry_run_shows_the_plan_and_changes_nothing() {
    let site = three();
    let plan = |words: &str| {
        site.run(&format!("rollback worker public --dry-run --json {words}")).exits(0).data()
    };
    let data = plan("--confirm public");
    assert_eq!(data["executed"], false);
    let plan_of = &data["plan"];
    assert_eq!(
        (&plan_of["target"]["worker"], &plan_of["target"]["script"]),
        (&json!("public"), &json!(SCRIPT))
    );
    assert_eq!(plan_of["target"]["account"], ACCOUNT_ID);
    assert_eq!((&plan_of["from"]["number"], &plan_of["to"]["number"]), (&json!(14), &json!(13)));
    assert!(plan_of["not_undone"].to_string().contains("Durable Objects"));
    assert_eq!(plan("")["plan"]["id"], plan_of["id"], "the same plan, the same id");
    assert_ne!(plan("--to @12")["plan"]["id"], plan_of["id"]);
    assert_eq!((site.posts(), site.live()), (0, vec![14]));
    let text = site.run("rollback worker public --dry-run").exits(0).stdout;
    assert!(text.contains("@14") && text.contains("@13") && text.contains("not undone:"), "{text}");
}

#[test]
fn on_a_terminal_the_name_is_typed() {
    let site = three();
    for (typed, code, live) in [("y\r", 6, 14), ("publi\r", 6, 14), ("public\r", 0, 13)] {
        let mut terminal = site.run("rollback worker public --verify 0").at_terminal(100);
        terminal.wait_for("type 'public' to go on");
        terminal.type_in(typed);
        let ended = terminal.end();
        assert_eq!(ended.code, Some(code), "{typed:?}\n{}", ended.screen);
        assert_eq!(site.live(), [live], "{}", ended.screen);
    }
}

#[test]
fn a_colleague_who_deploys_while_the_question_stands_is_seen() {
    let site = three();
    let mut terminal = site.run("rollback worker public --verify 0").at_terminal(100);
    terminal.wait_for("type 'public' to go on");
    site.stand_in.colleague_deploys(SCRIPT, 12);
    terminal.type_in("public\r");
    let ended = terminal.end();
    assert_eq!(ended.code, Some(1), "{}", ended.screen);
    assert!(ended.screen.contains("changed-since-shown"), "{}", ended.screen);
    assert_eq!((site.posts(), site.live()), (0, vec![12]));
}
