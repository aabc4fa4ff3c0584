//! The vendors' status pages, in the shape that Statuspage gives them: `/api/v2/summary.json`.

use std::io;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::fake;
use super::server::{Server, Stage};

/// A vendor and its page.
#[derive(Debug)]
pub struct VendorPage {
    /// The vendor, as the configuration names it.
    pub name: &'static str,
    /// Its place in the stand-in's paths.
    pub slug: &'static str,
    /// The components that the configuration of the sandbox stands on.
    pub named: &'static [&'static str],
    /// The other components of its page (some of them).
    pub others: &'static [&'static str],
}

/// Some city is on maintenance at Cloudflare on most days, which colours its overall word.
const CITY: &str = "Zurich, Switzerland - (ZRH)";

/// The vendors that Parky stands on.
pub const VENDORS: [VendorPage; 6] = [
    VendorPage {
        name: "Cloudflare",
        slug: "cloudflare",
        named: &["Workers", "Pages", "API"],
        others: &["Dashboard", "CDN/Cache", "Workers KV", "Durable Objects", "Logs", CITY],
    },
    VendorPage {
        name: "GitHub",
        slug: "github",
        named: &["Actions", "API Requests", "Git Operations"],
        others: &["Webhooks", "Issues", "Pull Requests", "Packages", "Pages", "Codespaces"],
    },
    VendorPage {
        name: "Supabase",
        slug: "supabase",
        named: &["Database", "Connection Pooler"],
        others: &["API Gateway", "Auth", "Dashboard", "Edge Functions", "Realtime", "Storage"],
    },
    VendorPage {
        name: "Discord",
        slug: "discord",
        named: &["API"],
        others: &["Media Proxy", "Gateway", "Push Notifications", "Search", "Voice"],
    },
    VendorPage {
        name: "Sentry",
        slug: "sentry",
        named: &["Dashboard", "API"],
        others: &["Notification Delivery", "US Ingestion", "EU Ingestion"],
    },
    VendorPage {
        name: "1Password",
        slug: "1password",
        named: &["CLI", "Sign in"],
        others: &["Apps", "Admin Console", "Connect Server", "Events API"],
    },
];

/// What is wrong on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// Which vendor, by its slug.
    pub slug: &'static str,
    /// What the components that we stand on say, such as `major_outage`.
    pub status: &'static str,
    /// The incident's title.
    pub incident: &'static str,
}

struct Pages {
    now: DateTime<Utc>,
    outages: Vec<Outage>,
}

/// All status pages, on one port.
#[derive(Debug, Clone)]
pub struct VendorPages(Server);

impl VendorPages {
    /// Starts the pages as they look at `now`.
    pub fn start(stage: &Arc<Stage>, now: DateTime<Utc>, outages: Vec<Outage>) -> io::Result<Self> {
        let router = Router::new()
            .route("/vendors/{slug}/api/v2/summary.json", get(summary))
            .with_state(Arc::new(Pages { now, outages }));
        Ok(Self(Server::start(stage, router, None)?))
    }

    /// The root of a vendor's page, to which clients add `/api/v2/summary.json`.
    pub fn url(&self, slug: &str) -> String {
        self.0.url(&format!("/vendors/{slug}"))
    }

    /// The server behind them, for faults (paths begin with `/vendors/SLUG/`) and what arrived.
    pub fn server(&self) -> &Server {
        &self.0
    }
}

async fn summary(State(pages): State<Arc<Pages>>, Path(slug): Path<String>) -> Response {
    match VENDORS.iter().find(|vendor| vendor.slug == slug) {
        Some(vendor) => {
            let outage = pages.outages.iter().find(|outage| outage.slug == slug);
            Json(page(vendor, outage, pages.now)).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn page(vendor: &VendorPage, outage: Option<&Outage>, now: DateTime<Utc>) -> Value {
    let status = outage.map_or("operational", |outage| outage.status);
    let named = vendor.named.iter().map(|name| component(vendor, name, status, now));
    let others = vendor.others.iter().map(|name| {
        let status = if *name == CITY { "under_maintenance" } else { "operational" };
        component(vendor, name, status, now)
    });
    let incidents = outage.map(|outage| incident(vendor, outage, now));
    json!({
        "page": {
            "id": fake::hex(vendor.slug, 12),
            "name": vendor.name,
            "url": format!("https://{}.example", vendor.slug),
            "time_zone": "Etc/UTC",
            "updated_at": stamp(now - TimeDelta::minutes(1)),
        },
        "components": named.chain(others).collect::<Vec<_>>(),
        "incidents": incidents.into_iter().collect::<Vec<_>>(),
        "scheduled_maintenances": [],
        "status": overall(vendor, outage),
    })
}

/// The page's word on itself: a client that judges by it is wrong about Cloudflare on most days.
fn overall(vendor: &VendorPage, outage: Option<&Outage>) -> Value {
    let (indicator, description) = match outage {
        Some(_) => ("critical", "Major Service Outage"),
        None if vendor.slug == "cloudflare" => ("minor", "Minor Service Outage"),
        None => ("none", "All Systems Operational"),
    };
    json!({ "indicator": indicator, "description": description })
}

fn component(vendor: &VendorPage, name: &str, status: &str, now: DateTime<Utc>) -> Value {
    json!({
        "id": fake::hex(&format!("{}/{name}", vendor.slug), 12),
        "name": name,
        "status": status,
        "created_at": "2019-05-01T00:00:00.000Z",
        "updated_at": stamp(now - TimeDelta::minutes(9)),
        "position": 1,
        "description": null,
        "showcase": false,
        "start_date": null,
        "group_id": null,
        "page_id": fake::hex(vendor.slug, 12),
        "group": false,
        "only_show_if_degraded": false,
    })
}

fn incident(vendor: &VendorPage, outage: &Outage, now: DateTime<Utc>) -> Value {
    let id = fake::hex(outage.incident, 12);
    json!({
        "id": id,
        "name": outage.incident,
        "status": "investigating",
        "impact": "critical",
        "created_at": stamp(now - TimeDelta::minutes(14)),
        "updated_at": stamp(now - TimeDelta::minutes(3)),
        "monitoring_at": null,
        "resolved_at": null,
        "shortlink": format!("https://stspg.io/{}", &id[..8]),
        "started_at": stamp(now - TimeDelta::minutes(14)),
        "page_id": fake::hex(vendor.slug, 12),
        "incident_updates": [],
        "components": [],
    })
}

fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
