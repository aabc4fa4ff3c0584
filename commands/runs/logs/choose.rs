//! Which jobs and steps are wanted. Pure.

use std::collections::BTreeSet;

use parky_ops::domain::text::{nearest, one_line};
use parky_ops::github::{Job, State};

use super::LogsArgs;
use crate::refusal::Refusal;

/// A job whose log is wanted.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) job: Job,
    /// The places of the wanted steps in the job's list; `None`: all of them.
    pub(super) steps: Option<BTreeSet<usize>>,
}

impl Wanted {
    /// What `args` want of `jobs`; `pasted` is the job of a pasted address.
    pub(super) fn of(
        args: &LogsArgs,
        pasted: Option<u64>,
        jobs: &[Job],
    ) -> anyhow::Result<Vec<Self>> {
        let named = named(args.job.as_deref(), pasted, jobs)?;
        let mut wanted = Vec::new();
        for job in named.iter().copied() {
            // Whoever names a job or a step wants it, failed or not.
            let any = args.all || args.job.is_some() || pasted.is_some() || args.step.is_some();
            let bad = job.state().is_bad();
            if !bad && (!any || job.state() == State::Skipped) {
                continue;
            }
            let steps = match &args.step {
                Some(word) => {
                    let fitting = fitting_steps(word, job);
                    if fitting.is_empty() {
                        continue;
                    }
                    Some(fitting)
                }
                None if args.all || !bad => None,
                None => failed_steps(job),
            };
            wanted.push(Self { job: job.clone(), steps });
        }
        if let (Some(word), true) = (&args.step, wanted.is_empty()) {
            let steps = named.iter().flat_map(|job| &job.steps).map(|step| step.name.as_str());
            return Err(unknown("step", word, steps).into());
        }
        Ok(wanted)
    }
}

/// The failed steps; `None` where the job failed as a whole.
fn failed_steps(job: &Job) -> Option<BTreeSet<usize>> {
    let bad = job.steps.iter().enumerate().filter(|(_, step)| step.state().is_bad());
    let bad: BTreeSet<usize> = bad.map(|(place, _)| place).collect();
    (!bad.is_empty()).then_some(bad)
}

fn fitting_steps(word: &str, job: &Job) -> BTreeSet<usize> {
    let steps = || job.steps.iter().enumerate();
    let number = word.parse::<u64>().ok();
    let exact: BTreeSet<usize> = steps()
        .filter(|(_, step)| Some(step.number) == number || step.name.eq_ignore_ascii_case(word))
        .map(|(place, _)| place)
        .collect();
    if !exact.is_empty() {
        return exact;
    }
    let part = word.to_lowercase();
    let fits = |name: &str| name.to_lowercase().contains(&part);
    steps().filter(|(_, step)| fits(&step.name)).map(|(place, _)| place).collect()
}

/// The jobs that a word means: by id, by name (several may share one), by a part of it.
fn named<'a>(
    word: Option<&str>,
    pasted: Option<u64>,
    jobs: &'a [Job],
) -> anyhow::Result<Vec<&'a Job>> {
    let by_id = |id: u64| jobs.iter().filter(|job| job.id == id).collect::<Vec<_>>();
    let Some(word) = word else {
        return match pasted.map(|id| (id, by_id(id))) {
            None => Ok(jobs.iter().collect()),
            Some((id, found)) if found.is_empty() => {
                Err(unknown("job", &id.to_string(), []).into())
            }
            Some((_, found)) => Ok(found),
        };
    };
    let id = word.parse().map(by_id).unwrap_or_default();
    let part = word.to_lowercase();
    let exact = jobs.iter().filter(|job| job.name.eq_ignore_ascii_case(word));
    let partly = jobs.iter().filter(|job| job.name.to_lowercase().contains(&part));
    let found = [id, exact.collect(), partly.collect()].into_iter().find(|found| !found.is_empty());
    found.ok_or_else(|| unknown("job", word, jobs.iter().map(|job| job.name.as_str())).into())
}

fn unknown<'a>(what: &str, word: &str, names: impl IntoIterator<Item = &'a str>) -> Refusal {
    let near = nearest(word, names).map(|near| format!(", did you mean '{}'?", one_line(near)));
    let text = format!("no {what} '{}' in this run{}", one_line(word), near.unwrap_or_default());
    Refusal::not_found(text, "parky-ops runs view ID")
}
