//! Cloudflare's filters: which events a tail is sent.

use serde_json::Value;

use crate::sandbox::fake;

/// Whether the `nth` event passes all of `filters`. Word from Cloudflare itself always does.
pub(super) fn admits(filters: &Value, event: &Value, nth: u64) -> bool {
    let said = &event["event"];
    if said["type"].is_string() && said["message"].is_string() {
        return true;
    }
    filters.as_array().into_iter().flatten().all(|filter| passes(filter, event, nth))
}

/// Whether `filters` is a list that Cloudflare takes; what is wrong with it otherwise.
pub(super) fn complaint(filters: &Value) -> Option<&'static str> {
    let Some(list) = filters.as_array() else { return Some("filters must be a list") };
    list.iter().find_map(|filter| {
        let Some((key, value)) = filter.as_object().filter(|o| o.len() == 1)?.iter().next() else {
            return Some("a filter has one key");
        };
        match key.as_str() {
            "sampling_rate" => {
                let rate = value.as_f64().unwrap_or(0.0);
                (rate <= 0.0 || rate >= 1.0).then_some("sampling_rate must be between 0 and 1")
            }
            "outcome" | "method" | "client_ip" => {
                (!value.is_array()).then_some("this filter takes a list")
            }
            "header" => (!value["key"].is_string()).then_some("header has no key"),
            "query" | "scriptVersion" => (!value.is_string()).then_some("this filter takes a text"),
            _ => Some("unknown filter"),
        }
    })
}

fn passes(filter: &Value, event: &Value, nth: u64) -> bool {
    let request = &event["event"]["request"];
    let header = |name: &str| request["headers"][name.to_ascii_lowercase()].as_str();
    let among = |list: &Value, word: Option<&str>| {
        list.as_array().into_iter().flatten().any(|known| known.as_str() == word)
    };
    if let Some(rate) = filter["sampling_rate"].as_f64() {
        let drawn = u32::from_str_radix(&fake::hex(&format!("draw {nth}"), 4), 16).unwrap_or(0);
        return f64::from(drawn) < rate * 65_536.0;
    }
    if filter["outcome"].is_array() {
        return among(&filter["outcome"], event["outcome"].as_str());
    }
    if filter["method"].is_array() {
        return request.is_object() && among(&filter["method"], request["method"].as_str());
    }
    if filter["client_ip"].is_array() {
        let from = header("cf-connecting-ip");
        let own = from == Some("127.0.0.1") && among(&filter["client_ip"], Some("self"));
        return from.is_some() && (own || among(&filter["client_ip"], from));
    }
    if let Some(key) = filter["header"]["key"].as_str() {
        let wanted = filter["header"]["query"].as_str().unwrap_or_default();
        return header(key).is_some_and(|value| value.contains(wanted));
    }
    if let Some(text) = filter["query"].as_str() {
        let logs = event["logs"].as_array().into_iter().flatten();
        return logs.map(|log| log["message"].to_string()).any(|said| said.contains(text));
    }
    if let Some(version) = filter["scriptVersion"].as_str() {
        return event["scriptVersion"]["id"].as_str() == Some(version);
    }
    true
}
