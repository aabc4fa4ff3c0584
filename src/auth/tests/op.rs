//! References through a stand-in for `op`.

use super::*;

#[tokio::test]
async fn a_reference_without_op_says_so() {
    let place =
        Place::new().var("PATH", "/nonexistent").var("CLOUDFLARE_API_TOKEN", "op://ops/cf/token");
    let error = place.value(&CLOUDFLARE).await.unwrap_err();
    assert_eq!(error.to_string(), "op is needed for op://ops/cf/token and is not installed");
    assert!(error.hint().starts_with("install the 1Password CLI"));
}

#[tokio::test]
async fn a_program_in_the_working_directory_is_not_op() {
    let place = Place::new().op("echo stolen");
    let relative = place.var("PATH", ".:bin::").var("CLOUDFLARE_API_TOKEN", "op://ops/cf/token");
    assert!(matches!(relative.value(&CLOUDFLARE).await, Err(AuthError::OpMissing { .. })));
}

#[tokio::test]
async fn a_sandbox_asks_neither_op_nor_gh() {
    let mut place = Place::new()
        .op("echo real")
        .program("gh", "echo real")
        .var("CLOUDFLARE_API_TOKEN", "op://ops/cf/token");
    place.sandbox = true;
    let error = place.value(&CLOUDFLARE).await.unwrap_err();
    assert_eq!(error.to_string(), "op://ops/cf/token is not read in a sandbox");
    assert!(place.locate(&GITHUB).is_err());
    assert_eq!(place.calls(), "");
}

#[tokio::test]
async fn an_op_that_hangs_is_killed_with_its_children() {
    let place = Place::new().var("CLOUDFLARE_API_TOKEN", "op://ops/cf/token");
    let pids = place.at("pids").display().to_string();
    let place = place.program("op", &format!("sleep 300 & echo $! $$ > {pids}\nwait"));
    let limits = Limits { op: Duration::from_secs(1), gh: Duration::from_secs(1) };
    let resolver = place.resolver().with_limits(limits);
    let started = Instant::now();
    let error = resolver.resolve(&place.locate(&CLOUDFLARE).unwrap(), soon()).await.unwrap_err();
    assert_eq!(error.to_string(), "op gave no answer for op://ops/cf/token within 1.0 s");
    assert_eq!(error.hint(), "try it by hand: op read op://ops/cf/token >/dev/null");
    assert!(started.elapsed() < Duration::from_secs(5));
    for pid in fs::read_to_string(pids).unwrap().split_whitespace() {
        assert!(ends(pid).await, "{pid} is still there");
    }
}

#[tokio::test]
async fn an_op_that_hangs_is_given_up_by_the_deadline_of_whoever_waits() {
    let place = Place::new().var("CLOUDFLARE_API_TOKEN", "op://ops/cf/token").op("sleep 300");
    let located = place.locate(&CLOUDFLARE).unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_millis(500);
    let error = place.resolver().resolve(&located, deadline).await.unwrap_err();
    assert_eq!(error.to_string(), "op gave no answer for op://ops/cf/token within 0.5 s");
}

