//! What a sandbox must not leave behind.

use std::fs;
use std::path::Path;

/// Files in `room`, which the run had for its temporary files, and processes that speak of it.
pub(crate) fn sandbox_leftovers(room: &Path) -> Vec<String> {
    let mut found: Vec<_> = fs::read_dir(room)
        .unwrap()
        .map(|entry| entry.unwrap().path().display().to_string())
        .collect();
    found.extend(processes_that_name(room));
    found
}

/// Command lines of the processes that name `path` in their words, or work in it.
pub(crate) fn processes_that_name(path: &Path) -> Vec<String> {
    let path = path.to_str().unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        if entry.file_name().to_string_lossy().parse::<u32>().is_err() {
            continue;
        }
        let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).replace('\0', " ");
        let cwd = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        if words.contains(path) || cwd.starts_with(path) {
            found.push(words);
        }
    }
    found
}
