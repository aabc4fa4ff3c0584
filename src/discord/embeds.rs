//! The limits of embeds: <https://docs.discord.com/developers/resources/message>. Pure.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use serde_json::{Map, Value};

use super::field::{Found, Violations as _, below, given, is_filled, kind, list, text, url};

const EMBEDS: usize = 10;
/// All texts of all embeds of a message together.
const SUM: usize = 6000;
const TITLE: usize = 256;
const DESCRIPTION: usize = 4096;
const FOOTER: usize = 2048;
const AUTHOR: usize = 256;
const FIELDS: usize = 25;
const FIELD_NAME: usize = 256;
const FIELD_VALUE: usize = 1024;
const COLOR: f64 = 16_777_215.0;

/// Adds what Discord would refuse of the embeds of `body` to `found`.
pub(super) fn check(body: &Map<String, Value>, found: &mut Found) {
    let embeds = list(body, "embeds", found);
    if embeds.len() > EMBEDS {
        found.too_many("embeds", embeds.len(), EMBEDS);
    }
    let mut sum = 0;
    for (position, one) in embeds.iter().enumerate() {
        let path = format!("embeds.{position}");
        match one {
            Value::Object(one) => sum += embed(one, &path, found),
            other => not_an_object(&path, other, found),
        }
    }
    if sum > SUM {
        let text = format!("{sum} characters in all embeds together, {SUM} at most");
        found.add("embeds", "too-long", &text);
    }
}

/// Checks one embed and gives the length of its texts.
fn embed(embed: &Map<String, Value>, path: &str, found: &mut Found) -> usize {
    let shown =
        ["title", "description", "fields", "image", "thumbnail", "author", "footer", "video"];
    if !shown.iter().any(|key| is_filled(embed.get(*key))) {
        found.add(path, "empty-embed", "shows nothing");
    }
    let mut sum = text(embed, "title", path, (0, TITLE), found);
    sum += text(embed, "description", path, (0, DESCRIPTION), found);
    url(embed, "url", path, found);
    color(embed, path, found);
    timestamp(embed, path, found);
    if let Some((footer, path)) = part(embed, "footer", path, found) {
        sum += text(footer, "text", &path, (1, FOOTER), found);
        url(footer, "icon_url", &path, found);
    }
    if let Some((author, path)) = part(embed, "author", path, found) {
        sum += text(author, "name", &path, (1, AUTHOR), found);
        url(author, "url", &path, found);
        url(author, "icon_url", &path, found);
    }
    for key in ["image", "thumbnail"] {
        if let Some((image, path)) = part(embed, key, path, found) {
            url(image, "url", &path, found);
        }
    }
    sum + fields(embed, path, found)
}

fn fields(embed: &Map<String, Value>, path: &str, found: &mut Found) -> usize {
    let path = below(path, "fields");
    let fields = match given(embed, "fields") {
        None => return 0,
        Some(Value::Array(fields)) => fields,
        Some(other) => {
            found.add(&path, "not-a-list", &format!("has to be a list, and is {}", kind(other)));
            return 0;
        }
    };
    if fields.len() > FIELDS {
        found.too_many(&path, fields.len(), FIELDS);
    }
    let mut sum = 0;
    for (position, field) in fields.iter().enumerate() {
        let path = below(&path, &position.to_string());
        let Value::Object(field) = field else {
            not_an_object(&path, field, found);
            continue;
        };
        sum += text(field, "name", &path, (1, FIELD_NAME), found);
        sum += text(field, "value", &path, (1, FIELD_VALUE), found);
        if given(field, "inline").is_some_and(|inline| !inline.is_boolean()) {
            found.add(&below(&path, "inline"), "not-a-boolean", "has to be true or false");
        }
    }
    sum
}

/// The object under `key`, if there is one, and where it is.
fn part<'a>(
    embed: &'a Map<String, Value>,
    key: &str,
    path: &str,
    found: &mut Found,
) -> Option<(&'a Map<String, Value>, String)> {
    let path = below(path, key);
    match given(embed, key)? {
        Value::Object(part) => Some((part, path)),
        other => {
            not_an_object(&path, other, found);
            None
        }
    }
}

fn not_an_object(path: &str, value: &Value, found: &mut Found) {
    found.add(path, "not-an-object", &format!("has to be an object, and is {}", kind(value)));
}

fn color(embed: &Map<String, Value>, path: &str, found: &mut Found) {
    let path = below(path, "color");
    match given(embed, "color").map(|color| (color, color.as_f64())) {
        None => {}
        Some((_, Some(color))) if color.fract() == 0.0 && (0.0..=COLOR).contains(&color) => {}
        Some((_, Some(_))) => {
            found.add(&path, "bad-color", "has to be a whole number from 0 to 16777215");
        }
        Some((other, None)) => {
            found.add(
                &path,
                "not-a-number",
                &format!("has to be a number, and is {}", kind(other)),
            );
        }
    }
}

fn timestamp(embed: &Map<String, Value>, path: &str, found: &mut Found) {
    let is_time = |text: &str| {
        DateTime::parse_from_rfc3339(text).is_ok()
            || ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"]
                .iter()
                .any(|format| DateTime::parse_from_str(text, format).is_ok())
            || ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
                .iter()
                .any(|format| NaiveDateTime::parse_from_str(text, format).is_ok())
            || NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
    };
    if let Some(given) = given(embed, "timestamp")
        && !given.as_str().is_some_and(is_time)
    {
        let text = "has to be a time in ISO 8601, such as 2026-11-21T10:12:00Z";
        found.add(&below(path, "timestamp"), "bad-time", text);
    }
}
