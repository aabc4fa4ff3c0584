//! SQL text that is made of constants and quoted values only. Pure.
//!
//! The simple protocol has no parameters, so what varies (the dead-letter table's name, the words
//! that mean "open") has to stand in the text. Only [`Quoted`] can be put there.

use std::borrow::Cow;

/// One statement, without a closing semicolon.
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

    /// A whole number.
    pub fn number(number: i64) -> Self {
        Self(number.to_string())
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

    /// Several texts between parentheses, to stand behind `IN`; matches nothing where there are
    /// none.
    pub fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let texts: Vec<_> = texts.into_iter().map(quote_literal).collect();
        Self(if texts.is_empty() { "(NULL)".to_owned() } else { format!("({})", texts.join(", ")) })
    }
}

fn quote_ident(name: &str) -> String {
    format!("\"{}\"", without_nul(name).replace('"', "\"\""))
}

/// The `E` form means the same under both values of `standard_conforming_strings`.
fn quote_literal(text: &str) -> String {
    format!("E'{}'", without_nul(text).replace('\\', "\\\\").replace('\'', "''"))
}

/// A NUL would end the message early. No name or text on the server can hold one, so the
/// replacement matches nothing, as the NUL would.
fn without_nul(s: &str) -> String {
    s.replace('\0', "\u{fffd}")
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
            [1, 2].map(|n| Quoted::piece("{c} = {n}", &[("c", &name), ("n", &Quoted::number(n))]));
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
