//! The fault matrix: one thing at a time is broken in a world where nothing is wrong, and `triage`
//! has to say so in just the checks that see it, and in no other.
//!
//! A fault is one line of a table: what it is, what breaks, how the run ends, and every check that
//! then differs from the healthy world, with state and reason code. A check that differs and is not
//! in the line, one that is in the line and does not differ, and one that comes or goes unasked, all
//! fail the fault. So a check that stays green over something broken cannot pass unseen.
//!
//! The faults of a table share one PostgreSQL, but for those that concern the server itself.

mod actions;
mod compare;
mod database;
mod dead_letters;
mod deploys;
mod hosts;
mod server;
mod vendors;
mod world;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use compare::{Checks, compare};
use world::{Ground, World};

/// Verdict and exit code.
type End = (&'static str, i32);

const GREEN: End = ("green", 0);
const YELLOW: End = ("yellow", 0);
const RED: End = ("red", 10);
const UNKNOWN: End = ("unknown", 7);
const OFFLINE: End = ("unknown", 5);

/// A line of a table.
struct Fault {
    name: &'static str,
    breaks: fn(&mut World<'_>),
    ends: End,
    /// Each `SOURCE/NAME STATE CODE`; see [`compare`].
    differs: &'static [&'static str],
    /// Places in `data`, and what stands there as JSON.
    shows: &'static [(&'static str, &'static str)],
}

/// A table of faults, a line each: `"name": |w| breaks => END [checks that differ] {places shown};`
macro_rules! faults {
    ($($name:literal: $breaks:expr => $ends:ident [$($differs:literal),*]
        $({$($place:literal: $shows:literal),*})?;)*) => {
        pub(super) const FAULTS: &[super::Fault] = &[$(super::Fault {
            name: $name,
            breaks: $breaks,
            ends: super::$ends,
            differs: &[$($differs),*],
            shows: &[$($(($place, $shows)),*)?],
        }),*];
    };
}
use faults;

/// Faults that are tried at once: each waits more than it works.
const AT_ONCE: usize = 3;

/// Tries every fault of a table, and tells all that failed.
fn try_all(faults: &[Fault]) {
    let ground = Ground::new();
    let left = Mutex::new(faults.iter());
    let failed = Mutex::new(Vec::new());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(fault) = next() {
                    let tried = catch_unwind(AssertUnwindSafe(|| fault.try_on(&ground)));
                    if let Err(why) = tried.unwrap_or_else(|_| Err("  it panicked".to_owned())) {
                        failed.lock().unwrap().push(format!("{}:\n{why}", fault.name));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {}\n{}", failed.len(), faults.len(), failed.join("\n"));
}

impl Fault {
    fn try_on(&self, ground: &Ground) -> Result<(), String> {
        let mut world = World::new(ground);
        (self.breaks)(&mut world);
        let done = world.triage();
        let data = done.data();
        let mut wrong = Vec::new();
        let ended = (data["verdict"].as_str().unwrap_or_default(), done.code);
        if ended != (self.ends.0, Some(self.ends.1)) {
            wrong.push(format!("  ends {ended:?}, not {:?}", self.ends));
        }
        wrong.extend(compare(ground.healthy(), &Checks::of(&data), self.differs).err());
        for (place, shows) in self.shows {
            let wanted: Value = serde_json::from_str(shows).expect(shows);
            let shown = data.pointer(place).cloned().unwrap_or_default();
            if shown != wanted {
                wrong.push(format!("  {place} is {shown}, not {wanted}"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }
}

/// Every table.
const TABLES: [&[Fault]; 7] = [
    hosts::FAULTS,
    deploys::FAULTS,
    database::FAULTS,
    server::FAULTS,
    dead_letters::FAULTS,
    vendors::FAULTS,
    actions::FAULTS,
];

#[test]
fn the_matrix_has_25_faults_or_more_and_each_a_name_of_its_own() {
    let names: Vec<_> = TABLES.iter().copied().flatten().map(|fault| fault.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    assert!(names.len() >= 25, "{}", names.len());
}

#[test]
fn a_fault_that_the_checks_do_not_see_is_a_false_green_and_fails_the_matrix() {
    let ground = Ground::new();
    // Nothing is broken, so everything is green: as if a check had looked away.
    let unseen = Fault {
        name: "unseen",
        breaks: |_| {},
        ends: RED,
        differs: &["hosts/api.parky.co.jp red refused"],
        shows: &[],
    };
    let why = unseen.try_on(&ground).unwrap_err();
    assert!(why.contains("hosts/api.parky.co.jp is green ok, not red refused"), "{why}");
    assert!(why.contains("ends (\"green\", Some(0)), not (\"red\", 10)"), "{why}");
}
