//! Whether a value fits its key. Pure; a refusal never repeats the value.

use chrono::NaiveDate;
use serde_json::Value;
use toml::de::{DeArray, DeValue};

use super::address;
use super::error::ProblemKind;
use super::keys::{Key, Kind};
use crate::domain::text::is_deceptive;

/// Reads `value` as what `key` holds.
pub(crate) fn read(key: &Key, value: &DeValue<'_>) -> Result<Value, ProblemKind> {
    let wrong = || ProblemKind::WrongType { expected: key.kind.expected(), found: type_of(value) };
    match key.kind {
        Kind::Bool => value.as_bool().map(Value::from).ok_or_else(wrong),
        Kind::Integer(min, max) => {
            let n = integer(value).ok_or_else(wrong)?;
            check_range(n, min, max).map(Value::from).map_err(ProblemKind::Refused)
        }
        Kind::Integers => {
            let list = value.as_array().ok_or_else(wrong)?;
            let each = list.iter().map(|item| integer(item.get_ref()).filter(|n| *n >= 0));
            each.collect::<Option<Vec<i64>>>().map(Value::from).ok_or_else(wrong)
        }
        Kind::Texts | Kind::Hosts | Kind::Dates | Kind::MonthDays | Kind::Paths | Kind::Repos => {
            let list = texts(value.as_array().ok_or_else(wrong)?).ok_or_else(wrong)?;
            check_list(key.kind, &list)?;
            Ok(Value::from(list))
        }
        Kind::Tables => Err(wrong()),
        Kind::Text
        | Kind::Choice(_)
        | Kind::BaseUrl
        | Kind::Date
        | Kind::Path
        | Kind::Account
        | Kind::Script
        | Kind::TableName
        | Kind::Percent
        | Kind::Secret => {
            let text = text(value).ok_or_else(wrong)?;
            check_text(key.kind, &text).map_err(ProblemKind::Refused)?;
            Ok(Value::from(text))
        }
    }
}

/// A bare TOML date serves as well as one in quotes.
fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.as_ref().to_owned()),
        DeValue::Datetime(at) if at.time.is_none() => Some(at.to_string()),
        _ => None,
    }
}

fn texts(list: &DeArray<'_>) -> Option<Vec<String>> {
    list.iter().map(|item| text(item.get_ref())).collect()
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn check_range(n: i64, min: i64, max: i64) -> Result<i64, String> {
    if (min..=max).contains(&n) {
        return Ok(n);
    }
    Err(format!("is {n}, and has to be {}", Kind::Integer(min, max).expected()))
}

fn check_list(kind: Kind, list: &[String]) -> Result<(), ProblemKind> {
    let item = match kind {
        Kind::Dates => Kind::Date,
        Kind::Paths => Kind::Path,
        other => other,
    };
    for (index, text) in list.iter().enumerate() {
        check_text(item, text)
            .map_err(|why| ProblemKind::Refused(format!("entry {} {why}", index + 1)))?;
    }
    Ok(())
}

/// Whether one text fits; also used for what variables say.
pub(crate) fn check_text(kind: Kind, text: &str) -> Result<(), String> {
    let fits = |ok: bool, why: &str| if ok { Ok(()) } else { Err(why.to_owned()) };
    if text.contains(is_deceptive) && kind != Kind::Secret {
        return Err("holds a line break or an invisible character".to_owned());
    }
    match kind {
        Kind::Choice(words) => {
            fits(words.contains(&text), &format!("has to be {}", kind.expected()))
        }
        Kind::Hosts => address::host(text).map(drop),
        Kind::BaseUrl => address::base_url(text).map(drop),
        Kind::Date => fits(text.parse::<NaiveDate>().is_ok(), "is not a date as \"2026-09-01\""),
        Kind::MonthDays => fits(month_day(text).is_some(), "is not a day as \"12-29\""),
        Kind::Account => fits(is_account_id(text), "is not an account id: 32 hex digits"),
        Kind::Script => fits(is_script_name(text), "is not a worker's name: use a-z, 0-9, - and _"),
        Kind::Repos => fits(is_repository(text), "is not a repository as \"owner/name\""),
        Kind::TableName => fits(table_name(text).is_some(), "is not \"schema.table\""),
        Kind::Percent => fits(is_percent(text), "is not a percentage between 0 and 100"),
        Kind::Path => fits(!text.is_empty(), "is empty"),
        _ => Ok(()),
    }
}

/// Reads `12-29`; 29 February is a day.
pub(crate) fn month_day(text: &str) -> Option<(u32, u32)> {
    let plain = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let (month, day) = text.split_once('-').filter(|_| plain)?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    NaiveDate::from_ymd_opt(2024, month, day).map(|_| (month, day))
}

/// Reads `schema.table`, as two plain names.
pub(crate) fn table_name(text: &str) -> Option<(&str, &str)> {
    let (schema, table) = text.split_once('.')?;
    let plain = |name: &str| {
        (1..=63).contains(&name.len())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
    };
    (plain(schema) && plain(table)).then_some((schema, table))
}

/// Whether `text` is an account id of Cloudflare.
pub fn is_account_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether Cloudflare would take `text` as the name of a worker.
pub(crate) fn is_script_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    !text.is_empty() && text.len() <= 255 && !text.starts_with('-') && text.chars().all(fits)
}

fn is_repository(text: &str) -> bool {
    let fits = |part: &str| {
        !part.is_empty()
            && !matches!(part, "." | "..")
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    text.split_once('/').is_some_and(|(owner, name)| fits(owner) && fits(name))
}

fn is_percent(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(|n| n > 0.0 && n < 100.0)
}

/// The type of a value, in words.
pub(crate) fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with decimals",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_do_not_fit() {
        for (kind, bad) in [
            (Kind::Choice(&["ja", "en"]), "fr"),
            (Kind::Date, "2026-13-01"),
            (Kind::Date, "yesterday"),
            (Kind::MonthDays, "02-30"),
            (Kind::MonthDays, "2-3"),
            (Kind::MonthDays, "+1-03"),
            (Kind::Account, "0123"),
            (Kind::Account, "0123456789abcdef0123456789abcdeg"),
            (Kind::Script, "-x"),
            (Kind::Script, "Parky"),
            (Kind::Script, "a/b"),
            (Kind::Repos, "parky"),
            (Kind::Repos, "parky/parky/x"),
            (Kind::Repos, "../x"),
            (Kind::TableName, "notification_failures"),
            (Kind::TableName, "admin.x; drop table y"),
            (Kind::Percent, "100"),
            (Kind::Percent, "NaN"),
            (Kind::Path, ""),
            (Kind::Text, "a\u{1b}[2J"),
        ] {
            assert!(check_text(kind, bad).is_err(), "{kind:?} {bad:?}");
        }
    }

    #[test]
    fn texts_that_fit() {
        for (kind, good) in [
            (Kind::Date, "2026-09-01"),
            (Kind::MonthDays, "02-29"),
            (Kind::Account, "0123456789abcdef0123456789ABCDEF"),
            (Kind::Script, "parky-public_prod"),
            (Kind::Repos, "parky/parky.web"),
            (Kind::TableName, "admin.notification_failures"),
            (Kind::Percent, "99.95"),
        ] {
            assert_eq!(check_text(kind, good), Ok(()), "{good}");
        }
    }
}
