//! The text of logs, made as it is sent: a byte order mark, then lines that begin with their time.

use axum::body::Bytes;
use chrono::{DateTime, TimeDelta, Timelike as _, Utc};

use super::job::{Job, Log, Step};

/// Size of the pieces in which filler is sent, in bytes.
const BLOCK: usize = 64 << 10;
const MIB: usize = 1 << 20;
const BOM: &str = "\u{feff}";

/// A stretch of a log: `block`, so many times.
pub(super) struct Part {
    block: Bytes,
    times: usize,
}

impl Part {
    fn once(text: impl Into<Bytes>) -> Self {
        Self { block: text.into(), times: 1 }
    }

    /// In bytes.
    pub(super) fn len(&self) -> usize {
        self.block.len() * self.times
    }

    pub(super) fn blocks(self) -> impl Iterator<Item = Bytes> {
        std::iter::repeat_n(self.block, self.times)
    }
}

/// The whole log of a job; `None` where there is none.
pub(super) fn of_job(job: &Job) -> Option<Vec<Part>> {
    match &job.log {
        Log::Gone | Log::Absent => None,
        Log::Bytes(bytes) => Some(vec![Part::once(bytes.clone())]),
        _ => {
            let steps = job.step_times().into_iter();
            let written = steps.flat_map(|(step, at, _)| of_step(job, step, at));
            Some(std::iter::once(Part::once(BOM)).chain(written).collect())
        }
    }
}

/// The log of one step, as it stands alone in an archive.
pub(super) fn step_alone(job: &Job, step: &Step, at: DateTime<Utc>) -> Vec<Part> {
    std::iter::once(Part::once(BOM)).chain(of_step(job, step, at)).collect()
}

fn of_step(job: &Job, step: &Step, at: DateTime<Utc>) -> Vec<Part> {
    let end = at + TimeDelta::seconds(step.lasts_s);
    let mut parts = Vec::new();
    let lines = step.lines.iter().enumerate();
    let (head, errors): (Vec<_>, Vec<_>) =
        lines.partition(|(_, line)| !line.starts_with("##[error]"));
    let text = |lines: &[(usize, &String)]| {
        let stamped = lines.iter().map(|(nth, line)| {
            let nth = i32::try_from(*nth).unwrap_or(0);
            let time = (at + TimeDelta::milliseconds(10) * nth).min(end.max(at));
            format!("{} {line}\n", stamp(time))
        });
        stamped.collect::<String>()
    };
    parts.push(Part::once(text(&head)));
    match job.log {
        Log::Filler { step: number, mib } if number == step.number => {
            let line = format!("{} {}\n", stamp(at), "x".repeat(99));
            let block = line.repeat(BLOCK / line.len());
            let times = mib * MIB / block.len();
            parts.push(Part { block: block.into(), times });
        }
        Log::LongLine { step: number, mib } if number == step.number => {
            parts.push(Part::once(format!("{} ", stamp(at))));
            parts.push(Part { block: "y".repeat(BLOCK).into(), times: mib * MIB / BLOCK });
            parts.push(Part::once("\n"));
        }
        _ => {}
    }
    parts.push(Part::once(text(&errors)));
    parts
}

/// Seven digits of a second, as the runner writes them.
fn stamp(time: DateTime<Utc>) -> String {
    format!("{}.{:07}Z", time.format("%Y-%m-%dT%H:%M:%S"), time.nanosecond() / 100)
}
