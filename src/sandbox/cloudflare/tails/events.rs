//! Events of every kind, as Cloudflare documents them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// Every word for how an invocation ends that is documented or was seen.
pub const OUTCOMES: [&str; 12] = [
    "ok",
    "exception",
    "exceededCpu",
    "exceededMemory",
    "canceled",
    "unknown",
    "scriptNotFound",
    "responseStreamDisconnected",
    "killSwitch",
    "daemonDown",
    "loadShed",
    "exceededWallTime",
];

/// An event around `event`, the part that tells its kind.
pub fn around(event: &Value, at: DateTime<Utc>) -> Value {
    json!({
        "wallTime": 24,
        "cpuTime": 3,
        "truncated": false,
        "executionModel": "stateless",
        "outcome": "ok",
        "scriptName": "parky-public-prod",
        "scriptVersion": { "id": "11111111-1111-4111-8111-111111111111" },
        "diagnosticsChannelEvents": [],
        "exceptions": [],
        "logs": [],
        "eventTimestamp": at.timestamp_millis(),
        "event": event,
    })
}

/// A request and its answer.
pub fn fetch(method: &str, url: &str, status: u16, at: DateTime<Utc>) -> Value {
    let event = json!({
        "request": {
            "url": url,
            "method": method,
            "headers": {
                "accept": "application/json",
                "accept-encoding": "gzip, br",
                "authorization": "REDACTED",
                "cf-connecting-ip": "203.0.113.24",
                "cf-ipcountry": "JP",
                "cf-ray": "9a1b2c3d4e5f6071",
                "cf-visitor": "{\"scheme\":\"https\"}",
                "cookie": "REDACTED",
                "host": "api.parky.co.jp",
                "user-agent": "Parky/5.12.0 (iPhone; iOS 19.1; Scale/3.00)",
                "x-forwarded-proto": "https",
                "x-real-ip": "203.0.113.24",
            },
            "cf": {
                "asn": 2516,
                "asOrganization": "KDDI CORPORATION",
                "city": "Shibuya",
                "clientTcpRtt": 14,
                "colo": "NRT",
                "country": "JP",
                "httpProtocol": "HTTP/3",
                "timezone": "Asia/Tokyo",
                "tlsVersion": "TLSv1.3",
            },
        },
        "response": { "status": status },
    });
    around(&event, at)
}

/// One event of each kind, with the name of the kind.
pub fn of_every_kind(at: DateTime<Utc>) -> Vec<(&'static str, Value)> {
    let ms = at.timestamp_millis();
    let iso = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut rpc = around(&json!({ "rpcMethod": "reserve" }), at);
    rpc["entrypoint"] = json!("Inventory");
    let mut alarm = around(&json!({ "scheduledTime": iso }), at);
    alarm["eventTimestamp"] = Value::Null;
    let socket = json!({ "getWebSocketEvent": { "webSocketEventType": "close", "code": 1006, "wasClean": false } });
    vec![
        ("fetch", fetch("GET", "https://api.parky.co.jp/v2/spots?near=shibuya", 200, at)),
        ("scheduled", around(&json!({ "cron": "*/5 * * * *", "scheduledTime": ms }), at)),
        (
            "email",
            around(
                &json!({ "mailFrom": "user@example.jp", "rcptTo": "help@parky.co.jp", "rawSize": 2048 }),
                at,
            ),
        ),
        ("alarm", alarm),
        (
            "tail",
            around(
                &json!({ "consumedEvents": [{ "scriptName": "a" }, { "scriptName": "b" }, { "scriptName": "a" }, {}] }),
                at,
            ),
        ),
        ("queue", around(&json!({ "queue": "reservations", "batchSize": 7 }), at)),
        ("rpc", rpc),
        ("websocket", around(&socket, at)),
        ("null", around(&Value::Null, at)),
        ("empty", around(&json!({}), at)),
    ]
}

/// Word that sampling begins (`overload`) or ends (`overload-stop`).
pub fn sampling(on: bool, at: DateTime<Utc>) -> Value {
    let (kind, message) = if on {
        ("overload", "Tail is currently in sampling mode due to the high volume of messages.")
    } else {
        ("overload-stop", "Tail has exited sampling mode and is back to normal.")
    };
    around(&json!({ "type": kind, "message": message }), at)
}

/// The same event with another outcome.
pub fn ended(mut event: Value, outcome: &str) -> Value {
    event["outcome"] = json!(outcome);
    event
}

/// The same event with one more line of the console.
pub fn logged(mut event: Value, level: &str, message: &Value) -> Value {
    let at = event["eventTimestamp"].clone();
    if let Some(logs) = event["logs"].as_array_mut() {
        logs.push(json!({ "level": level, "message": message, "timestamp": at }));
    }
    event
}

/// The same event with one more exception.
pub fn threw(mut event: Value, name: &str, message: &Value, stack: &str) -> Value {
    let at = event["eventTimestamp"].clone();
    if let Some(exceptions) = event["exceptions"].as_array_mut() {
        exceptions
            .push(json!({ "name": name, "message": message, "stack": stack, "timestamp": at }));
    }
    event
}
