//! Values out of variables and files.

use super::*;

#[tokio::test]
async fn a_file_that_cannot_be_read_says_which_variable_named_it() {
    let place = Place::new();
    for path in [place.at("none"), place.at("bin")] {
        let place = Place::new().var("CLOUDFLARE_API_TOKEN_FILE", path.to_str().unwrap());
        let error = place.value(&CLOUDFLARE).await.unwrap_err().to_string();
        assert!(error.starts_with("$CLOUDFLARE_API_TOKEN_FILE names a file"), "{error}");
    }
}

#[tokio::test]
async fn a_files_last_line_breaks_go_and_others_are_refused() {
    for (text, value) in [
        ("s3cr3t\n", Some("s3cr3t")),
        ("s3cr3t\r\n\n", Some("s3cr3t")),
        ("a\nb\n", None),
        ("\n", None),
    ] {
        let place = Place::new().file("token", text, 0o600);
        let path = place.at("token").display().to_string();
        let place = place.var("CLOUDFLARE_API_TOKEN_FILE", &path);
        assert_eq!(place.value(&CLOUDFLARE).await.ok().as_deref(), value, "{text:?}");
    }
}

#[tokio::test]
async fn every_secret_is_known_to_the_redactor() {
    let redactor = Redactor::default();
    let place = Place::new()
        .var("SUPABASE_DB_URL", "postgres://u:p%40ssw0rd%2F1@h.example/x")
        .var("DISCORD_WEBHOOK_P0_ALERTS", "https://discord.com/api/webhooks/1/hook-token");
    let resolver = Resolver::new(place.vars(), redactor.clone(), false);
    let wanted =
        [DATABASE, CredentialName::webhook("p0-alerts")].map(|n| place.locate(&n).unwrap());
    assert!(resolver.resolve_all(&wanted, soon()).await.iter().all(Result::is_ok));
    assert_eq!(
        redactor.clean("p@ssw0rd/1 and p%40ssw0rd%2F1 and hook-token"),
        "*** and *** and ***"
    );
    assert!(!format!("{wanted:?}{resolver:?}").contains("ssw0rd"));
}
