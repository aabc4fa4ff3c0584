//! The command line of `tail`, and the filters that it asks for.

use crate::completion::{self, Kind};
use std::path::PathBuf;
use std::time::Duration;

use parky_ops::cloudflare::TailFilters;
use parky_ops::domain::parse_span;
use parky_ops::tail::{Filter, Level};
use regex_lite::Regex;

/// Follow the live logs of workers in one stream
///
/// The line is renewed before it expires, and got back when it drops; what was missed is said. Nothing
/// from before the start can be shown. WORKER is a name of the configuration, a host that one serves,
/// or a script's name on Cloudflare.
///
/// Exit: 0 ended as asked, 4 no such worker, 5 a line was lost for good, 130 Ctrl-C.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops tail public
  parky-ops tail --all --status error --for 5m
  parky-ops tail public --since-deploy --until-error
  parky-ops tail public admin --summary 10s
  parky-ops tail public --json --out incident.ndjson | jq .trace.outcome")]
pub(crate) struct TailArgs {
    /// Workers to follow
    #[arg(
        value_name = "WORKER",
        required_unless_present = "all",
        conflicts_with = "all",
        add = completion::of(Kind::Worker)
    )]
    pub(super) workers: Vec<String>,

    /// Every worker of the configuration
    #[arg(long)]
    pub(super) all: bool,

    /// End after this long
    #[arg(long = "for", value_name = "SPAN", value_parser = span)]
    pub(super) span: Option<Duration>,

    /// End after so many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_events: Option<u64>,

    /// End after the first event in which something went wrong
    #[arg(long)]
    pub(super) until_error: bool,

    /// Print rates, errors and durations each SPAN instead of lines
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub(super) summary: Option<Duration>,

    /// Keep a redacted copy as NDJSON in FILE, which must be new
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,

    /// Only the version of the newest deployment, and of each newer one
    #[arg(long, conflicts_with = "version")]
    pub(super) since_deploy: bool,

    #[command(flatten)]
    theirs: TheirFilters,

    #[command(flatten)]
    ours: OurFilters,
}

/// Filters that Cloudflare applies, which keeps a busy worker below the point where it samples.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Filters at Cloudflare")]
struct TheirFilters {
    /// Only what ended like this: ok, error, canceled, or one of Cloudflare's own words
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    status: Vec<String>,

    /// Only requests of this method; leaves out everything that is no request
    #[arg(long, value_name = "METHOD", value_delimiter = ',')]
    method: Vec<String>,

    /// Only requests with this header, as NAME or NAME:TEXT
    #[arg(long, value_name = "HEADER")]
    header: Option<String>,

    /// Only requests from this address; 'self' is this machine's
    #[arg(long, value_name = "IP", value_delimiter = ',', value_parser = address)]
    ip: Vec<String>,

    /// Only what has TEXT in a console message
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,

    /// Only so large a share, between 0 and 1
    #[arg(long, value_name = "RATE", value_parser = rate)]
    sampling_rate: Option<f64>,

    /// Only this version: its id, 8 or more signs of it, @NUMBER, or 'previous'
    #[arg(long = "version", value_name = "VERSION")]
    version: Option<String>,
}

/// Filters that are applied here.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Filters here")]
struct OurFilters {
    /// Only what wrote a line of this level or above, or failed
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    level: Option<Level>,

    /// Only what holds this id: a ray, a trace parent, a request's id
    #[arg(long, value_name = "ID", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    trace: Option<String>,

    /// Only what took at least so long, such as 500ms
    #[arg(long, value_name = "SPAN", value_parser = span)]
    min_wall: Option<Duration>,

    /// Only requests to this path or below it; * stands for any signs
    #[arg(long, value_name = "PATH")]
    path: Option<String>,

    /// Only what has this pattern in its URL, log lines or exceptions
    #[arg(long, value_name = "REGEX", value_parser = pattern)]
    grep: Option<Regex>,
}

impl TailArgs {
    /// The version as it was named.
    pub(super) fn version(&self) -> Option<&str> {
        self.theirs.version.as_deref()
    }

