//! Is the token good? Says nothing of what it may do: Cloudflare does not tell.

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::wire::shown;
use super::{envelope, wire};
use crate::http::{Api, ApiError, Fault, lenient};

/// What Cloudflare says of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenState {
    /// Its public id.
    pub id: String,
    /// Whether it can be used.
    pub status: TokenStatus,
    /// Whose it is.
    pub owner: TokenOwner,
    /// From when it is valid (UTC).
    pub not_before: Option<DateTime<Utc>>,
    /// Until when it is valid (UTC).
    pub expires_on: Option<DateTime<Utc>>,
}

/// Whether a token can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenStatus {
    /// It can.
    Active,
    /// Switched off.
    Disabled,
    /// Past its end.
    Expired,
    /// A word that is new to this program.
    Other(String),
}

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenOwner {
    /// A person's.
    User,
    /// The account's own.
    Account,
}

/// Asks for the token of `api`: as a user's first, then, because an account's own token is unknown
/// there, as one of `account`.
///
/// # Errors
/// The token is invalid, or that could not be found out.
pub async fn verify_token(
    api: &Api,
    account: Option<&str>,
    deadline: Instant,
) -> Result<TokenState, ApiError> {
    let first = verify(api, &["user", "tokens", "verify"], TokenOwner::User, deadline).await;
    match (first, account) {
        (Err(first), Some(account)) if is_refusal(&first) => {
            let path = ["accounts", account, "tokens", "verify"];
            match verify(api, &path, TokenOwner::Account, deadline).await {
                // Both refuse: the first says it without a word about accounts.
                Err(second) if is_refusal(&second) => Err(first),
                other => other,
            }
        }
        (other, _) => other,
    }
}

fn is_refusal(error: &ApiError) -> bool {
    matches!(error.fault, Fault::Unauthorized | Fault::Forbidden | Fault::NotFound | Fault::Refused)
}

async fn verify(
    api: &Api,
    path: &[&str],
    owner: TokenOwner,
    deadline: Instant,
) -> Result<TokenState, ApiError> {
    let reply = api.get(path, &[], deadline).await?;
    let found: wire::Token =
        envelope::result(&reply)?.ok_or_else(|| reply.wrong_shape("no token in it"))?;
    let time = |text: Option<String>| text.as_deref().and_then(lenient::time);
    Ok(TokenState {
        id: shown(&found.id),
        status: match found.status.as_deref().unwrap_or("without a status") {
            "active" => TokenStatus::Active,
            "disabled" => TokenStatus::Disabled,
            "expired" => TokenStatus::Expired,
            other => TokenStatus::Other(shown(other)),
        },
        owner,
        not_before: time(found.not_before),
        expires_on: time(found.expires_on),
    })
}
