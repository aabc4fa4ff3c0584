//! One TOML text, checked key by key against the table of keys. Pure.

use std::path::Path;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Problem, ProblemKind, Problems};
use super::keys::{self, Found, Key, Kind, Who};
use super::origin::Origin;
use super::schema::KEYS;
use super::tree::{Leaf, Tree};
use super::{ConfigError, value};
use crate::domain::{EnvName, text};

/// Whose file it is, and so what it may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Built into this program.
    BuiltIn,
    /// The operator's own file.
    User,
    /// A file that came with a checkout.
    Project,
}

/// Reads `text`, the content of `path`.
///
/// # Errors
/// Everything that is wrong with it, at once.
pub(crate) fn read(path: &Path, text: &str, trust: Trust) -> Result<Tree, ConfigError> {
    let mut reader = Reader { path, text, trust, problems: Vec::new(), tree: Tree::default() };
    match DeTable::parse(text) {
        Ok(table) => reader.table(&mut Vec::new(), table.get_ref()),
        Err(error) => {
            // The parser's own display would quote the line, which may hold a secret.
            let what = format!("not valid TOML: {}", error.message());
            let offset = error.span().map_or(0, |span| span.start);
            reader.problem(offset, "", ProblemKind::Syntax(what));
        }
    }
    Problems::check(reader.problems)?;
    Ok(reader.tree)
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    trust: Trust,
    problems: Vec<Problem>,
    tree: Tree,
}

impl Reader<'_> {
    fn table(&mut self, at: &mut Vec<String>, table: &DeTable<'_>) {
        for (name, value) in table {
            at.push(name.get_ref().as_ref().to_owned());
            self.entry(at, name.span().start, value);
            at.pop();
        }
    }

    fn entry(&mut self, at: &mut Vec<String>, offset: usize, value: &Spanned<DeValue<'_>>) {
        let name = at.last().map_or("", String::as_str);
        match keys::find(KEYS, at) {
            // Elements of lists have such names here; a file must not borrow them.
            _ if name.ends_with("[]") => self.unknown(at, offset),
            Found::Key(key) if self.trust == Trust::Project && key.who == Who::UserFile => {
                self.problem(offset, &dotted(at), ProblemKind::UserFileOnly);
            }
            Found::Key(key) if key.kind == Kind::Tables => self.list(at, offset, key, value),
            Found::Key(key) => match value::read(key, value.get_ref()) {
                Ok(read) => self.tree.set(at.clone(), Leaf::new(key, read, self.origin(offset))),
                Err(kind) => self.problem(value.span().start, &dotted(at), kind),
            },
            Found::Section => self.section(at, offset, value),
            Found::Nothing => self.unknown(at, offset),
        }
    }

    fn section(&mut self, at: &mut Vec<String>, offset: usize, value: &Spanned<DeValue<'_>>) {
        if let [first, name] = at.as_slice()
            && first == "env"
            && let Err(why) = name.parse::<EnvName>()
        {
            return self.problem(
                offset,
                &dotted(at),
                ProblemKind::Refused(format!("names no environment: {why}")),
            );
        }
        match value.get_ref() {
            DeValue::Table(table) => self.table(at, table),
            other => {
                let found = value::type_of(other);
                let expected = "a table".to_owned();
                self.problem(offset, &dotted(at), ProblemKind::WrongType { expected, found });
            }
        }
    }

    fn list(
        &mut self,
        at: &[String],
        offset: usize,
        key: &'static Key,
        value: &Spanned<DeValue<'_>>,
    ) {
        let items: Option<Vec<_>> = value
            .get_ref()
            .as_array()
            .and_then(|items| items.iter().map(|item| item.get_ref().as_table()).collect());
        let Some(items) = items else {
            let (expected, found) = (key.kind.expected(), value::type_of(value.get_ref()));
            return self.problem(offset, &dotted(at), ProblemKind::WrongType { expected, found });
        };
        let elements = items.into_iter().map(|item| self.element(at, item)).collect();
        let leaf = Leaf::new(key, Value::Array(elements), self.origin(offset));
        self.tree.set(at.to_vec(), leaf);
    }

    /// One table of a list, as a value of its own.
    fn element(&mut self, at: &[String], table: &DeTable<'_>) -> Value {
        let inside = format!("{}[]", dotted(at));
        let outer = std::mem::take(&mut self.tree);
        self.table(&mut vec![inside.clone()], table);
        std::mem::replace(&mut self.tree, outer).object(&[&inside])
    }

    fn unknown(&mut self, at: &[String], offset: usize) {
        let (name, parent) = match at {
            [parent @ .., name] => (name.as_str(), parent),
            [] => ("", at),
        };
        let near = text::nearest(name, keys::names_under(KEYS, parent)).map(str::to_owned);
        let suggestion =
            near.or_else(|| keys::home_of(KEYS, name).map(|section| format!("{section}.{name}")));
        self.problem(offset, &dotted(at), ProblemKind::Unknown { suggestion });
    }

    fn problem(&mut self, offset: usize, key: &str, kind: ProblemKind) {
        let (_, column) = line_and_column(self.text, offset);
        let column = Some(column);
        let problem = Problem::new(self.origin(offset), key, kind);
        self.problems.push(Problem { column, ..problem });
    }

    fn origin(&self, offset: usize) -> Origin {
        match self.trust {
            Trust::BuiltIn => Origin::BuiltIn,
            _ => Origin::File(self.path.to_owned(), Some(line_and_column(self.text, offset).0)),
        }
    }
}

