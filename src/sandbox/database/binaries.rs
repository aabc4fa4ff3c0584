//! Where PostgreSQL's server programs are.

use std::path::{Path, PathBuf};

use crate::config::Vars;

/// Where distributions put them, a folder for each major version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The folder that holds `initdb` and `postgres`, or why there is none.
///
/// `PARKY_OPS_PG_BIN` alone counts where it is set; else `PATH`, then the newest version of the
/// distribution.
pub(super) fn find(vars: &Vars) -> Result<PathBuf, String> {
    if let Some(named) = vars.path("PARKY_OPS_PG_BIN") {
        let complaint =
            format!("PARKY_OPS_PG_BIN ({}) has no initdb and postgres", named.display());
        return is_complete(&named).then_some(named).ok_or(complaint);
    }
    let path = vars.get("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    on_path
        .chain(newest_first(Path::new(VERSIONS)))
        .find(|folder| is_complete(folder))
        .ok_or_else(|| format!("no PostgreSQL server programs on PATH or in {VERSIONS}"))
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file())
}

fn newest_first(versions: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(versions).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(root: &Path, version: &str) -> PathBuf {
        let bin = root.join(version).join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        for program in ["initdb", "postgres"] {
            std::fs::write(bin.join(program), "").unwrap();
        }
        bin
    }

    #[test]
    fn a_named_folder_without_programs_is_an_error_not_a_fallback() {
        let empty = tempfile::tempdir().unwrap();
        let vars = Vars::from_iter([("PARKY_OPS_PG_BIN", empty.path().to_str().unwrap())]);
        assert!(find(&vars).unwrap_err().contains("PARKY_OPS_PG_BIN"));
    }

    #[test]
    fn path_comes_before_the_distribution() {
        let root = tempfile::tempdir().unwrap();
        let bin = install(root.path(), "12");
        let vars = Vars::from_iter([("PATH", format!("relative:{}", bin.display()))]);
        assert_eq!(find(&vars), Ok(bin));
    }

    #[test]
    fn versions_count_as_numbers() {
        let root = tempfile::tempdir().unwrap();
        let [nine, fifteen] = ["9", "15"].map(|version| install(root.path(), version));
        install(root.path(), "odd");
        assert_eq!(newest_first(root.path()), [fifteen, nine]);
    }
}
