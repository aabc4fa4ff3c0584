//! SQL text that is made of constants and quoted values only. Pure.
//!
//! The simple protocol has no parameters, so what varies (the dead-letter table's name, the words
//! that mean "open") has to stand in the text. Only [`Quoted`] can be put there.

use std::borrow::Cow;
use std::time::Duration;

use uuid::Uuid;

use crate::domain::hex;

/// A statement, or several of one message; without a closing semicolon.
#[derive(Debug, Clone)]
pub struct Sql(Cow<'static, str>);

impl Sql {
    /// A statement in which nothing varies.
    pub const fn constant(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// `template` with each `{name}` replaced by the value of that name. A hole without a value
    /// stays as it is, which the server answers with a syntax error. What was put in is not
    /// searched again: a table called `{open}` is only a table.
    pub fn fill(template: &'static str, values: &[(&str, &Quoted)]) -> Self {
        Self(Cow::Owned(filled(template, values)))
    }

    /// Several statements for one message, so for one transaction.
    pub fn all(statements: impl IntoIterator<Item = Self>) -> Self {
        let texts: Vec<_> = statements.into_iter().map(|sql| sql.0).collect();
        Self(Cow::Owned(texts.join("; ")))
    }

    /// Text of this program's own making, in which whatever varies was quoted before.
    pub(crate) fn made(text: impl Into<String>) -> Self {
        Self(Cow::Owned(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn filled(template: &'static str, values: &[(&str, &Quoted)]) -> String {
    let mut text = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, from)) = rest.split_once('{') {
        text.push_str(before);
        let value = from.split_once('}').and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((value, after))
        });
        if let Some((Quoted(value), after)) = value {
            text.push_str(value);
            rest = after;
        } else {
            text.push('{');
            rest = from;
        }
    }
    text.push_str(rest);
    text
}

/// A value that has been quoted, whatever it held, or a piece of SQL made of such values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted(String);

impl Quoted {
    /// A name of one part: `"name"`.
    pub fn ident(name: &str) -> Self {
        Self(quote_ident(name))
    }

    /// A name of two parts: `"schema"."table"`.
    pub fn table(schema: &str, table: &str) -> Self {
        Self(format!("{}.{}", quote_ident(schema), quote_ident(table)))
    }

    /// A text: `E'text'`.
    pub fn literal(text: &str) -> Self {
        Self(quote_literal(text))
    }

    /// A part of a statement, filled as by [`Sql::fill`].
    pub fn piece(template: &'static str, values: &[(&str, &Quoted)]) -> Self {
        Self(filled(template, values))
    }

    /// Several of them, with `between` between them.
    pub fn joined(pieces: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let pieces: Vec<_> = pieces.into_iter().map(|Self(piece)| piece).collect();
        Self(pieces.join(between))
    }

    /// A text, or `NULL`.
    pub fn text_or_null(text: Option<&str>) -> Self {
        text.map_or_else(Self::null, Self::literal)
    }

    /// `NULL`.
    pub fn null() -> Self {
        Self("NULL".to_owned())
    }

    /// A whole number; a negative one between parentheses, so that no sign before it makes it a
    /// comment.
    pub fn int(number: impl Into<i64>) -> Self {
        let number = number.into();
        Self(if number < 0 { format!("({number})") } else { number.to_string() })
    }

    /// `true` or `false`.
    pub fn bool(value: bool) -> Self {
        Self(value.to_string())
    }

    /// A `uuid`.
    pub fn uuid(id: &Uuid) -> Self {
        Self(format!("'{id}'::uuid"))
    }

    /// A `bytea`.
    pub fn bytes(bytes: &[u8]) -> Self {
        Self(format!("decode('{}', 'hex')", hex(bytes)))
    }

    /// An `interval`, in microseconds.
    pub fn interval(length: Duration) -> Self {
        let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX / 2);
        Self(format!("({micros} * interval '1 microsecond')"))
    }

    /// A `jsonb`. The server has no sign NUL in texts, JSON's escape of it included.
    pub fn json(value: &serde_json::Value) -> Self {
        let text = value.to_string().replace("\\u0000", "\\ufffd");
        Self(format!("{}::jsonb", quote_literal(&text)))
    }

    /// A `text[]`, which may be long: it is one constant to the server.
    pub fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let quote = |text: &str| {
            format!("\"{}\"", without_nul(text).replace('\\', "\\\\").replace('"', "\\\""))
        };
        let elements: Vec<_> = texts.into_iter().map(quote).collect();
        Self(format!("{}::text[]", quote_literal(&format!("{{{}}}", elements.join(",")))))
    }

    /// A `uuid[]`.
    pub fn uuids<'a>(ids: impl IntoIterator<Item = &'a Uuid>) -> Self {
        let ids: Vec<_> = ids.into_iter().map(Uuid::to_string).collect();
        Self(format!("'{{{}}}'::uuid[]", ids.join(",")))
    }

    /// A `bigint[]`.
    pub fn ints(numbers: impl IntoIterator<Item = i64>) -> Self {
        let numbers: Vec<_> = numbers.into_iter().map(|number| number.to_string()).collect();
        Self(format!("'{{{}}}'::bigint[]", numbers.join(",")))
    }

    /// Several texts between parentheses, to stand behind `IN`; matches nothing where there are
    /// none.
    pub fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let texts: Vec<_> = texts.into_iter().map(quote_literal).collect();
        Self(if texts.is_empty() { "(NULL)".to_owned() } else { format!("({})", texts.join(", ")) })
    }
}

