//! Whether a value can be a credential at all, before it is sent anywhere. Pure.

use super::error::AuthError;
use super::name::CredentialName;
use crate::config::Origin;
use crate::domain::text::is_deceptive;

/// Refuses what no such credential holds, by position.
pub(super) fn check(name: &CredentialName, origin: &Origin, value: &str) -> Result<(), AuthError> {
    if value.is_empty() {
        return Err(AuthError::Empty { name: name.clone(), origin: origin.clone() });
    }
    // Addresses may have a name in front: "Parky <ops@example.jp>".
    let is_address = matches!(name, CredentialName::MailFrom | CredentialName::MailTo);
    let wrong = value.chars().enumerate().find_map(|(at, c)| Some((at + 1, wrong(c, is_address)?)));
    match wrong {
        None => Ok(()),
        Some((position, what)) => {
            Err(AuthError::Malformed { name: name.clone(), origin: origin.clone(), what, position })
        }
    }
}

fn wrong(c: char, is_address: bool) -> Option<&'static str> {
    match c {
        '\n' | '\r' => Some("a line break"),
        c if c.is_control() => Some("a control character"),
        c if is_deceptive(c) => Some("an invisible character"),
        _ if is_address => None,
        c if c.is_whitespace() => Some("a blank"),
        // A header cannot carry it.
        c if u32::from(c) > 0xff => Some("a character outside of Latin-1"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_signs_are_refused_by_position_and_never_shown() {
        let origin = Origin::Variable("X".to_owned());
        for (value, said) in [
            ("s3cr3t\n", "a line break at position 7"),
            ("s3cr3t\r", "a line break at position 7"),
            (" s3cr3t", "a blank at position 1"),
            ("s3c r3t", "a blank at position 4"),
            ("s3cr3t\u{a0}", "a blank at position 7"),
            ("s3cr3t\u{7}", "a control character at position 7"),
            ("s3cr3t\u{9b}", "a control character at position 7"),
            ("\u{feff}s3cr3t", "an invisible character at position 1"),
            ("s3cr3t\u{ad}", "an invisible character at position 7"),
            ("s3cr3t…", "a character outside of Latin-1 at position 7"),
            ("鍵s3cr3t", "a character outside of Latin-1 at position 1"),
        ] {
            let error = check(&CredentialName::CloudflareApiToken, &origin, value).unwrap_err();
            let said = format!("the Cloudflare API token from $X has {said}");
            assert_eq!(error.to_string(), said);
            assert!(!format!("{error:?}{}", error.hint()).contains("s3cr3t"));
        }
        let empty = check(&CredentialName::GithubToken, &origin, "").unwrap_err();
        assert_eq!(empty.to_string(), "the GitHub token from $X is empty");
    }

    #[test]
    fn addresses_may_have_a_name_but_no_second_line() {
        let origin = Origin::Variable("X".to_owned());
        let to = CredentialName::MailTo;
        assert_eq!(check(&to, &origin, "当番 <oncall@example.jp>, b@example.jp"), Ok(()));
        assert!(check(&to, &origin, "a@example.jp\nBcc: b@example.jp").is_err());
        assert_eq!(check(&CredentialName::GithubToken, &origin, "ghp_Abc123é"), Ok(()));
    }
}
