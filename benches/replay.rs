//! How near `dlq replay` comes to what Discord allows, and what it costs, against the stand-in with its
//! real buckets, its hidden limit, its limit for one address, and 20 ms of latency. In real time.
//!
//! `cargo bench --features sandbox --bench replay -- [ROWSxCHANNELS[:RATE]..]`: 200x1:full (6 min) and
//! 10000x50:full (7 min) unless said otherwise. What is allowed is told for a lane alone, and with the cap
//! over all channels; the share is of the latter. `PARKY_OPS_TEST_BINARY`: another binary than the one
//! that was built along.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for measuring"
)]

use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use parky_ops::config::Vars;
use parky_ops::discord::pace::{self, Rate};
use parky_ops::sandbox::server::{Act, Fault};
use parky_ops::sandbox::{DeadLetter, Options, Sandbox, Scenario};

const LATENCY: Duration = Duration::from_millis(20);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|w| !w.starts_with("--")).collect();
    let usual = || ["200x1:full", "10000x50:full"].map(str::to_owned).into();
    for word in if words.is_empty() { usual() } else { words } {
        let (size, rate) = word.split_once(':').unwrap_or((&word, "polite"));
        let (rows, channels) = size.split_once('x').expect("ROWSxCHANNELS");
        measure(rows.parse().unwrap(), channels.parse().unwrap(), rate);
    }
}

fn sandbox(rows: usize, channels: usize) -> Sandbox {
    let now = DateTime::<Utc>::from(SystemTime::now());
    let name = |nth: usize| format!("lane-{:02}", nth % channels);
    let letter = |nth: usize| {
        let at = now - TimeDelta::hours(6) + TimeDelta::seconds(nth as i64);
        let letter = DeadLetter::alert("P1", &format!("alert {nth}"), at, nth);
        DeadLetter { channel: name(nth), ..letter }
    };
    let vars = std::env::vars().collect::<Vars>();
    let sandbox = Sandbox::start(Options {
        channels: (0..channels).map(name).collect(),
        letters: Some((0..rows).map(letter).collect()),
        ..Options::new(Scenario::Healthy, now, vars)
    });
    let sandbox = sandbox.expect("starting the stand-ins");
    let late = Fault::new(Act::Own).after(LATENCY);
    sandbox.discord().server().faults().set("/", late);
    sandbox
}

fn measure(rows: usize, channels: usize, rate: &str) {
    println!("{rows} rows over {channels} channels, --rate {rate}");
    let sandbox = sandbox(rows, channels);
    let vars = std::env::vars().collect::<Vars>();
    let program = vars.get("PARKY_OPS_TEST_BINARY").unwrap_or(env!("CARGO_BIN_EXE_parky-ops"));
    let line = "TIMEFORMAT='%U %S %R'; time \"$@\" >/dev/null 2>\"$HOME/said\"";
    let output = Command::new("bash")
        .args(["-c", line, "bash", program])
        .args(["dlq", "replay", "--since", "24h", "--yes", "--json", "--rate", rate])
        .env_clear()
        .envs(vars.get("PATH").map(|path| ("PATH", path)))
        .env("HOME", sandbox.home())
        .env("PARKY_OPS_CONFIG", sandbox.config_path())
        .env("PARKY_OPS_STATE_DIR", sandbox.state_dir())
        .stdin(Stdio::null())
        .output()
        .expect("bash");
    let said = std::fs::read_to_string(sandbox.home().join("said")).unwrap_or_default();
    assert!(output.status.success(), "{:?}: {said}", output.status);
    let times = String::from_utf8_lossy(&output.stderr);
    let times: Vec<f64> = times.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let posted = sandbox.discord().all_messages();
    assert_eq!(posted.len(), rows, "each row once");
    let (first, last) = (posted.first().unwrap().at, posted.last().unwrap().at);
    let took = (last - first).as_seconds_f64();
    let allowance = if rate == "full" { Rate::Full } else { Rate::Polite }.allowance();
    let lanes = (0..channels).map(|nth| (rows.saturating_sub(nth).div_ceil(channels), allowance));
    let alone = pace::estimate(rows.div_ceil(channels), &[], allowance).as_secs_f64();
    let together = pace::estimate_together(lanes, allowance.global_per_s).as_secs_f64();
    println!(
        "  first to last post {took:.1} s; allowed are {alone:.1} s by the lane formula, {together:.1} s with \
         the cap over all channels: {:.1} %",
        100.0 * together / took,
    );
    println!(
        "  429: {:?}; own CPU {:.2} s user + {:.2} s system; {:.1} s in all",
        sandbox.discord().rate_limited(),
        times[0],
        times[1],
        times[2],
    );
}
