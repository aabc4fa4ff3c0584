//! JSON that came from outside, made fit for a line of a stream: control and bidi characters become
//! escapes, line breaks between its parts become blanks. Everything else stays as it is, to the byte.

use std::fmt::Write as _;

use parky_ops::domain::text::{first_suspect, is_deceptive};

/// Appends `json`, which must be valid JSON, to `out`.
pub(super) fn append(out: &mut String, json: &str) {
    let mut rest = json;
    while let Some(at) = first_suspect(rest.as_bytes()) {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = tail.chars();
        match chars.next() {
            // In a string they would be escapes already: these stand between its parts.
            Some('\n' | '\r' | '\t') => out.push(' '),
            Some(c) if is_deceptive(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to memory does not fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            Some(c) => out.push(c),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appended(json: &str) -> String {
        let mut out = String::new();
        append(&mut out, json);
        out
    }

    #[test]
    fn numbers_and_japanese_stay_to_the_byte() {
        let json =
            r#"{"a":1.50e+2,"b":123456789012345678901234567890,"c":"決済（é）😀","d":"\u001b"}"#;
        assert_eq!(appended(json), json);
    }

    #[test]
    fn what_drives_a_terminal_becomes_an_escape_and_line_breaks_go() {
        let json = "{\n\t\"a\" : \"x\u{202e}y\u{9b}z\u{7f}\u{e0041}\"\r\n}";
        assert_eq!(appended(json), r#"{  "a" : "x\u202ey\u009bz\u007f\udb40\udc41"  }"#);
    }

    proptest::proptest! {
        #[test]
        fn the_value_stays_the_same(text in "\\PC*[\u{202e}\u{9b}\u{7f}\u{200b}a決]{0,8}\\PC*") {
            let json = serde_json::to_string(&text).unwrap();
            let made = appended(&json);
            proptest::prop_assert!(!made.chars().any(is_deceptive));
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&made).unwrap(), text);
        }
    }
}