/// The path as it is written in TOML; names with dots are quoted.
pub(crate) fn dotted(path: &[String]) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '[' | ']');
    let part = |part: &String| match part.chars().all(bare) && !part.is_empty() {
        true => part.clone(),
        false => format!("\"{}\"", part.escape_default()),
    };
    path.iter().map(part).collect::<Vec<_>>().join(".")
}

/// Line and column of a byte offset, both counted from 1, the column in characters.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str, trust: Trust) -> Vec<(String, String)> {
        let Err(ConfigError::Invalid(all)) = read(Path::new("/c.toml"), text, trust) else {
            return Vec::new();
        };
        all.iter().map(|p| (p.to_string(), p.hint())).collect()
    }

    #[test]
    fn unknown_keys_get_a_place_and_a_suggestion() {
        for (text, message, hint) in [
            ("[env.prod]\nhots = []", "/c.toml:2:1: unknown key 'env.prod.hots'", "'hosts'"),
            ("[thresholds]\n\nhost_red = 1", "/c.toml:3:1: unknown key", "'host_red_ms'"),
            (
                "host_red_ms = 1",
                "/c.toml:1:1: unknown key 'host_red_ms'",
                "'thresholds.host_red_ms'",
            ),
            ("[[worker]]\nnme = 'x'", "/c.toml:2:1: unknown key 'worker[].nme'", "'name'"),
            ("[vendors]\nx = 1", "unknown key 'vendors'", "'vendor'"),
            ("zzz = 1", "unknown key 'zzz'", "config init"),
            ("\"worker[]\".name = 'x'", "unknown key 'worker[]'", ""),
            ("\"a\\u001b\" = 1", "unknown key '\"a\\u{1b}\"'", ""),
        ] {
            let all = problems(text, Trust::User);
            assert!(all[0].0.contains(message), "{text}: {all:?}");
            assert!(all[0].1.contains(hint), "{text}: {all:?}");
        }
    }

    #[test]
    fn another_type_gets_a_place_and_what_belongs_there() {
        for (text, message) in [
            ("lang = 1", "/c.toml:1:8: 'lang' has to be one of \"ja\", \"en\", not a whole number"),
            ("lang = 'fr'", "'lang' has to be one of \"ja\", \"en\""),
            ("env = 1", "'env' has to be a table, not a whole number"),
            (
                "[env.prod]\nhosts = 'x'",
                "/c.toml:2:9: 'env.prod.hosts' has to be a list of host names",
            ),
            ("[env.prod]\nhosts = ['ok.example', 'http://x.example']", "entry 2 is plain http"),
            ("[env.Prod]\nhosts = []", "'env.Prod' names no environment"),
            ("[thresholds]\nhost_red_ms = 0", "is 0, and has to be a whole number from 1"),
            ("[thresholds]\nhost_red_ms = '3s'", "not a text"),
            ("[thresholds]\nhost_red_ms = 99999999999999999999", "has to be a whole number"),
            ("worker = 'x'", "'worker' has to be a list of tables, not a text"),
            ("[worker]\nname = 'x'", "'worker' has to be a list of tables, not a table"),
            ("[logpush]\njobs = [-1]", "'logpush.jobs' has to be a list of whole numbers"),
            ("[[slo]]\nobjective = 99.9", "in quotes, as \"99.9\", not a number with decimals"),
            ("[dlq]\ntable = 'x'", "is not \"schema.table\""),
            ("[urls]\ngithub = 'http://x.example'", "'urls.github' is plain http"),
        ] {
            let all = problems(text, Trust::User);
            assert!(all[0].0.contains(message), "{text}: {all:?}");
        }
    }

    #[test]
    fn broken_toml_is_placed_and_never_quoted() {
        let all = problems(
            "lang = 'ja'\n[env.prod.credentials]\ngithub_token = ghp_s3cr3t\n",
            Trust::User,
        );
        assert!(all[0].0.starts_with("/c.toml:3:"), "{all:?}");
        assert!(all.iter().all(|(message, hint)| !format!("{message}{hint}").contains("s3cr3t")));
    }

    #[test]
    fn a_secret_of_the_wrong_type_or_place_is_never_repeated() {
        for text in [
            "[env.prod.credentials]\ngithub_token = ['s3cr3t']",
            "[urls]\ngithub = 'https://me:s3cr3t@x.example'",
            "[env.prod]\nhosts = ['https://me:s3cr3t@x.example']",
            "[dlq]\ntable = 's3cr3t token'",
        ] {
            let all = problems(text, Trust::User);
            assert!(!format!("{all:?}").contains("s3cr3t"), "{all:?}");
        }
    }

    #[test]
    fn a_project_file_may_not_redirect_or_steer() {
        for (text, key) in [
            ("lang = 'en'", "lang"),
            ("[env.prod]\ncloudflare_account = 'x'", "env.prod.cloudflare_account"),
            ("[env.prod]\nsupabase_ref = 'x'", "env.prod.supabase_ref"),
            ("[env.prod]\ndiscord_guild = 'x'", "env.prod.discord_guild"),
            ("[env.prod.credentials]\ngithub_token = 'x'", "env.prod.credentials.github_token"),
            ("[env.prod.webhooks]\np0-alerts = 'op://a/b/c'", "env.prod.webhooks.p0-alerts"),
            ("[urls]\nsentry = 'https://x.example'", "urls.sentry"),
            ("[[worker]]\nname = 'a'\nscript = { prod = 'b' }", "worker[].script.prod"),
            ("[postgres]\nroot_cert = 'x'", "postgres.root_cert"),
            ("[postgres]\nallow_plain = true", "postgres.allow_plain"),
            ("[dlq]\nopen_status = []", "dlq.open_status"),
            ("[channels]\nx = { id = '1' }", "channels.x.id"),
            ("[channels]\nx = { mention = 'here' }", "channels.x.mention"),
            ("[[vendor]]\nname = 'x'\nurl = 'https://x.example'", "vendor[].url"),
            ("[rollback]\nscript = 'x'", "rollback.script"),
        ] {
            let all = problems(text, Trust::Project);
            assert_eq!(all.len(), 1, "{all:?}");
            assert!(
                all[0].0.contains(&format!("'{key}' may not stand in a project file")),
                "{all:?}"
            );
            assert!(all[0].0.contains("redirect a token or steer a write"));
            assert!(all[0].1.contains("your own file"));
        }
    }

    #[test]
    fn all_problems_are_found_at_once() {
        let error = read(Path::new("/c.toml"), "a = 1\nb = 2\nlang = 3", Trust::User).unwrap_err();
        assert_eq!(error.to_string(), "/c.toml:1:1: unknown key 'a' (and 2 more)");
    }

    #[test]
    fn places_count_characters() {
        assert_eq!(line_and_column("あい\nうえ", "あい\nう".len()), (2, 2));
        assert_eq!(line_and_column("x", 99), (1, 2));
    }
}
