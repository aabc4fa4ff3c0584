//! Inside GitHub Actions a line of output can be a command to the runner: our annotations are, and
//! nothing else may be.
//!
//! The runner obeys a line that begins with `::NAME ...::`, and an older form, `##[NAME ...]`, anywhere
//! in a line (actions/runner, `ActionCommand.cs`).

use std::borrow::Cow;

use parky_ops::domain::text::one_line;

/// How an annotation is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Error,
    Warning,
}

/// The line that makes an annotation. No part of `title` or `message` can end it or begin another.
pub(super) fn annotation(level: Level, title: &str, message: &str) -> String {
    let word = match level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    // The percent sign first: the other forms bring their own.
    let data =
        |text: &str| one_line(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let title = data(title).replace(':', "%3A").replace(',', "%2C");
    // In a message a colon has no form of its own, and two of them mean nothing to the runner; they
    // are parted so that they mean nothing to anybody.
    let message = data(message).replace("::", ": :");
    defuse_old_form(&format!("::{word} title={title}::{message}"), "# #[").into_owned()
}

/// `text` without a command to the runner in it. In JSON the values stay the same.
pub(super) fn defuse(text: &str, json: bool) -> Cow<'_, str> {
    if json {
        return defuse_old_form(text, "#\\u0023[");
    }
    let begins = |line: &str| line.trim_start().starts_with("::");
    if !text.contains("##[") && !text.split(['\n', '\r']).any(begins) {
        return Cow::Borrowed(text);
    }
    let lines = text.split_inclusive(['\n', '\r']).map(|line| match line.find("::") {
        Some(at) if begins(line) => format!("{}\\u{{3a}}{}", &line[..at], &line[at + 1..]),
        _ => line.to_owned(),
    });
    let text: String = lines.collect();
    Cow::Owned(defuse_old_form(&text, "#\\u{23}[").into_owned())
}

fn defuse_old_form<'a>(text: &'a str, with: &str) -> Cow<'a, str> {
    if text.contains("##[") { text.replace("##[", with).into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_neither_ends_nor_begins_a_command() {
        let title = "hosts a,file=x::y";
        let message = "50% of\r\n::set-env name=PATH::/tmp ##[add-mask]x \u{1b}[2J";
        assert_eq!(
            annotation(Level::Error, title, message),
            "::error title=hosts a%2Cfile=x%3A%3Ay::50%25 of : :set-env name=PATH: :/tmp \
             # #[add-mask]x \\u{1b}[2J"
        );
        let line = annotation(Level::Warning, "\n::debug::t", "%0A::stop-commands::x\n::y::z");
        assert_eq!(line, "::warning title= %3A%3Adebug%3A%3At::%250A: :stop-commands: :x : :y: :z");
    }

    #[test]
    fn what_is_printed_holds_no_command() {
        let text = defuse("a ::b::\n  ::error::c\n\t##[error]d\r::e::f\n", false);
        assert_eq!(text, "a ::b::\n  \\u{3a}:error::c\n\t#\\u{23}[error]d\r\\u{3a}:e::f\n");
        assert!(matches!(defuse("plain :: text # [x]\n", false), Cow::Borrowed(_)));
        let json = serde_json::to_string("x ##[add-mask]y ###[z]").unwrap();
        let safe = defuse(&json, true);
        assert!(!safe.contains("##["), "{safe}");
        let value: String = serde_json::from_str(&safe).unwrap();
        assert_eq!(value, "x ##[add-mask]y ###[z]");
    }
}