/// SQL of this program stands in a template as it is.
impl From<Sql> for Quoted {
    fn from(sql: Sql) -> Self {
        Self(sql.0.into_owned())
    }
}

fn quote_ident(name: &str) -> String {
    format!("\"{}\"", without_nul(name).replace('"', "\"\""))
}

/// The `E` form means the same under both values of `standard_conforming_strings`.
fn quote_literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 3);
    quoted.push_str("E'");
    for sign in text.chars() {
        match sign {
            '\0' => quoted.push(NO_NUL),
            '\\' | '\'' => quoted.extend([sign, sign]),
            _ => quoted.push(sign),
        }
    }
    quoted.push('\'');
    quoted
}

/// A NUL would end the message early. No name or text on the server can hold one, so the
/// replacement matches nothing, as the NUL would.
const NO_NUL: char = '\u{fffd}';

fn without_nul(s: &str) -> String {
    s.replace('\0', NO_NUL.encode_utf8(&mut [0; 4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_always_quoted() {
        for (name, quoted) in [
            ("notification_failures", r#""notification_failures""#),
            (r#"a"b"#, r#""a""b""#),
            (r#"""; DROP TABLE x; --"#, r#""""""; DROP TABLE x; --""#),
            ("UPPER case", r#""UPPER case""#),
            (r"back\slash", r#""back\slash""#),
            ("nul\0l", "\"nul\u{fffd}l\""),
        ] {
            assert_eq!(Quoted::ident(name), Quoted(quoted.to_owned()));
        }
        let table = Quoted::table(r#"a"b"#, "c.d");
        assert_eq!(table, Quoted(r#""a""b"."c.d""#.to_owned()));
    }

    #[test]
    fn texts_cannot_end_their_quotes() {
        for (text, quoted) in [
            ("failed", "E'failed'"),
            ("it's", "E'it''s'"),
            (r"\' OR 1=1 --", r"E'\\'' OR 1=1 --'"),
            (r"\", r"E'\\'"),
            ("nul\0l", "E'nul\u{fffd}l'"),
            ("失敗", "E'失敗'"),
        ] {
            assert_eq!(Quoted::literal(text), Quoted(quoted.to_owned()));
        }
    }

    #[test]
    fn a_list_of_none_matches_nothing() {
        assert_eq!(Quoted::list([]), Quoted("(NULL)".to_owned()));
        assert_eq!(Quoted::list(["a", "b'"]), Quoted("(E'a', E'b''')".to_owned()));
    }

    #[test]
    fn values_of_other_types() {
        let json = serde_json::json!({"a": "it's\u{0}"});
        for (value, quoted) in [
            (Quoted::int(-5), "(-5)"),
            (Quoted::int(7), "7"),
            (Quoted::bytes(&[0, 255]), "decode('00ff', 'hex')"),
            (Quoted::interval(Duration::from_millis(2)), "(2000 * interval '1 microsecond')"),
            (Quoted::json(&json), r#"E'{"a":"it''s\\ufffd"}'::jsonb"#),
            (Quoted::texts(["a", r#"b"\'"#]), r#"E'{"a","b\\"\\\\''"}'::text[]"#),
            (Quoted::texts([]), "E'{}'::text[]"),
            (Quoted::ints([1, -2]), "'{1,-2}'::bigint[]"),
            (Quoted::text_or_null(None), "NULL"),
        ] {
            assert_eq!(value, Quoted(quoted.to_owned()));
        }
    }

    #[test]
    fn holes_are_filled_once() {
        let (table, open) = (Quoted::ident("{open}"), Quoted::literal("{table}"));
        let sql = Sql::fill(
            "SELECT 1 FROM {table} WHERE a = {open} AND b = {other} {",
            &[("table", &table), ("open", &open)],
        );
        assert_eq!(
            sql.as_str(),
            r#"SELECT 1 FROM "{open}" WHERE a = E'{table}' AND b = {other} {"#
        );
    }

    #[test]
    fn pieces_are_put_together_and_not_searched_again() {
        let name = Quoted::ident("{n}");
        let pieces =
            [1, 2].map(|n| Quoted::piece("{c} = {n}", &[("c", &name), ("n", &Quoted::int(n))]));
        let sql = Sql::fill("SELECT {all}", &[("all", &Quoted::joined(pieces, " AND "))]);
        assert_eq!(sql.as_str(), r#"SELECT "{n}" = 1 AND "{n}" = 2"#);
    }

    proptest::proptest! {
        /// Reads a quoted literal back as the server does: inside, every quote and every backslash
        /// comes in pairs.
        #[test]
        fn any_text_reads_back_as_itself(text in "[^\0]*") {
            let quoted = quote_literal(&text);
            let inside = &quoted[2..quoted.len() - 1];
            let mut read = String::new();
            let mut chars = inside.chars();
            while let Some(c) = chars.next() {
                if c == '\'' || c == '\\' {
                    proptest::prop_assert_eq!(chars.next(), Some(c));
                }
                read.push(c);
            }
            proptest::prop_assert_eq!(read, text);
        }
    }
}
