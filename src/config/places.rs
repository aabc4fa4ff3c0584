//! Where files and state are: the XDG rules, without a guess where there is no home. Pure.

use std::path::{Component, Path, PathBuf};

use super::origin::{Origin, Sourced};
use super::vars::Vars;

const PROGRAM: &str = "parky-ops";

/// The user file that is read without `--config`; `None` without a home.
pub fn default_path(vars: &Vars) -> Option<Sourced<PathBuf>> {
    if let Some(path) = vars.path("PARKY_OPS_CONFIG") {
        return Some(Sourced::new(path, Origin::Variable("PARKY_OPS_CONFIG".to_owned())));
    }
    let dir = xdg(vars, "XDG_CONFIG_HOME", ".config")?;
    Some(Sourced::new(dir.value.join(PROGRAM).join("config.toml"), dir.origin))
}

/// Where local state is kept; `None` without a home.
pub fn state_dir(vars: &Vars, cwd: &Path) -> Option<Sourced<PathBuf>> {
    if let Some(path) = vars.path("PARKY_OPS_STATE_DIR") {
        let origin = Origin::Variable("PARKY_OPS_STATE_DIR".to_owned());
        return Some(Sourced::new(cwd.join(path), origin));
    }
    let dir = xdg(vars, "XDG_STATE_HOME", ".local/state")?;
    Some(Sourced::new(dir.value.join(PROGRAM), dir.origin))
}

/// A base directory; the specification has relative ones ignored.
pub(crate) fn xdg(vars: &Vars, variable: &str, below_home: &str) -> Option<Sourced<PathBuf>> {
    match vars.path(variable).filter(|path| path.is_absolute()) {
        Some(path) => Some(Sourced::new(path, Origin::Variable(variable.to_owned()))),
        None => {
            let path = vars.home()?.join(below_home);
            Some(Sourced::new(path, Origin::Variable("HOME".to_owned())))
        }
    }
}

/// `written` below `base`, with `~/` as the home directory.
pub(crate) fn expand(written: &str, base: &Path, vars: &Vars) -> PathBuf {
    match (written.strip_prefix("~/"), vars.home()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => base.join(written),
    }
}

/// Whether `path` lies inside `root`, links resolved as far as the path exists.
pub(crate) fn is_inside(root: &Path, path: &Path) -> bool {
    let Ok(root) = root.canonicalize() else { return false };
    // `..` behind something that does not exist cannot be resolved, so it is not trusted at all.
    let mut existing = path;
    let mut missing = PathBuf::new();
    loop {
        if let Ok(real) = existing.canonicalize() {
            let plain = missing.components().all(|part| matches!(part, Component::Normal(_)));
            return plain && real.starts_with(&root);
        }
        // A link that leads nowhere today may lead out tomorrow.
        if existing.symlink_metadata().is_ok() {
            return false;
        }
        let Some(last) = existing.components().next_back() else { return false };
        missing = Path::new(last.as_os_str()).join(&missing);
        let Some(parent) = existing.parent() else { return false };
        existing = parent;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn the_user_file_by_variable_by_xdg_and_by_home() {
        let path = |pairs: &[(&str, &str)]| {
            let vars = pairs.iter().copied().collect();
            default_path(&vars).map(|found| found.value.display().to_string())
        };
        let home = ("HOME", "/h");
        assert_eq!(path(&[]), None);
        assert_eq!(path(&[("HOME", "relative")]), None);
        assert_eq!(path(&[home]).unwrap(), "/h/.config/parky-ops/config.toml");
        assert_eq!(
            path(&[home, ("XDG_CONFIG_HOME", "rel")]).unwrap(),
            "/h/.config/parky-ops/config.toml"
        );
        let xdg = ("XDG_CONFIG_HOME", "/x");
        assert_eq!(path(&[home, xdg]).unwrap(), "/x/parky-ops/config.toml");
        assert_eq!(path(&[home, xdg, ("PARKY_OPS_CONFIG", "/c.toml")]).unwrap(), "/c.toml");
    }

    #[test]
    fn state_needs_no_home_when_it_is_named() {
        let dir = |pairs: &[(&str, &str)]| {
            let vars = pairs.iter().copied().collect();
            state_dir(&vars, Path::new("/w")).map(|found| found.value.display().to_string())
        };
        assert_eq!(dir(&[]), None);
        assert_eq!(dir(&[("PARKY_OPS_STATE_DIR", "s")]).unwrap(), "/w/s");
        assert_eq!(dir(&[("HOME", "/h")]).unwrap(), "/h/.local/state/parky-ops");
        assert_eq!(dir(&[("XDG_STATE_HOME", "/x")]).unwrap(), "/x/parky-ops");
    }

    #[test]
    fn inside_is_decided_with_links_resolved() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir_all(root.join("in/deep")).unwrap();
        fs::create_dir(dir.path().join("out")).unwrap();
        symlink(dir.path().join("out"), root.join("leak")).unwrap();
        symlink(dir.path().join("later"), root.join("dangling")).unwrap();
        symlink(root.join("in"), root.join("fine")).unwrap();
        for inside in ["", "in", "in/deep/new/er", "in/../in", "fine/deep", "new.toml"] {
            assert!(is_inside(&root, &root.join(inside)), "{inside}");
        }
        for outside in [
            "..",
            "../out",
            "in/../../out",
            "leak",
            "leak/new",
            "dangling",
            "new/../../out",
            "/etc",
        ] {
            assert!(!is_inside(&root, &root.join(outside)), "{outside}");
        }
    }
}
