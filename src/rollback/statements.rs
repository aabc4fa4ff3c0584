//! Statements of a migration that take strong locks (PostgreSQL, "Explicit Locking"): while they wait,
//! everything behind them waits too. Pure; a reader of words, not a parser of SQL.

/// A statement that takes a strong lock.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Strong {
    /// Its beginning, on one line.
    pub statement: String,
    /// The lock's name, as PostgreSQL calls it.
    pub lock: &'static str,
    /// What to know of it.
    pub note: &'static str,
}

const ACCESS_EXCLUSIVE: &str = "ACCESS EXCLUSIVE";
const SHARE: &str = "SHARE";
const SHARE_ROW_EXCLUSIVE: &str = "SHARE ROW EXCLUSIVE";

/// The statements of `sql` that take strong locks, in their order.
pub fn strong(sql: &str) -> Vec<Strong> {
    split(sql)
        .into_iter()
        .filter_map(|statement| {
            let words = words(&statement);
            let (lock, note) = lock(&words)?;
            let statement = crate::domain::text::shorten(&statement, 120);
            Some(Strong { statement, lock, note })
        })
        .collect()
}

fn words(statement: &str) -> Vec<String> {
    let words = statement.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty()).map(str::to_ascii_uppercase).collect()
}

fn lock(words: &[String]) -> Option<(&'static str, &'static str)> {
    let has = |word: &str| words.iter().any(|known| known == word);
    let starts = |with: &[&str]| {
        words.iter().zip(with).filter(|(a, b)| *a == *b).count() == with.len()
            && words.len() >= with.len()
    };
    let blocks_all = Some((ACCESS_EXCLUSIVE, "blocks reads and writes"));
    let blocks_writes = Some((SHARE, "blocks writes; CONCURRENTLY does not"));
    match words.first()?.as_str() {
        "ALTER" if starts(&["ALTER", "TABLE"]) && has("VALIDATE") => None,
        "ALTER" if starts(&["ALTER", "TABLE"]) && has("FOREIGN") => {
            Some((SHARE_ROW_EXCLUSIVE, "blocks writes on both tables; NOT VALID first is short"))
        }
        "ALTER" if starts(&["ALTER", "TABLE"]) => blocks_all,
        "ALTER"
            if starts(&["ALTER", "TYPE"])
                || starts(&["ALTER", "VIEW"])
                || starts(&["ALTER", "INDEX"]) =>
        {
            blocks_all
        }
        "DROP" if has("CONCURRENTLY") => None,
        "DROP"
            if has("TABLE")
                || has("INDEX")
                || has("VIEW")
                || has("TRIGGER")
                || has("TYPE")
                || has("SCHEMA")
                || has("POLICY") =>
        {
            blocks_all
        }
        "TRUNCATE" | "CLUSTER" => blocks_all,
        "LOCK" => Some((ACCESS_EXCLUSIVE, "unless it names a weaker mode")),
        "VACUUM" if has("FULL") => blocks_all,
        "REINDEX" if !has("CONCURRENTLY") => Some((
            ACCESS_EXCLUSIVE,
            "blocks writes, and reads that use the index; CONCURRENTLY does not",
        )),
        "REFRESH" if !has("CONCURRENTLY") => {
            Some((ACCESS_EXCLUSIVE, "blocks reads of the view; CONCURRENTLY does not"))
        }
        "CREATE" if has("INDEX") && !has("CONCURRENTLY") && !has("TABLE") => blocks_writes,
        "CREATE" if words.iter().take(4).any(|word| word == "TRIGGER") => {
            Some((SHARE_ROW_EXCLUSIVE, "blocks writes"))
        }
        "CREATE" if starts(&["CREATE", "POLICY"]) => blocks_all,
        _ => None,
    }
}

