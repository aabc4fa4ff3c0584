//! A statement of somebody else's session as it may be shown: one line, cut, without a password that
//! stands in it. Pure.

use std::sync::LazyLock;

use regex_lite::Regex;

use crate::domain::text::{one_line, shorten};

/// Characters of a statement that are shown.
const SHOWN: usize = 200;

/// What the server puts where the role may not see a statement.
const HIDDEN: &str = "<insufficient privilege>";

/// `PASSWORD '…'` of `CREATE ROLE` and `ALTER ROLE`, `password=…` of a connection string; the cut may
/// have taken the closing quote.
static PASSWORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) (\bpassword \s* (?:=>|=)? \s*)
          (?: [eu]? &? '(?:[^'\\]|''|\\.)*'? | \$\w*\$ [^$]* (?:\$\w*\$)? )
          | (\bpassword \s* = \s*) [^\s'$;,)]+",
    )
    .ok()
});

/// The statement as it is shown; `None` where the role may not see it, or there is none.
pub fn shown(query: Option<String>) -> Option<String> {
    let query = query.filter(|query| query != HIDDEN)?;
    let words: Vec<_> = query.split_whitespace().collect();
    let line = one_line(&words.join(" "));
    let masked = match line.to_ascii_lowercase().contains("password") {
        false => line,
        // Without the rule nothing can be told to be harmless.
        true => PASSWORD.as_ref()?.replace_all(&line, "${1}${2}***").into_owned(),
    };
    (!masked.is_empty()).then(|| shorten(&masked, SHOWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(query: &str) -> Option<String> {
        shown(Some(query.to_owned()))
    }

    #[test]
    fn one_line_without_escapes() {
        assert_eq!(said("SELECT\n\t1  +\u{1b}[2J 1").as_deref(), Some("SELECT 1 +\\u{1b}[2J 1"));
        assert_eq!(said(&"x".repeat(999)).map(|text| text.chars().count()), Some(SHOWN));
    }

    #[test]
    fn what_may_not_be_seen_is_nothing() {
        assert_eq!(said(HIDDEN), None);
        assert_eq!(said("  "), None);
        assert_eq!(shown(None), None);
    }

    #[test]
    fn a_password_in_a_statement_is_not_shown() {
        for query in [
            "ALTER ROLE api PASSWORD 'hunter2' VALID UNTIL 'infinity'",
            "create role api login encrypted password E'hunter2\\'s'",
            "ALTER ROLE api PASSWORD 'hunter2''s",
            "ALTER ROLE api PASSWORD $$hunter2$$",
            "SELECT dblink('host=x password=hunter2 dbname=y')",
            "SELECT connect(password => 'hunter2')",
        ] {
            let shown = said(query).unwrap();
            assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
        }
        let harmless = "SELECT * FROM users WHERE password_hash IS NULL";
        assert_eq!(said(harmless).as_deref(), Some(harmless));
    }
}
