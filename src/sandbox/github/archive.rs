//! The archive of an attempt's logs: a file for each job, and one for each of its steps.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::job::Job;
use super::logs::{self, Part};

/// The archive, deflated. Jobs of earlier attempts are not in it.
pub(super) fn of(jobs: &[Job], attempt: u64) -> zip::result::ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let mut taken: Vec<String> = Vec::new();
    let jobs = jobs.iter().filter(|job| job.attempt == attempt);
    for (nth, job) in jobs.enumerate() {
        let Some(text) = logs::of_job(job) else { continue };
        let mut name = cleaned(&job.name);
        while taken.contains(&name) {
            name.push_str(" (1)");
        }
        add(&mut archive, &format!("{nth}_{name}.txt"), text)?;
        for (step, at, _) in job.step_times() {
            let file = format!("{name}/{}_{}.txt", step.number, cleaned(&step.name));
            add(&mut archive, &file, logs::step_alone(job, step, at))?;
        }
        taken.push(name);
    }
    Ok(archive.finish()?.into_inner())
}

fn add(
    archive: &mut ZipWriter<Cursor<Vec<u8>>>,
    name: &str,
    parts: Vec<Part>,
) -> zip::result::ZipResult<()> {
    archive.start_file(name, SimpleFileOptions::default())?;
    for block in parts.into_iter().flat_map(Part::blocks) {
        archive.write_all(&block)?;
    }
    Ok(())
}

/// What no file name on Windows may hold is left out; directory names end after 90 UTF-16 units.
fn cleaned(name: &str) -> String {
    let kept = name.chars().filter(|c| !c.is_control() && !"/\\:*?\"<>|".contains(*c));
    let units: Vec<u16> = kept.collect::<String>().encode_utf16().take(90).collect();
    String::from_utf16_lossy(&units).trim().to_owned()
}