/// Statements without comments, each on one line. Strings and dollar-quoted bodies stay whole: a
/// semicolon in them ends nothing.
fn split(sql: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut statement = String::new();
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let skipped = skip(rest);
        let (kept, length) = match skipped {
            Some(Skip::Comment(length)) => (" ", length),
            Some(Skip::Quoted(length)) => (&rest[..length], length),
            None => (&rest[..c.len_utf8()], c.len_utf8()),
        };
        if kept == ";" {
            finish(&mut statement, &mut statements);
        } else {
            statement.push_str(kept);
        }
        rest = &rest[length..];
    }
    finish(&mut statement, &mut statements);
    statements
}

fn finish(statement: &mut String, statements: &mut Vec<String>) {
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    statement.clear();
    if !line.is_empty() {
        statements.push(crate::domain::text::one_line(&line));
    }
}

enum Skip {
    Comment(usize),
    Quoted(usize),
}

/// The length of the comment or quoted text that `rest` begins with.
fn skip(rest: &str) -> Option<Skip> {
    let until = |from: usize, end: &str| {
        rest.get(from..).and_then(|r| r.find(end)).map_or(rest.len(), |at| from + at + end.len())
    };
    if rest.starts_with("--") {
        return Some(Skip::Comment(rest.find('\n').unwrap_or(rest.len())));
    }
    if rest.starts_with("/*") {
        return Some(Skip::Comment(nested(rest)));
    }
    match rest.chars().next()? {
        '\'' => Some(Skip::Quoted(until(1, "'"))),
        '"' => Some(Skip::Quoted(until(1, "\""))),
        '$' => {
            let end = rest.get(1..)?.find('$')? + 2;
            let tag = rest.get(..end)?;
            let named = tag[1..end - 1].chars().all(|c| c.is_alphanumeric() || c == '_');
            named.then(|| Skip::Quoted(until(end, tag)))
        }
        _ => None,
    }
}

/// Comments of this kind nest in PostgreSQL.
fn nested(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locks(sql: &str) -> Vec<&'static str> {
        strong(sql).into_iter().map(|strong| strong.lock).collect()
    }

    #[test]
    fn statements_and_their_locks() {
        for (sql, lock) in [
            ("alter table a add column b int", Some(ACCESS_EXCLUSIVE)),
            ("ALTER TABLE a VALIDATE CONSTRAINT c", None),
            ("alter table a add foreign key (b) references c", Some(SHARE_ROW_EXCLUSIVE)),
            ("drop table if exists a", Some(ACCESS_EXCLUSIVE)),
            ("drop index concurrently i", None),
            ("create index i on a (b)", Some(SHARE)),
            ("create unique index concurrently i on a (b)", None),
            ("create table a (b int)", None),
            ("truncate a", Some(ACCESS_EXCLUSIVE)),
            ("refresh materialized view v", Some(ACCESS_EXCLUSIVE)),
            (
                "create or replace function f() returns trigger language plpgsql as $$ begin drop table x; end $$",
                None,
            ),
            ("create trigger t before insert on a execute function f()", Some(SHARE_ROW_EXCLUSIVE)),
            ("insert into a values ('alter table b')", None),
            ("select 1", None),
        ] {
            assert_eq!(locks(sql).first().copied(), lock, "{sql}");
        }
    }

    #[test]
    fn comments_and_quotes_end_no_statement() {
        let sql = "-- drop table a;\n/* drop /* nested; */ table b; */ select ';drop table c;';\n\
                   do $x$ begin; drop table d; end $x$; alter table \"e;f\" add g int; -- end";
        let found = strong(sql);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].statement, "alter table \"e;f\" add g int");
    }

    #[test]
    fn what_never_ends_ends_with_the_text() {
        for sql in ["select 'open", "/* open", "$x$ open", "drop table a", "$", "-- x", "日本;$é"]
        {
            let _ = strong(sql);
        }
        assert_eq!(locks("drop table a"), [ACCESS_EXCLUSIVE]);
    }
}
