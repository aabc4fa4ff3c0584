//! What a posted deployment must look like, and what it does to the script.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::account::{Deployed, Script};
use super::envelope::{Answer, Refusal};
use super::release::Gone;
use crate::sandbox::fake;

/// Versions further back cannot be deployed any more.
const DEPLOYABLE: usize = 100;
/// Bytes of a message that are kept.
const MESSAGE: usize = 1000;

#[derive(Deserialize)]
struct Posted {
    strategy: String,
    versions: Vec<Share>,
    #[serde(default)]
    annotations: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct Share {
    version_id: String,
    percentage: f64,
}

/// Makes the deployment that `body` asks for the newest one.
pub(super) fn deploy(
    script: &mut Script,
    body: &str,
    force: bool,
    now: DateTime<Utc>,
    author: &str,
) -> Answer {
    let posted: Posted =
        serde_json::from_str(body).map_err(|error| Refusal::invalid(error.to_string()))?;
    check_shares(script, &posted)?;
    check_resources(script, &posted.versions)?;
    if !force {
        check_secrets(script, &posted.versions)?;
    }
    let message = posted.annotations.get("workers/message").and_then(Value::as_str);
    // What was uploaded and never deployed is new, whatever its number.
    let was_live = |share: &Share| {
        let before = script.deployments.iter().flat_map(|deployed| &deployed.versions);
        script
            .version(&share.version_id)
            .is_some_and(|version| version.number < script.live_number())
            && before.into_iter().any(|(id, _)| *id == share.version_id)
    };
    let rollback = posted.versions.len() == 1 && posted.versions.iter().any(was_live);
    let nth = script.deployments.len();
    let made = Deployed {
        id: fake::uuid(&format!("deployment {} posted {nth}", script.name)),
        created: now,
        author: author.to_owned(),
        source: "api".to_owned(),
        message: kept(message.unwrap_or_default()).to_owned(),
        triggered_by: if rollback { "rollback" } else { "deployment" }.to_owned(),
        versions: posted.versions.into_iter().map(|s| (s.version_id, s.percentage)).collect(),
        // A deployment that does not name them drops them.
        cohorts: Vec::new(),
    };
    let answer = made.json();
    script.deployments.insert(0, made);
    Ok(answer)
}

fn check_shares(script: &Script, posted: &Posted) -> Result<(), Refusal> {
    let shares = &posted.versions;
    let deployable = &script.versions[..script.versions.len().min(DEPLOYABLE)];
    let known = |share: &Share| deployable.iter().any(|version| version.id == share.version_id);
    let sum: f64 = shares.iter().map(|share| share.percentage).sum();
    let complaint = if posted.strategy != "percentage" {
        "strategy must be \"percentage\""
    } else if shares.is_empty() || shares.len() > 2 {
        "a deployment has 1 or 2 versions"
    } else if shares.len() == 2 && shares[0].version_id == shares[1].version_id {
        "versions must differ"
    } else if !shares.iter().all(known) {
        "version not found among the deployable versions"
    } else if !shares.iter().all(|share| (0.0..=100.0).contains(&share.percentage)) {
        "percentage must be between 0 and 100"
    } else if (sum - 100.0).abs() > 0.001 {
        "percentages must add up to 100"
    } else {
        return Ok(());
    };
    Err(Refusal::invalid(complaint))
}

/// What the version stands on must still be there, forced or not.
fn check_resources(script: &Script, shares: &[Share]) -> Result<(), Refusal> {
    let gone = shares.iter().find_map(|share| script.version(&share.version_id)?.gone);
    match gone {
        Some(Gone::Binding(name)) => Err(Refusal::new(
            400,
            10041,
            format!("KV namespace bound as '{name}' not found. It may have been deleted."),
        )),
        Some(Gone::Migration) => Err(Refusal::new(
            400,
            10079,
            "Cannot deploy this version: a Durable Object migration was applied after it.",
        )),
        None => Ok(()),
    }
}

/// An older version would come back with the secrets of its time.
fn check_secrets(script: &Script, shares: &[Share]) -> Result<(), Refusal> {
    let oldest = shares.iter().filter_map(|share| Some(script.version(&share.version_id)?.number));
    let Some(oldest) = oldest.min() else { return Ok(()) };
    let between = oldest + 1..=script.live_number();
    let newer = script.versions.iter().filter(|version| between.contains(&version.number));
    let changed: Vec<String> = newer.flat_map(|version| version.changed_secrets.clone()).collect();
    if changed.is_empty() { Ok(()) } else { Err(Refusal::secrets_changed(&changed)) }
}

fn kept(message: &str) -> &str {
    &message[..message.floor_char_boundary(MESSAGE)]
}
