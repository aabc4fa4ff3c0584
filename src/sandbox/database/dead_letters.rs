//! The rows of `admin.notification_failures`: alerts that Discord did not take.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

/// A row, as it is inserted; the key is given by the database, in the order of `attempted_at`.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the table's own columns")]
pub struct DeadLetter {
    pub attempted_at: DateTime<Utc>,
    pub channel: String,
    pub severity: Option<String>,
    pub title: Option<String>,
    pub http_status: Option<i32>,
    pub retry_count: i32,
    pub error_message: String,
    pub fallback_email_sent: bool,
    pub status: String,
    /// The body that was meant for Discord. Nothing is SQL's NULL, which JSON's null is not.
    #[serde(serialize_with = "as_text")]
    pub payload: Option<Value>,
}

/// As text, for `jsonb_to_recordset` makes SQL's NULL of JSON's.
fn as_text<S: Serializer>(payload: &Option<Value>, to: S) -> Result<S::Ok, S::Error> {
    payload.as_ref().map(Value::to_string).serialize(to)
}

impl DeadLetter {
    /// An open row of the usual shape, on the channel of `severity` (`P0` to `P3`), that Discord
    /// answered with 503. `nth` makes its payload unlike every other.
    pub fn alert(severity: &str, title: &str, at: DateTime<Utc>, nth: usize) -> Self {
        let index = CHANNELS.iter().position(|(_, known, ..)| *known == severity).unwrap_or(1);
        let (channel, severity, ..) = CHANNELS[index];
        Self {
            attempted_at: at,
            channel: channel.to_owned(),
            severity: Some(severity.to_owned()),
            title: Some(title.to_owned()),
            http_status: Some(503),
            retry_count: 3,
            error_message: "Discord answered 503 Service Unavailable".to_owned(),
            fallback_email_sent: severity == "P0",
            status: "failed".to_owned(),
            payload: Some(payload(index, title, at, nth)),
        }
    }
}

/// Channel, severity, colour of the embed, and what is said there.
const CHANNELS: [(&str, &str, u32, [&str; 5]); 4] = [
    (
        "p0-alerts",
        "P0",
        0x00E7_4C3C,
        [
            "本番API 5xx 急増",
            "予約APIが応答しません",
            "決済Webhookの処理に失敗",
            "synthetic healthcheck failed: api.parky.co.jp",
            "Error budget burn 14.4x (api)",
        ],
    ),
    (
        "p1-ops",
        "P1",
        0x00E6_7E22,
        [
            "検索APIのp95が3秒を超過",
            "Sentry: TypeError in reserveSlot",
            "管理画面のログイン失敗が増加",
            "5xx burst on parky-public-prod",
            "DBコネクション使用率 72%",
        ],
    ),
    (
        "p2-deploys",
        "P2",
        0x0034_98DB,
        [
            "deploy finished: parky-public-prod #142",
            "CI: e2e (main) failed",
            "dev-api.parky.co.jp が503",
            "プレビュー環境のビルド失敗",
            "依存関係の更新 (4件)",
        ],
    ),
    (
        "p3-insights",
        "P3",
        0x0095_A5A6,
        [
            "日次レポート: 予約 1,284件",
            "新規オーナー登録 7件",
            "満空センサーの欠測 3台",
            "weekly digest",
            "アプリ評価 ★4.6",
        ],
    ),
];

/// The alerts of the incident.
const LOST: usize = 40;
/// P0 alerts of which nobody was told by mail either: the first, and two in the middle.
const UNTOLD: [usize; 3] = [0, 3, 4];

/// 40 alerts in the 11 minutes from `start`, ten for each channel, the first one a P0 at `start`
/// itself. Discord was down: every one failed with a 503, or without any answer.
pub(in crate::sandbox) fn lost_alerts(start: DateTime<Utc>) -> Vec<DeadLetter> {
    (0..LOST).map(|nth| lost(start, nth)).collect()
}

