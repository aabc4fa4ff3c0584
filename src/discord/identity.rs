//! Whether a webhook posts where it should: into the pinned server and the configured channel. Pure.

use super::wire::WebhookInfo;

/// What a webhook is, against what the configuration says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// As configured, as far as the configuration says anything.
    Matches,
    /// Of another server (guild) than the pinned one.
    OtherGuild {
        /// The pinned server's id.
        pinned: String,
        /// The webhook's; `None` where Discord does not say.
        found: Option<String>,
    },
    /// Of another channel.
    OtherChannel {
        /// The configured channel's id.
        configured: String,
        /// The webhook's.
        found: String,
    },
    /// The configuration names neither server nor channel: nothing can be told.
    Unpinned,
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Identity::Matches => f.write_str("the webhook is the configured one"),
            Identity::OtherGuild { pinned, found } => {
                let found = found.as_deref().unwrap_or("one that is not told");
                write!(f, "the webhook is of server {found}, not of the pinned {pinned}")
            }
            Identity::OtherChannel { configured, found } => {
                write!(
                    f,
                    "the webhook posts to channel {found}, not to the configured {configured}"
                )
            }
            Identity::Unpinned => f.write_str("nothing says which webhook it should be"),
        }
    }
}

/// Compares `info` with the pinned guild's and the configured channel's id.
pub fn identity(info: &WebhookInfo, guild: Option<&str>, channel: Option<&str>) -> Identity {
    if let Some(pinned) = guild.filter(|pinned| info.guild_id.as_deref() != Some(*pinned)) {
        return Identity::OtherGuild { pinned: pinned.to_owned(), found: info.guild_id.clone() };
    }
    if let Some(configured) = channel.filter(|configured| info.channel_id != *configured) {
        let (configured, found) = (configured.to_owned(), info.channel_id.clone());
        return Identity::OtherChannel { configured, found };
    }
    match guild.or(channel) {
        Some(_) => Identity::Matches,
        None => Identity::Unpinned,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pin_has_to_agree() {
        let info = |guild: Option<&str>| WebhookInfo {
            id: "1".into(),
            channel_id: "20".into(),
            guild_id: guild.map(str::to_owned),
            name: None,
        };
        let other = |found: Option<&str>| Identity::OtherGuild {
            pinned: "10".into(),
            found: found.map(str::to_owned),
        };
        let channel = Identity::OtherChannel { configured: "21".into(), found: "20".into() };
        for (found, guild, configured, expected) in [
            (Some("11"), Some("10"), Some("20"), other(Some("11"))),
            (Some("11"), Some("10"), None, other(Some("11"))),
            (None, Some("10"), Some("20"), other(None)),
            (Some("10"), Some("10"), Some("21"), channel.clone()),
            (Some("10"), None, Some("21"), channel),
            (Some("10"), None, None, Identity::Unpinned),
            (Some("10"), Some("10"), None, Identity::Matches),
            (Some("10"), None, Some("20"), Identity::Matches),
            (Some("10"), Some("10"), Some("20"), Identity::Matches),
        ] {
            let told = identity(&info(found), guild, configured);
            assert_eq!(told, expected, "{found:?} {guild:?} {configured:?}");
        }
    }
}
