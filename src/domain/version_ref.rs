//! A version as people name it: an id or the beginning of one, `@3`, `previous`, or the address of a
//! dashboard page (contract §8). Pure.

use std::str::FromStr;

use url::Url;

use super::text::{one_line, shorten};

/// A version as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionRef {
    /// The one that was live before.
    Previous,
    /// By its running number.
    Number(u64),
    /// By its id, or at least eight characters of its beginning.
    Id(String),
    /// By the address of its page.
    Page {
        /// The account that the address names.
        account: Option<String>,
        /// The script or project that the address names.
        name: Option<String>,
        /// The id.
        id: String,
    },
}

/// What was typed names no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WrongReference(String);

/// Fewer characters of an id may fit by chance.
const SHORTEST: usize = 8;

impl FromStr for VersionRef {
    type Err = WrongReference;

    fn from_str(typed: &str) -> Result<Self, WrongReference> {
        let typed = typed.trim();
        let shown = || shorten(&one_line(typed), 80);
        if typed == "previous" {
            return Ok(VersionRef::Previous);
        }
        if let Some(number) = typed.strip_prefix('@') {
            let number = number.parse().map_err(|_| {
                WrongReference(format!("'{}' is no number of a version: use @3", shown()))
            })?;
            return Ok(VersionRef::Number(number));
        }
        if typed.starts_with("https://") || typed.starts_with("http://") {
            let none = || WrongReference(format!("no id of a version in {}", shown()));
            return ids_in_url(typed).ok_or_else(none);
        }
        let id = typed.to_ascii_lowercase();
        let of_id = id.len() <= 36 && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        match of_id && id.len() >= SHORTEST {
            true => Ok(VersionRef::Id(id)),
            false if of_id => Err(WrongReference(format!(
                "'{}' is too short: give at least {SHORTEST} characters of the id, or @NUMBER",
                shown()
            ))),
            false => Err(WrongReference(format!(
                "'{}' is no version: use an id, its first {SHORTEST} characters, @NUMBER or previous",
                shown()
            ))),
        }
    }
}

/// What the address of a page of Cloudflare's dashboard, or of a deployment of Pages, names.
pub fn ids_in_url(address: &str) -> Option<VersionRef> {
    let url = Url::parse(address).ok()?;
    let segments: Vec<&str> = url.path_segments()?.filter(|s| !s.is_empty()).collect();
    let host = url.host_str().unwrap_or_default();
    // A deployment of Pages: https://8e736bae.parky-web.pages.dev
    if let Some((id, project)) = host.strip_suffix(".pages.dev").and_then(|h| h.split_once('.')) {
        let name = Some(project.to_owned());
        let id = is_hex(id, SHORTEST).then(|| id.to_owned())?;
        return Some(VersionRef::Page { account: None, name, id });
    }
    let account = segments.iter().find(|s| is_hex(s, 32)).map(|s| (*s).to_owned());
    let after = |word: &str| {
        let at = segments.iter().position(|s| *s == word)?;
        segments.get(at + 1).map(|s| (*s).to_owned())
    };
    let name = after("view").or_else(|| after("services").filter(|name| name != "view"));
    let id = segments.iter().rev().find(|s| is_uuid(s))?.to_ascii_lowercase();
    Some(VersionRef::Page { account, name, id })
}

fn is_hex(word: &str, length: usize) -> bool {
    word.len() == length && word.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36
        && word.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
        && word.contains('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "bf58218a-1a3a-4ab4-a4ea-775e68f68de9";

    fn read(typed: &str) -> Result<VersionRef, String> {
        typed.parse().map_err(|error: WrongReference| error.to_string())
    }

    #[test]
    fn the_forms_that_are_taken() {
        assert_eq!(read("previous"), Ok(VersionRef::Previous));
        assert_eq!(read("@141"), Ok(VersionRef::Number(141)));
        assert_eq!(read("BF58218A"), Ok(VersionRef::Id("bf58218a".into())));
        assert_eq!(read(ID), Ok(VersionRef::Id(ID.into())));
    }

    #[test]
    fn pages_of_the_dashboard() {
        let account = "5b1e7c0d94a34f2f8e6d3a7b9c2f1e08";
        let page = |name: &str, id: &str| {
            let name = Some(name.to_owned());
            Ok(VersionRef::Page { account: Some(account.to_owned()), name, id: id.to_owned() })
        };
        let url = format!(
            "https://dash.cloudflare.com/{account}/workers/services/view/parky-public-prod/production/deployments/{ID}?x=1"
        );
        assert_eq!(read(&url), page("parky-public-prod", ID));
        let url = format!("https://dash.cloudflare.com/{account}/pages/view/parky-web/{ID}");
        assert_eq!(read(&url), page("parky-web", ID));
        let deployment = read("https://8e736bae.parky-web.pages.dev/");
        let id = "8e736bae".to_owned();
        assert_eq!(
            deployment,
            Ok(VersionRef::Page { account: None, name: Some("parky-web".into()), id })
        );
    }

    #[test]
    fn the_forms_that_are_not() {
        for (typed, says) in [
            ("bf5821", "too short"),
            ("@", "no number"),
            ("@-1", "no number"),
            ("latest", "no version"),
            ("", "too short"),
            ("https://dash.cloudflare.com/", "no id"),
            ("x\u{1b}[2J", "no version"),
        ] {
            let error = read(typed).unwrap_err();
            assert!(error.contains(says) && !error.contains('\u{1b}'), "{typed}: {error}");
        }
    }
}
