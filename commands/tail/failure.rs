//! Why a worker could not be followed, in words that help: which script was asked for and why that one,
//! what has a similar name, what the token lacks, and who else is looking.

use parky_ops::cloudflare::{MOST_VIEWERS, Tails, help};
use parky_ops::domain::text::{nearest, one_line};
use parky_ops::http::{ApiError, Fault};
use parky_ops::tail::TailError;
use tokio::time::Instant;

use super::choose::Chosen;
use crate::exit::Outcome;
use crate::refusal::Refusal;

/// What a token needs that is to open tails.
const PERMISSION: &str =
    "the token needs `Workers Tail Read` on this account: check its permissions and the account id";

/// So many scripts are named where none comes near.
const MOST_NAMES: usize = 8;

/// Why there is no tail, in a line, for a command that goes on without one. More is found out by
/// `deadline`.
pub(crate) async fn in_a_line(
    error: &TailError,
    script: &str,
    tails: &Tails,
    deadline: Instant,
) -> String {
    let help = match error {
        TailError::Api(error) => match &error.fault {
            Fault::Refused | Fault::RateLimited { .. } => crowded(script, tails, deadline).await,
            Fault::Forbidden | Fault::Unauthorized => Some(PERMISSION.to_owned()),
            _ => None,
        },
        _ => None,
    };
    let help = help.map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{error}{help}")
}

/// Word that every place for viewers of `script` is taken, where that is so.
async fn crowded(script: &str, tails: &Tails, deadline: Instant) -> Option<String> {
    let viewers = tails.count(script, deadline).await.unwrap_or(0);
    (viewers >= MOST_VIEWERS).then(|| {
        format!(
            "{viewers} viewers look at {script} already, and {MOST_VIEWERS} is the most: \
             dashboards count, and tails that nobody deleted until they expire"
        )
    })
}

/// The error as it is reported. More is found out by `deadline`; the error is told in any case.
pub(super) async fn explain(
    error: TailError,
    chosen: &Chosen,
    others: &[String],
    tails: &Tails,
    account: &str,
    deadline: Instant,
) -> anyhow::Error {
    let worker = one_line(&chosen.watch.worker);
    match error {
        TailError::Api(error) => of_api(error, chosen, others, tails, account, deadline).await,
        error => {
            let text = format!("no line to {worker}: {error}");
            Refusal::unreachable(text, "parky-ops doctor").into()
        }
    }
}

async fn of_api(
    error: ApiError,
    chosen: &Chosen,
    others: &[String],
    tails: &Tails,
    account: &str,
    deadline: Instant,
) -> anyhow::Error {
    let script = &chosen.watch.script;
    let code = error.said.as_ref().and_then(|said| said.code);
    let asked = format!("script {script} ({}), account {account}", chosen.from);
    match error.fault {
        Fault::NotFound if code != Some(7003) => {
            let hint = missing(script, others, tails, deadline).await;
            let text = format!("Cloudflare knows no worker {script}: {asked}");
            Refusal::not_found(text, &hint).because(error).into()
        }
        Fault::Refused | Fault::RateLimited { .. } => {
            if let Some(text) = crowded(script, tails, deadline).await {
                let hint = "close a log view of the dashboard, or wait up to an hour";
                return Refusal::failed(text, hint).because(error).into();
            }
            let hint = code.and_then(help).unwrap_or_default();
            Refusal::failed(format!("Cloudflare opens no tail: {asked}"), hint)
                .because(error)
                .into()
        }
        Fault::Forbidden | Fault::Unauthorized => {
            let (code, _) = error.reason();
            let text = format!("Cloudflare opens no tail: {asked}");
            Refusal::new(code.word(), Outcome::Configuration, text, PERMISSION)
                .because(error)
                .into()
        }
        _ => {
            let error = anyhow::Error::new(error);
            error.context(format!("opening a tail: {asked}"))
        }
    }
}

/// What may have been meant.
async fn missing(script: &str, others: &[String], tails: &Tails, deadline: Instant) -> String {
    let (pages, scripts) =
        tokio::join!(tails.is_pages_project(script, deadline), tails.scripts(deadline));
    if pages {
        return format!("{script} is a Pages project, no worker: parky-ops pages logs {script}");
    }
    let there = scripts.unwrap_or_default();
    let known = if there.is_empty() { others } else { &there };
    let names: Vec<_> = known.iter().take(MOST_NAMES).map(|name| one_line(name)).collect();
    let more = if known.len() > names.len() { ", …" } else { "" };
    match nearest(script, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {}?", one_line(near)),
        None if names.is_empty() => {
            "compare the name, the environment's suffix and the account".to_owned()
        }
        None => format!(
            "compare the name, the environment's suffix and the account; there are {}{more}",
            names.join(", ")
        ),
    }
}
