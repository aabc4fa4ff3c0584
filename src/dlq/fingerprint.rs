//! Which dead letters are the same alert: an exact fingerprint, and a loose one for grouping. Pure.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::lane_of;

/// SHA-256 of the channel and the payload as it is stored, in canonical form (keys sorted, no
/// blanks), so that the order of keys makes no difference. What is no JSON counts as it stands.
pub fn exact(channel: &str, stored: Option<&str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(lane_of(channel));
    if let Some(stored) = stored {
        match serde_json::from_str(stored) {
            Ok(value) => hash.update(canonical(&value)),
            Err(_) => hash.update(stored),
        }
    }
    hash.finalize().into()
}

/// SHA-256 of the payload as it is stored, sign for sign.
pub fn stored_sha(stored: Option<&str>) -> [u8; 32] {
    Sha256::digest(stored.unwrap_or_default()).into()
}

/// Channel, severity and title with digits and ids taken out: alerts that differ only in those are
/// shown as a group.
pub fn loose(channel: &str, severity: &str, title: &str) -> String {
    let mut group = format!("{}\n{}\n", lane_of(channel), severity.to_uppercase());
    let mut word = String::new();
    for c in title.chars().chain(['\n']) {
        if c.is_alphanumeric() && c.is_ascii() {
            word.push(c);
            continue;
        }
        push_word(&mut group, &std::mem::take(&mut word));
        group.push(if c.is_numeric() { '#' } else { c });
    }
    while group.contains("##") || group.contains("#-#") {
        group = group.replace("#-#", "#").replace("##", "#");
    }
    group.trim_end().to_owned()
}

/// A word of hexadecimal signs with a digit in it is an id; in any other word only the digits go.
fn push_word(group: &mut String, word: &str) {
    let has_digit = word.contains(|c: char| c.is_ascii_digit());
    if has_digit && word.len() >= 4 && word.chars().all(|c| c.is_ascii_hexdigit()) {
        group.push('#');
    } else {
        group.extend(word.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }));
    }
}

/// JSON text with sorted keys and no blanks.
fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (nth, item) in items.iter().enumerate() {
                text.push_str(if nth == 0 { "" } else { "," });
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| key.as_str());
            text.push('{');
            for (nth, (key, item)) in entries.into_iter().enumerate() {
                text.push_str(if nth == 0 { "" } else { "," });
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write(item, text);
            }
            text.push('}');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hex;

    #[test]
    fn the_order_of_keys_and_the_hash_sign_make_no_difference() {
        let one = exact("#p0-alerts", Some(r#"{"b": [1, {"d": null, "c": "é"}], "a": 1.5}"#));
        let other = exact("p0-alerts", Some(r#"{"a":1.5,"b":[1,{"c":"\u00e9","d":null}]}"#));
        assert_eq!(one, other);
        assert_eq!(
            canonical(&serde_json::json!({"b": [true, "\"\n"], "a": {}})),
            r#"{"a":{},"b":[true,"\"\n"]}"#
        );
        for different in [
            exact("p1-ops", Some(r#"{"a":1.5,"b":[1,{"c":"é","d":null}]}"#)),
            exact("p0-alerts", Some(r#"{"a":1.5,"b":[{"c":"é","d":null},1]}"#)),
            exact("p0-alerts", None),
            exact("p0-alerts", Some("{")),
        ] {
            assert_ne!(one, different);
        }
    }

    #[test]
    fn it_is_sha_256_of_channel_and_canonical_json() {
        // printf 'p1-ops{"content":"x"}' | sha256sum
        let fingerprint = exact("p1-ops", Some(r#"{ "content": "x" }"#));
        assert_eq!(
            hex(&fingerprint),
            "5a0ec02bf2d80605078c04c5e8e93bead09f05c6bcacde70ce2471d470526067"
        );
    }

    #[test]
    fn digits_and_ids_do_not_part_a_group() {
        for (a, b) in [
            ("deploy finished: parky-public-prod #142", "deploy finished: parky-public-prod #7"),
            ("予約 1,284件", "予約 9,001件"),
            ("run 3f2a9c81 failed", "run 0b7e failed"),
            (
                "order 123e4567-e89b-12d3-a456-426614174000",
                "order 00000000-0000-4000-8000-000000000001",
            ),
            ("欠測 ３台", "欠測 ４台"),
        ] {
            assert_eq!(loose("#c", "p1", a), loose("c", "P1", b), "{a}");
        }
        assert_ne!(loose("c", "P1", "api is down"), loose("c", "P1", "db is down"));
        assert_ne!(loose("c", "P1", "a"), loose("c", "P2", "a"));
        // A word that could be hexadecimal but holds no digit is a word.
        assert_ne!(loose("c", "P1", "added face"), loose("c", "P1", "added cafe"));
    }
}
