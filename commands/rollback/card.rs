//! The card of a rollback as the plan that is shown before anyone agrees.

use chrono::{DateTime, Utc};
use parky_ops::domain::Difference;
use parky_ops::rollback::Act;
use parky_ops::rollback::card::{Card, Side};
use serde_json::{Map, Value, json};

use crate::ui::PlanView;

/// The plan that `card` is. `by` says how it is carried out, where that is not the API.
pub(super) fn plan(card: &Card, by: Option<&str>, force: bool, now: DateTime<Utc>) -> PlanView {
    let mut target = Map::new();
    let mut put = |key: &str, value: &str| {
        target.insert(key.to_owned(), json!(value));
    };
    put("env", card.env.as_str());
    put(kind(card), &card.target);
    if card.kind == Act::Worker {
        put("script", &card.script);
    }
    put("account", &card.account);
    if let Some(by) = by {
        put("via", by);
    }
    let [from, to] = card.ends();
    let mut more = Map::new();
    let mut keep = |key: &str, value: Value| {
        more.insert(key.to_owned(), value);
    };
    keep("from", json!(from));
    keep("to", json!(to));
    keep("split", json!(card.split));
    keep("cohorts", json!(card.cohorts));
    keep("differences", json!(card.differences));
    keep("newer_migrations", json!(card.migrations));
    keep("not_undone", json!(card.not_undone));
    PlanView {
        command: match card.kind {
            Act::Worker => "rollback worker",
            Act::Pages => "rollback pages",
        },
        id: card.id(),
        act: card.act(),
        target,
        changes: changes(card, now),
        warnings: warnings(card, force),
        names: names(card),
        more,
    }
}

fn kind(card: &Card) -> &'static str {
    match card.kind {
        Act::Worker => "worker",
        Act::Pages => "project",
    }
}

/// In prod the worker's or project's name is typed.
pub(super) fn names(card: &Card) -> Vec<String> {
    if card.env.is_prod() { vec![card.target.clone()] } else { Vec::new() }
}

fn changes(card: &Card, now: DateTime<Utc>) -> Vec<String> {
    let side = |what: &str, side: &Side| format!("{what} {} [{}]", side.says(now), side.id);
    let mut lines = vec![side("live:", &card.live), side("to:", &card.to)];
    lines.extend(
        card.split
            .as_ref()
            .map(|split| format!("traffic is split now ({split}); all of it goes to the target")),
    );
    lines.extend(card.cohorts.iter().map(|cohort| format!("cohort {cohort}")));
    match card.differences.as_deref() {
        Some([]) if card.kind == Act::Worker => {
            lines.push(
                "bindings, secrets' names, compatibility and migrations are the same".to_owned(),
            );
        }
        Some(differences) => lines.extend(differences.iter().map(Difference::says)),
        None => {}
    }
    match card.migrations.as_deref() {
        Some([]) => lines.push(
            "no migration of the database is newer than the target, by the stamps of the files"
                .to_owned(),
        ),
        Some(_) => {}
        None => lines
            .push("no checkout at hand: migrations of the database were not compared".to_owned()),
    }
    lines.push(format!("not undone: {}", card.not_undone.join("; ")));
    lines
}

fn warnings(card: &Card, force: bool) -> Vec<String> {
    let mut warnings = card.warnings.clone();
    if force {
        warnings.push(
            "--force-secrets: secrets that changed since come back with their old values"
                .to_owned(),
        );
    }
    warnings
}
