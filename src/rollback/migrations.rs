//! Migrations of the database as they lie in the checkout: files whose names begin with a time stamp,
//! and the files that undo them. Reads file names and texts; runs nothing.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, Utc};

/// Where migrations are kept, below the root of a checkout.
const FOLDERS: [&str; 5] = [
    "supabase/migrations",
    "db/migrations",
    "database/migrations",
    "migrations",
    "prisma/migrations",
];
/// Where the files that undo them are kept, besides the folder itself.
const DOWN_FOLDERS: [&str; 4] = ["down", "rollback", "../rollbacks", "../down"];
/// A larger file is no migration that anyone wrote by hand.
const LARGEST: u64 = 4 << 20;
/// Levels that are searched upwards for the root of a checkout.
const LEVELS: usize = 12;

/// A migration in the checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The digits that its name begins with.
    pub version: String,
    /// The rest of the name.
    pub name: String,
    /// The time that the digits stand for (UTC), where they stand for one.
    pub at: Option<DateTime<Utc>>,
    /// The file.
    pub path: PathBuf,
    /// The file that undoes it.
    pub down: Option<PathBuf>,
}

/// The folder of migrations of the checkout around `directory`: the nearest one upwards, up to the
/// root of the repository.
pub fn folder(directory: &Path) -> Option<PathBuf> {
    for ancestor in directory.ancestors().take(LEVELS) {
        if let Some(found) = FOLDERS.iter().map(|f| ancestor.join(f)).find(|path| path.is_dir()) {
            return Some(found);
        }
        if ancestor.join(".git").exists() {
            break;
        }
    }
    None
}

/// The migrations in `folder`, newest first. A file that cannot be listed is not there.
pub fn read(folder: &Path) -> Vec<Migration> {
    let files = files(folder);
    let downs: Vec<PathBuf> =
        DOWN_FOLDERS.iter().flat_map(|down| self::files(&folder.join(down))).collect();
    let mut found: Vec<Migration> = files.iter().filter_map(|path| migration(path)).collect();
    for migration in &mut found {
        let undoes = |path: &&PathBuf| {
            let stem = name_of(path);
            stem.strip_prefix(&migration.version)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        let beside = files.iter().filter(|path| is_down(&name_of(path))).find(undoes);
        migration.down = beside.or_else(|| downs.iter().find(undoes)).cloned();
    }
    found.sort_by(|a, b| b.version.cmp(&a.version));
    found
}

/// Those whose stamp is later than `at`.
pub fn newer(all: &[Migration], at: DateTime<Utc>) -> Vec<&Migration> {
    all.iter().filter(|migration| migration.at.is_some_and(|stamp| stamp > at)).collect()
}

/// The text of a migration.
///
/// # Errors
/// It cannot be read, or is too large.
pub fn text(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let size = fs::metadata(path).map_err(|error| format!("{shown}: {error}"))?.len();
    if size > LARGEST {
        return Err(format!("{shown} is larger than {} MiB", LARGEST >> 20));
    }
    let bytes = fs::read(path).map_err(|error| format!("{shown}: {error}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> =
        entries.map(|entry| entry.path()).filter_map(|path| sql_in(&path)).collect();
    files.sort();
    files
}

/// A file of SQL, or the one in a folder of its own as some tools make them.
fn sql_in(path: &Path) -> Option<PathBuf> {
    let is_sql = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("sql"));
    if is_sql && path.is_file() {
        return Some(path.to_owned());
    }
    Some(path.join("migration.sql")).filter(|path| path.is_file())
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if name != "migration.sql" {
        return name;
    }
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    format!("{}.sql", folder.to_string_lossy())
}

fn is_down(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".down.sql", "_down.sql", ".rollback.sql", "_rollback.sql", ".undo.sql"]
        .iter()
        .any(|end| name.ends_with(end))
}

fn migration(path: &Path) -> Option<Migration> {
    let name = name_of(path);
    if is_down(&name) {
        return None;
    }
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let (version, rest) = name.split_at(digits);
    let rest = rest.trim_start_matches(['_', '-', '.']);
    let rest = rest.trim_end_matches(".sql").trim_end_matches(".up");
    (digits > 0).then(|| Migration {
        version: version.to_owned(),
        name: rest.to_owned(),
        at: stamp(version),
        path: path.to_owned(),
        down: None,
    })
}

/// `20261121180500`, which the Supabase CLI writes in UTC.
fn stamp(digits: &str) -> Option<DateTime<Utc>> {
    let form = match digits.len() {
        14 => "%Y%m%d%H%M%S",
        12 => "%Y%m%d%H%M",
        _ => return None,
    };
    NaiveDateTime::parse_from_str(digits, form).ok().map(|at| at.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "select 1;").unwrap();
        }
        root
    }

    #[test]
    fn the_nearest_folder_upwards_counts_and_not_beyond_the_repository() {
        let root = checkout(&["supabase/migrations/1_a.sql", "api/src/x", "other/.git/x"]);
        let found = folder(&root.path().join("api/src"));
        assert_eq!(found, Some(root.path().join("supabase/migrations")));
        assert_eq!(folder(&root.path().join("other")), None);
    }

    #[test]
    fn stamps_names_and_the_files_that_undo_them() {
        let root = checkout(&[
            "m/20261120090000_add_cache.sql",
            "m/20261120090000_add_cache.down.sql",
            "m/20261119000000_old.sql",
            "m/down/20261119000000_old.sql",
            "m/0007_init.sql",
            "m/20261301000000_no_such_month.sql",
            "m/20261118000000_by_tool/migration.sql",
            "m/README.md",
        ]);
        let found = read(&root.path().join("m"));
        let told: Vec<_> = found
            .iter()
            .map(|m| (&*m.version, &*m.name, m.at.is_some(), m.down.is_some()))
            .collect();
        assert_eq!(
            told,
            [
                ("20261301000000", "no_such_month", false, false),
                ("20261120090000", "add_cache", true, true),
                ("20261119000000", "old", true, true),
                ("20261118000000", "by_tool", true, false),
                ("0007", "init", false, false),
            ]
        );
        let at = "2026-11-19T12:00:00Z".parse().unwrap();
        let newer: Vec<_> = newer(&found, at).into_iter().map(|m| m.name.as_str()).collect();
        assert_eq!(newer, ["add_cache"]);
    }

    #[test]
    fn a_folder_that_is_not_there_has_none() {
        assert_eq!(read(Path::new("/nonexistent/folder")), []);
        assert!(text(Path::new("/nonexistent/file.sql")).is_err());
    }
}
