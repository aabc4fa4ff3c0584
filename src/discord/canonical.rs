//! One text for each JSON value, whatever the order of its keys: what fingerprints are made of. Pure.

use serde_json::Value;

/// `value` without blanks and with the keys of every object sorted by code point.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                separate(position, out);
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (position, (key, item)) in sorted.into_iter().enumerate() {
                separate(position, out);
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write(item, out);
            }
            out.push('}');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

fn separate(position: usize, out: &mut String) {
    if position > 0 {
        out.push(',');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth_and_lists_keep_their_order() {
        let value = json!({"b": [2, 1, {"z": null, "a": "é\n\""}], "a": {}, "あ": 1.5, "B": true});
        let expected = r#"{"B":true,"a":{},"b":[2,1,{"a":"é\n\"","z":null}],"あ":1.5}"#;
        assert_eq!(canonical(&value), expected);
    }

    proptest! {
        #[test]
        fn the_order_of_keys_never_shows(
            entries in proptest::collection::btree_map(".*", any::<i32>(), 0..6),
        ) {
            let object = |pairs: Vec<(&String, &i32)>| {
                Value::Object(pairs.into_iter().map(|(k, v)| (k.clone(), json!(v))).collect())
            };
            let forth = object(entries.iter().collect());
            let back = object(entries.iter().rev().collect());
            prop_assert_eq!(canonical(&forth), canonical(&back));
            let read: Value = serde_json::from_str(&canonical(&forth)).unwrap();
            prop_assert_eq!(read, forth);
        }
    }
}
