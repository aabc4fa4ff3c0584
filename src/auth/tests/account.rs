//! Which account is meant.

use super::*;

const A: &str = "0123456789abcdef0123456789abcdef";
const B: &str = "ffffffffffffffffffffffffffffffff";

async fn settled(place: &Place) -> Result<SettledAccount, AuthError> {
    let (vars, config) = (place.vars(), place.config());
    let account = Locator { vars: &vars, config: &config, sandbox: false }.account()?;
    account.settle(&place.resolver().resolve(&account.located, soon()).await?)
}

#[tokio::test]
async fn account_ids_that_differ_are_conflicts() {
    let pinned = format!("[env.prod]\ncloudflare_account = '{A}'");
    let place = Place::new().user(&pinned).var("CLOUDFLARE_ACCOUNT_ID", B);
    let account = settled(&place).await.unwrap();
    assert_eq!(account.id.value, B);
    assert_eq!(account.conflicts.len(), 1);
    let caveat = account.conflicts[0].caveat().text;
    assert!(
        caveat.starts_with(&format!(
            "Cloudflare account is {B} by $CLOUDFLARE_ACCOUNT_ID, but {A} by "
        )),
        "{caveat}"
    );
    let refused = target::may_write(
        &EnvName::prod(),
        Scope::Unscoped,
        &account.id.origin,
        &account.pin,
        &account.conflicts,
    );
    assert!(matches!(refused, Err(WriteRefusal::Conflict(_))));
}

#[tokio::test]
async fn the_account_comes_from_the_strongest_source() {
    let wrangler = format!("name = 'x'\naccount_id = '{B}'");
    let mut place = Place::new().file("api/wrangler.public.toml", &wrangler, 0o644).file(
        "api/wrangler.admin.toml",
        &wrangler,
        0o644,
    );
    let dir = format!("[workers]\nconfig_dir = '{}'\n", place.at("api").display());
    place = place.user(&dir);
    let account = settled(&place).await.unwrap();
    assert!(account.id.origin.to_string().ends_with("wrangler.public.toml"));
    assert_eq!((account.id.value.as_str(), account.conflicts.len()), (B, 0));

    place = place.user(&format!("{dir}[env.prod]\ncloudflare_account = '{}'", A.to_uppercase()));
    let account = settled(&place).await.unwrap();
    assert_eq!(
        (account.id.value.as_str(), account.conflicts.len()),
        (A, 1),
        "two files, one voice"
    );
    assert_eq!(account.pin, PinState::Agrees);

    place = place.var("CLOUDFLARE_ACCOUNT_ID", A).var("PARKY_OPS_PROD_CLOUDFLARE_ACCOUNT_ID", B);
    let account = settled(&place).await.unwrap();
    assert_eq!(account.id.origin.to_string(), "$PARKY_OPS_PROD_CLOUDFLARE_ACCOUNT_ID");
    assert!(matches!(account.pin, PinState::Disagrees(_)));
}

#[tokio::test]
async fn an_account_that_is_none_is_refused() {
    let place = Place::new().var("CLOUDFLARE_ACCOUNT_ID", "parky");
    let error = settled(&place).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the Cloudflare account id from $CLOUDFLARE_ACCOUNT_ID is not 32 hex digits"
    );
    assert_eq!(
        settled(&Place::new()).await.unwrap_err().hint(),
        "set CLOUDFLARE_ACCOUNT_ID, or [env.prod] cloudflare_account in ~/.config/parky-ops/config.toml"
    );
}
