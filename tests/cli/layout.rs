//! What the repository promises about itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::Run;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_bad_input_has_the_test_that_is_named_for_it() {
    let list = fs::read_to_string(root().join("tests/BAD_INPUT.md")).unwrap();
    let names: Vec<_> = list
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains("| `"))
        .filter_map(|line| line.rsplit("| `").next()?.split('`').next())
        .collect();
    assert!(names.len() > 40, "the list was not read");
    let mut files = Vec::new();
    sources(&root().join("tests/cli"), &mut files);
    let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let missing: Vec<_> =
        names.iter().filter(|name| !text.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "no test for {missing:#?}");
}

#[test]
fn the_readme_and_the_help_state_the_same_exit_codes() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let table = readme.split("## Exit codes").nth(1).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(2);
    let stated: Vec<_> = rows
        .take_while(|line| line.starts_with("| "))
        .map(|line| line.trim_matches(['|', ' ']).replace(" | ", " "))
        .collect();
    let home = tempfile::tempdir().unwrap();
    let help = Run::new(home.path(), "help exit-codes").exits(0).stdout;
    let said: Vec<_> =
        help.lines().skip(1).map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert!(stated.len() > 10);
    assert_eq!(stated, said);
}

#[test]
fn ring_is_the_only_tls_provider_and_the_system_decides_whom_to_trust() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--prefix", "none", "-e", "normal,build"])
        .args(["--features", "sandbox"])
        .current_dir(root())
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.contains("ring v"), "the tree was not read: {tree}");
    for unwanted in ["aws-lc-sys", "aws-lc-rs", "openssl-sys", "webpki-roots"] {
        assert!(!tree.contains(&format!("{unwanted} v")), "{unwanted} is in the tree");
    }
}

/// The upper-case literals that stand right behind `call` in the sources.
fn literals(text: &str, call: &str, found: &mut Vec<String>) {
    for (at, _) in text.match_indices(call) {
        let rest = text[at + call.len()..].trim_start();
        let Some(name) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
            continue;
        };
        let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        // A variable begins with a letter; those with a line in front are between us and a shell's script.
        if name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(upper) {
            found.push(name.to_owned());
        }
    }
}

#[test]
fn every_variable_that_is_read_is_explained() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    sources(&root().join("commands"), &mut files);
    let mut read = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for call in [".get(", ".path(", "xdg(vars,", "xdg(&vars,"] {
            literals(code, call, &mut read);
        }
    }
    assert!(read.contains(&"PARKY_OPS_CONFIG".to_owned()), "the sources were not read: {read:?}");
    let home = tempfile::tempdir().unwrap();
    let help = Run::new(home.path(), "help environment").exits(0).stdout;
    let told: Vec<_> = help.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let untold: Vec<_> = read.iter().filter(|name| !told.contains(&name.as_str())).collect();
    assert!(untold.is_empty(), "add to src/config/environment.rs: {untold:?}");
}
