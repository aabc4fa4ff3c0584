//! 429, 5xx, and what is no answer at all, at each step of a rollback.

use parky_ops::sandbox::cloudflare::{Build, PagesHistory, PagesRelease, error_body, pages_id};
use parky_ops::sandbox::server::Canned;
use serde_json::json;

use super::*;

/// A step: the path below the worker or project, the method, and how many requests come before it.
type Step = (&'static str, Method, u32);
/// How a rollback ends: exit code and `posted state`, empty where there is no document.
type Ending = (i32, &'static str);

fn limited() -> Canned {
    Canned::json(429, &error_body(971, "rate limited")).header("retry-after", "120")
}

fn broken() -> Canned {
    Canned::html(503)
}

/// `posted state`, or nothing where there is no document.
fn ending(done: &Done) -> (i32, String) {
    let says = if done.stdout.is_empty() { String::new() } else { said(done) };
    (done.code.unwrap(), says)
}

#[test]
fn a_429_or_5xx_at_each_step_of_a_worker_means_what_it_means_there() {
    let steps: [(Step, Ending, Ending); 6] = [
        (("/deployments", Method::GET, 0), (1, ""), (1, "")),
        (("/versions", Method::GET, 0), (1, ""), (1, "")),
        // What the versions stand on is only compared.
        (("/versions/", Method::GET, 0), (0, "sent live"), (0, "sent live")),
        (("/deployments", Method::GET, 1), (1, ""), (1, "")),
        (("/deployments", Method::POST, 0), (1, "refused not_live"), (1, "lost not_live")),
        (("/deployments", Method::GET, 2), (7, "sent unknown"), (7, "sent unknown")),
    ];
    for ((below, method, before), at_limit, at_fault) in steps {
        for (canned, expected) in [(limited(), at_limit), (broken(), at_fault)] {
            let site = three();
            site.fault(below, Fault::answer(canned).on(method.clone()).skipping(before));
            let done = site.run(AGREED).done();
            let (code, says) = ending(&done);
            assert_eq!(
                (code, says.as_str()),
                expected,
                "{method} {below} {before}\n{}",
                done.stderr
            );
            let sent = usize::from(!expected.1.is_empty());
            assert_eq!(site.posts(), sent, "{method} {below} {before}: sent once or not at all");
        }
    }
}

#[test]
fn a_429_or_5xx_at_each_step_of_pages_means_what_it_means_there() {
    let steps: [(Step, Ending, Ending); 4] = [
        (("", Method::GET, 0), (1, ""), (1, "")),
        // The project and its deployments come first.
        (("", Method::GET, 2), (1, ""), (1, "")),
        (("/deployments", Method::POST, 0), (1, "refused not_live"), (1, "lost not_live")),
        (("", Method::GET, 3), (7, "sent unknown"), (7, "sent unknown")),
    ];
    for ((below, method, before), at_limit, at_fault) in steps {
        for (canned, expected) in [(limited(), at_limit), (broken(), at_fault)] {
            let site = super::pages::pages();
            let path = format!("/client/v4/accounts/{ACCOUNT_ID}/pages/projects/web{below}");
            let fault = Fault::answer(canned).on(method.clone()).skipping(before);
            site.stand_in.server().faults().set(&path, fault);
            let done = site.run("rollback pages web --confirm web --json").done();
            let (code, says) = ending(&done);
            assert_eq!(
                (code, says.as_str()),
                expected,
                "{method} {below} {before}\n{}",
                done.stderr
            );
            assert_eq!(
                site.posts(),
                usize::from(!expected.1.is_empty()),
                "{method} {below} {before}"
            );
        }
    }
}

#[test]
fn what_is_no_answer_of_cloudflare_is_neither_believed_nor_sent_after() {
    let odd = [
        Canned::html(200),
        Canned::status(204),
        Canned::json(200, &json!({"success": false, "errors": [], "messages": [], "result": null})),
        Canned::json(400, &json!({"code": 1001, "error": "bad"})),
        Canned::status(200).header("content-type", "application/json").body("{\"success\": tr"),
        Canned::html(403).header("cf-mitigated", "challenge").header("cf-ray", "8f00"),
    ];
    for canned in odd {
        let site = three();
        site.fault("/deployments", Fault::answer(canned.clone()).on(Method::GET));
        for words in ["workers list", "workers deployments", "workers show public", "rollback plan"]
        {
            let done = site.run(&format!("{words} --json")).done();
            assert!(!matches!(done.code, Some(0) | None), "{words}: {canned:?}\n{}", done.stdout);
        }
        let done = site.run(AGREED).done();
        assert_ne!(done.code, Some(0), "{canned:?}");
        assert_eq!((site.posts(), done.stdout.as_str()), (0, ""), "{canned:?}");
        // The same as the answer to the request: what is live is read.
        let site = three();
        site.fault("/deployments", on_post(Act::OwnThenAnswer(canned.clone())));
        let done = site.run(AGREED).done();
        assert_eq!((done.data()["state"].clone(), site.posts()), (json!("live"), 1), "{canned:?}");
        assert_eq!(site.live(), [13]);
    }
}

#[test]
fn pages_without_an_earlier_good_build_have_no_way_back() {
    let release = |number: u64, branch, build| PagesRelease {
        number,
        ago: TimeDelta::hours(60 - i64::try_from(number).unwrap()),
        branch,
        message: "feat: x",
        build,
    };
    for (releases, says) in [
        (
            vec![release(2, "main", Build::Failed), release(1, "dev", Build::Succeeded)],
            "nothing is deployed",
        ),
        (
            vec![release(2, "main", Build::Succeeded), release(1, "main", Build::Failed)],
            "none of the",
        ),
    ] {
        let site = three();
        site.stand_in.set_pages(&[PagesHistory { project: "web", releases }]);
        let done = site.run("rollback pages web --confirm web --json").exits(4);
        let message = done.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(says), "{message}");
        assert_eq!((site.posts(), done.stdout.as_str()), (0, ""));
    }
    let site = super::pages::pages();
    let fits_none = site.run("rollback pages web --to 00000000 --json").exits(4);
    assert!(fits_none.stderr.contains("no version 00000000"), "{}", fits_none.stderr);
    assert_ne!(pages_id("web", 1), pages_id("web", 2));
}
