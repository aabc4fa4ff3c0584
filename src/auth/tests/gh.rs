//! gh's login through a stand-in.

use super::*;

#[tokio::test]
async fn ghs_login_is_the_last_resort() {
    let hosts = "github.com:\n  oauth_token: gho_from_hosts\n";
    let place = Place::new()
        .program("gh", "[ \"$*\" = 'auth token --hostname github.com' ] && echo gho_from_program");
    assert_eq!(place.value(&GITHUB).await.unwrap(), "gho_from_program");
    assert_eq!(place.locate(&GITHUB).unwrap().scope, Scope::Operator);
    let place = place.file("home/.config/gh/hosts.yml", hosts, 0o600);
    assert_eq!(place.value(&GITHUB).await.unwrap(), "gho_from_hosts");
    assert!(place.origin(&GITHUB).ends_with("hosts.yml"));
    let place = place.user("[env.prod.credentials]\ngithub_token = 'ghp_file'");
    assert_eq!(place.value(&GITHUB).await.unwrap(), "ghp_file");
    let place = place.var("GITHUB_TOKEN", "ghp_actions").var("GH_TOKEN", "ghp_own");
    assert_eq!(place.value(&GITHUB).await.unwrap(), "ghp_own");
}

#[tokio::test]
async fn another_server_gets_gh_token_but_never_the_login_of_github_com() {
    let place = Place::new()
        .var("PARKY_OPS_GITHUB_URL", "http://127.0.0.1:1")
        .file("home/.config/gh/hosts.yml", "github.com:\n  oauth_token: gho_real\n", 0o600)
        .program("gh", "[ \"$4\" = github.com ] && echo gho_real");
    let error = place.value(&GITHUB).await.unwrap_err();
    assert!(error.to_string().starts_with("gh gave no token for 127.0.0.1"), "{error}");
    assert_eq!(place.var("GH_TOKEN", "ghp_own").value(&GITHUB).await.unwrap(), "ghp_own");
}

#[tokio::test]
async fn a_gh_that_fails_or_hangs_is_a_missing_credential() {
    let place = Place::new().program("gh", "echo 'no oauth token found' >&2; exit 1");
    let error = place.value(&GITHUB).await.unwrap_err();
    assert_eq!(error.to_string(), "gh gave no token for github.com: no oauth token found");
    assert_eq!(error.hint(), "log in with: gh auth login --hostname github.com, or set GH_TOKEN");
    assert_eq!(error.code(), ReasonCode::NoCredential);

    let place = Place::new().program("gh", "sleep 300");
    let limits = Limits { op: Duration::from_secs(1), gh: Duration::from_secs(1) };
    let resolver = place.resolver().with_limits(limits);
    let error = resolver.resolve(&place.locate(&GITHUB).unwrap(), soon()).await.unwrap_err();
    assert_eq!(error.to_string(), "gh gave no token for github.com: no answer within 1.0 s");
}

#[tokio::test]
async fn gh_path_names_the_program_and_gh_gets_little() {
    let place = Place::new().var("CLOUDFLARE_API_TOKEN", "cf").var("GH_CONFIG_DIR", "/none");
    let seen = place.at("seen").display().to_string();
    let place = place.program("other", &format!("env > {seen}; echo gho_other"));
    let path = place.at("bin/other").display().to_string();
    let place = place.var("GH_PATH", &path);
    assert_eq!(place.value(&GITHUB).await.unwrap(), "gho_other");
    let seen = fs::read_to_string(seen).unwrap();
    assert!(seen.contains("GH_CONFIG_DIR=/none") && !seen.contains("CLOUDFLARE"), "{seen}");

    let gone = place.var("GH_PATH", "/nonexistent/gh");
    assert!(matches!(gone.locate(&GITHUB), Err(AuthError::NotSet { .. })));
}

#[test]
fn a_broken_hosts_file_is_noted_where_nothing_else_helps() {
    let place =
        Place::new().var("PATH", "/nonexistent").file("home/.config/gh/hosts.yml", "[", 0o600);
    let error = place.locate(&GITHUB).unwrap_err().to_string();
    assert!(
        error.starts_with("no GitHub token for prod (") && error.contains("hosts.yml"),
        "{error}"
    );
}
