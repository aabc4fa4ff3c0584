//! Looks once more, sends once, reads back.
//!
//! Cloudflare has no compare-and-set: whoever deploys between the last look and the request is
//! overwritten, so that gap is kept to one round trip. Whatever becomes of the answer, what is live
//! is read back and told; nothing is sent twice.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::card::Card;
use super::report::{Act, LiveState, Posted, Refused};
use super::script::{Program, ScriptError};
use crate::cloudflare::{self, Client, Deploy, changed_secrets, help};
use crate::domain::Consent;
use crate::http::{ApiError, Fault};

/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(20);
/// Waits before each reading back. A deployment that was taken shows within seconds.
const READ_BACK: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(300),
    Duration::from_millis(700),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];
/// How long an answer is still waited for once the operator wants to stop.
const GRACE: Duration = Duration::from_secs(2);

/// How the change is made.
#[derive(Debug)]
pub enum Way<'a> {
    /// By Cloudflare's API.
    Api {
        /// The account.
        client: &'a Client,
        /// Whether changed secrets are no hindrance.
        force: bool,
        /// The message of the new deployment.
        message: &'a str,
    },
    /// By the team's own script; what is live is still read from the API.
    Script {
        /// The account.
        client: &'a Client,
        /// The script.
        program: &'a Program,
    },
}

/// What happens on the way, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Nothing has changed since it was shown; the request leaves now.
    Started,
    /// What became of the request.
    Posted(Posted),
    /// What serves.
    Settled(LiveState),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// What became of the request.
    pub posted: Posted,
    /// What serves.
    pub state: LiveState,
    /// The deployment that serves now, where it could be read.
    pub deployment_id: Option<String>,
    /// Why it did not happen.
    pub refused: Option<Refused>,
    /// What happened besides.
    pub notes: Vec<String>,
    /// Whether the operator stopped it; then nothing is watched afterwards.
    pub interrupted: bool,
}

/// What serves, as read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Live {
    deployment_id: String,
    /// What takes all traffic: a version's id, or the deployment's own for Pages.
    whole: Option<String>,
}

/// Carries `card` out. `stop` is the operator's wish to end: before the request it ends everything,
/// after it the state is still read back.
///
/// # Errors
/// The second look failed; nothing was sent.
pub async fn settle(
    card: &Card,
    way: &Way<'_>,
    consent: &Consent,
    mut stop: Pin<&mut impl Future<Output = ()>>,
    tell: &mut impl FnMut(&Event),
) -> Result<Settled, ApiError> {
    if !consent.is_for(&card.act()) {
        let text = "the agreement was to something else; nothing was sent".to_owned();
        return Ok(Settled::none(Refused::new("consent", text)));
    }
    let shown = card.live.deployment_id.as_deref();
    let before = tokio::select! {
        biased;
        () = &mut stop => return Ok(Settled::stopped()),
        live = way.live(card) => live?,
    };
    if before.as_ref().map(|live| live.deployment_id.as_str()) != shown {
        return Ok(Settled::changed(card, before.as_ref()));
    }
    tell(&Event::Started);
    let mut interrupted = false;
    let sending = way.send(card, consent);
    tokio::pin!(sending);
    let sent = tokio::select! {
        biased;
        sent = &mut sending => Some(sent),
        () = &mut stop => {
            interrupted = true;
            timeout(GRACE, &mut sending).await.ok()
        }
    };
    let (posted, refused, mut notes) = match sent {
        Some(Ok(notes)) => (Posted::Sent, None, notes),
        Some(Err(NotSent::Api(error))) => failed(&error),
        Some(Err(NotSent::Script(ScriptError::Failed(text)))) => (Posted::Lost, None, vec![text]),
        Some(Err(NotSent::Script(ScriptError::NotStarted(text)))) => {
            (Posted::None, Some(Refused::new("script", text)), Vec::new())
        }
        None => (Posted::Lost, None, vec!["its answer was not waited for".to_owned()]),
    };
    tell(&Event::Posted(posted));
    let mut settled = Settled {
        posted,
        state: LiveState::Unknown,
        deployment_id: None,
        refused,
        notes: Vec::new(),
        interrupted,
    };
    if interrupted {
        settled.read_back(card, way, std::future::pending()).await;
    } else {
        settled.interrupted = settled.read_back(card, way, stop).await;
    }
    notes.append(&mut settled.notes);
    settled.notes = notes;
    tell(&Event::Settled(settled.state));
    Ok(settled)
}

/// What became of a request that brought an error.
fn failed(error: &ApiError) -> (Posted, Option<Refused>, Vec<String>) {
    if error.may_have_arrived() {
        return (Posted::Lost, None, vec![format!("no answer that can be relied on: {error}")]);
    }
    let service_code = error.said.as_ref().and_then(|said| said.code);
    let secrets = changed_secrets(error);
    let (posted, code) = match (&error.fault, service_code) {
        (Fault::NotSent(_) | Fault::Unreachable(_), _) => (Posted::None, "unreachable"),
        (_, Some(10220)) => (Posted::Refused, "secrets-changed"),
        (_, Some(10041 | 10079)) => (Posted::Refused, "gone"),
        (Fault::Forbidden | Fault::Unauthorized, _) => (Posted::Refused, "forbidden"),
        (Fault::RateLimited { .. }, _) => (Posted::Refused, "rate-limited"),
        _ => (Posted::Refused, "refused"),
    };
    let hint = match code {
        "forbidden" => Some(
            "use a token with `Workers Scripts Edit` (for Pages: `Cloudflare Pages Edit`) on this account"
                .to_owned(),
        ),
        _ => service_code.and_then(help).map(str::to_owned),
    };
    let secrets = secrets.unwrap_or_default();
    let refused = Refused { code, text: error.to_string(), service_code, secrets, hint };
    (posted, Some(refused), Vec::new())
}

