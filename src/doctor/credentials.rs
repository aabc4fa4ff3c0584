//! Each credential: where it came from, or what to set.

use std::time::Instant;

use futures_util::future::join_all;

use super::patience;
use crate::auth::{AuthError, CredentialName, Located};
use crate::checks::World;
use crate::config::Origin;
use crate::domain::{Check, Judgement, ReasonCode, Source, State};

/// Credentials without which part of `triage` stays dark; the others are for single commands.
const NEEDED: [CredentialName; 2] =
    [CredentialName::CloudflareApiToken, CredentialName::SupabaseDbUrl];

const OTHERS: [CredentialName; 6] = [
    CredentialName::GithubToken,
    CredentialName::SentryAuthToken,
    CredentialName::DiscordBotToken,
    CredentialName::SmtpUrl,
    CredentialName::MailFrom,
    CredentialName::MailTo,
];

pub(crate) async fn examine(world: &World) -> Vec<Check> {
    let webhooks = world.config.channels.keys().map(|channel| CredentialName::webhook(channel));
    let names = NEEDED.into_iter().chain(OTHERS).chain(webhooks);
    let mut checks = join_all(names.map(|name| one(world, name))).await;
    checks.insert(1, account(world).await);
    checks
}

async fn one(world: &World, name: CredentialName) -> Check {
    let begun = Instant::now();
    let needed = NEEDED.contains(&name);
    let judgement = match world.locator().locate(&name) {
        Err(error) => absent(&error, needed),
        Ok(located) => {
            world.note(located.caveat(&world.config.env));
            match world.resolver().resolve(&located, patience(world)).await {
                Ok(_) => found(&located),
                Err(error) => absent(&error, needed),
            }
        }
    };
    judgement.check(Source::Credentials, name.to_string(), world.times(begun))
}

fn found(located: &Located) -> Judgement {
    let through = match &located.kind {
        crate::auth::Kind::Reference(reference) => format!(", by op from {reference}"),
        crate::auth::Kind::File(path) => format!(", the content of {}", path.display()),
        crate::auth::Kind::Plain(_) | crate::auth::Kind::Program(_) => String::new(),
    };
    origin(Judgement::green(format!("from {}{through}", located.origin)), &located.origin)
}

fn absent(error: &AuthError, needed: bool) -> Judgement {
    let text = format!("{error}: {}", error.hint());
    match error.code() {
        ReasonCode::NoCredential if !needed => {
            Judgement::new(State::Skipped, ReasonCode::NotConfigured, text)
        }
        code => Judgement::unknown(code, text),
    }
}

fn origin(judgement: Judgement, origin: &Origin) -> Judgement {
    judgement.with("origin", origin.to_string())
}

/// The account is no secret: it is shown, and so is who disagrees.
async fn account(world: &World) -> Check {
    let begun = Instant::now();
    let settled = async {
        let account = world.locator().account()?;
        account.settle(&world.resolver().resolve(&account.located, patience(world)).await?)
    };
    let judgement = match settled.await {
        Err(error) => absent(&error, true),
        Ok(account) => {
            let id = &account.id;
            let judgement = match account.conflicts.first() {
                Some(conflict) => {
                    Judgement::yellow(ReasonCode::WrongAccount, conflict.caveat().text)
                }
                None => Judgement::green(format!("{} from {}", id.value, id.origin)),
            };
            origin(judgement, &id.origin).with("account", id.value.as_str())
        }
    };
    let name = CredentialName::CloudflareAccountId.to_string();
    judgement.check(Source::Credentials, name, world.times(begun))
}
