//! JSON with comments and trailing commas, as wrangler reads it. Pure.

use serde_json::Value;

/// Parses JSON that may hold `//` and `/* */` comments and trailing commas.
///
/// # Errors
/// The line and column that is no JSON.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let plain = without_trailing_commas(&without_comments(text));
    serde_json::from_str(&plain)
        .map_err(|e| format!("not valid JSON at line {} column {}", e.line(), e.column()))
}

/// Blanks out comments; line breaks stay, so that places stay true.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => string_length(rest),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            _ => c.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        match c {
            '/' if length > 1 => {
                out.extend(piece.chars().map(|c| if c == '\n' { c } else { ' ' }));
            }
            _ => out.push_str(piece),
        }
        rest = after;
    }
    out
}

/// Replaces each comma before a closing bracket by a blank.
fn without_trailing_commas(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if c == '"' { string_length(rest) } else { c.len_utf8() };
        let (piece, after) = rest.split_at(length);
        let trailing = c == ',' && after.trim_start().starts_with(['}', ']']);
        out.push_str(if trailing { " " } else { piece });
        rest = after;
    }
    out
}

/// Bytes of the string literal that `text` starts with, both quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn comments_and_trailing_commas_go_and_strings_stay() {
        let text = r#"{
            // a "comment"
            "name": "a//b\"/*c*/,]", /* more
            */ "env": { "prod": { "x": [1, 2, ], }, },
        }"#;
        let value = parse(text).unwrap();
        assert_eq!(value, json!({"name": "a//b\"/*c*/,]", "env": {"prod": {"x": [1, 2]}}}));
    }

    #[test]
    fn broken_text_ends() {
        for bad in ["", "{", "\"", "/*", "{\"a\": \"\\", "//", "{,,}"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
