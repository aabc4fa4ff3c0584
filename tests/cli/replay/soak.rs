//! Killed at random times, as often as asked: `scripts/soak` asks for more.
#![expect(clippy::print_stderr, reason = "the figures are what it is run for")]

use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::stage::{Ledger, Stage};

const KILLS: usize = 10;
const ROWS: usize = 400;
const LANES: usize = 40;
/// A run is killed at the latest after so many ms.
const LONGEST: u64 = 2500;

/// Numbers that nobody can foretell and everybody can repeat.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = std::env::var("PARKY_OPS_SOAK_SEED").ok().and_then(|seed| seed.parse().ok());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self(seed.unwrap_or(now.as_nanos() as u64 | 1))
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// What became of the rows of one or more rounds.
#[derive(Debug, Default)]
struct Figures {
    rounds: usize,
    kills: usize,
    /// Rows that arrived.
    delivered: usize,
    /// Rows that were in doubt after a kill, in all.
    unsure: usize,
    doubled: usize,
    lost: usize,
}

/// One table, killed ten times while it is replayed, and then replayed to its end.
fn round(ledger: Ledger, dice: &mut Dice, figures: &mut Figures) {
    let stage = Stage::new(ledger, ROWS, LANES).without_bot();
    let mut unsure = 0;
    for _ in 0..KILLS {
        let mut command = stage.replay("").command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut run = command.spawn().expect("starting the binary");
        sleep(Duration::from_millis(dice.below(LONGEST)));
        let still_ran = run.try_wait().unwrap().is_none();
        run.kill().unwrap();
        run.wait().unwrap();
        let standing = stage.standing();
        figures.kills += usize::from(still_ran);
        figures.doubled += standing.doubled;
        figures.lost += standing.lost;
        unsure = unsure.max(standing.unsure);
    }
    let done = stage.replay("").done();
    assert!(matches!(done.code, Some(0 | 7)), "{}\n{}", done.stdout, done.stderr);
    let standing = stage.standing();
    assert_eq!(standing.open, 0, "{standing:?}: {}", done.stdout);
    // What is in doubt is looked for in the channels, and sent where it is not there.
    stage.bot(true);
    let done = stage.replay("--resend-unsure --confirm resend").exits(0);
    drop(done);
    let arrivals = stage.arrivals();
    figures.rounds += 1;
    figures.unsure += unsure;
    figures.delivered += arrivals.values().filter(|count| **count > 0).count();
    figures.doubled += arrivals.values().filter(|count| **count > 1).count();
    figures.lost += arrivals.values().filter(|count| **count == 0).count();
}

fn killed_at_random(ledger: Ledger, rounds: usize) {
    let mut dice = Dice::new();
    eprintln!("{ledger:?}: seed {}", dice.0);
    let mut figures = Figures::default();
    for _ in 0..rounds {
        round(ledger, &mut dice, &mut figures);
        let Figures { rounds, kills, delivered, unsure, doubled, lost } = figures;
        eprintln!(
            "{ledger:?}: {rounds} rounds, {kills} kills, {} rows: {delivered} delivered, \
             {unsure} unsure meanwhile, {doubled} doubled, {lost} lost",
            rounds * ROWS
        );
        assert_eq!((doubled, lost), (0, 0));
    }
    assert!(figures.kills > 0, "no run was killed while it ran");
}

#[test]
fn killed_at_random_a_shared_run_loses_and_doubles_nothing() {
    killed_at_random(Ledger::Shared, 1);
}

#[test]
fn killed_at_random_a_local_run_loses_and_doubles_nothing() {
    killed_at_random(Ledger::Local, 1);
}

fn rounds() -> usize {
    let rounds = std::env::var("PARKY_OPS_SOAK_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    rounds.unwrap_or(1)
}

#[test]
#[ignore = "scripts/soak runs it"]
fn soak_shared() {
    killed_at_random(Ledger::Shared, rounds());
}

#[test]
#[ignore = "scripts/soak runs it"]
fn soak_local() {
    killed_at_random(Ledger::Local, rounds());
}
