//! From the merged layers to the typed configuration of one environment.

use super::input::LoadInput;
use super::layers::Layers;
use super::model::Config;
use super::origin::Sourced;
use super::{ConfigError, pick, places, sections, workers};
use crate::domain::EnvName;

/// Builds the configuration of `env`.
pub(crate) fn config(
    input: &LoadInput<'_>,
    layers: &Layers,
    env: Sourced<EnvName>,
    uid: u32,
) -> Result<Config, ConfigError> {
    let tree = &layers.merged;
    let name = env.value.as_str();
    let hosts = sections::hosts(tree, name);
    let mut caveats = layers.caveats.clone();
    caveats.extend(sections::crossed_thresholds(tree));
    Ok(Config {
        lang: pick::section(tree, "lang")?,
        pages: pick::list(tree, &["env", name, "pages"]),
        pins: sections::pins(tree, name),
        credentials: sections::credentials(tree, name),
        urls: sections::urls(tree)?,
        workers: workers::read(input, layers, &env.value, &hosts, uid, &mut caveats)?,
        hosts,
        postgres: sections::postgres(input, layers),
        dlq: sections::dlq(tree),
        github: sections::github(tree),
        channels: pick::section(tree, "channels")?,
        thresholds: pick::section(tree, "thresholds")?,
        calendar: sections::calendar(tree),
        vendors: sections::vendors(layers)?,
        slos: pick::entries(tree, "slo")?,
        logpush_jobs: pick::list(tree, &["logpush", "jobs"]),
        sentry: sections::sentry(tree),
        rotation: pick::section(tree, "secrets")?,
        rollback: sections::rollback(input, layers),
        postmortem_dir: pick::path(input, layers, "postmortem.dir")
            .map_or_else(|| input.cwd.to_owned(), |dir| dir.value),
        runbook: sections::runbook(input, layers),
        state_dir: places::state_dir(input.vars, input.cwd),
        user_file: layers.user_path.clone(),
        operator: sections::operator(input.vars),
        caveats,
        env: env.value,
        env_origin: env.origin,
    })
}
