//! One harmless call to each service whose credential was found.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use secrecy::ExposeSecret as _;

use super::patience;
use crate::auth::CredentialName;
use crate::checks::World;
use crate::checks::access::Cloudflare;
use crate::cloudflare::{TokenOwner, TokenState, TokenStatus, verify_token};
use crate::config::Sourced;
use crate::discord::{Answer, Class, Discord, Identity, WebhookUrl, identity};
use crate::domain::{Check, Jst, Judgement, Reach, ReasonCode, Source, State};
use crate::github::RunQuery;
use crate::http::{ApiError, Fault, Service};

/// How long one service may take.
const LIMIT: Duration = Duration::from_secs(5);

pub(crate) async fn examine(world: &World) -> Vec<Check> {
    let simple = [
        (CredentialName::GithubToken, Service::GitHub, &["rate_limit"][..]),
        (CredentialName::SentryAuthToken, Service::Sentry, &["organizations"][..]),
        (CredentialName::DiscordBotToken, Service::Discord, &["users", "@me"][..]),
    ];
    let simple = simple.into_iter().map(|(name, service, path)| call(world, name, service, path));
    let webhooks = world.config.channels.keys().map(|channel| webhook(world, channel));
    let (cloudflare, simple, repositories, webhooks) =
        tokio::join!(cloudflare(world), join_all(simple), repositories(world), join_all(webhooks));
    let simple = simple.into_iter().flatten().chain(repositories);
    cloudflare.into_iter().chain(simple).chain(webhooks.into_iter().flatten()).collect()
}

fn deadline(world: &World) -> tokio::time::Instant {
    world.deadline(LIMIT)
}

/// Whether the token is good, whether it sees the account, and whether it may read Workers and Pages.
async fn cloudflare(world: &World) -> Vec<Check> {
    let begun = Instant::now();
    let check = |name: &str, judgement: Judgement| {
        judgement.check(Source::Tokens, name, world.times(begun))
    };
    let access = match world.cloudflare(patience(world)).await {
        Ok(access) => access,
        Err(error) => return vec![check("Cloudflare", error.judgement())],
    };
    let (client, deadline) = (access.client(), deadline(world));
    let script = world.config.workers.iter().find_map(|w| Some((&w.name, w.script.as_ref().ok()?)));
    let deployments = async {
        let (worker, script) = script?;
        Some(client.deployments(worker, script, deadline).await)
    };
    let (token, account, deployments, pages) = tokio::join!(
        verify_token(&access.api, Some(&access.account.id.value), deadline),
        client.account(deadline),
        deployments,
        pages(world, &access, deadline)
    );
    let from = format!("token from {}", access.token_from);
    let good = token.as_ref().is_ok_and(|state| state.status == TokenStatus::Active);
    let token = token.map_or_else(|e| access.refusal(&e), |state| of_token(&state, world, &from));
    let account = match account {
        Ok(account) => Judgement::green(format!(
            "sees account {} ({})",
            account.id,
            account.name.as_deref().unwrap_or("without a name")
        )),
        Err(error) if good && matches!(error.fault, Fault::Unauthorized | Fault::Forbidden) => {
            closed_account(&access, deployments.as_ref().map(Result::is_ok))
        }
        Err(error) => access.refusal(&error),
    };
    let workers = match deployments {
        Some(Ok(_)) => Judgement::green("Workers Scripts Read works; Edit: not measurable"),
        Some(Err(error)) => access.refusal(&error),
        None => Judgement::new(
            State::Skipped,
            ReasonCode::Unmapped,
            "no worker's script is known: name workers.config_dir or worker.script",
        ),
    };
    let told =
        [("Cloudflare", token), ("Cloudflare account", account), ("Cloudflare Workers", workers)];
    let pages = pages.map(|pages| ("Cloudflare Pages", pages));
    told.into_iter().chain(pages).map(|(name, judgement)| check(name, judgement)).collect()
}

/// Whether the token may read Pages; nothing where no project is named.
async fn pages(
    world: &World,
    access: &Cloudflare,
    deadline: tokio::time::Instant,
) -> Option<Judgement> {
    let project = world.config.pages.first()?;
    Some(match access.client().pages_project(project, deadline).await {
        Ok(_) => Judgement::green("Cloudflare Pages Read works; Edit: not measurable"),
        Err(error) => access.refusal(&error),
    })
}

/// A good token to which the account itself is closed. Its own right (`Account Settings Read`) is not
/// needed for anything else, so the workers tell whether the account is the token's.
fn closed_account(access: &Cloudflare, workers: Option<bool>) -> Judgement {
    let Sourced { value: id, origin } = &access.account.id;
    let what = format!("account {id} from {origin}");
    let wrong = || format!("the token is good, but not for {what}: another id, or no right in it");
    match workers {
        Some(true) => Judgement::green(format!("sees the workers of {what}, not its name")),
        Some(false) => Judgement::unknown(ReasonCode::WrongAccount, wrong()),
        None => Judgement::unknown(ReasonCode::NoPermission, wrong()),
    }
    .reach(Reach::Reached)
}

fn of_token(state: &TokenState, world: &World, from: &str) -> Judgement {
    let owner = match state.owner {
        TokenOwner::User => "a user's token",
        TokenOwner::Account => "an account's token",
    };
    let ends = state.expires_on.map(|at| format!(", ends {}", Jst(at))).unwrap_or_default();
    let soon =
        state.expires_on.is_some_and(|at| at - world.clock.now() < chrono::TimeDelta::days(7));
    match &state.status {
        TokenStatus::Active if soon => {
            Judgement::yellow(ReasonCode::ExpiresSoon, format!("active, {owner}{ends} ({from})"))
        }
        TokenStatus::Active => Judgement::green(format!("active, {owner}{ends} ({from})")),
        TokenStatus::Disabled => unauthorized(&format!("disabled ({from})")),
        TokenStatus::Expired => unauthorized(&format!("expired{ends} ({from})")),
        TokenStatus::Other(word) => unauthorized(&format!("Cloudflare calls it '{word}' ({from})")),
    }
}

