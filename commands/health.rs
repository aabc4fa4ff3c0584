//! `parky-ops health [HOST..]`: what users see of the hosts, step by step.
//!
//! Reads only. The same probes as `triage`, with the time of each step and the certificates.

use std::collections::BTreeSet;
use std::fmt::{self, Write};
use std::time::Duration;

use parky_ops::checks::{World, gather, offline};
use parky_ops::domain::{Caveat, Check, Source, State, Verdict, median};
use serde::Serialize;
use serde_json::Value;

use crate::args::host::find_host;
use crate::completion::{self, Kind};
use crate::context::Context;
use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{self, Page, Progress, Table, Ui, View};

/// Probe the hosts: DNS, TCP, TLS and first-byte times, certificate expiry
///
/// Each host is asked three times for /healthz, 500 ms apart.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops health
  parky-ops health api.parky.co.jp --json")]
pub(crate) struct HealthArgs {
    /// Hosts of the configuration, by name or a part of it [default: all of the environment]
    #[arg(value_name = "HOST", add = completion::of(Kind::Host))]
    hosts: Vec<String>,
}

/// Deadline of the whole command, where `--timeout` does not say otherwise.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) async fn run(args: &HealthArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let limit = ctx.globals.timeout.unwrap_or(LIMIT);
    let mut world = ctx.world(limit)?;
    choose(&mut world, &args.hosts)?;
    ctx.announce(ui, &world.config);
    let wanted = BTreeSet::from([Source::Hosts, Source::Certificates]);
    let mut signal = None;
    let stop = async { signal = Some(signals.next().await) };
    let mut progress = Progress::new(&ui.look, &[Source::Hosts, Source::Certificates]);
    let watch = |source, name: &str, state| progress.seen(source, name, state);
    let mut gathered = gather(&world, &wanted, limit, stop, watch).await;
    drop(progress);
    gathered.caveats.extend(world.caveats());
    let checks: Vec<_> =
        gathered.checks.into_iter().filter(|check| wanted.contains(&check.source)).collect();
    gathered.caveats.extend(offline::doubt(&checks));
    let answer = Health { verdict: Verdict::over(&checks), checks, caveats: gathered.caveats };
    ui.show(&answer, ctx.clock.now())?;
    let fail_on_yellow = ctx.globals.fail_on.is_some();
    Ok(signal.unwrap_or_else(|| Outcome::of_checks(&answer.checks, fail_on_yellow)))
}

fn choose(world: &mut World, words: &[String]) -> anyhow::Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    let chosen = words.iter().map(|word| find_host(&world.config.hosts, word));
    let chosen = chosen.collect::<anyhow::Result<BTreeSet<_>>>()?;
    world.config.hosts.retain(|host| chosen.contains(&host.name));
    Ok(())
}

#[derive(Debug, Serialize)]
struct Health {
    verdict: Verdict,
    checks: Vec<Check>,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl View for Health {
    const COMMAND: &'static str = "health";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let header =
            ["STATE", "HOST", "DNS", "TCP", "TLS", "FIRST BYTE", "TOTAL", "CERTIFICATE", "REASON"];
        let mut table = Table::new(page, header).lead(2);
        for check in self.checks.iter().filter(|check| check.source == Source::Hosts) {
            let step =
                |key| median_of(check, key).map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
            // Where none was seen the reason beside it says why.
            let certificate = self.certificate(&check.name).filter(|c| c.state != State::Unknown);
            table.painted_row(
                &ui::state(check.state),
                [
                    &check.name,
                    &step("dns_ms"),
                    &step("connect_ms"),
                    &step("tls_ms"),
                    &step("first_byte_ms"),
                    &step("total_ms"),
                    certificate.map_or("-", |c| c.reason.text.as_str()),
                    &check.reason.text,
                ],
            );
        }
        write!(out, "{table}")
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}

impl Health {
    fn certificate(&self, host: &str) -> Option<&Check> {
        self.checks.iter().find(|c| c.source == Source::Certificates && c.name == host)
    }
}

/// The median over the tries of one step's time, in ms.
fn median_of(check: &Check, step: &str) -> Option<u64> {
    let tries = check.evidence.get("tries").and_then(Value::as_array)?;
    median(tries.iter().filter_map(|t| t.get(step)?.as_u64()).collect())
}
