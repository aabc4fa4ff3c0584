//! What the workers do on a working day: requests from phones and shops, queues, crons, and what goes
//! wrong with a bad version.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::events;
use crate::sandbox::fake;

/// Draws that depend on the script and the number of the event alone.
pub(super) struct Draw<'a> {
    script: &'a str,
    nth: u64,
}

impl<'a> Draw<'a> {
    pub(super) fn new(script: &'a str, nth: u64) -> Self {
        Self { script, nth }
    }

    /// A number below `limit`, for the question `what`.
    pub(super) fn below(&self, what: &str, limit: u64) -> u64 {
        let seed = format!("{} {} {what}", self.script, self.nth);
        u64::from_str_radix(&fake::hex(&seed, 12), 16).unwrap_or(0) % limit.max(1)
    }

    /// Whether something that happens to so many in a hundred happens.
    fn percent(&self, what: &str, share: u64) -> bool {
        self.below(what, 100) < share
    }

    fn one_of<T: Copy>(&self, what: &str, all: &[T]) -> Option<T> {
        let at = self.below(what, all.len() as u64);
        all.get(usize::try_from(at).unwrap_or_default()).copied()
    }
}

/// One event each.
pub(super) fn slot(script: &str) -> Duration {
    Duration::from_millis(match Kind::of(script) {
        Kind::Api => 140,
        Kind::Pages => 350,
        Kind::Admin => 700,
        Kind::Sync => 1200,
    })
}

/// What a script is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Api,
    Admin,
    Pages,
    Sync,
}

impl Kind {
    fn of(script: &str) -> Self {
        match script {
            name if name.contains("store-sync") => Kind::Sync,
            name if name.contains("admin") => Kind::Admin,
            name if name.contains("marketing") => Kind::Pages,
            _ => Kind::Api,
        }
    }

    fn host(self) -> &'static str {
        match self {
            Kind::Admin => "admin.parky.co.jp",
            Kind::Pages => "lp.parky.co.jp",
            Kind::Api | Kind::Sync => "api.parky.co.jp",
        }
    }

    /// Method, path and the usual answer; `{n}` is some id.
    fn routes(self) -> &'static [(&'static str, &'static str, u16)] {
        match self {
            Kind::Admin => &[
                ("GET", "/owners/{n}/sales?month=2026-11", 200),
                ("GET", "/spots/{n}/edit", 200),
                ("POST", "/spots/{n}/photos", 201),
                ("GET", "/login", 302),
            ],
            Kind::Pages => &[
                ("GET", "/autumn", 200),
                ("GET", "/autumn/spots?area=umeda", 200),
                ("GET", "/assets/hero.avif", 304),
                ("POST", "/signup", 303),
                ("GET", "/wp-login.php", 404),
            ],
            Kind::Api | Kind::Sync => &[
                ("GET", "/v2/spots?near=shibuya&open=now", 200),
                ("GET", "/v2/spots?near=umeda", 200),
                ("GET", "/v2/spots/{n}/availability", 200),
                ("GET", "/v2/spots/{n}/availability", 200),
                ("GET", "/v2/spots/{n}", 200),
                ("POST", "/v2/reservations", 201),
                ("PATCH", "/v2/reservations/{n}", 200),
                ("GET", "/v2/me", 200),
                ("POST", "/v2/payments/webhook", 204),
                ("GET", "/v2/spots/0/availability", 404),
                ("GET", "/healthz", 200),
            ],
        }
    }
}

