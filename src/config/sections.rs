//! The sections that are more than a copy of what was written.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::error::{Problem, ProblemKind};
use super::input::LoadInput;
use super::inventory::{
    GithubSettings, RollbackSettings, RunbookPlaces, SentrySettings, VendorEntry,
};
use super::keys::Looser;
use super::layers::Layers;
use super::model::{DlqTable, FileCredentials, Host, Pins, PostgresTrust, Urls, Vendor};
use super::origin::{Origin, Sourced};
use super::tree::{LeafValue, Tree, sourced_text};
use super::vars::Vars;
use super::{ConfigError, address, pick, places, value};
use crate::domain::{Calendar, Caveat, text};

/// The hosts of an environment, each once.
pub(crate) fn hosts(tree: &Tree, env: &str) -> Vec<Host> {
    let written: Vec<String> = pick::list(tree, &["env", env, "hosts"]);
    let mut hosts: Vec<Host> = Vec::new();
    for host in written.iter().filter_map(|text| address::host(text).ok()) {
        if hosts.iter().all(|other| other.url != host.url) {
            hosts.push(host);
        }
    }
    hosts
}

pub(crate) fn pins(tree: &Tree, env: &str) -> Pins {
    let pin = |key: &str| {
        tree.at(&["env".to_owned(), env.to_owned(), key.to_owned()]).and_then(sourced_text)
    };
    let lower = |pin: Sourced<String>| Sourced::new(pin.value.to_ascii_lowercase(), pin.origin);
    Pins {
        cloudflare_account: pin("cloudflare_account").map(lower),
        supabase_ref: pin("supabase_ref"),
        discord_guild: pin("discord_guild"),
    }
}

pub(crate) fn credentials(tree: &Tree, env: &str) -> FileCredentials {
    let mut found = BTreeMap::new();
    for (rest, leaf) in tree.under(&["env", env]) {
        if let LeafValue::Secret(secret) = &leaf.value {
            found.insert(rest.join("."), Sourced::new(secret.clone(), leaf.origin.clone()));
        }
    }
    FileCredentials(found)
}

pub(crate) fn urls(tree: &Tree) -> Result<Urls, ConfigError> {
    let url = |key: &str| {
        let written = tree.text(key).unwrap_or(Sourced::new(String::new(), Origin::BuiltIn));
        match address::base_url(&written) {
            Ok(url) => Ok(Sourced::new(url, written.origin)),
            Err(why) => Err(Problem::new(written.origin, key, ProblemKind::Refused(why)).alone()),
        }
    };
    Ok(Urls {
        cloudflare: url("urls.cloudflare")?,
        github: url("urls.github")?,
        discord: url("urls.discord")?,
        sentry: url("urls.sentry")?,
    })
}

/// A relative certificate is one beside the file that names it: one out of the working directory
/// would let a checkout vouch for a false server.
pub(crate) fn postgres(input: &LoadInput<'_>, layers: &Layers) -> PostgresTrust {
    let beside = layers.user_file.as_ref().and_then(|file| file.parent()).unwrap_or(input.cwd);
    let root_cert = layers.own.text("postgres.root_cert");
    PostgresTrust {
        root_cert: root_cert.map(|path| places::expand(&path, beside, input.vars)),
        allow_plain: layers
            .own
            .get("postgres.allow_plain")
            .and_then(|leaf| leaf.open()?.as_bool())
            .unwrap_or(false),
    }
}

pub(crate) fn dlq(tree: &Tree) -> DlqTable {
    let optional = |key: &str| tree.text(key).map(|text| text.value);
    let table = optional("dlq.table").unwrap_or_default();
    let (schema, name) = value::table_name(&table).unwrap_or_default();
    DlqTable {
        schema: schema.to_owned(),
        table: name.to_owned(),
        open_status: pick::list(tree, &["dlq", "open_status"]),
        key_column: optional("dlq.key_column"),
        payload_column: optional("dlq.payload_column"),
        delivered_status: optional("dlq.delivered_status"),
    }
}

pub(crate) fn github(tree: &Tree) -> GithubSettings {
    let text = |key: &str| tree.text(key).map(|text| text.value);
    GithubSettings {
        repos: pick::sourced_list(tree, "github.repos"),
        branch: text("github.branch").unwrap_or_default(),
        healthcheck_workflow: text("github.healthcheck_workflow"),
        deploy_workflows: pick::list(tree, &["github", "deploy_workflows"]),
    }
}