/// Whether a process goes away soon; one that nobody has waited for yet has gone too.
async fn ends(pid: &str) -> bool {
    for _ in 0..100 {
        let status = fs::read_to_string(format!("/proc/{pid}/stat"));
        match status {
            Err(_) => return true,
            Ok(text) if text.contains(") Z ") => return true,
            Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    false
}

#[tokio::test]
async fn an_op_that_nobody_waits_for_is_killed() {
    let place = Place::new().var("CLOUDFLARE_API_TOKEN", "op://ops/cf/token");
    let pids = place.at("pids").display().to_string();
    let place =
        place.program("op", &format!("echo $$ > {pids}.part; mv {pids}.part {pids}\nsleep 300"));
    let (resolver, located) = (place.resolver(), place.locate(&CLOUDFLARE).unwrap());
    let waiting = async {
        while !Path::new(&pids).exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        _ = resolver.resolve(&located, soon()) => panic!("op answered"),
        () = waiting => {}
    }
    assert!(ends(fs::read_to_string(&pids).unwrap().trim()).await);
}

#[tokio::test]
async fn an_op_that_fails_is_quoted_by_its_last_line_without_secrets() {
    let place = Place::new()
        .var("CLOUDFLARE_API_TOKEN", "op://ops/cf/token")
        .var("OP_SERVICE_ACCOUNT_TOKEN", "ops_s3cr3ts3cr3t")
        .op("echo s3cr3t-value; echo first >&2; printf '\\033[31m[ERROR] no item, token %s\\n\\n' \"$OP_SERVICE_ACCOUNT_TOKEN\" >&2; exit 1");
    let error = place.value(&CLOUDFLARE).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "op could not read op://ops/cf/token: \\u{1b}[31m[ERROR] no item, token ***"
    );
    assert!(!format!("{error:?}").contains("s3cr3t"));
    assert_eq!(error.code(), ReasonCode::BadCredential);
}

#[tokio::test]
async fn exactly_one_line_break_of_ops_answer_is_ops() {
    for (answer, value) in [
        ("echo s3cr3t", Ok("s3cr3t")),
        ("printf s3cr3t", Ok("s3cr3t")),
        ("echo one; echo two", Err("a line break at position 4")),
        ("echo s3cr3t; echo", Err("a line break at position 7")),
        ("echo", Err("is empty")),
        ("printf '\\377'", Err("not text")),
    ] {
        let place = Place::new().var("CLOUDFLARE_API_TOKEN", "op://ops/cf/token").op(answer);
        let found = place.value(&CLOUDFLARE).await;
        let fits = match (&found, value) {
            (Ok(found), Ok(wanted)) => found == wanted,
            (Err(error), Err(wanted)) => error.to_string().contains(wanted),
            _ => false,
        };
        assert!(fits, "{answer}: {found:?}, not {value:?}");
    }
}

#[tokio::test]
async fn an_op_that_never_stops_talking_is_stopped() {
    let place = Place::new().var("CLOUDFLARE_API_TOKEN", "op://ops/cf/token").op("yes s3cr3t");
    assert!(place.value(&CLOUDFLARE).await.is_err());
}

#[tokio::test]
async fn each_reference_is_read_once_and_all_of_them_at_once() {
    // Each call waits until the other one has started.
    let place = Place::new().var("OP_SERVICE_ACCOUNT_TOKEN", "ops_x");
    let marks = place.at("marks");
    fs::create_dir(&marks).unwrap();
    let marks = marks.display();
    let place = place
        .op(&format!("touch {marks}/$(basename $2); while [ $(ls {marks} | wc -l) -lt 2 ]; do sleep 0.02; done; echo \"v-$2\""))
        .var("CLOUDFLARE_API_TOKEN", "op://ops/x/a")
        .var("GH_TOKEN", "op://ops/x/a")
        .var("SENTRY_AUTH_TOKEN", "op://ops/x/b");
    let names = [CLOUDFLARE, GITHUB, CredentialName::SentryAuthToken];
    let located = names.map(|name| place.locate(&name).unwrap());
    let resolver = place.resolver();
    for _ in 0..2 {
        let values: Vec<String> = resolver
            .resolve_all(&located, soon())
            .await
            .into_iter()
            .map(|found| found.unwrap().value.expose_secret().to_owned())
            .collect();
        assert_eq!(values, ["v-op://ops/x/a", "v-op://ops/x/a", "v-op://ops/x/b"]);
    }
    assert_eq!(place.calls().matches("call read ").count(), 2);
}

#[tokio::test]
async fn op_gets_what_it_needs_and_nothing_else() {
    let place = Place::new()
        .var("CLOUDFLARE_API_TOKEN", "op://ops/cf/token")
        .var("GH_TOKEN", "ghp_other")
        .var("OP_CONNECT_HOST", "http://connect.example")
        .var("OP_CONNECT_TOKEN", "connect")
        .var("OP_ACCOUNT", "parky")
        .var("XDG_RUNTIME_DIR", "/run/user/0")
        .op("echo s3cr3t");
    place.value(&CLOUDFLARE).await.unwrap();
    let without = place.calls();
    assert!(without.starts_with("call read op://ops/cf/token\n"), "{without}");
    for wanted in
        ["HOME=", "PATH=", "XDG_RUNTIME_DIR=", "OP_CONNECT_TOKEN=connect", "OP_ACCOUNT=parky"]
    {
        assert!(without.contains(wanted), "{wanted} in {without}");
    }
    assert!(!without.contains("ghp_other") && !without.contains("CLOUDFLARE_API_TOKEN"));

    let place = place.var("OP_SERVICE_ACCOUNT_TOKEN", "ops_token").op("echo s3cr3t");
    fs::remove_file(place.at("calls")).unwrap();
    place.value(&CLOUDFLARE).await.unwrap();
    let with = place.calls();
    assert!(with.contains("OP_SERVICE_ACCOUNT_TOKEN=ops_token"));
    assert!(!with.contains("OP_CONNECT_") && !with.contains("OP_ACCOUNT"), "{with}");
    assert!(!with.lines().any(|line| line.starts_with("call") && line.contains("ops_token")));
}

#[tokio::test]
async fn the_token_file_is_used_and_its_mode_is_checked() {
    for (mode, caveats) in [(0o600, 0), (0o640, 1), (0o604, 1)] {
        let place = Place::new()
            .file("home/.op/sa_token.txt", "  ops_from_file\n", mode)
            .var("CLOUDFLARE_API_TOKEN", "op://ops/cf/token")
            .op("echo s3cr3t");
        let resolver = place.resolver();
        assert_eq!(resolver.caveats(), []);
        resolver.resolve(&place.locate(&CLOUDFLARE).unwrap(), soon()).await.unwrap();
        assert!(place.calls().contains("OP_SERVICE_ACCOUNT_TOKEN=ops_from_file\n"));
        assert_eq!(resolver.caveats().len(), caveats, "{mode:o}");
        assert!(resolver.caveats().iter().all(|c| c.text.contains("sa_token.txt: chmod 600 ")));
    }
}

#[tokio::test]
async fn a_token_of_op_that_cannot_be_one_is_refused() {
    for (text, why) in
        [("", "it is empty"), ("ops_a\nops_b", "position 6"), ("ops_\u{1b}x", "position 5")]
    {
        let place = Place::new()
            .file("token", text, 0o600)
            .var("CLOUDFLARE_API_TOKEN", "op://ops/cf/token")
            .op("echo s3cr3t");
        let path = place.at("token").display().to_string();
        let place = place.var("OP_SERVICE_ACCOUNT_TOKEN_FILE", &path);
        let error = place.value(&CLOUDFLARE).await.unwrap_err().to_string();
        assert!(
            error.starts_with(
                "the 1Password token from $OP_SERVICE_ACCOUNT_TOKEN_FILE cannot be used"
            ),
            "{error}"
        );
        assert!(error.contains(why), "{error}");
        assert_eq!(place.calls(), "");
    }
}
