//! Two worlds, check by check: just what a fault's line says may differ.

use std::collections::BTreeMap;

use serde_json::Value;

/// `SOURCE/NAME` to `STATE CODE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checks(BTreeMap<String, String>);

impl Checks {
    /// The checks of a triage's `data`; a host goes by its name in the inventory, whatever port it has.
    pub(super) fn of(data: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let checks = data["checks"].as_array().expect("checks").iter();
        let mut seen = BTreeMap::new();
        for check in checks {
            let name = format!("{}/{}", text(&check["source"]), host(&text(&check["name"])));
            let says = format!("{} {}", text(&check["state"]), text(&check["reason"]["code"]));
            assert!(seen.insert(name.clone(), says).is_none(), "{name} twice: {data:#}");
        }
        Self(seen)
    }

    /// The names that fit `pattern`: `*` is every check, `SOURCE/*` those of a source.
    fn matching<'a>(&'a self, pattern: &'a str) -> impl Iterator<Item = &'a String> {
        let begins = pattern.strip_suffix('*');
        self.0.keys().filter(move |name| begins.is_some_and(|begin| name.starts_with(begin)))
    }
}

fn host(name: &str) -> &str {
    let name = name.split_once("://").map_or(name, |(_, rest)| rest);
    name.split_once(".localhost:").map_or(name, |(host, _)| host)
}

/// Says what is in `broken` and should not be. Each line of `differs` is a name or a pattern, then
/// `STATE CODE`, or `gone`; of several that fit a check the last one counts. Every other check has to
/// be as in `healthy`.
pub(super) fn compare(healthy: &Checks, broken: &Checks, differs: &[&str]) -> Result<(), String> {
    let mut expected = healthy.0.clone();
    for line in differs {
        let (name, says) = line.split_once(' ').expect("a check and what it says");
        let fitting: Vec<_> = healthy.matching(name).cloned().collect();
        assert!(!name.ends_with('*') || !fitting.is_empty(), "{name} fits no check");
        let one = (!name.ends_with('*')).then(|| name.to_owned());
        for name in fitting.into_iter().chain(one) {
            match says {
                "gone" => drop(expected.remove(&name)),
                says => drop(expected.insert(name, says.to_owned())),
            }
        }
    }
    assert!(differs.is_empty() || expected != healthy.0, "{differs:?} tells the healthy world");
    let names = expected.keys().chain(broken.0.keys().filter(|name| !expected.contains_key(*name)));
    let wrong: Vec<_> = names
        .filter_map(|name| {
            let [wanted, is] =
                [&expected, &broken.0].map(|all| all.get(name).map_or("gone", |s| s));
            (wanted != is).then(|| format!("  {name} is {is}, not {wanted}"))
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn checks(all: &[(&str, &str)]) -> Checks {
    Checks(all.iter().map(|(name, says)| ((*name).to_owned(), (*says).to_owned())).collect())
}

/// What is wrong where `broken` took the place of the world in which all is green.
fn wrong(broken: &[(&str, &str)], differs: &[&str]) -> String {
    let healthy = checks(&[("dlq/p0", "green ok"), ("hosts/a", "green ok")]);
    compare(&healthy, &checks(broken), differs).err().unwrap_or_default()
}

#[test]
fn nothing_but_what_the_line_says_may_differ() {
    let (p0, a) = (("dlq/p0", "green ok"), ("hosts/a", "green ok"));
    let red = ("hosts/a", "red refused");
    let line = ["hosts/a red refused"];
    assert_eq!(wrong(&[p0, red], &line), "");
    assert_eq!(wrong(&[p0, a], &[]), "");
    // A false green, another reason, a neighbour that falls ill, one that goes, one that comes.
    assert_eq!(wrong(&[p0, a], &line), "  hosts/a is green ok, not red refused");
    let slow = ("hosts/a", "red slow");
    assert_eq!(wrong(&[p0, slow], &line), "  hosts/a is red slow, not red refused");
    let ill = ("dlq/p0", "unknown deadline");
    assert_eq!(wrong(&[ill, red], &line), "  dlq/p0 is unknown deadline, not green ok");
    assert_eq!(wrong(&[red], &line), "  dlq/p0 is gone, not green ok");
    let new = ("hosts/b", "green ok");
    assert_eq!(wrong(&[p0, red, new], &line), "  hosts/b is green ok, not gone");
}

#[test]
fn a_pattern_stands_for_many_and_the_last_line_that_fits_counts() {
    let (p0, a) = (("dlq/p0", "unknown offline"), ("hosts/a", "unknown offline"));
    assert_eq!(wrong(&[p0, a], &["* unknown offline"]), "");
    let gone = [("dlq/p0", "red x")];
    assert_eq!(wrong(&gone, &["* red x", "hosts/a gone"]), "");
    assert_eq!(wrong(&[p0], &["hosts/* gone"]), "  dlq/p0 is unknown offline, not green ok");
}

#[test]
#[should_panic(expected = "tells the healthy world")]
fn a_line_that_expects_the_healthy_world_is_no_line() {
    let _ = wrong(&[("dlq/p0", "green ok")], &["dlq/p0 green ok"]);
}

#[test]
fn a_host_goes_by_its_name() {
    let data = serde_json::json!({"checks": [
        {"source": "hosts", "name": "http://a.example.localhost:80", "state": "green",
         "reason": {"code": "ok"}},
        {"source": "dlq", "name": "p0", "state": "red", "reason": {"code": "untold-p0"}},
    ]});
    let seen = checks(&[("dlq/p0", "red untold-p0"), ("hosts/a.example", "green ok")]);
    assert_eq!(Checks::of(&data), seen);
}
