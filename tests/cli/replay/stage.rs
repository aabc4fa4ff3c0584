//! A Discord, a table of dead letters, and one of the two ledgers; and how they compare.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use parky_ops::sandbox::discord::{Limits, Posted};
use parky_ops::sandbox::{DeadLetter, Engine, Options, Scenario};

use super::events::Events;
use crate::harness::{PgClient, Run, Site, state_texts};

/// How long anything may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(90);
/// The first number in the references of the alerts.
const FIRST_REF: usize = 20_000;

/// Waits until `done`, which must come.
pub(super) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Where a replay keeps its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ledger {
    /// The team's database.
    Shared,
    /// This machine, for the role may only read.
    Local,
}

/// Leaves the role with nothing but SELECT on the team's table.
const READ_ONLY: &str = "DROP SCHEMA parky_ops CASCADE;
    REVOKE CREATE ON DATABASE postgres FROM parky;
    REVOKE UPDATE ON ALL TABLES IN SCHEMA admin FROM parky";

/// See the module.
pub(super) struct Stage {
    pub(super) site: Site,
    pub(super) ledger: Ledger,
    /// How many rows there are.
    rows: usize,
}

/// How ledger and channels stand, row by row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) delivered: usize,
    pub(super) open: usize,
    pub(super) unsure: usize,
    /// More than one message.
    pub(super) doubled: usize,
    /// Delivered, as the ledger has it, and no message.
    pub(super) lost: usize,
}

/// The name of the nth channel.
pub(super) fn lane(nth: usize) -> String {
    format!("lane-{nth:02}")
}

/// A P1 row of that channel; `nth` makes it unlike every other, and gives it the key `nth + 1`.
pub(super) fn letter(nth: usize, channel: &str) -> DeadLetter {
    let at = Utc::now() - TimeDelta::hours(2) + TimeDelta::seconds(nth as i64);
    let letter = DeadLetter::alert("P1", &format!("alert {nth}"), at, nth);
    DeadLetter { channel: channel.to_owned(), ..letter }
}

/// So many rows, dealt out to so many channels in turn.
pub(super) fn dealt(rows: usize, channels: usize) -> Vec<DeadLetter> {
    (0..rows).map(|nth| letter(nth, &lane(nth % channels))).collect()
}

impl Stage {
    /// So many rows on so many channels.
    pub(super) fn new(ledger: Ledger, rows: usize, channels: usize) -> Self {
        Self::of(ledger, dealt(rows, channels))
    }

    /// These rows, oldest first, on their own channels.
    pub(super) fn of(ledger: Ledger, letters: Vec<DeadLetter>) -> Self {
        Self::limited(ledger, letters, Limits::default())
    }

    /// The same with a Discord that takes so much.
    pub(super) fn limited(ledger: Ledger, letters: Vec<DeadLetter>, limits: Limits) -> Self {
        let mut channels: Vec<_> = letters.iter().map(|letter| letter.channel.clone()).collect();
        channels.sort();
        channels.dedup();
        let rows = letters.len();
        let options = |options: Options| Options {
            engine: Engine::Native,
            channels,
            limits,
            letters: Some(letters),
            max_connections: 40,
            ..options
        };
        let stage = Self { site: Site::with(options, Scenario::Healthy), ledger, rows };
        if ledger == Ledger::Local {
            stage.admin().run(READ_ONLY);
        }
        stage
    }

    /// What is unsure stays so: nobody can look into the channels.
    pub(super) fn without_bot(self) -> Self {
        self.bot(false);
        self
    }

    /// Gives or takes the bot.
    pub(super) fn bot(&self, there: bool) {
        const KEY: &str = "env.prod.credentials.discord_bot_token";
        let token = secrecy::ExposeSecret::expose_secret(self.site.sandbox().discord().token());
        match there {
            true => self.site.set(KEY, &format!("\"{token}\"")),
            false => self.site.remove(KEY),
        }
    }

    /// The database's superuser.
    pub(super) fn admin(&self) -> PgClient {
        PgClient::admin(&self.site)
    }

    /// Where the local ledger is.
    pub(super) fn state_dir(&self) -> PathBuf {
        self.site.home().join("state")
    }

