//! A message laid out as Discord would show it, in plain text.

use std::fmt::{self, Write};

use chrono::{DateTime, Utc};
use parky_ops::domain::Jst;
use parky_ops::domain::text::one_line;
use serde_json::{Map, Value};
use unicode_width::UnicodeWidthStr as _;

use crate::ui::{Tone, paint};

/// Where no width is known.
const WIDE: usize = 100;
/// Left of an embed, in place of its coloured bar.
const BAR: &str = "  ┃ ";
/// Discord shows at most three short fields side by side.
const BESIDE: usize = 3;

/// Writes the message; what is not of the form that Discord takes is left out here, and stands in the
/// JSON answer.
pub(super) fn write(
    out: &mut dyn Write,
    body: &Map<String, Value>,
    width: Option<u16>,
) -> fmt::Result {
    let width = width.map_or(WIDE, usize::from).saturating_sub(BAR.len()).max(20);
    if let Some(name) = text(body, "username") {
        writeln!(out, "  {}", paint(Tone::Strong, &one_line(name)))?;
    }
    if let Some(content) = text(body, "content") {
        paragraph(out, "  ", content, width)?;
    }
    for embed in body.get("embeds").and_then(Value::as_array).into_iter().flatten() {
        match embed.as_object() {
            Some(embed) => card(out, embed, width)?,
            None => writeln!(out, "{BAR}(no embed: {})", kind(embed))?,
        }
    }
    match body.get("embeds") {
        None | Some(Value::Array(_) | Value::Null) => Ok(()),
        Some(other) => writeln!(out, "  (embeds should be a list, but is {})", kind(other)),
    }
}

fn card(out: &mut dyn Write, embed: &Map<String, Value>, width: usize) -> fmt::Result {
    let part = |name: &str, key: &str| text(embed.get(name)?.as_object()?, key);
    if let Some(author) = part("author", "name") {
        paragraph(out, BAR, author, width)?;
    }
    if let Some(title) = text(embed, "title") {
        for line in lines(title, width) {
            writeln!(out, "{BAR}{}", paint(Tone::Strong, &line))?;
        }
    }
    if let Some(description) = text(embed, "description") {
        paragraph(out, BAR, description, width)?;
    }
    let fields = embed.get("fields").and_then(Value::as_array).map(Vec::as_slice);
    fields_of(out, fields.unwrap_or_default(), width)?;
    let footer = part("footer", "text").map(one_line);
    let time = text(embed, "timestamp").map(|time| {
        let at = time.parse::<DateTime<Utc>>();
        at.map_or_else(|_| one_line(time), |at| Jst(at).to_string())
    });
    let colour = embed.get("color").map(|colour| match colour.as_u64() {
        Some(rgb @ 0..=0xFF_FFFF) => format!("{} (#{rgb:06X})", colour_name(rgb)),
        _ => format!("no colour: {}", one_line(&colour.to_string())),
    });
    let last: Vec<_> = [footer, time, colour].into_iter().flatten().collect();
    if last.is_empty() {
        Ok(())
    } else {
        writeln!(out, "{BAR}{}", paint(Tone::Dim, &last.join(" · ")))
    }
}

/// Short fields side by side, three at most; a long one on lines of its own.
fn fields_of(out: &mut dyn Write, fields: &[Value], width: usize) -> fmt::Result {
    let field = |value: &Value| {
        let field = value.as_object()?;
        let inline = field.get("inline").and_then(Value::as_bool).unwrap_or(false);
        let (name, value) = (text(field, "name")?, text(field, "value")?);
        Some((inline && !value.contains('\n'), name.to_owned(), value.to_owned()))
    };
    let mut beside: Vec<(String, String)> = Vec::new();
    for (inline, name, value) in fields.iter().filter_map(field) {
        if inline {
            beside.push((one_line(&name), one_line(&value)));
            if beside.len() == BESIDE {
                row(out, &std::mem::take(&mut beside), width)?;
            }
            continue;
        }
        row(out, &std::mem::take(&mut beside), width)?;
        writeln!(out, "{BAR}{}", paint(Tone::Dim, &one_line(&name)))?;
        paragraph(out, BAR, &value, width)?;
    }
    row(out, &beside, width)
}

fn row(out: &mut dyn Write, fields: &[(String, String)], width: usize) -> fmt::Result {
    let room = |(name, value): &(String, String)| name.width().max(value.width()) + 3;
    if fields.iter().map(room).sum::<usize>() > width {
        for (name, value) in fields {
            writeln!(out, "{BAR}{}", paint(Tone::Dim, name))?;
            paragraph(out, BAR, value, width)?;
        }
        return Ok(());
    }
    if fields.is_empty() {
        return Ok(());
    }
    let line = |pick: fn(&(String, String)) -> &String| {
        let cell = |field: &(String, String)| {
            let (text, room) = (pick(field), room(field));
            format!("{text}{}", " ".repeat(room.saturating_sub(text.width())))
        };
        fields.iter().map(cell).collect::<String>().trim_end().to_owned()
    };
    writeln!(out, "{BAR}{}", paint(Tone::Dim, &line(|field| &field.0)))?;
    writeln!(out, "{BAR}{}", line(|field| &field.1))
}

