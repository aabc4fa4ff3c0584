//! What tells one row from another: the primary key, or the column that the configuration names.
//!
//! A key is compared in its own type (`'…'::uuid`), so that the key's index serves.

use super::TableError;
use super::kind::Kind;
use super::look::Look;
use crate::config::DlqTable;
use crate::dlq::FailureId;
use crate::postgres::{PgError, Quoted, Row};

/// Most columns of a key; an index of PostgreSQL has at most 32.
const NAMES: [&str; 8] = ["key_0", "key_1", "key_2", "key_3", "key_4", "key_5", "key_6", "key_7"];

/// The key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    columns: Vec<KeyColumn>,
    /// The database sees to it that every row has one, and another one.
    unique: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct KeyColumn {
    plain_name: String,
    name: Quoted,
    kind: Kind,
    /// Its type, quoted.
    own: Quoted,
}

impl Key {
    /// The key of the table.
    ///
    /// # Errors
    /// There is none, or it may not be read; the configuration names a column that is not there.
    pub(crate) fn find(table: &DlqTable, look: &Look) -> Result<Self, TableError> {
        let (names, unique) = match &table.key_column {
            Some(name) => (vec![name.as_str()], is_unique(look, name)),
            None => (primary(table, look)?, true),
        };
        if names.len() > NAMES.len() {
            let text = format!("the primary key of {table} has more than {} columns", NAMES.len());
            return Err(TableError::NoKey(text));
        }
        let column = |name: &&str| match look.columns.get(*name) {
            None => {
                let text = format!("dlq.key_column: {table} has no column {name}");
                Err(TableError::Config(text))
            }
            Some(column) if !column.readable => {
                let text = format!("the role may not read the key {name} of {table}");
                Err(TableError::NoKey(text))
            }
            Some(column) => Ok(KeyColumn {
                plain_name: (*name).to_owned(),
                name: qualified(name),
                kind: Kind::of(column),
                own: Quoted::table(&column.schema, &column.kind),
            }),
        };
        Ok(Self { columns: names.iter().map(column).collect::<Result<_, _>>()?, unique })
    }

    /// Whether `ORDER BY` and comparison of the key follow its index, and no two rows share one.
    pub(super) fn is_sortable(&self) -> bool {
        self.unique && self.columns.iter().all(|column| column.kind != Kind::Other)
    }

    /// The names of its columns.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.plain_name.as_str())
    }

    /// `"id"::text AS key_0, …`
    pub(super) fn select(&self) -> Quoted {
        let columns = self.columns.iter().zip(NAMES).map(|(column, name)| {
            let text = Quoted::piece(column.kind.text(), &[("c", &column.name)]);
            Quoted::piece("{text} AS {name}", &[("text", &text), ("name", &Quoted::ident(name))])
        });
        Quoted::joined(columns, ", ")
    }

    /// The columns, bare.
    pub(super) fn columns(&self) -> Vec<Quoted> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// The key of a row as [`Key::select`] brought it; `None` where a part is null.
    pub(super) fn read(&self, row: &Row) -> Result<Option<FailureId>, PgError> {
        let parts = self.columns.iter().zip(NAMES).map(|(_, name)| row.text(name));
        let parts: Option<Vec<String>> = parts.collect::<Result<_, _>>()?;
        Ok(parts.map(|parts| joined(&parts)))
    }

    /// The key as the table would show it, if `id` could be one.
    pub fn normal(&self, id: &FailureId) -> Option<FailureId> {
        self.parts(id).map(|parts| joined(&parts))
    }

    /// Each part as a value of its own type.
    pub(super) fn values(&self, id: &FailureId) -> Option<Vec<Quoted>> {
        let parts = self.parts(id)?;
        Some(self.columns.iter().zip(&parts).map(|(column, part)| column.value(part)).collect())
    }

    /// `key = id`; `None` where `id` is no value of the key's type.
    pub(super) fn equals(&self, id: &FailureId) -> Option<Quoted> {
        let parts = self.parts(id)?;
        let each = self.columns.iter().zip(&parts).map(|(column, part)| {
            let value = column.value(part);
            Quoted::piece("{c} = {v}", &[("c", &column.compared()), ("v", &value)])
        });
        Some(Quoted::joined(each, " AND "))
    }

    /// `key IN (ids)`; ids that are no value of the key's type are left out.
    pub(crate) fn is_any(&self, ids: &[FailureId]) -> Quoted {
        let tuple =
            |values: Vec<Quoted>| Quoted::piece("({v})", &[("v", &Quoted::joined(values, ", "))]);
        let rows: Vec<_> = ids.iter().filter_map(|id| self.values(id)).map(tuple).collect();
        if rows.is_empty() {
            return Quoted::piece("FALSE", &[]);
        }
        let all = Quoted::joined(rows, ", ");
        let columns: Vec<_> = self.columns.iter().map(KeyColumn::compared).collect();
        match columns.as_slice() {
            // The server hashes such a list; one of tuples only as a table of values.
            [one] => Quoted::piece("{c} = ANY (ARRAY[{all}])", &[("c", one), ("all", &all)]),
            _ => {
                let columns = Quoted::joined(columns, ", ");
                Quoted::piece("({c}) IN (VALUES {all})", &[("c", &columns), ("all", &all)])
            }
        }
    }

    fn parts(&self, id: &FailureId) -> Option<Vec<String>> {
        let parts: Vec<String> = match self.columns.len() {
            1 => vec![id.as_str().to_owned()],
            _ => serde_json::from_str(id.as_str()).ok()?,
        };
        if parts.len() != self.columns.len() {
            return None;
        }
        self.columns.iter().zip(parts).map(|(column, part)| column.kind.normal(&part)).collect()
    }
}

