//! A version as people name it: its id, a prefix of it, `@N`, or `previous`. Pure.

use std::collections::BTreeMap;

use crate::domain::Deployment;

/// Why a name means no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoVersion {
    /// No version of that name.
    #[error("no deployable version '{0}'")]
    Unknown(String),
    /// Several ids begin like this.
    #[error("several versions begin with '{0}': give more of the id")]
    Ambiguous(String),
    /// Too short to be sure.
    #[error("'{0}' is too short: give 8 signs of the id, or @ and the number")]
    Short(String),
    /// Nothing was deployed before.
    #[error("no version was live before the present one")]
    NoPrevious,
}

/// The id of the version that `name` means, among the deployable ones (id and number) and the
/// deployments, newest first.
///
/// # Errors
/// None, or more than one.
pub fn version(
    name: &str,
    numbers: &BTreeMap<String, u64>,
    deployments: &[Deployment],
) -> Result<String, NoVersion> {
    let unknown = || NoVersion::Unknown(name.to_owned());
    if name == "previous" {
        let id = |d: &Deployment| d.main_version().map(|version| version.version_id.clone());
        // Of a split the new side counts: what was before a canary is its other side.
        let newest = deployments.first().and_then(|d| d.new_version(deployments.get(1)));
        let newest = newest.map(|version| version.version_id.as_str());
        let before = deployments.iter().filter_map(id).find(|id| Some(id.as_str()) != newest);
        return before.ok_or(NoVersion::NoPrevious);
    }
    if let Some(number) = name.strip_prefix('@') {
        let number: u64 = number.parse().map_err(|_| unknown())?;
        let found = numbers.iter().find(|(_, known)| **known == number);
        return found.map(|(id, _)| id.clone()).ok_or_else(unknown);
    }
    if name.chars().count() < 8 {
        return Err(NoVersion::Short(name.to_owned()));
    }
    let name = name.to_ascii_lowercase();
    let mut fitting = numbers.keys().filter(|id| id.to_ascii_lowercase().starts_with(&name));
    match (fitting.next(), fitting.next()) {
        (Some(id), None) => Ok(id.clone()),
        (Some(id), Some(_)) if *id == name => Ok(id.clone()),
        (Some(_), Some(_)) => Err(NoVersion::Ambiguous(name)),
        (None, _) => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::VersionShare;

    #[test]
    fn versions_by_id_prefix_and_number() {
        let ids = ["aaaaaaaa-1111", "aaaaaaaa-2222", "bbbbbbbb-3333"];
        let numbers: BTreeMap<_, _> = ids.iter().map(|id| (*id).to_owned()).zip(40..).collect();
        let find = |name: &str| version(name, &numbers, &[]);
        assert_eq!(find("bbbbbbbb").unwrap(), "bbbbbbbb-3333");
        assert_eq!(find("AAAAAAAA-2").unwrap(), "aaaaaaaa-2222");
        assert_eq!(find("@40").unwrap(), "aaaaaaaa-1111");
        assert_eq!(find("aaaaaaaa"), Err(NoVersion::Ambiguous("aaaaaaaa".into())));
        assert_eq!(find("bbbb"), Err(NoVersion::Short("bbbb".into())));
        assert_eq!(find("@7"), Err(NoVersion::Unknown("@7".into())));
        assert_eq!(find("previous"), Err(NoVersion::NoPrevious));
    }

    #[test]
    fn before_a_canary_was_its_other_side() {
        let deployment = |shares: &[(&str, f64)]| Deployment {
            worker: "public".into(),
            script: "parky-public-prod".into(),
            deployment_id: "d".into(),
            at: chrono::DateTime::UNIX_EPOCH,
            author: None,
            source: None,
            message: None,
            triggered_by: None,
            versions: shares
                .iter()
                .map(|(id, percentage)| VersionShare {
                    version_id: (*id).to_owned(),
                    number: None,
                    percentage: *percentage,
                })
                .collect(),
            cohorts: Vec::new(),
            live: true,
            is_rollback: false,
        };
        let previous = |all: &[Deployment]| version("previous", &BTreeMap::new(), all);
        let (old, stable) = (deployment(&[("a", 100.0)]), deployment(&[("b", 100.0)]));
        for split in [[("b", 90.0), ("c", 10.0)], [("c", 60.0), ("b", 40.0)]] {
            let all = [deployment(&split), stable.clone(), old.clone()];
            assert_eq!(previous(&all).as_deref(), Ok("b"), "{split:?}");
        }
        assert_eq!(previous(&[stable.clone(), old.clone()]).as_deref(), Ok("a"));
        assert_eq!(previous(&[old.clone(), stable, old]).as_deref(), Ok("b"), "a rollback");
    }
}
