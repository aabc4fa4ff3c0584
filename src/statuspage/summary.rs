//! Reads a page into plain values.

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use url::Url;

use super::wire;
use crate::domain::text::{one_line, shorten};
use crate::http::{ApiError, Client, Service, lenient};

/// What a page says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The page's own word over everything: `none`, `minor`, `major`, `critical`.
    pub indicator: Option<String>,
    /// Every component and group of components, as named there.
    pub components: Vec<Component>,
    /// What is not resolved yet.
    pub incidents: Vec<Incident>,
}

/// One part of what a vendor sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// `operational`, `degraded_performance`, `partial_outage`, `major_outage`,
    /// `under_maintenance`, or a word that is new to this program.
    pub status: String,
}

/// Something that the vendor works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// Its title.
    pub name: String,
    /// `none`, `minor`, `major`, `critical`.
    pub impact: Option<String>,
    /// When it began, as the vendor says (UTC).
    pub started_at: Option<DateTime<Utc>>,
    /// Where to read on.
    pub url: Option<String>,
}

/// Reads the status page whose root is `page`.
///
/// # Errors
/// No answer, or none that is such a summary.
pub async fn read(client: &Client, page: &Url, deadline: Instant) -> Result<Summary, ApiError> {
    let api = client.api(Service::StatusPage, page.clone(), None);
    let found: wire::Summary = api.get_json(&["api", "v2", "summary.json"], &[], deadline).await?;
    Ok(summary(found))
}

fn summary(found: wire::Summary) -> Summary {
    let component = |wire: wire::Component| {
        let status = wire.status.as_deref().map_or_else(|| "unknown".to_owned(), shown);
        Some(Component { name: shown(&wire.name?), status })
    };
    let incident = |wire: wire::Incident| Incident {
        name: wire.name.as_deref().map(shown).unwrap_or_default(),
        impact: wire.impact.as_deref().map(shown),
        started_at: wire.started_at.or(wire.created_at).as_deref().and_then(lenient::time),
        url: wire.shortlink.as_deref().map(shown),
    };
    Summary {
        indicator: found.status.indicator.as_deref().map(shown),
        components: found.components.into_iter().filter_map(component).collect(),
        incidents: found.incidents.into_iter().map(incident).collect(),
    }
}

/// Words of a page as they may be shown.
fn shown(words: &str) -> String {
    shorten(&one_line(words.trim()), 200)
}
