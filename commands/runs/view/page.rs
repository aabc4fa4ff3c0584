//! A run as a page for people.

use std::fmt::{self, Write};

use parky_ops::domain::text::{one_line, shorten};
use parky_ops::domain::{Caveat, Jst, clock::span};

use super::super::glyph;
use super::Whole;
use crate::ui::{Page, Table, Tone, View, paint};

impl View for Whole {
    const COMMAND: &'static str = "runs view";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        self.heading(out, page)?;
        if !self.jobs.is_empty() {
            let mut table = Table::new(page, ["STATE", "ID", "TRY", "TOOK", "JOB"]).lead(2);
            for job in &self.jobs {
                let state = glyph::state(job.state, &job.status, job.conclusion.as_deref());
                let elapsed = job.elapsed_s.and_then(chrono::TimeDelta::try_seconds);
                let cells = [
                    &job.id.to_string(),
                    &job.attempt.to_string(),
                    &glyph::took(elapsed),
                    job.name.as_str(),
                ];
                table.painted_row(&state, cells);
            }
            write!(out, "\n{table}")?;
        }
        self.failures(out)?;
        if !self.approvals.is_empty() {
            writeln!(out, "\n{}", paint(Tone::Strong, "WAITS FOR APPROVAL"))?;
            for gate in &self.approvals {
                writeln!(out, "  {}", gate.text(page.now))?;
            }
        }
        if !self.next.is_empty() {
            writeln!(out, "\n{}", paint(Tone::Strong, "NEXT"))?;
            self.next.iter().try_for_each(|command| writeln!(out, "  {command}"))?;
        }
        Ok(())
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}

impl Whole {
    fn heading(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let run = &self.head;
        let state = glyph::state(run.state(), &run.status, run.conclusion.as_deref());
        let title = shorten(&one_line(&run.title), 200);
        writeln!(out, "{state}  {}", paint(Tone::Strong, &title))?;
        let branch = run.branch.as_deref().unwrap_or("no branch");
        let by = run.actor.as_deref().map(|who| format!(" by {who}")).unwrap_or_default();
        let sha: String = run.sha.chars().take(8).collect();
        let line = format!(
            "{} · {} · {branch} · {sha} · {}{by} · attempt {} · {}",
            run.repo, run.workflow, run.event, run.attempt, run.id
        );
        writeln!(out, "{}", one_line(&line))?;
        if let Some(at) = run.started_at.or(run.created_at) {
            let took = glyph::took(run.elapsed(page.now));
            let word = if run.is_complete() { "took" } else { "going on for" };
            writeln!(out, "started {} ({} ago), {word} {took}", Jst(at), span(page.now - at))?;
        }
        writeln!(out, "{}", one_line(&run.url))
    }

    fn failures(&self, out: &mut dyn Write) -> fmt::Result {
        if self.failed.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", paint(Tone::Strong, "FAILED"))?;
        let mut told = None;
        for failed in &self.failed {
            let step = failed.step.as_deref().unwrap_or("(no step of it failed)");
            let line = format!("{} › {step}", one_line(&failed.job));
            writeln!(out, "  {}", paint(Tone::Bad, &one_line(&line)))?;
            if told == Some(failed.job_id) {
                continue;
            }
            told = Some(failed.job_id);
            for note in self.annotations.iter().filter(|note| note.job_id == failed.job_id) {
                let at = match (note.path.as_str(), note.line) {
                    (".github" | "", _) => String::new(),
                    (path, Some(line)) => format!("{path}:{line} "),
                    (path, None) => format!("{path} "),
                };
                let text = format!("{} {at}{}", note.level, note.message);
                writeln!(out, "    {}", shorten(&one_line(&text), 300))?;
            }
        }
        Ok(())
    }
}