/// Where requests come from: Cloudflare's place, country, city, network, and the program.
const CLIENTS: [(&str, &str, &str, &str, &str); 6] = [
    ("NRT", "JP", "Shibuya", "KDDI CORPORATION", "Parky/5.12.0 (iPhone; iOS 19.1; Scale/3.00)"),
    ("NRT", "JP", "Yokohama", "NTT DOCOMO, INC.", "Parky/5.12.0 (Android 16; Pixel 9)"),
    ("KIX", "JP", "Osaka", "SoftBank Corp.", "Parky/5.11.3 (iPhone; iOS 18.6; Scale/2.00)"),
    ("KIX", "JP", "Kyoto", "OPTAGE Inc.", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"),
    ("FUK", "JP", "Fukuoka", "QTnet,Inc.", "Parky/5.12.0 (iPhone; iOS 19.1; Scale/3.00)"),
    ("SJC", "US", "San Jose", "GOOGLE", "Mozilla/5.0 (compatible; Googlebot/2.1)"),
];

/// An event of `script`, but for its name and version.
pub(super) fn event(script: &str, draw: &Draw<'_>, troubled: bool, at: DateTime<Utc>) -> Value {
    let kind = Kind::of(script);
    let mut event = match kind {
        Kind::Sync => synchronised(draw, at),
        Kind::Api if draw.percent("no request", 6) && !troubled => behind_the_scenes(draw, at),
        kind => request(kind, draw, troubled, at),
    };
    // Most are quick, one in twelve waits for somebody else.
    let waits = if draw.below("waits", 12) == 0 { 120 + draw.below("waited", 420) } else { 0 };
    let (slow, busy) = if troubled { (650, 14) } else { (0, 0) };
    event["wallTime"] = json!(9 + draw.below("wall", 55) + waits + slow);
    event["cpuTime"] = json!(1 + draw.below("cpu", 7) + busy);
    if event["outcome"] == "exceededCpu" {
        event["cpuTime"] = json!(50 + draw.below("over", 4));
    }
    event
}

fn request(kind: Kind, draw: &Draw<'_>, troubled: bool, at: DateTime<Utc>) -> Value {
    let (method, path, status) = draw.one_of("route", kind.routes()).unwrap_or(("GET", "/", 200));
    let id = (4000 + draw.below("id", 900)).to_string();
    let url = format!("https://{}{}", kind.host(), path.replace("{n}", &id));
    if troubled && draw.percent("luck", 70) {
        return broken(from_a_client(events::fetch(method, &url, 503, at), kind, draw), draw, &id);
    }
    let event = from_a_client(events::fetch(method, &url, status, at), kind, draw);
    if draw.percent("left", 1) {
        return events::ended(event, "canceled");
    }
    match draw.below("said", 10) {
        0 => structured(
            event,
            "info",
            json!({ "scope": "search", "resource": "area:shibuya", "message": "空き区画を検索", "hits": draw.below("hits", 40) }),
        ),
        1 => structured(
            event,
            "info",
            json!({ "scope": "auth", "resource": format!("user:{id}"), "message": "token refreshed", "age_s": draw.below("age", 3600) }),
        ),
        2 => events::logged(event, "log", &json!(["cache", "hit", { "key": "spots:shibuya" }])),
        3 if draw.percent("warned", 30) => structured(
            event,
            "warn",
            json!({ "scope": "payments", "resource": format!("charge:{id}"), "message": "決済代行の応答が遅い", "ms": 900 + draw.below("ms", 900) }),
        ),
        _ => event,
    }
}

/// The request of one of the clients.
fn from_a_client(mut event: Value, kind: Kind, draw: &Draw<'_>) -> Value {
    let client = draw.one_of("client", &CLIENTS);
    let Some((colo, country, city, network, program)) = client else { return event };
    let request = &mut event["event"]["request"];
    let address = format!("203.0.113.{}", 1 + draw.below("address", 250));
    request["headers"]["cf-connecting-ip"] = json!(address);
    request["headers"]["x-real-ip"] = json!(address);
    request["headers"]["cf-ray"] =
        json!(fake::hex(&format!("ray {} {}", draw.script, draw.nth), 16));
    request["headers"]["cf-ipcountry"] = json!(country);
    request["headers"]["host"] = json!(kind.host());
    request["headers"]["user-agent"] = json!(program);
    for (key, value) in
        [("colo", colo), ("country", country), ("city", city), ("asOrganization", network)]
    {
        request["cf"][key] = json!(value);
    }
    request["cf"]["clientTcpRtt"] = json!(8 + draw.below("rtt", 40));
    event
}

/// What the bad version makes of a request.
fn broken(event: Value, draw: &Draw<'_>, id: &str) -> Value {
    let event = structured(
        event,
        "error",
        json!({ "scope": "reservations", "resource": format!("spot:{id}"), "message": "予約APIv2が応答しません", "upstream": "supabase", "attempt": 3 }),
    );
    match draw.below("how", 10) {
        0..4 => {
            let stack =
                "    at reserve (src/v2/reservations.ts:84:13)\n    at handle (src/index.ts:31:5)";
            let message = json!("Cannot read properties of undefined (reading 'price')");
            events::ended(events::threw(event, "TypeError", &message, stack), "exception")
        }
        4 => events::ended(event, "exceededCpu"),
        _ => event,
    }
}

/// What the API does besides requests.
fn behind_the_scenes(draw: &Draw<'_>, at: DateTime<Utc>) -> Value {
    match draw.below("which", 6) {
        0..3 => {
            let batch =
                json!({ "queue": "reservation-mails", "batchSize": 1 + draw.below("batch", 9) });
            structured(
                events::around(&batch, at),
                "info",
                json!({ "scope": "mail", "message": "予約確認メールを送信", "sent": 1 + draw.below("batch", 9) }),
            )
        }
        3 => {
            let mut event = events::around(&json!({ "scheduledTime": at.to_rfc3339() }), at);
            event["entrypoint"] = json!("SpotLock");
            event["executionModel"] = json!("durableObject");
            event
        }
        4 => {
            let mut event = events::around(&json!({ "rpcMethod": "quote" }), at);
            event["entrypoint"] = json!("Pricing");
            event
        }
        _ => {
            let cron = json!({ "cron": "*/5 * * * *", "scheduledTime": at.timestamp_millis() });
            structured(
                events::around(&cron, at),
                "info",
                json!({ "scope": "expiry", "message": "期限切れの仮予約を解放", "released": draw.below("released", 6) }),
            )
        }
    }
}

/// What the synchronisation of the shops does: now and then its cron, else its queue.
fn synchronised(draw: &Draw<'_>, at: DateTime<Utc>) -> Value {
    if draw.below("cron", 5) == 0 {
        let cron = json!({ "cron": "*/5 * * * *", "scheduledTime": at.timestamp_millis() });
        return structured(
            events::around(&cron, at),
            "info",
            json!({ "scope": "sync", "resource": "stores", "message": "差分を反映", "changed": draw.below("changed", 40) }),
        );
    }
    let batch = json!({ "queue": "store-changes", "batchSize": 1 + draw.below("batch", 20) });
    structured(
        events::around(&batch, at),
        "info",
        json!({ "scope": "sync", "resource": format!("store:{}", 300 + draw.below("store", 60)), "message": "店舗を更新" }),
    )
}

/// The event with a line as the workers' logger writes it: one JSON object.
fn structured(event: Value, level: &str, fields: Value) -> Value {
    let mut line = json!({ "level": level });
    if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), fields) {
        line.extend(fields);
    }
    let console = if matches!(level, "warn" | "error") { level } else { "log" };
    events::logged(event, console, &json!([line.to_string()]))
}
