//! What a status page means for us. Pure.
//!
//! Judged by the components that the configuration names and never by the page's own word over
//! everything: on most days something is wrong somewhere at a large vendor.

use serde_json::{Map, Value, json};

use super::summary::{Component, Summary};
use crate::config::Vendor;
use crate::domain::{Judgement, Reach, ReasonCode, State};
use crate::http::ApiError;

/// More open incidents than this are counted, not listed.
const INCIDENTS: usize = 5;

/// What `summary` says of the components of `vendor`: the worst of them. A vendor without named
/// components is judged by all that its page lists, and yellow at most.
pub fn judge(vendor: &Vendor, summary: &Summary) -> Judgement {
    let all = summary.components.iter().map(|component| component.name.as_str());
    let named = vendor.components.iter().map(String::as_str);
    let wanted: Vec<_> = if vendor.components.is_empty() { all.collect() } else { named.collect() };
    let mut found = Map::new();
    let mut missing = Vec::new();
    let mut worst: Option<(&Component, State)> = None;
    for wanted in wanted {
        match matching(wanted, &summary.components) {
            None => missing.push(wanted),
            Some(component) => {
                let state = state(&component.status);
                // Of a whole page only what is wrong is kept: pages list thousands.
                if !vendor.components.is_empty() || state != State::Green {
                    found.insert(component.name.clone(), component.status.as_str().into());
                }
                if worst.is_none_or(|(_, before)| state.rank() > before.rank()) {
                    worst = Some((component, state));
                }
            }
        }
    }
    let judgement = match worst {
        None => Judgement::unknown(
            ReasonCode::NotFound,
            format!("none of the named components is on the page: {}", missing.join(", ")),
        )
        .reach(Reach::Reached),
        Some((_, State::Green)) if !missing.is_empty() => Judgement::unknown(
            ReasonCode::NotFound,
            format!("not on the page, so not known: {}", missing.join(", ")),
        )
        .reach(Reach::Reached),
        // Nobody said that we stand on just this: worth a look, and nothing that pages.
        Some((component, State::Red)) if vendor.components.is_empty() => Judgement::yellow(
            ReasonCode::Degraded,
            sentence(vendor, component, State::Red, &missing),
        ),
        Some((component, state)) => {
            Judgement::new(state, code(state), sentence(vendor, component, state, &missing))
        }
    };
    evidence(judgement, vendor, summary)
        .with("components", found)
        .with("missing", missing.into_iter().map(Value::from).collect::<Vec<_>>())
}

/// The vendor is neither up nor down for us when its page cannot be read.
pub fn unreadable(vendor: &Vendor, error: &ApiError) -> Judgement {
    error.judgement().with("page", vendor.url.as_str())
}

/// The component called `wanted`, whole name only: letter for letter, else without regard to case.
/// Of several (a group and its members may share a name) the worst.
fn matching<'a>(wanted: &str, components: &'a [Component]) -> Option<&'a Component> {
    let wanted = wanted.trim();
    let lower = wanted.to_lowercase();
    let worst = |same: &dyn Fn(&&Component) -> bool| {
        components.iter().filter(same).max_by_key(|component| state(&component.status).rank())
    };
    worst(&|component| component.name == wanted)
        .or_else(|| worst(&|component| component.name.to_lowercase() == lower))
}

fn state(status: &str) -> State {
    match status {
        "operational" => State::Green,
        "major_outage" => State::Red,
        // A word that we do not know is no reason to call it well.
        _ => State::Yellow,
    }
}

fn code(state: State) -> ReasonCode {
    match state {
        State::Red => ReasonCode::VendorOutage,
        State::Green => ReasonCode::Ok,
        _ => ReasonCode::Degraded,
    }
}

fn sentence(vendor: &Vendor, worst: &Component, state: State, missing: &[&str]) -> String {
    let Vendor { name, .. } = vendor;
    let mut text = match state {
        State::Green => format!("{name} reports what we stand on as operational"),
        _ => format!("{name} reports {}: {}", worst.name, worst.status.replace('_', " ")),
    };
    if !missing.is_empty() {
        text.push_str(&format!("; not on the page: {}", missing.join(", ")));
    }
    text
}

fn evidence(judgement: Judgement, vendor: &Vendor, summary: &Summary) -> Judgement {
    let incidents: Vec<Value> = summary
        .incidents
        .iter()
        .take(INCIDENTS)
        .map(|incident| {
            json!({
                "name": incident.name,
                "impact": incident.impact,
                "started_at": incident.started_at,
                "url": incident.url,
            })
        })
        .collect();
    judgement
        .with("page", vendor.url.as_str())
        .with("indicator", summary.indicator.clone())
        .with("incidents", incidents)
        .with("open_incidents", summary.incidents.len())
}
