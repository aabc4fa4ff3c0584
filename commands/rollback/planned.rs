//! Who will be told of a rollback: found beside the card, shown on it.

use std::pin::pin;
use std::time::Duration;

use parky_ops::checks::World;
use parky_ops::config::Lang;
use parky_ops::discord::WebhookUrl;
use parky_ops::rollback::notice::channel;
use serde_json::json;
use tokio::time::timeout;

use crate::args::notice::NoticeArgs;
use crate::ui::PlanView;

/// How long the look for the webhook may go on when the card is ready.
const FOUND: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub(super) channel: &'static str,
    pub(super) lang: Lang,
    /// Why nobody is told.
    pub(super) off: Option<&'static str>,
    /// The webhook, or why there is none; `None`: it was not found in time.
    pub(super) webhook: Option<Result<WebhookUrl, String>>,
    /// The pinned server.
    pub(super) guild: Option<String>,
}

impl Planned {
    /// Looks for the webhook beside `look`, which makes the card, and a moment longer. `off` says why
    /// nobody is to be told.
    pub(super) async fn beside<T>(
        world: &World,
        args: &NoticeArgs,
        off: Option<&'static str>,
        look: impl Future<Output = T>,
    ) -> (T, Self) {
        let config = &world.config;
        let off = if args.no_notify { Some("--no-notify") } else { off };
        let channel = channel(&config.env);
        let (mut look, mut webhook) = (pin!(look), pin!(webhook(world, channel)));
        let (done, webhook) = tokio::select! {
            biased;
            found = &mut webhook, if off.is_none() => (look.await, Some(found)),
            done = &mut look => match off {
                None => (done, timeout(FOUND, webhook).await.ok()),
                Some(_) => (done, None),
            },
        };
        let guild = config.pins.discord_guild.as_ref().map(|pin| pin.value.clone());
        (done, Self { channel, lang: args.lang(config.lang), off, webhook, guild })
    }

    /// Puts on the card who will be told.
    pub(super) fn put_into(&self, plan: &mut PlanView) {
        let channel = self.channel;
        let webhook = self.webhook.as_ref().and_then(|found| found.as_ref().ok());
        let webhook = webhook.map(WebhookUrl::last_digits);
        let notice =
            json!({ "channel": channel, "webhook": webhook, "guild": self.guild, "off": self.off });
        plan.more.insert("notice".to_owned(), notice);
        let guild = self.guild.as_ref().map(|guild| format!(", server {guild}"));
        let guild = guild.unwrap_or_default();
        match (self.off, &self.webhook) {
            (Some(off), _) => plan.changes.push(format!("no channel is told ({off})")),
            (None, Some(Ok(webhook))) => plan.changes.push(format!(
                "#{channel} is told when it begins and how it ends (webhook {}{guild})",
                webhook.last_digits()
            )),
            (None, Some(Err(why))) => plan
                .warnings
                .push(format!("#{channel} cannot be told, what it would read is kept: {why}")),
            (None, None) => plan
                .warnings
                .push(format!("#{channel} is told only if its webhook can be read by then")),
        }
    }
}

/// The webhook of the channel, or why there is none.
pub(super) async fn webhook(world: &World, channel: &str) -> Result<WebhookUrl, String> {
    let found = world.webhook(channel, world.deadline(world.limit)).await;
    found.map_err(|why| why.to_string())
}
