//! How many events a second `tail` takes, beside wrangler's, against one stand-in of Cloudflare.
//!
//! `cargo bench --features sandbox --bench tail -- [EVENTS] [WRANGLER]`: EVENTS are 1,000,000 unless said
//! otherwise (wrangler gets a tenth of them), WRANGLER is the path of its program. Machines are noisy:
//! read the ratios. `PARKY_OPS_TEST_BINARY`: another binary than the one that was built along.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for measuring"
)]

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use parky_ops::config::Vars;
use parky_ops::sandbox::cloudflare::tails::{Step, events};
use parky_ops::sandbox::cloudflare::{Release, ScriptHistory, TokenKind};
use parky_ops::sandbox::server::Stage;
use parky_ops::sandbox::{ACCOUNT_ID, CloudflareFacts, CloudflareStandIn};
use secrecy::ExposeSecret as _;

const SCRIPT: &str = "parky-public-prod";
/// Stands in every event once.
const MARK: &[u8] = b"\"eventTimestamp\"";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|w| !w.starts_with("--")).collect();
    let events = words.first().and_then(|word| word.parse().ok()).unwrap_or(1_000_000);
    let home = tempfile::tempdir().unwrap();
    let vars = std::env::vars().collect::<Vars>();
    let ours = vars.get("PARKY_OPS_TEST_BINARY").unwrap_or(env!("CARGO_BIN_EXE_parky-ops"));
    for form in ["--json", "--format text"] {
        let command = |site: &Site| {
            let mut command = Command::new(ours);
            command.args(["tail", "public"]).args(form.split(' '));
            command.arg("--max-events").arg(events.to_string());
            command.env("PARKY_OPS_CONFIG", site.config(home.path()));
            command
        };
        measure(&format!("parky-ops tail {form}"), events, form == "--json", command);
    }
    let Some(wrangler) = words.get(1) else {
        println!("skipped: wrangler was not named");
        return;
    };
    for form in ["json", "pretty"] {
        let command = |site: &Site| {
            let mut command = Command::new(wrangler);
            command.args(["tail", SCRIPT, "--format", form]).current_dir(home.path());
            command.env("CLOUDFLARE_API_BASE_URL", site.stand_in.url());
            command.env("CLOUDFLARE_API_TOKEN", site.stand_in.token().expose_secret());
            command.env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT_ID).env("WRANGLER_SEND_METRICS", "false");
            command
        };
        measure(&format!("wrangler tail --format {form}"), events / 10, form == "json", command);
    }
}

/// The stand-in, and what it sends.
struct Site {
    stand_in: CloudflareStandIn,
}

impl Site {
    fn sending(count: u64) -> Self {
        let now = DateTime::<Utc>::from(std::time::SystemTime::now());
        let release = Release::new(141, TimeDelta::days(2), "ci@parky.co.jp", "feat: search");
        let script = ScriptHistory { script: SCRIPT, releases: vec![release], undeployed: None };
        let facts = CloudflareFacts { now, token: TokenKind::User, scripts: vec![script] };
        let stand_in = CloudflareStandIn::start(&Stage::start().unwrap(), &facts).unwrap();
        let event = events::fetch("GET", "https://api.parky.co.jp/v2/spots/{n}", 200, now);
        let event = events::logged(
            event,
            "log",
            &serde_json::json!(["cache", "hit", { "key": "spots:shibuya" }]),
        );
        let burst = Step::Burst { template: event.to_string(), count };
        println!("  {} bytes an event", event.to_string().len());
        stand_in.tails().play(SCRIPT, [vec![burst]]);
        Self { stand_in }
    }

    fn config(&self, home: &std::path::Path) -> std::path::PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = home.join("config.toml");
        let text = format!(
            "[urls]\ncloudflare = \"{}\"\n[env.prod]\ncloudflare_account = \"{ACCOUNT_ID}\"\n\
             [env.prod.credentials]\ncloudflare_api_token = \"{}\"\n\
             [[worker]]\nname = \"public\"\nscript = {{ prod = \"{SCRIPT}\" }}\n",
            self.stand_in.url(),
            self.stand_in.token().expose_secret(),
        );
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }
}

/// Runs a tail until it has printed every event, and says how fast that was.
fn measure(name: &str, count: u64, marked: bool, command: impl Fn(&Site) -> Command) {
    println!("{name}");
    let site = Site::sending(count);
    let mut command = command(&site);
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starting");
    let mut stdout = child.stdout.take().unwrap();
    let (mut chunk, mut bytes, mut lines, mut first) = (vec![0; 1 << 20], 0_u64, 0_u64, None);
    let mut counter = Counter::default();
    let (mut early, mut peak) = (0, 0);
    while let Ok(read @ 1..) = stdout.read(&mut chunk) {
        first.get_or_insert_with(|| begun.elapsed());
        bytes += read as u64;
        lines += if marked {
            counter.count(&chunk[..read], MARK)
        } else {
            // Each event is a line and one more for its log.
            counter.count(&chunk[..read], b"spots:shibuya")
        };
        if lines >= count / 10 && early == 0 {
            early = resident(&child);
        }
        peak = resident(&child).max(peak);
        if lines >= count {
            break;
        }
    }
    let first = first.unwrap_or_default();
    let took = begun.elapsed() - first;
    let cpu = processor_s(&child);
    let _ = rustix::process::kill_process(
        rustix::process::Pid::from_child(&child),
        rustix::process::Signal::INT,
    );
    drop(stdout);
    let _ = child.wait();
    println!(
        "  {lines} of {count} events in {:.2} s: {:.0} events/s, {:.0} MB/s; first byte after {:.0} ms; \
         own CPU {cpu:.2} s; memory {} MiB after a tenth, {} MiB at most; tails left: {}",
        took.as_secs_f64(),
        lines as f64 / took.as_secs_f64(),
        bytes as f64 / took.as_secs_f64() / 1e6,
        Duration::as_secs_f64(&first) * 1000.0,
        early / 1024,
        peak / 1024,
        site.stand_in.tails().open().len(),
    );
}

/// Occurrences in a stream that is cut anywhere.
#[derive(Default)]
struct Counter {
    rest: Vec<u8>,
}

impl Counter {
    fn count(&mut self, chunk: &[u8], mark: &[u8]) -> u64 {
        self.rest.extend_from_slice(chunk);
        let (mut count, mut from) = (0, 0);
        while let Some(at) = memchr::memmem::find(&self.rest[from..], mark) {
            count += 1;
            from += at + mark.len();
        }
        let keep = (self.rest.len() - from).min(mark.len() - 1);
        let begin = self.rest.len() - keep;
        self.rest.drain(..begin);
        count
    }
}

/// Time of a child on the processors, in s, as finely as the kernel tells it (10 ms).
fn processor_s(child: &Child) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    // The name, which may hold anything, ends with the last parenthesis; user and system are 12th and
    // 13th behind it.
    let fields = stat.rsplit(") ").next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Resident memory of a child in KiB.
fn resident(child: &Child) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