fn paragraph(out: &mut dyn Write, indent: &str, text: &str, width: usize) -> fmt::Result {
    lines(text, width).into_iter().try_for_each(|line| writeln!(out, "{indent}{line}"))
}

/// The text's own lines, wrapped, each safe to show.
fn lines(text: &str, width: usize) -> Vec<String> {
    let line = |line: &str| {
        textwrap::wrap(&one_line(line), width).into_iter().map(String::from).collect::<Vec<_>>()
    };
    text.lines().flat_map(line).collect()
}

fn text<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    map.get(key)?.as_str().filter(|text| !text.trim().is_empty())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The colour's name by its hue.
fn colour_name(rgb: u64) -> &'static str {
    let part = |shift: u32| i64::try_from((rgb >> shift) & 0xFF).unwrap_or(0);
    let (red, green, blue) = (part(16), part(8), part(0));
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let spread = most - least;
    if spread * 6 < most.max(48) {
        return match most {
            0..=47 => "black",
            48..=219 => "grey",
            _ => "white",
        };
    }
    let hue = match most {
        _ if most == red => (60 * (green - blue) / spread + 360) % 360,
        _ if most == green => 60 * (blue - red) / spread + 120,
        _ => 60 * (red - green) / spread + 240,
    };
    match hue {
        0..=15 | 346..=360 => "red",
        16..=44 => "orange",
        45..=69 => "yellow",
        70..=164 => "green",
        165..=194 => "cyan",
        195..=254 => "blue",
        255..=289 => "purple",
        _ => "pink",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(body: &Value) -> String {
        let mut out = String::new();
        write(&mut out, body.as_object().unwrap(), None).unwrap();
        out.replace(['\u{2061}', '\u{2062}', '\u{2063}', '\u{2064}'], "")
    }

    #[test]
    fn a_message_is_laid_out() {
        let field = |name: &str, value: &str, inline| json!({"name": name, "value": value, "inline": inline});
        insta::assert_snapshot!(page(&json!({
            "username": "Parky Alerts",
            "content": "@here 予約APIが応答しません",
            "embeds": [{
                "author": {"name": "monitor"},
                "title": "[P0] 予約APIが応答しません",
                "description": "発生を検知しました。\nrunbook に従って対応してください。",
                "color": 0xE74C3C,
                "fields": [
                    field("env", "prod", true), field("service", "parky-public-prod", true),
                    field("ref", "ALERT-1", true), field("log", "a\nb", false), field("", "x", true),
                ],
                "footer": {"text": "parky-notifier"},
                "timestamp": "2026-11-21T18:00:00.000Z",
            }],
        })), @r"
          Parky Alerts
          @here 予約APIが応答しません
          ┃ monitor
          ┃ [P0] 予約APIが応答しません
          ┃ 発生を検知しました。
          ┃ runbook に従って対応してください。
          ┃ env    service             ref
          ┃ prod   parky-public-prod   ALERT-1
          ┃ log
          ┃ a
          ┃ b
          ┃ parky-notifier · 2026-11-22 03:00 JST · red (#E74C3C)
        ");
    }

    #[test]
    fn odd_shapes_and_hostile_texts_are_harmless() {
        let text = page(&json!({
            "content": "a\u{1b}[2J\u{202e}\nb",
            "embeds": {"title": "x"},
        }));
        insta::assert_snapshot!(text, @r"
          a\u{1b}[2J\u{202e}
          b
          (embeds should be a list, but is an object)
        ");
        let text = page(&json!({"embeds": [7, {"color": "#E74C3C", "fields": {}, "title": 3}]}));
        insta::assert_snapshot!(text, @r##"
          ┃ (no embed: a number)
          ┃ no colour: "#E74C3C"
        "##);
    }

    #[test]
    fn colours_have_names() {
        for (rgb, name) in [
            (0xE7_4C3C, "red"),
            (0xE6_7E22, "orange"),
            (0x34_98DB, "blue"),
            (0x95_A5A6, "grey"),
            (0x2E_CC71, "green"),
            (0xF1_C40F, "yellow"),
            (0x9B_59B6, "purple"),
            (0xFF_FFFF, "white"),
            (0, "black"),
        ] {
            assert_eq!(colour_name(rgb), name, "{rgb:06x}");
        }
    }
}
