//! `parky-ops vendors`: us or them? What the vendors' status pages say of what we stand on.
//!
//! Reads only, without a credential. The vendors' own view, often minutes behind the facts.

use std::collections::BTreeSet;
use std::fmt::{self, Write};
use std::time::Duration;

use chrono::{DateTime, Utc};
use parky_ops::checks::{World, gather, offline};
use parky_ops::domain::clock::span;
use parky_ops::domain::text::{nearest, one_line};
use parky_ops::domain::{Caveat, Check, Jst, Source};
use serde::Serialize;
use serde_json::Value;

use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::Usage;
use crate::signals::Signals;
use crate::ui::{Checks, Page, Progress, Tone, Ui, View, paint};

/// Read the status pages of what we stand on: the named components, and current incidents
///
/// Judged by the components that the configuration names, not by the page's word over everything.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops vendors
  parky-ops vendors cloudflare --json")]
pub(crate) struct VendorsArgs {
    /// Vendors of the configuration [default: all]
    #[arg(value_name = "VENDOR")]
    vendors: Vec<String>,
}

/// Deadline of the whole command, where `--timeout` does not say otherwise.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) async fn run(args: &VendorsArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let limit = ctx.globals.timeout.unwrap_or(LIMIT);
    let mut world = ctx.world(limit)?;
    choose(&mut world, &args.vendors)?;
    ctx.announce(ui, &world.config);
    let wanted = BTreeSet::from([Source::Vendors]);
    let mut signal = None;
    let stop = async { signal = Some(signals.next().await) };
    let mut progress = Progress::new(&ui.look, &[Source::Vendors]);
    let watch = |source, name: &str, state| progress.seen(source, name, state);
    let mut gathered = gather(&world, &wanted, limit, stop, watch).await;
    drop(progress);
    gathered.checks.retain(|check| check.source == Source::Vendors);
    // One page that does not answer is the vendor's; none at all is our own network.
    if gathered.checks.len() > 1 {
        offline::apply(&mut gathered.checks);
    }
    gathered.caveats.extend(world.caveats());
    let answer = Vendors(Checks::new(gathered.checks, gathered.caveats));
    ui.show(&answer, ctx.clock.now())?;
    let fail_on_yellow = ctx.globals.fail_on.is_some();
    Ok(signal.unwrap_or_else(|| Outcome::of_checks(&answer.0.checks, fail_on_yellow)))
}

fn choose(world: &mut World, words: &[String]) -> anyhow::Result<()> {
    let vendors = &mut world.config.vendors;
    for word in words {
        if !vendors.iter().any(|vendor| vendor.name.eq_ignore_ascii_case(word)) {
            let names = || vendors.iter().map(|vendor| vendor.name.as_str());
            let says = match nearest(word, names()) {
                Some(near) => format!("no vendor '{word}', did you mean '{near}'?"),
                None => {
                    let names: Vec<_> = names().collect();
                    format!("no vendor '{word}'; there are {}", names.join(", "))
                }
            };
            return Err(Usage::new(says, "parky-ops config show").into());
        }
    }
    let named = |name: &str| words.iter().any(|word| name.eq_ignore_ascii_case(word));
    vendors.retain(|vendor| words.is_empty() || named(&vendor.name));
    Ok(())
}

#[derive(Debug, Serialize)]
struct Vendors(Checks);

impl View for Vendors {
    const COMMAND: &'static str = "vendors";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        if self.0.checks.is_empty() {
            return writeln!(out, "No vendors are configured.");
        }
        self.0.table(out, page)?;
        let mut heading = Some("Current incidents, as the vendors tell them");
        for check in &self.0.checks {
            for line in incidents(check, page.now) {
                if let Some(heading) = heading.take() {
                    writeln!(out, "\n{}", paint(Tone::Strong, heading))?;
                }
                writeln!(out, "{}", wrapped(&line, page))?;
            }
        }
        Ok(())
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.0.caveats.clone()
    }
}

/// In lines that fit the terminal; an address stays whole.
fn wrapped(line: &str, page: &Page) -> String {
    let options = textwrap::Options::new(page.width.map_or(usize::MAX, usize::from))
        .initial_indent("  ")
        .subsequent_indent("    ")
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(line, options)
}

/// A line for each incident that the page lists, and one for those that are only counted.
fn incidents(check: &Check, now: DateTime<Utc>) -> Vec<String> {
    let listed = check.evidence.get("incidents").and_then(Value::as_array);
    let listed = listed.map(Vec::as_slice).unwrap_or_default();
    let word = |incident: &Value, key: &str| {
        one_line(incident.get(key).and_then(Value::as_str).unwrap_or_default())
    };
    let line = |incident: &Value| {
        let started = incident.get("started_at").and_then(Value::as_str);
        let since = match started.and_then(|at| at.parse::<DateTime<Utc>>().ok()) {
            Some(at) => format!("since {} ({})", Jst(at), span(now - at)),
            None => "since an unknown time".to_owned(),
        };
        let (name, url) = (word(incident, "name"), word(incident, "url"));
        let impact = word(incident, "impact");
        let impact = if impact.is_empty() { String::new() } else { format!(" ({impact})") };
        format!("{}: {name}{impact}, {since} {url}", check.name).trim_end().to_owned()
    };
    let all = check.evidence.get("open_incidents").and_then(Value::as_u64).unwrap_or_default();
    let more = all.saturating_sub(listed.len() as u64);
    let more = (more > 0).then(|| format!("{}: and {more} more", check.name));
    listed.iter().map(line).chain(more).collect()
}

#[cfg(test)]
mod tests {
    use parky_ops::domain::Judgement;
    use parky_ops::domain::check::Times;
    use serde_json::json;

    use super::*;

    #[test]
    fn incidents_are_told_with_their_start_in_jst() {
        let now = "2026-11-21T18:12:00Z".parse().unwrap();
        let listed = vec![
            json!({"name": "API\u{1b}[2J down", "impact": "major",
                   "started_at": "2026-11-21T17:58:00Z", "url": "https://stspg.io/x"}),
            json!({"name": "Slow", "impact": null, "started_at": null, "url": null}),
        ];
        let judgement = Judgement::green("").with("incidents", listed).with("open_incidents", 7);
        let times = Times { took_ms: 1, measured_at: now };
        let lines = incidents(&judgement.check(Source::Vendors, "Discord", times), now);
        assert_eq!(
            lines,
            [
                "Discord: API\\u{1b}[2J down (major), since 2026-11-22 02:58 JST (14 min) https://stspg.io/x",
                "Discord: Slow, since an unknown time",
                "Discord: and 5 more",
            ]
        );
        let page = Page { width: Some(40), now };
        let narrow = wrapped(&lines[0], &page);
        assert!(narrow.lines().all(|line| line.len() <= 40), "{narrow}");
        assert!(narrow.lines().skip(1).all(|line| line.starts_with("    ")), "{narrow}");
        assert_eq!(wrapped(&lines[1], &Page { width: None, now }), format!("  {}", lines[1]));
    }
}
