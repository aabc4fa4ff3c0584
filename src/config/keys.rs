//! What a key of the configuration is: where it stands, what it holds, who may set it. Pure.

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One line of text.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A whole number between these two.
    Integer(i64, i64),
    /// A list of whole numbers, none below zero.
    Integers,
    /// `true` or `false`.
    Bool,
    /// Hosts to probe: bare names or URLs.
    Hosts,
    /// The base of an API or the root of a page.
    BaseUrl,
    /// `2026-09-01`.
    Date,
    /// A list of those.
    Dates,
    /// A list of `12-29`.
    MonthDays,
    /// A folder or file.
    Path,
    /// A list of those.
    Paths,
    /// `owner/name` of repositories.
    Repos,
    /// An account id of Cloudflare: 32 hex digits.
    Account,
    /// The name of a worker on Cloudflare.
    Script,
    /// `schema.table`.
    TableName,
    /// A number with decimals, in quotes so that it stays exact.
    Percent,
    /// A credential, or an `op://` reference to one. Never shown.
    Secret,
    /// A list of tables, whose keys are listed on their own.
    Tables,
}

impl Kind {
    /// What to write there, in words.
    pub(crate) fn expected(self) -> String {
        match self {
            Kind::Choice(words) => return format!("one of \"{}\"", words.join("\", \"")),
            Kind::Integer(min, max) if max < i64::MAX => {
                return format!("a whole number from {min} to {max}");
            }
            Kind::Integer(min, _) => return format!("a whole number, {min} or more"),
            Kind::Text | Kind::Secret => "a text in quotes",
            Kind::Texts => "a list of texts",
            Kind::Integers => "a list of whole numbers",
            Kind::Bool => "true or false",
            Kind::Hosts => "a list of host names or URLs",
            Kind::BaseUrl => "a URL in quotes",
            Kind::Date => "a date as \"2026-09-01\"",
            Kind::Dates => "a list of dates as \"2026-09-01\"",
            Kind::MonthDays => "a list of days as \"12-29\"",
            Kind::Path => "a path in quotes",
            Kind::Paths => "a list of paths",
            Kind::Repos => "a list of repositories as \"owner/name\"",
            Kind::Account => "32 hex digits in quotes",
            Kind::Script => "the name of a worker on Cloudflare in quotes",
            Kind::TableName => "\"schema.table\"",
            Kind::Percent => "a percentage in quotes, as \"99.9\"",
            Kind::Tables => "a list of tables",
        }
        .to_owned()
    }
}

/// Who may set a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The user file and the project file.
    Anyone,
    /// The user file alone: a checkout must not redirect a token or steer a write.
    UserFile,
}

/// In which direction a threshold gets looser: raises fewer alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looser {
    /// Upwards.
    Higher,
    /// Downwards.
    Lower,
}

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    /// Where it stands: segments joined with dots; `*` is any name, `x[]` an element of a list.
    pub(crate) path: &'static str,
    /// What it holds.
    pub(crate) kind: Kind,
    /// Who may set it.
    pub(crate) who: Who,
    /// For a threshold, what loosens it.
    pub(crate) looser: Option<Looser>,
    /// What it is, in one line.
    pub(crate) about: &'static str,
    /// An example as it is written in TOML.
    pub(crate) example: &'static str,
}

impl Key {
    /// Whether its value must not be shown.
    pub(crate) fn is_secret(&self) -> bool {
        self.kind == Kind::Secret
    }
}

/// What stands at a path.
#[derive(Debug)]
pub(crate) enum Found {
    /// A key.
    Key(&'static Key),
    /// A table with keys in it.
    Section,
    /// Nothing that is known.
    Nothing,
}

/// Looks `path` up in `keys`.
pub(crate) fn find(keys: &'static [Key], path: &[String]) -> Found {
    let mut found = Found::Nothing;
    for key in keys {
        let mut pattern = key.path.split('.');
        let fits = path.iter().all(|part| pattern.next().is_some_and(|p| p == "*" || p == part));
        match (fits, pattern.next()) {
            (true, None) => return Found::Key(key),
            (true, Some(_)) => found = Found::Section,
            (false, _) => {}
        }
    }
    found
}

/// The names that may stand under `path`, without the free ones.
pub(crate) fn names_under(keys: &'static [Key], path: &[String]) -> Vec<&'static str> {
    let mut names: Vec<&str> = keys
        .iter()
        .filter_map(|key| {
            let mut pattern = key.path.split('.');
            let under =
                path.iter().all(|part| pattern.next().is_some_and(|p| p == "*" || p == part));
            pattern.next().filter(|name| under && *name != "*")
        })
        .map(|name| name.trim_end_matches("[]"))
        .collect();
    names.dedup();
    names
}

/// The section in which a key of this very name stands, where there is just one.
pub(crate) fn home_of(keys: &'static [Key], name: &str) -> Option<&'static str> {
    let mut sections =
        keys.iter().filter_map(|key| key.path.rsplit_once('.')).filter(|(_, last)| *last == name);
    let (section, _) = sections.next()?;
    (sections.next().is_none() && !section.contains(['*', '['])).then_some(section)
}