    /// What Cloudflare is to leave out, but for the version.
    pub(super) fn theirs(&self) -> TailFilters {
        let TheirFilters { status, method, header, ip, search, sampling_rate, .. } = &self.theirs;
        let header = header.as_deref().map(|header| match header.split_once(':') {
            Some((key, query)) => (key.trim().to_owned(), Some(query.trim().to_owned())),
            None => (header.trim().to_owned(), None),
        });
        let mut outcomes: Vec<String> = Vec::new();
        for word in status.iter().flat_map(|word| outcomes_of(word)) {
            if !outcomes.contains(&word) {
                outcomes.push(word);
            }
        }
        TailFilters {
            sampling_rate: *sampling_rate,
            outcomes,
            methods: method.iter().map(|method| method.to_ascii_uppercase()).collect(),
            header,
            client_ips: ip.clone(),
            search: search.clone(),
            version: None,
        }
    }

    /// Whether anything at all is left out, but by version.
    pub(super) fn filters(&self) -> bool {
        !self.ours().is_open() || self.theirs() != TailFilters::default()
    }

    /// What is left out here.
    pub(super) fn ours(&self) -> Filter {
        let OurFilters { level, trace, min_wall, path, grep } = &self.ours;
        Filter {
            level: *level,
            trace: trace.clone(),
            min_wall_ms: min_wall.map(|span| span.as_secs_f64() * 1000.0),
            path: path.clone(),
            grep: grep.clone(),
        }
    }
}

/// Cloudflare's words for a status. wrangler's `error` leaves out all but the first four, and with
/// them what ends an outage's invocations.
fn outcomes_of(status: &str) -> Vec<String> {
    let words: &[&str] = match status {
        "error" => &[
            "exception",
            "exceededCpu",
            "exceededMemory",
            "unknown",
            "scriptNotFound",
            "exceededWallTime",
            "killSwitch",
            "daemonDown",
            "loadShed",
        ],
        "cancelled" => &["canceled"],
        own => &[own],
    };
    words.iter().map(|&word| word.to_owned()).collect()
}

fn span(s: &str) -> Result<Duration, String> {
    let span = match s.strip_suffix("ms").and_then(|n| n.parse::<u64>().ok()) {
        Some(ms) => Some(Duration::from_millis(ms)),
        None => parse_span(s).and_then(|span| span.to_std().ok()),
    };
    span.filter(|span| !span.is_zero()).ok_or_else(|| "use a span such as 10s or 5m".to_owned())
}

fn rate(s: &str) -> Result<f64, String> {
    let rate = s.parse::<f64>().ok().filter(|rate| *rate > 0.0 && *rate < 1.0);
    rate.ok_or_else(|| "use a share between 0 and 1, such as 0.1".to_owned())
}

fn level(s: &str) -> Result<Level, String> {
    Level::of(s).ok_or_else(|| "use debug, info, warn or error".to_owned())
}

fn pattern(s: &str) -> Result<Regex, String> {
    Regex::new(s).map_err(|error| error.to_string())
}

fn address(s: &str) -> Result<String, String> {
    let fits = s == "self" || s.parse::<std::net::IpAddr>().is_ok();
    fits.then(|| s.to_owned()).ok_or_else(|| "use an address, or 'self'".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_means_every_way_to_fail_and_each_word_stands_once() {
        assert!(outcomes_of("error").contains(&"exceededWallTime".to_owned()));
        assert_eq!(outcomes_of("ok"), ["ok"]);
        assert_eq!(outcomes_of("brandNew"), ["brandNew"]);
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        assert!(rate("0").is_err() && rate("1").is_err() && rate("NaN").is_err());
        assert!(span("0s").is_err() && span("soon").is_err());
        assert_eq!(span("500ms"), Ok(Duration::from_millis(500)));
        assert!(address("api.parky.co.jp").is_err() && address("2001:db8::1").is_ok());
        assert!(pattern("(").is_err() && level("loud").is_err());
    }
}