fn lost(start: DateTime<Utc>, nth: usize) -> DeadLetter {
    let (_, severity, _, titles) = CHANNELS[nth % 4];
    let round = nth / 4;
    let at = start + TimeDelta::seconds(17 * nth as i64);
    let mut row = DeadLetter::alert(severity, titles[round % 5], at, nth);
    if nth % 3 == 2 {
        row.http_status = None;
        row.error_message = "connect error: Connection refused (os error 111)".to_owned();
    }
    row.fallback_email_sent = severity == "P0" && !UNTOLD.contains(&round);
    row
}

/// Rows that were dealt with, all older than a day.
pub(in crate::sandbox) fn settled_letters(now: DateTime<Utc>) -> Vec<DeadLetter> {
    (0..6).map(|nth| settled(now, nth)).collect()
}

fn settled(now: DateTime<Utc>, nth: usize) -> DeadLetter {
    let (_, severity, _, titles) = CHANNELS[nth % 4];
    let at = now - TimeDelta::hours(30 + 17 * nth as i64);
    DeadLetter {
        http_status: Some(429),
        retry_count: 5,
        error_message: "Discord answered 429 Too Many Requests".to_owned(),
        status: "delivered".to_owned(),
        ..DeadLetter::alert(severity, titles[nth % 5], at, 1000 + nth)
    }
}

/// The whole body that was meant for Discord.
fn payload(channel: usize, title: &str, at: DateTime<Utc>, nth: usize) -> Value {
    let (_, severity, color, _) = CHANNELS[channel];
    let field = |name: &str, value: &str| json!({ "name": name, "value": value, "inline": true });
    let pings = severity == "P0";
    json!({
        "username": "Parky Alerts",
        "content": if pings { format!("@here {title}") } else { String::new() },
        "embeds": [{
            "title": format!("[{severity}] {title}"),
            "description": "発生を検知しました。runbook に従って一次対応してください。",
            "color": color,
            "fields": [
                field("env", "prod"),
                field("service", "parky-public-prod"),
                field("ref", &format!("ALERT-{:05}", 20_000 + nth)),
            ],
            "footer": { "text": "parky-notifier" },
            "timestamp": at.to_rfc3339_opts(SecondsFormat::Millis, true),
        }],
        "allowed_mentions": { "parse": if pings { vec!["everyone"] } else { Vec::new() } },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_alerts_were_lost_ten_on_each_channel_the_first_at_the_start() {
        let start = "2026-11-21T18:00:00Z".parse().unwrap();
        let rows = lost_alerts(start);
        assert_eq!(rows.len(), 40);
        for (channel, ..) in CHANNELS {
            assert_eq!(rows.iter().filter(|row| row.channel == channel).count(), 10, "{channel}");
        }
        assert_eq!((rows[0].attempted_at, rows[0].severity.as_deref()), (start, Some("P0")));
        assert!(rows.iter().all(|row| row.status == "failed" && row.attempted_at >= start));
        assert!(rows.iter().all(|row| row.attempted_at < start + TimeDelta::minutes(12)));
        assert!(rows.iter().all(|row| matches!(row.http_status, None | Some(503))));
        assert!(rows.iter().any(|row| row.http_status.is_none()));
    }

    #[test]
    fn nobody_was_told_of_three_p0() {
        let rows = lost_alerts(DateTime::UNIX_EPOCH);
        let is_p0 = |row: &&DeadLetter| row.severity.as_deref() == Some("P0");
        let p0 = rows.iter().filter(is_p0);
        let (told, untold): (Vec<_>, Vec<_>) = p0.partition(|row| row.fallback_email_sent);
        assert_eq!((told.len(), untold.len()), (7, 3));
        assert!(rows.iter().all(|row| is_p0(&row) || !row.fallback_email_sent));
    }

    #[test]
    fn no_two_payloads_are_equal() {
        let rows = lost_alerts(DateTime::UNIX_EPOCH);
        let mut bodies: Vec<_> = rows.iter().map(|row| format!("{:?}", row.payload)).collect();
        bodies.sort();
        bodies.dedup();
        assert_eq!(bodies.len(), 40);
    }

    #[test]
    fn what_was_settled_is_older_than_a_day() {
        let now = DateTime::UNIX_EPOCH;
        for row in settled_letters(now) {
            assert!(row.attempted_at < now - TimeDelta::hours(24) && row.status == "delivered");
        }
    }
}