fn unauthorized(text: &str) -> Judgement {
    Judgement::unknown(ReasonCode::Unauthorized, text)
}

fn refused(error: &ApiError, from: &str) -> Judgement {
    let mut judgement = error.judgement();
    judgement.reason.text = format!("{} ({from})", judgement.reason.text);
    judgement
}

/// Whether the runs of each repository can be read. Nothing where there is no token, which the list of
/// credentials says already.
async fn repositories(world: &World) -> Vec<Check> {
    let begun = Instant::now();
    let check = |name: &str, judgement: Judgement| {
        judgement.check(Source::Tokens, name, world.times(begun))
    };
    let Ok(github) = world.github_once(patience(world)).await else { return Vec::new() };
    let repos = match world.repositories() {
        Ok(repos) => repos,
        Err(error) => {
            let judgement = Judgement::unknown(ReasonCode::BadConfig, error.to_string());
            return vec![check("GitHub repositories", judgement)];
        }
    };
    let github = &github;
    let asked = repos.into_iter().map(|repo| async move {
        let client = github.hub.repo(repo);
        let query = RunQuery { limit: 1, ..RunQuery::default() };
        let judgement = match client.runs(&query, deadline(world)).await {
            Ok(_) => Judgement::green("its runs can be read; right to change: not measurable"),
            Err(error) => github.refusal(&client, &error, deadline(world)).await,
        };
        (format!("GitHub {}", client.repo), judgement)
    });
    join_all(asked).await.into_iter().map(|(name, judgement)| check(&name, judgement)).collect()
}

/// A call whose success proves the credential; `None` where there is no credential, which the list of
/// credentials says already.
async fn call(
    world: &World,
    name: CredentialName,
    service: Service,
    path: &[&str],
) -> Option<Check> {
    let begun = Instant::now();
    let credential = world.credential(&name, patience(world)).await.ok()?;
    let base = match service {
        Service::GitHub => &world.config.urls.github,
        Service::Sentry => &world.config.urls.sentry,
        Service::Discord => &world.config.urls.discord,
        Service::Cloudflare | Service::StatusPage => return None,
    };
    let from = format!("token from {}", credential.origin);
    let api = world.http().api(service, base.value.clone(), Some(credential.value));
    let judgement = match api.get_json::<serde_json::Value>(path, &[], deadline(world)).await {
        Ok(_) => Judgement::green(format!("accepted ({from}); edit right: not measurable")),
        Err(error) => refused(&error, &from),
    };
    Some(judgement.check(Source::Tokens, service.to_string(), world.times(begun)))
}

/// Reads the webhook itself, and compares it with the pinned guild and the configured channel: nothing
/// is posted.
async fn webhook(world: &World, channel: &str) -> Option<Check> {
    let begun = Instant::now();
    let credential =
        world.credential(&CredentialName::webhook(channel), patience(world)).await.ok()?;
    let config = &world.config;
    let base = &config.urls.discord.value;
    let from = format!("webhook from {}", credential.origin);
    let judgement = match WebhookUrl::parse(credential.value.expose_secret(), base) {
        Err(error) => Judgement::unknown(ReasonCode::BadCredential, format!("{error} ({from})")),
        Ok(webhook) => {
            let discord = Discord::new(world.http(), base.clone(), None);
            let guild = config.pins.discord_guild.as_ref().map(|pin| pin.value.as_str());
            let id = config.channels.get(channel).and_then(|channel| channel.id.as_deref());
            match discord.webhook(&webhook, deadline(world)).await {
                Ok(info) => of_webhook(&identity(&info, guild, id), &from),
                Err(answer) => of_answer(&answer, &from),
            }
        }
    };
    Some(judgement.check(Source::Tokens, format!("#{channel}"), world.times(begun)))
}

/// A webhook that posts elsewhere tells strangers what is wrong here.
fn of_webhook(identity: &Identity, from: &str) -> Judgement {
    match identity {
        Identity::Matches => Judgement::green(format!("is there, and the configured one ({from})")),
        Identity::Unpinned => Judgement::green(format!("is there ({from})")),
        Identity::OtherGuild { .. } | Identity::OtherChannel { .. } => {
            let text = format!("{identity} ({from})");
            Judgement::unknown(ReasonCode::BadCredential, text).reach(Reach::Reached)
        }
    }
}

/// Why Discord did not show the webhook.
fn of_answer(answer: &Answer, from: &str) -> Judgement {
    let (code, reach) = match (&answer.class, answer.http_status) {
        (Class::LaneDead, Some(404)) => (ReasonCode::NotFound, Reach::Reached),
        (Class::LaneDead, _) => (ReasonCode::Unauthorized, Reach::Reached),
        (Class::Wait(..) | Class::Banned(_), _) => (ReasonCode::RateLimited, Reach::Reached),
        (_, Some(200..=299)) => (ReasonCode::Unreadable, Reach::Reached),
        (_, Some(_)) => (ReasonCode::ServiceError, Reach::Reached),
        (Class::NotSent, None) => (ReasonCode::Unreachable, Reach::NotReached),
        (_, None) => (ReasonCode::Unreachable, Reach::Reached),
    };
    Judgement::unknown(code, format!("{answer} ({from})")).reach(reach)
}