pub(crate) fn calendar(tree: &Tree) -> Calendar {
    let closures: Vec<String> = pick::list(tree, &["calendar", "closures"]);
    let dates = |key: &str| -> Vec<NaiveDate> { pick::list(tree, &["calendar", key]) };
    Calendar {
        closures: closures.iter().filter_map(|text| value::month_day(text)).collect(),
        added: dates("add_holidays"),
        removed: dates("remove_holidays"),
    }
}

/// Vendors; where a project file lists one, its page is the one that the operator's own layers name.
pub(crate) fn vendors(layers: &Layers) -> Result<Vec<Vendor>, ConfigError> {
    let own: Vec<VendorEntry> = pick::entries(&layers.own, "vendor")?;
    let origin = layers.merged.get("vendor").map_or(Origin::BuiltIn, |leaf| leaf.origin.clone());
    let page = |entry: &VendorEntry| {
        let known = own.iter().find(|other| other.name == entry.name);
        let written = entry.url.as_ref().or_else(|| known?.url.as_ref());
        written.and_then(|url| address::base_url(url).ok())
    };
    pick::entries::<VendorEntry>(&layers.merged, "vendor")?
        .into_iter()
        .map(|entry| match page(&entry) {
            Some(url) => Ok(Vendor { name: entry.name, url, components: entry.components }),
            None => {
                let why = format!("{} has no url, and only your own file may give one", entry.name);
                Err(Problem::new(origin.clone(), "vendor", ProblemKind::Refused(why)).alone())
            }
        })
        .collect()
}

pub(crate) fn sentry(tree: &Tree) -> SentrySettings {
    SentrySettings {
        org: tree.text("sentry.org"),
        projects: pick::sourced_list(tree, "sentry.projects"),
        rules: pick::list(tree, &["sentry", "rules"]),
    }
}

pub(crate) fn rollback(input: &LoadInput<'_>, layers: &Layers) -> RollbackSettings {
    RollbackSettings {
        script: pick::path(input, layers, "rollback.script"),
        order: pick::list(&layers.merged, &["rollback", "order"]),
    }
}

pub(crate) fn runbook(input: &LoadInput<'_>, layers: &Layers) -> RunbookPlaces {
    let dirs = pick::sourced_list(&layers.merged, "runbook.dirs");
    let base = pick::base(input, layers, &dirs.origin);
    RunbookPlaces {
        dirs: dirs.value.iter().map(|dir| places::expand(dir, base, input.vars)).collect(),
        strategy: pick::path(input, layers, "runbook.strategy").map(|path| path.value),
    }
}

/// Who operates: named, else the user of the operating system.
pub fn operator(vars: &Vars) -> String {
    let names = ["PARKY_OPS_OPERATOR", "USER", "LOGNAME"];
    let named = names.into_iter().find_map(|name| vars.get(name)).map(str::to_owned);
    text::shorten(&text::one_line(&named.unwrap_or_else(account)), 64)
}

/// The account that this process runs under: what a job without `USER` is known by.
fn account() -> String {
    let uid = rustix::process::getuid().as_raw().to_string();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut lines = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let ours = lines.find(|line| line.get(2) == Some(&uid.as_str()));
    ours.map_or_else(|| format!("uid {uid}"), |line| line[0].to_owned())
}

/// Pairs of thresholds where yellow would begin beyond red, so that it never shows.
pub(crate) fn crossed_thresholds(tree: &Tree) -> Vec<Caveat> {
    let number = |name: &str| tree.get(name)?.open()?.as_i64();
    let reds = tree.under(&["thresholds"]).filter(|(rest, _)| rest[0].contains("_red_"));
    let crossed = reds.filter_map(|(rest, leaf)| {
        let yellow_name = rest[0].replace("_red_", "_yellow_");
        let yellow = number(&format!("thresholds.{yellow_name}"))?;
        let red = leaf.open()?.as_i64()?;
        let crossed = match leaf.key.looser? {
            Looser::Higher => yellow > red,
            Looser::Lower => yellow < red,
        };
        crossed.then(|| {
            let text = format!(
                "{yellow_name} ({yellow}) lies beyond {} ({red}): yellow never shows",
                rest[0]
            );
            Caveat::new("threshold-order", text)
        })
    });
    crossed.collect()
}