impl KeyColumn {
    fn value(&self, part: &str) -> Quoted {
        let literal = Quoted::literal(part);
        match self.kind {
            Kind::Other => Quoted::piece("{v}::text", &[("v", &literal)]),
            _ => Quoted::piece("{v}::{own}", &[("v", &literal), ("own", &self.own)]),
        }
    }

    fn compared(&self) -> Quoted {
        match self.kind {
            Kind::Other => Quoted::piece("{c}::text", &[("c", &self.name)]),
            _ => self.name.clone(),
        }
    }
}

/// A bare name behind `ORDER BY` would mean a column of the answer, should one be called the same.
fn qualified(name: &str) -> Quoted {
    Quoted::piece("letters.{name}", &[("name", &Quoted::ident(name))])
}

/// A column as a sort key.
pub(super) fn sorted(column: &Quoted, descending: bool) -> Quoted {
    Quoted::piece(if descending { "{c} DESC" } else { "{c} ASC" }, &[("c", column)])
}

fn joined(parts: &[String]) -> FailureId {
    match parts {
        [one] => FailureId::new(one.as_str()),
        all => FailureId::new(serde_json::Value::from(all).to_string()),
    }
}

fn primary<'a>(table: &DlqTable, look: &'a Look) -> Result<Vec<&'a str>, TableError> {
    let index = look.indexes.iter().find(|index| index.primary);
    let names = index.map(|index| index.columns.iter().filter_map(|c| c.name.as_deref()).collect());
    names.ok_or_else(|| {
        let text = format!(
            "{table} has no primary key, so no row can be told from another: list and stats work, \
             show and replay do not"
        );
        TableError::NoKey(text)
    })
}

fn is_unique(look: &Look, name: &str) -> bool {
    let required = look.columns.get(name).is_some_and(|column| column.required);
    let only = |index: &&super::look::Index| {
        index.unique && index.columns.iter().map(|c| c.name.as_deref()).eq([Some(name)])
    };
    required && look.indexes.iter().find(only).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dlq::table::look::Column;

    fn key(types: &[&str]) -> Key {
        let column = |(nth, kind): (usize, &&str)| KeyColumn {
            plain_name: format!("k{nth}"),
            name: qualified(&format!("k{nth}")),
            kind: Kind::of(&Column {
                schema: "pg_catalog".to_owned(),
                kind: (*kind).to_owned(),
                ..Column::default()
            }),
            own: Quoted::table("pg_catalog", kind),
        };
        Key { columns: types.iter().enumerate().map(column).collect(), unique: true }
    }

    #[test]
    fn a_key_is_brought_into_the_form_of_its_type() {
        for (kind, given, expected) in [
            ("int8", "0042", Some("42")),
            ("int8", " 7 ", Some("7")),
            ("int8", "7; DROP TABLE x", None),
            ("int8", "9223372036854775808", None),
            ("int4", "2147483648", None),
            ("int2", "-5", Some("-5")),
            (
                "uuid",
                "123E4567E89B12D3A456426614174000",
                Some("123e4567-e89b-12d3-a456-426614174000"),
            ),
            ("uuid", "123", None),
            ("text", "it's \\ \"x\"", Some("it's \\ \"x\"")),
            ("text", "nul\0", None),
            ("timestamptz", "2026-11-22T03:00:00+09:00", Some("2026-11-21T18:00:00.000000Z")),
            ("timestamptz", "now()", None),
            ("date", "2026-02-30", None),
        ] {
            let normal = key(&[kind]).normal(&FailureId::new(given));
            assert_eq!(normal, expected.map(FailureId::new), "{kind} {given}");
        }
    }

    #[test]
    fn several_columns_are_an_array_of_texts() {
        let key = key(&["text", "int8"]);
        let normal = key.normal(&FailureId::new(r#"[ "a\"b", "007" ]"#)).unwrap();
        assert_eq!(normal.as_str(), r#"["a\"b","7"]"#);
        for wrong in ["a", r#"["a"]"#, r#"["a","x"]"#, r#"["a",7]"#, r#"["a","7","8"]"#, "{}"] {
            assert_eq!(key.normal(&FailureId::new(wrong)), None, "{wrong}");
        }
        let any = crate::postgres::Sql::fill("{x}", &[("x", &key.is_any(&[normal]))]);
        assert_eq!(
            any.as_str(),
            r#"(letters."k0", letters."k1") IN (VALUES (E'a"b'::"pg_catalog"."text", E'7'::"pg_catalog"."int8"))"#
        );
    }

    #[test]
    fn a_list_without_a_possible_key_matches_nothing() {
        let none = key(&["uuid"]).is_any(&[FailureId::new("x")]);
        assert_eq!(none, Quoted::piece("FALSE", &[]));
    }
}