    /// A command at this site.
    pub(super) fn run(&self, words: &str) -> Run {
        self.site.run(words).var("PARKY_OPS_STATE_DIR", self.state_dir())
    }

    /// A replay that is agreed to, of the last 24 h where `words` say nothing else.
    pub(super) fn replay(&self, words: &str) -> Run {
        self.replay_for_people(&format!("--json {words}"))
    }

    /// The same as text.
    pub(super) fn replay_for_people(&self, words: &str) -> Run {
        let agreed = match self.ledger {
            Ledger::Shared => "--yes",
            Ledger::Local => "--confirm new-ledger",
        };
        self.run(&format!("dlq replay --since 24h {agreed} {words}"))
    }

    /// Such a replay to its end.
    pub(super) fn replayed(&self, words: &str, code: i32) -> Events {
        Events::of(&self.replay(words).exits(code))
    }

    /// The messages of a row that were posted.
    pub(super) fn messages_of(&self, id: usize) -> Vec<Posted> {
        let all = self.site.sandbox().discord().all_messages();
        all.into_iter().filter(|posted| key_of(posted) == Some(id)).collect()
    }

    /// How many messages stand in the channels.
    pub(super) fn posts(&self) -> usize {
        self.site.sandbox().discord().all_messages().len()
    }

    /// How many messages each row has.
    pub(super) fn arrivals(&self) -> BTreeMap<usize, usize> {
        let mut arrivals: BTreeMap<_, _> = (1..=self.rows).map(|id| (id, 0)).collect();
        for posted in self.site.sandbox().discord().all_messages() {
            if let Some(id) = key_of(&posted) {
                *arrivals.entry(id).or_default() += 1;
            }
        }
        arrivals
    }

    /// Each row stands in its channel, once.
    pub(super) fn each_arrived_once(&self) {
        let odd: Vec<_> = self.arrivals().into_iter().filter(|(_, count)| *count != 1).collect();
        assert_eq!(odd, [], "rows that did not arrive once");
    }

    /// What the ledger says of each row that it knows.
    pub(super) fn states(&self) -> BTreeMap<usize, String> {
        let items = match self.ledger {
            Ledger::Shared => {
                self.admin().texts("SELECT failure_id || ' ' || state FROM parky_ops.replay_item")
            }
            Ledger::Local => self.local_texts("SELECT failure_id || ' ' || state FROM replay_item"),
        };
        let parts = |item: &String| {
            let (id, state) = item.split_once(' ').unwrap();
            (id.parse().unwrap(), state.to_owned())
        };
        items.iter().map(parts).collect()
    }

    /// The first column of the answer of the local ledger; nothing where there is none yet.
    pub(super) fn local_texts(&self, sql: &str) -> Vec<String> {
        let path = self.state_dir().join("state.db");
        if !path.exists() {
            return Vec::new();
        }
        let has = "SELECT name FROM sqlite_schema WHERE name = 'replay_item'";
        if state_texts(&path, has).is_empty() { Vec::new() } else { state_texts(&path, sql) }
    }

    /// Holds the ledger against the channels, after the death of every run: a row that is claimed was
    /// not sent, and one that was being sent is unsure.
    pub(super) fn standing(&self) -> Standing {
        let states = self.states();
        let mut standing = Standing::default();
        for (id, messages) in self.arrivals() {
            let state = states.get(&id).map_or("open", String::as_str);
            standing.doubled += usize::from(messages > 1);
            match state {
                "delivered" => {
                    standing.delivered += 1;
                    standing.lost += usize::from(messages == 0);
                }
                "open" | "claimed" => {
                    standing.open += 1;
                    // It would be sent once more.
                    standing.doubled += usize::from(messages == 1);
                }
                "unsure" | "sending" => standing.unsure += 1,
                other => panic!("row {id} is {other}"),
            }
        }
        standing
    }
}

/// Of which row a message is.
fn key_of(posted: &Posted) -> Option<usize> {
    let reference = posted.embeds.first()?["fields"][2]["value"].as_str()?;
    let nth: usize = reference.strip_prefix("ALERT-")?.parse().ok()?;
    Some(nth - FIRST_REF + 1)
}
