//! Which step a line of a job's log belongs to. Pure.
//!
//! The log does not say. Steps have a start in whole seconds, lines a time; and the runner leaves
//! marks where a step begins. A line that is a second or more after a step's start belongs to that
//! step or to a later one; within the second the marks decide.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::model::Job;
use super::lines::STAMP;

/// Marks at which a step begins, after the time stamp.
const MARKS: [&[u8]; 4] =
    [b"##[group]Run ", b"Post job cleanup.", b"Cleaning up orphan processes", b"Pre-job cleanup."];

/// Length of a time stamp up to its whole second.
const SECOND: usize = 19;

/// Follows a log from its first line on.
#[derive(Debug)]
pub struct Cutter {
    steps: Vec<Cut>,
    /// The place of the current step in `steps`.
    at: usize,
    /// The second of the last line that was looked at: most lines share it with the one before.
    second: Vec<u8>,
}

#[derive(Debug)]
struct Cut {
    /// The place of the step in the job.
    place: usize,
    starts: DateTime<Utc>,
    ends: Option<DateTime<Utc>>,
}

impl Cutter {
    /// A cutter for `job`; `None` where its steps do not tell when they ran.
    pub fn of(job: &Job) -> Option<Self> {
        let mut steps = Vec::new();
        for (place, step) in job.steps.iter().enumerate() {
            // These never wrote a line.
            if step.conclusion.as_deref() == Some("skipped") || step.status == "queued" {
                continue;
            }
            let (starts, ends) = (step.started_at?, step.completed_at);
            steps.push(Cut { place, starts, ends });
        }
        let in_order = steps.is_sorted_by_key(|step| step.starts);
        (in_order && !steps.is_empty()).then_some(Self { steps, at: 0, second: Vec::new() })
    }

    /// The place in the job's list of the step that wrote `line`, time stamp and all.
    pub fn step(&mut self, line: &[u8]) -> usize {
        let text = line.get(STAMP..).unwrap_or_default();
        let marked = MARKS.iter().any(|mark| text.starts_with(mark));
        let second = line.get(..SECOND).unwrap_or_default();
        if (marked || second != self.second)
            && let Some(time) = stamp(line)
        {
            self.second = second.to_vec();
            self.advance(time, marked);
        }
        self.steps.get(self.at).map_or(0, |step| step.place)
    }

    fn advance(&mut self, time: DateTime<Utc>, marked: bool) {
        let second = TimeDelta::seconds(1);
        let last = |fits: &dyn Fn(&Cut) -> bool| self.steps.iter().rposition(fits).unwrap_or(0);
        let sure = last(&|step| step.starts + second <= time);
        let possible = last(&|step| step.starts <= time);
        self.at = self.at.max(sure);
        let current = self.steps.get(self.at);
        let over = current.is_none_or(|step| step.ends.is_none_or(|end| end <= time));
        // A mark within a step that is not over is its own.
        if marked && over && possible > self.at {
            self.at += 1;
        }
    }
}

/// The time at the beginning of a line.
fn stamp(line: &[u8]) -> Option<DateTime<Utc>> {
    let text = std::str::from_utf8(line.get(..STAMP)?).ok()?;
    let text = text.strip_suffix(' ')?;
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::super::super::model::Step;
    use super::*;

    fn job(steps: &[(&str, u32, u32)]) -> Job {
        let at = |s: u32| format!("2026-11-21T18:00:{s:02}Z").parse().ok();
        let step = |(nth, (name, from, to)): (usize, &(&str, u32, u32))| Step {
            number: nth as u64 + 1,
            name: (*name).to_owned(),
            status: "completed".to_owned(),
            conclusion: Some(if *name == "skip" { "skipped" } else { "success" }.to_owned()),
            started_at: at(*from),
            completed_at: at(*to),
        };
        Job {
            id: 1,
            run: 1,
            attempt: 1,
            name: "build".to_owned(),
            status: "completed".to_owned(),
            conclusion: Some("failure".to_owned()),
            started_at: at(0),
            completed_at: at(59),
            steps: steps.iter().enumerate().map(step).collect(),
            url: String::new(),
        }
    }

    fn cut(steps: &[(&str, u32, u32)], lines: &[(&str, &str)]) -> Vec<String> {
        let job = job(steps);
        let mut cutter = Cutter::of(&job).unwrap();
        let name = |(time, text): &(&str, &str)| {
            let place = cutter.step(format!("2026-11-21T18:00:{time}Z {text}").as_bytes());
            job.steps[place].name.clone()
        };
        lines.iter().map(name).collect()
    }

    #[test]
    fn by_time_where_seconds_tell() {
        let steps = [("setup", 0, 2), ("skip", 2, 2), ("test", 2, 40), ("post", 40, 41)];
        let lines = [
            ("00.0000000", "Current runner version"),
            ("01.9000000", "Prepare"),
            ("03.0000000", "no mark at all"),
            ("39.9999999", "##[error]exit code 1"),
            ("41.5000000", "Cleaning up"),
        ];
        assert_eq!(cut(&steps, &lines), ["setup", "setup", "test", "test", "post"]);
    }

    #[test]
    fn by_marks_within_one_second() {
        let steps = [("setup", 0, 1), ("one", 1, 1), ("two", 1, 1), ("three", 1, 9)];
        let lines = [
            ("00.1000000", "Current runner version"),
            ("01.1000000", "Complete job name: build"),
            ("01.2000000", "##[group]Run one"),
            ("01.3000000", "out of one"),
            ("01.4000000", "##[group]Run two"),
            ("01.5000000", "##[group]Run three"),
            ("01.6000000", "out of three"),
            ("08.0000000", "##[group]Run of a composite action's inside"),
        ];
        let expected = ["setup", "setup", "one", "one", "two", "three", "three", "three"];
        assert_eq!(cut(&steps, &lines), expected);
    }

    #[test]
    fn a_step_that_left_no_mark_does_not_take_the_next_ones() {
        let steps = [("setup", 0, 2), ("test", 2, 40), ("post", 40, 41)];
        let lines = [
            ("01.0000000", "Prepare"),
            ("02.1000000", "within the second, and without a mark"),
            ("40.2000000", "Post job cleanup."),
        ];
        assert_eq!(cut(&steps, &lines), ["setup", "setup", "post"]);
    }

    #[test]
    fn a_line_without_a_time_stays_where_the_last_one_was() {
        let steps = [("setup", 0, 2), ("test", 2, 40)];
        let job = job(&steps);
        let mut cutter = Cutter::of(&job).unwrap();
        assert_eq!(cutter.step("2026-11-21T18:00:05.0000000Z x".as_bytes()), 1);
        for line in ["", "no time", "2026-99-99T18:00:05.0000000Z x", "\u{1b}[31m 決済"] {
            assert_eq!(cutter.step(line.as_bytes()), 1, "{line}");
        }
    }

    #[test]
    fn without_times_there_is_no_cutting() {
        let mut untold = job(&[("setup", 0, 2)]);
        untold.steps[0].started_at = None;
        assert!(Cutter::of(&untold).is_none());
        assert!(Cutter::of(&job(&[])).is_none());
        assert!(Cutter::of(&job(&[("b", 9, 12), ("a", 0, 9)])).is_none());
    }
}