impl Settled {
    fn none(refused: Refused) -> Self {
        Self {
            posted: Posted::None,
            state: LiveState::NotLive,
            deployment_id: None,
            refused: Some(refused),
            notes: Vec::new(),
            interrupted: false,
        }
    }

    fn stopped() -> Self {
        let text = "stopped before anything was sent".to_owned();
        let refused = Refused::new("interrupted", text);
        Self { interrupted: true, ..Self::none(refused) }
    }

    fn changed(card: &Card, live: Option<&Live>) -> Self {
        let target = live.is_some_and(|live| live.whole.as_deref() == Some(card.to.id.as_str()));
        let now = live.map_or_else(
            || "nothing".to_owned(),
            |live| format!("deployment {}", live.deployment_id),
        );
        let text = format!(
            "somebody deployed after this was shown: {now} is live now, not what was agreed to; nothing was sent"
        );
        let hint = Some("look again, and agree anew".to_owned());
        let refused = Refused { hint, ..Refused::new("changed-since-shown", text) };
        let state = if target { LiveState::Live } else { LiveState::NotLive };
        Self {
            state,
            deployment_id: live.map(|live| live.deployment_id.clone()),
            ..Self::none(refused)
        }
    }

    /// Reads until the target is live, or it is clear that it is not. Whether `stop` came meanwhile.
    async fn read_back(
        &mut self,
        card: &Card,
        way: &Way<'_>,
        stop: impl Future<Output = ()>,
    ) -> bool {
        tokio::pin!(stop);
        let mut stopped = false;
        // What was refused did not happen: one look says what is live.
        let looks = if self.posted == Posted::Refused || self.posted == Posted::None {
            1
        } else {
            READ_BACK.len()
        };
        for wait in READ_BACK.into_iter().take(looks) {
            tokio::select! {
                biased;
                () = &mut stop, if !stopped => stopped = true,
                () = sleep(wait) => {}
            }
            match way.live(card).await {
                Ok(live) => {
                    let whole = live.as_ref().and_then(|live| live.whole.as_deref());
                    let here = whole == Some(card.to.id.as_str());
                    self.state = if here { LiveState::Live } else { LiveState::NotLive };
                    self.deployment_id = live.map(|live| live.deployment_id);
                    if here {
                        return stopped;
                    }
                }
                // What an earlier look said may not hold any more.
                Err(error) => {
                    self.state = LiveState::Unknown;
                    self.deployment_id = None;
                    let note = format!("reading back failed: {error}");
                    if !self.notes.contains(&note) {
                        self.notes.push(note);
                    }
                }
            }
        }
        self.explain(card);
        stopped
    }

    /// Says what is live instead, where that is not what was.
    fn explain(&mut self, card: &Card) {
        let other = self
            .deployment_id
            .as_deref()
            .filter(|id| Some(*id) != card.live.deployment_id.as_deref());
        if let (LiveState::NotLive, Some(other)) = (self.state, other) {
            self.notes.push(format!("another deployment is live: {other}"));
        }
        if self.posted == Posted::Lost && self.state == LiveState::NotLive {
            self.notes.push(
                "the request may still take effect: look again before repeating it".to_owned(),
            );
        }
    }
}

/// Why the request brought nothing to rely on.
enum NotSent {
    Api(ApiError),
    Script(ScriptError),
}

impl Way<'_> {
    fn client(&self) -> &Client {
        match self {
            Way::Api { client, .. } | Way::Script { client, .. } => client,
        }
    }

    async fn live(&self, card: &Card) -> Result<Option<Live>, ApiError> {
        let deadline = Instant::now() + REQUEST;
        match card.kind {
            Act::Worker => {
                let list = self.client().deployments(&card.target, &card.script, deadline).await?;
                Ok(list.into_iter().next().map(|live| Live {
                    whole: live.whole().map(|share| share.version_id.clone()),
                    deployment_id: live.deployment_id,
                }))
            }
            Act::Pages => {
                let project = self.client().pages_project(&card.script, deadline).await?;
                Ok(project.live.map(|live| Live {
                    whole: Some(live.deployment_id.clone()),
                    deployment_id: live.deployment_id,
                }))
            }
        }
    }

    /// Sends it; what there is to say of it.
    async fn send(&self, card: &Card, consent: &Consent) -> Result<Vec<String>, NotSent> {
        let deadline = Instant::now() + REQUEST;
        match (self, card.kind) {
            (Way::Script { program, .. }, _) => {
                program.run(card, consent).await.map_err(NotSent::Script)
            }
            (Way::Api { client, force, message }, Act::Worker) => {
                let deploy = Deploy {
                    script: &card.script,
                    version_id: &card.to.id,
                    message,
                    force: *force,
                };
                client
                    .deploy(deploy, consent, deadline)
                    .await
                    .map(|_| Vec::new())
                    .map_err(NotSent::Api)
            }
            (Way::Api { client, .. }, Act::Pages) => {
                let sent = client.roll_back_pages(&card.script, &card.to.id, consent, deadline);
                sent.await.map(|_| Vec::new()).map_err(NotSent::Api)
            }
        }
    }
}

/// Whether `error` means that there is no such Pages project.
pub fn is_no_project(error: &ApiError) -> bool {
    error.said.as_ref().is_some_and(|said| said.code == Some(8_000_007))
}

/// A line on what Cloudflare said, with help where its code has some.
pub fn said(error: &ApiError) -> String {
    let help = error.said.as_ref().and_then(|said| said.code).and_then(cloudflare::help);
    help.map_or_else(|| error.to_string(), |help| format!("{error}; {help}"))
}
