//! The JSON envelope (contract §3), written so that no string in it can drive a terminal.

use std::io;

use chrono::{DateTime, Utc};
use parky_ops::domain::Caveat;
use parky_ops::domain::text::is_deceptive;
use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

/// What every document says of itself.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) env: String,
    /// The scenario, in a sandbox.
    pub(crate) sandbox: Option<String>,
}

#[derive(Serialize)]
struct Document<'a, T> {
    schema: String,
    generated_at: DateTime<Utc>,
    env: &'a str,
    sandbox: bool,
    data: &'a T,
    caveats: &'a [Caveat],
}

/// One whole document.
pub(crate) fn document<T: Serialize>(
    envelope: &Envelope,
    command: &str,
    at: DateTime<Utc>,
    data: &T,
    caveats: &[Caveat],
) -> io::Result<String> {
    let (env, sandbox) = (envelope.env.as_str(), envelope.sandbox.is_some());
    let mut text = to_string(&Document {
        schema: schema(command),
        generated_at: at,
        env,
        sandbox,
        data,
        caveats,
    })?;
    text.push('\n');
    Ok(text)
}

/// The head of a list document, up to the first row.
pub(crate) fn list_head(
    envelope: &Envelope,
    command: &str,
    at: DateTime<Utc>,
) -> io::Result<String> {
    let (env, sandbox) = (&envelope.env, envelope.sandbox.is_some());
    let head = serde_json::json!({
        "schema": schema(command), "generated_at": at, "env": env, "sandbox": sandbox,
    });
    let head = to_string(&head)?;
    Ok(format!("{},\"data\":{{\"rows\":[", head.trim_end_matches('}')))
}

/// The tail of a list document, after the last row.
pub(crate) fn list_tail(complete: bool, more: bool, caveats: &[Caveat]) -> io::Result<String> {
    let caveats = to_string(&caveats)?;
    Ok(format!("],\"complete\":{complete},\"more\":{more}}},\"caveats\":{caveats}}}\n"))
}

pub(super) fn schema(command: &str) -> String {
    format!("parky-ops/{}/v1", command.replace(' ', "-"))
}

/// Compact JSON in which every deceptive character is an escape; the value stays the same.
pub(crate) fn to_string<T: Serialize + ?Sized>(value: &T) -> io::Result<String> {
    let mut out = Vec::with_capacity(256);
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut out, Harmless(CompactFormatter));
    value.serialize(&mut serializer).map_err(io::Error::other)?;
    String::from_utf8(out).map_err(io::Error::other)
}

struct Harmless(CompactFormatter);

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        s: &str,
    ) -> io::Result<()> {
        let mut rest = s;
        while let Some(at) = rest.find(is_deceptive) {
            let (plain, tail) = rest.split_at(at);
            w.write_all(plain.as_bytes())?;
            let mut chars = tail.chars();
            if let Some(c) = chars.next() {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(w, "\\u{unit:04x}")?;
                }
            }
            rest = chars.as_str();
        }
        w.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        c: CharEscape,
    ) -> io::Result<()> {
        self.0.write_char_escape(w, c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deceptive_characters_are_escaped_and_the_value_stays() {
        let value = "a\u{1b}[2J \u{202e}b\u{9b} \u{e0041} 決済\n";
        let text = to_string(value).unwrap();
        assert_eq!(text, r#""a\u001b[2J \u202eb\u009b \udb40\udc41 決済\n""#);
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
    }

    #[test]
    fn a_list_is_one_document() {
        let envelope = Envelope { env: "prod".into(), sandbox: None };
        let head = list_head(&envelope, "sandbox scenarios", DateTime::UNIX_EPOCH).unwrap();
        let tail = list_tail(true, false, &[]).unwrap();
        let document: serde_json::Value =
            serde_json::from_str(&format!("{head}1,2{tail}")).unwrap();
        assert_eq!(document["schema"], "parky-ops/sandbox-scenarios/v1");
        assert_eq!(document["data"]["rows"], serde_json::json!([1, 2]));
        assert_eq!(document["data"]["complete"], true);
    }
}
