//! Figures instead of lines: rates, errors and durations, by worker and by version, so that the two
//! sides of a canary stand side by side. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::trace::Trace;

/// Durations that are kept of each row; of more, every second, fourth, … one is kept.
const SAMPLES: usize = 16_384;
/// Versions are told apart up to so many; their ids come from outside.
const ROWS: usize = 256;

/// What was counted since it was last taken.
#[derive(Debug, Default)]
pub struct Summary {
    rows: BTreeMap<(usize, Option<String>), Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    events: u64,
    errors: u64,
    wall: Samples,
    cpu: Samples,
}

/// The figures of one version of one worker.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SummaryRow {
    /// The place of the worker in the list of watches.
    #[serde(skip)]
    pub worker: usize,
    /// The version's id, where the events told one.
    pub version: Option<String>,
    /// Events.
    pub events: u64,
    /// Events in which something went wrong.
    pub errors: u64,
    /// Median and 95th percentile of the wall time in ms.
    pub wall_ms: Option<Percentiles>,
    /// Median and 95th percentile of the CPU time in ms.
    pub cpu_ms: Option<Percentiles>,
}

/// Two figures of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// The median.
    pub p50: f64,
    /// Above it lies one in twenty.
    pub p95: f64,
}

impl Summary {
    /// Counts an event of the worker in this place.
    pub fn count(&mut self, worker: usize, trace: &Trace<'_>) {
        let key = (worker, trace.version().map(Cow::into_owned));
        let full = self.rows.len() >= ROWS && !self.rows.contains_key(&key);
        let key = if full { (worker, None) } else { key };
        let row = self.rows.entry(key).or_default();
        row.events += 1;
        row.errors += u64::from(trace.is_error());
        row.wall.add(trace.wall_ms());
        row.cpu.add(trace.cpu_ms());
    }

    /// The figures so far, and starts anew.
    pub fn take(&mut self) -> Vec<SummaryRow> {
        let rows = std::mem::take(&mut self.rows).into_iter();
        rows.map(|((worker, version), counted)| SummaryRow {
            worker,
            version,
            events: counted.events,
            errors: counted.errors,
            wall_ms: counted.wall.percentiles(),
            cpu_ms: counted.cpu.percentiles(),
        })
        .collect()
    }
}

/// Durations, thinned out evenly where there are too many.
#[derive(Debug)]
struct Samples {
    kept: Vec<f64>,
    seen: u64,
    every: u64,
}

impl Default for Samples {
    fn default() -> Self {
        Self { kept: Vec::new(), seen: 0, every: 1 }
    }
}

impl Samples {
    fn add(&mut self, value: Option<f64>) {
        let Some(value) = value.filter(|value| value.is_finite()) else { return };
        if self.seen.is_multiple_of(self.every) {
            if self.kept.len() == SAMPLES {
                let mut nth = 0_usize;
                self.kept.retain(|_| {
                    nth += 1;
                    !nth.is_multiple_of(2)
                });
                self.every *= 2;
            }
            self.kept.push(value);
        }
        self.seen += 1;
    }

    fn percentiles(mut self) -> Option<Percentiles> {
        self.kept.sort_unstable_by(f64::total_cmp);
        let at = |percent: usize| {
            // Nearest rank.
            let rank = (self.kept.len() * percent).div_ceil(100).max(1);
            self.kept.get(rank - 1).copied()
        };
        Some(Percentiles { p50: at(50)?, p95: at(95)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(version: &str, outcome: &str, wall: f64) -> String {
        format!(
            r#"{{"outcome":"{outcome}","scriptVersion":{{"id":"{version}"}},"wallTime":{wall},"cpuTime":3}}"#
        )
    }

    #[test]
    fn the_two_sides_of_a_canary_are_told_apart() {
        let mut summary = Summary::default();
        for n in 1..=100 {
            summary.count(0, &Trace::parse(&event("old", "ok", f64::from(n))).unwrap());
        }
        summary.count(0, &Trace::parse(&event("new", "exception", 500.0)).unwrap());
        summary.count(1, &Trace::parse("{}").unwrap());
        let rows = summary.take();
        let brief: Vec<_> = rows.iter().map(|r| (r.worker, r.events, r.errors)).collect();
        assert_eq!(brief, [(0, 1, 1), (0, 100, 0), (1, 1, 1)]);
        assert_eq!(rows[1].wall_ms, Some(Percentiles { p50: 50.0, p95: 95.0 }));
        assert_eq!(rows[1].cpu_ms, Some(Percentiles { p50: 3.0, p95: 3.0 }));
        assert_eq!(rows[2].wall_ms, None);
        assert_eq!(summary.take(), []);
    }

    #[test]
    fn a_million_durations_cost_little_and_keep_their_shape() {
        let mut samples = Samples::default();
        (0..1_000_000_u32).for_each(|n| samples.add(Some(f64::from(n))));
        assert!(samples.kept.len() <= SAMPLES);
        let Percentiles { p50, p95 } = samples.percentiles().unwrap();
        assert!((p50 - 5e5).abs() < 1e3 && (p95 - 9.5e5).abs() < 1e3, "{p50} {p95}");
    }
}
