//! `parky-ops smoke`: the step of a pipeline, and the action that runs it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use parky_ops::sandbox::{Behaviour, Scenario};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::harness::{Done, HttpServer, Run, Site, binary, closed_port};

fn root(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// The stand-ins, by thresholds that no loaded machine reaches.
fn calm(scenario: Scenario) -> Site {
    let site = Site::of(scenario);
    for of in ["host", "db_connect", "db_query"] {
        site.set(&format!("thresholds.{of}_yellow_ms"), "60000");
        site.set(&format!("thresholds.{of}_red_ms"), "60000");
    }
    site
}

/// The site without the secrets, as a fork's pull request has it.
fn forked(scenario: Scenario) -> Site {
    let site = calm(scenario);
    site.edit(|text| {
        let secret =
            |line: &&str| !line.starts_with("cloudflare_api") && !line.starts_with("supabase_db");
        text.lines().filter(secret).map(|line| format!("{line}\n")).collect()
    });
    site
}

/// As GitHub hands a secret to a fork: set to nothing.
fn without_secrets(run: Run) -> Run {
    run.var("CLOUDFLARE_API_TOKEN", "").var("SUPABASE_DB_URL", "").var("GITHUB_ACTIONS", "true")
}

/// Parses a report with a parser that is not ours, and gives `TAG NAME INSIDE` of each case.
fn cases(report: &Path) -> Vec<String> {
    let script = "import sys, xml.etree.ElementTree as tree\n\
                  root = tree.parse(sys.argv[1]).getroot()\n\
                  for suite in root:\n\
                  \x20   assert int(suite.get('tests')) == len(suite)\n\
                  \x20   for case in suite:\n\
                  \x20       print(suite.get('name'), case.get('name'), *[c.tag for c in case])\n";
    let output = Command::new("python3").args(["-c", script]).arg(report).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn states(done: &Done) -> BTreeMap<String, String> {
    let checks = done.data()["checks"].as_array().unwrap().clone();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let name = |check: &Value| format!("{}/{}", word(&check["source"]), word(&check["name"]));
    checks.iter().map(|check| (name(check), word(&check["state"]))).collect()
}

#[test]
fn a_healthy_world_is_green_and_leaves_a_report() {
    let site = calm(Scenario::Healthy);
    let report = site.home().join("smoke.xml");
    let run = site.run("smoke --json --require database,dlq,tokens,credentials,config --junit");
    let done = run.arg(&report).exits(0);
    assert_eq!(done.json()["schema"], "parky-ops/smoke/v1");
    let data = done.data();
    assert_eq!((&data["verdict"], &data["missing"]), (&"green".into(), &serde_json::json!([])));
    let states = states(&done);
    for name in ["config/configuration", "credentials/database URL", "database/connect"] {
        assert_eq!(states.get(name).map(String::as_str), Some("green"), "{states:?}");
    }
    for name in ["database/query", "dlq/readable", "tokens/Cloudflare"] {
        assert_eq!(states.get(name).map(String::as_str), Some("green"), "{states:?}");
    }
    assert_eq!(done.stderr, "");
    let cases = cases(&report);
    assert_eq!(cases.len(), states.len());
    assert!(cases.iter().all(|case| case.ends_with(" system-out")), "{cases:?}");
}

#[test]
fn smoke_without_secrets_is_skipped_unless_it_is_required() {
    let site = forked(Scenario::Healthy);
    let report = site.home().join("smoke.xml");
    let done = without_secrets(site.run("smoke --json --junit").arg(&report)).exits(0);
    assert_eq!(done.data()["verdict"], "green");
    for (source, name) in [
        ("credentials", "Cloudflare API token"),
        ("credentials", "database URL"),
        ("database", "connect"),
        ("database", "query"),
        ("dlq", "readable"),
        ("tokens", "Cloudflare"),
    ] {
        assert_eq!(done.says(source, name), "skipped no-credential", "{source}/{name}");
    }
    assert_eq!(done.stderr, "", "nothing is annotated");
    assert!(cases(&report).contains(&"dlq readable skipped".to_owned()));

    // Hosts were measured, so requiring them changes nothing.
    let _ = without_secrets(site.run("smoke --json --require hosts,config")).exits(0);

    let run = site.run("smoke --json --require dlq --require tokens --junit").arg(&report);
    let done = without_secrets(run).exits(3);
    assert_eq!(done.data()["missing"], serde_json::json!(["dlq", "tokens"]));
    assert!(cases(&report).contains(&"dlq readable error".to_owned()));
    let lines: Vec<_> = done.stderr.lines().collect();
    assert!(
        lines.iter().any(|l| l.starts_with("::error title=dlq readable::required")),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[test]
fn a_reference_that_nobody_in_the_pipeline_can_read_is_a_missing_secret() {
    let site = forked(Scenario::Healthy);
    let run = || site.run("smoke --json").var("SUPABASE_DB_URL", "op://ops/supabase/url");
    let done = run().var("CI", "true").var("OP_SERVICE_ACCOUNT_TOKEN", "").exits(0);
    assert_eq!(done.says("database", "connect"), "skipped no-credential");
    // With an account it is a fault that op cannot be asked.
    let token = "ops_0123456789abcdef0123456789";
    let done = run().var("CI", "true").var("OP_SERVICE_ACCOUNT_TOKEN", token).exits(7);
    assert_eq!(done.says("database", "connect"), "unknown bad-credential");
    done.hides(token);
}

#[test]
fn red_unknown_and_broken_have_their_codes() {
    let site = calm(Scenario::BadTokens);
    let done = site.run("smoke --json").exits(7);
    assert_eq!(done.says("tokens", "Cloudflare"), "unknown unauthorized");
    assert_eq!(done.says("dlq", "readable"), "unknown unauthorized");

    site.sandbox().host("parky.co.jp").unwrap().behave(&Behaviour::Answers(500)).unwrap();
    let done = site.run("smoke --json").exits(10);
    assert_eq!(done.data()["verdict"], "red");

    let broken = Site::bare("hosts = [\n");
    let report = broken.home().join("smoke.xml");
    let done = broken.run("smoke --json --junit").arg(&report).exits(3);
    assert_eq!(done.says("config", "configuration"), "unknown bad-config");
    assert_eq!(cases(&report), ["config configuration error"]);
}

#[test]
fn what_is_required_is_asked_even_where_it_is_not_usual() {
    let site = calm(Scenario::Healthy);
    let done = site.run("smoke --json --require workers,locks,connections,vendors").exits(0);
    let states = states(&done);
    for name in ["workers/public", "locks/blocked", "connections/connections", "vendors/GitHub"] {
        assert_eq!(states.get(name).map(String::as_str), Some("green"), "{states:?}");
    }
    let done = site.run("smoke --require databse").exits(2);
    assert!(done.stderr.contains("'database'"), "{}", done.stderr);
}

#[test]
fn a_database_that_refuses_is_red() {
    let site = calm(Scenario::Healthy);
    let url = format!("postgres://u:pw@127.0.0.1:{}/x", closed_port());
    let done = site.run("smoke --json").var("SUPABASE_DB_URL", &url).exits(10);
    assert_eq!(done.says("database", "connect"), "red refused");
}

#[test]
fn smoke_never_posts_and_makes_no_state() {
    let site = calm(Scenario::Healthy);
    let state = site.home().join("state");
    let done = site.run("smoke --json").var("PARKY_OPS_STATE_DIR", &state).exits(0);
    assert_eq!(done.says("tokens", "#p1-ops"), "green ok");
    assert!(!state.exists());
    let sandbox = site.sandbox();
    for server in [sandbox.cloudflare().server(), sandbox.discord().server()] {
        let arrived = server.requests();
        assert!(!arrived.is_empty());
        assert!(arrived.iter().all(|request| request.method == "GET"), "{arrived:?}");
    }
    let hook = sandbox.discord().channel("p1-ops").unwrap().webhook_url();
    let token = hook.expose_secret().rsplit('/').next().unwrap();
    done.hides(token);
}

/// An answer whose text would be a command, a row, a tag and an escape, if it were obeyed.
fn hostile_site() -> Site {
    let site = calm(Scenario::Healthy);
    let message = "50%\\r\\n::set-env name=PATH::/tmp\\n##[add-mask]x | <b>@team</b> ]]>\\u0001\\u001b[2J\\u202e\\ufffe";
    let body = format!(
        r#"{{"success":false,"errors":[{{"code":9109,"message":"{message}"}}],"messages":[],"result":null}}"#
    );
    let server = HttpServer::answering("403 Forbidden", "application/json", &body);
    site.set("urls.cloudflare", &format!("{:?}", server.url()));
    // It has to outlive this function.
    std::mem::forget(server);
    site
}

#[test]
fn hostile_texts_take_no_effect_in_any_report() {
    let site = hostile_site();
    let (report, summary) = (site.home().join("smoke.xml"), site.home().join("summary.md"));
    fs::write(&summary, "before\n").unwrap();
    for form in ["--json", ""] {
        let run = site.run(&format!("smoke {form} --junit")).arg(&report);
        let run = run.var("GITHUB_ACTIONS", "true").var("GITHUB_STEP_SUMMARY", &summary);
        let done = run.exits(7);
        for line in done.stdout.lines().chain(done.stderr.lines()) {
            let ours = line.starts_with("::error title=tokens Cloudflare");
            assert!(ours || !line.trim_start().starts_with("::"), "{line}");
            assert!(!line.contains("##["), "{line}");
            assert!(!line.contains(|c: char| c.is_control()), "{line:?}");
        }
        assert!(done.stderr.contains("50%25"), "{}", done.stderr);
        if form == "--json" {
            let text = done.text("tokens", "Cloudflare");
            assert!(text.contains("##[add-mask]x | <b>@team</b>"), "the value stays: {text}");
        }
        let names = cases(&report);
        assert!(names.contains(&"tokens Cloudflare error".to_owned()), "{names:?}");
    }
    let table = fs::read_to_string(&summary).unwrap();
    assert!(table.starts_with("before\n"), "it is appended to");
    let rows: Vec<_> = table.lines().filter(|line| line.starts_with("| ❓")).collect();
    assert!(rows.len() >= 2 && rows.iter().all(|row| row.matches('|').count() == 5), "{rows:?}");
    assert!(!table.contains("<b>") && !table.contains("@team"), "{table}");
}

#[test]
fn a_summary_that_is_full_keeps_what_others_wrote() {
    let site = calm(Scenario::Healthy);
    let summary = site.home().join("summary.md");
    let run = || site.run("smoke --json").var("GITHUB_STEP_SUMMARY", &summary);
    for (held, fits) in [(1 << 19, true), ((1 << 20) - 100, false)] {
        fs::write(&summary, "x".repeat(held)).unwrap();
        let done = run().exits(0);
        assert_eq!(fs::metadata(&summary).unwrap().len() > held as u64, fits);
        assert!(fs::metadata(&summary).unwrap().len() <= 1 << 20);
        let told = done.json()["caveats"].to_string().contains("summary-full");
        assert_eq!(told, !fits, "{}", done.stdout);
    }
}

#[test]
fn outside_of_actions_nothing_is_annotated() {
    let site = hostile_site();
    let done = site.run("smoke").exits(7);
    assert!(!done.stderr.lines().any(|line| line.starts_with("::")), "{}", done.stderr);
}

#[test]
fn a_report_that_cannot_be_written_fails_the_step_and_hides_no_answer() {
    let site = calm(Scenario::Healthy);
    let done = site.run("smoke --json --junit /nonexistent/smoke.xml").exits(1);
    assert_eq!(done.data()["verdict"], "green");
    assert_eq!(done.json()["caveats"][0]["code"], "not-written");
}

fn yaml(file: &str) -> Value {
    let text = fs::read_to_string(root(file)).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn keys(map: &Value) -> Vec<&str> {
    map.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_example_workflow_fits_the_action() {
    let (action, workflow) = (yaml("action.yml"), yaml("docs/smoke-workflow.yml"));
    assert_eq!(action["runs"]["using"], "composite");
    let steps = workflow["jobs"]["smoke"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|s| s["uses"].as_str().unwrap().starts_with("parky/parky-ops@"));
    let inputs = keys(&action["inputs"]);
    for given in keys(&step.unwrap()["with"]) {
        assert!(inputs.contains(&given), "action.yml has no input '{given}'");
    }
    // Text of a workflow that is spliced into a script could become a command.
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert!(!step["run"].as_str().unwrap_or_default().contains("${{"), "{step}");
        assert!(step["run"].is_null() || step["shell"] == "bash", "{step}");
    }
}

#[test]
fn the_action_runs_this_program_and_tells_its_verdict() {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["id"] == "smoke").unwrap();
    for (scenario, code, verdict) in
        [(Scenario::Healthy, 0, "green"), (Scenario::BadTokens, 7, "unknown")]
    {
        let site = calm(scenario);
        let output = site.home().join("output");
        let given = |name: &str| match name {
            "BINARY" => binary().display().to_string(),
            "INPUT_ENV" => "prod".to_owned(),
            "INPUT_TIMEOUT" => "60s".to_owned(),
            "INPUT_REQUIRE" => "database,tokens".to_owned(),
            "INPUT_JUNIT" => site.home().join("a report.xml").display().to_string(),
            "INPUT_CONFIG" => site.config_path().display().to_string(),
            name => panic!("what is {name}?"),
        };
        let mut shell = Command::new("bash");
        // As the runner starts it.
        shell.args([
            "--noprofile",
            "--norc",
            "-eo",
            "pipefail",
            "-c",
            step["run"].as_str().unwrap(),
        ]);
        shell.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", site.home());
        shell.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", &output);
        shell.envs(keys(&step["env"]).into_iter().map(|name| (name, given(name))));
        let done = shell.output().unwrap();
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{stderr}");
        assert_eq!(fs::read_to_string(&output).unwrap(), format!("verdict={verdict}\n"));
        assert!(!cases(&site.home().join("a report.xml")).is_empty());
    }
}
