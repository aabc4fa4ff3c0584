//! The world on a good day, from which every scenario departs.

use chrono::{DateTime, TimeDelta, Utc};

use super::actions;
use super::facts::Facts;
use crate::sandbox::cloudflare::{
    Build, PagesHistory, PagesRelease, Release, Resources, ScriptHistory, TokenKind,
};
use crate::sandbox::database::{DatabaseFacts, DeadLetter};
use crate::sandbox::hosts::Behaviour;

/// The hosts of prod.
pub const HOSTS: [&str; 4] =
    ["parky.co.jp", "api.parky.co.jp", "admin.parky.co.jp", "owner.parky.co.jp"];

/// The workers: name, script, and the host that each serves, where it has one.
pub const WORKERS: [(&str, &str, Option<&str>); 4] = [
    ("public", "parky-public-prod", Some("api.parky.co.jp")),
    ("admin", "parky-admin-prod", Some("admin.parky.co.jp")),
    ("marketing", "parky-marketing-prod", None),
    ("store-sync", "parky-store-sync-prod", None),
];

/// The Pages project of prod.
pub const PAGES: &str = "parky-web";

/// The script of the worker `public`.
pub(super) const PUBLIC: &str = "parky-public-prod";

pub(super) const DEPLOY: &str = "deploy@parky.co.jp";
const CI: &str = "ci@parky.co.jp";
const PLATFORM: &str = "platform@parky.co.jp";

/// All well, with these dead letters.
pub(super) fn all_well(now: DateTime<Utc>, letters: Vec<DeadLetter>) -> Facts {
    Facts {
        hosts: std::array::from_fn(|_| Behaviour::Answers(200)),
        token: TokenKind::User,
        scripts: vec![public(), admin(), marketing(), store_sync()],
        pages: vec![web()],
        bad_version: None,
        rough_line: None,
        cloudflare_fault: None,
        discord_revoked: false,
        discord_fault: None,
        actions: actions::green(now),
        healthchecks: true,
        outages: Vec::new(),
        database: DatabaseFacts::Serves(letters),
        crowd: false,
    }
}

const fn days(days: i64, hours: i64) -> TimeDelta {
    TimeDelta::seconds(days * 86_400 + hours * 3_600 + 840)
}

fn public() -> ScriptHistory {
    ScriptHistory {
        script: PUBLIC,
        releases: vec![
            Release::new(141, days(2, 5), CI, "feat: 駐車場検索に満空情報を追加 (#1284)"),
            Release::new(140, days(6, 1), CI, "fix: 予約確定時の二重課金を防止 (#1271)"),
            Release::new(139, days(9, 4), DEPLOY, "chore: bump hono to 4.9"),
            Release::secret(138, days(13, 2), PLATFORM, &["SUPABASE_SERVICE_ROLE_KEY"]),
            Release::new(137, days(13, 6), CI, "perf: 検索APIのキャッシュを60秒に"),
        ],
        undeployed: Some(136),
    }
}

/// What the version 142 of `public` stands on: a cache that the ones before do not have.
pub(super) const WITH_CACHE: Resources = Resources {
    bindings: &[
        ("SUPABASE_URL", "plain_text"),
        ("SUPABASE_SERVICE_ROLE_KEY", "secret_text"),
        ("DISCORD_WEBHOOK_P0_ALERTS", "secret_text"),
        ("RESERVATION_CACHE", "kv_namespace"),
    ],
    compatibility_date: "2026-11-01",
    ..Resources::USUAL
};

fn web() -> PagesHistory {
    let release = |number, ago, branch, message| PagesRelease {
        number,
        ago,
        branch,
        message,
        build: Build::Succeeded,
    };
    PagesHistory {
        project: PAGES,
        releases: vec![
            release(57, days(2, 1), "feature/campaign", "wip: 年末キャンペーン"),
            release(56, days(2, 6), "main", "feat: トップページの検索窓を刷新 (#1280)"),
            PagesRelease {
                build: Build::Failed,
                ..release(55, days(3, 2), "main", "chore: bump vite")
            },
            release(54, days(7, 3), "main", "fix: スマホ表示の崩れ (#1262)"),
            release(53, days(14, 5), "main", "feat: 駐車場の詳細ページ"),
        ],
    }
}

fn admin() -> ScriptHistory {
    ScriptHistory {
        script: "parky-admin-prod",
        releases: vec![
            Release::new(88, days(3, 7), CI, "feat: オーナー向け売上CSV出力"),
            Release::secret(87, days(8, 0), PLATFORM, &["ADMIN_SESSION_KEY"]),
            Release::new(86, days(8, 3), CI, "fix: 権限チェックの抜けを修正 (#1255)"),
            Release::new(85, days(15, 6), DEPLOY, "chore: rebuild with node 24"),
        ],
        undeployed: None,
    }
}

fn marketing() -> ScriptHistory {
    ScriptHistory {
        script: "parky-marketing-prod",
        releases: vec![
            Release::new(42, days(4, 2), CI, "feat: 秋のキャンペーンLP"),
            Release { triggered_by: "rollback", ..Release::new(40, days(11, 3), DEPLOY, "戻し") },
            Release::new(41, days(11, 4), CI, "feat: LPのA/Bテスト"),
            Release::new(40, days(18, 1), CI, "fix: OGP画像のパス"),
        ],
        undeployed: None,
    }
}

fn store_sync() -> ScriptHistory {
    ScriptHistory {
        script: "parky-store-sync-prod",
        releases: vec![
            Release::new(23, days(5, 9), CI, "feat: 店舗マスタの差分同期"),
            Release {
                source: "dash",
                ..Release::new(22, days(12, 1), PLATFORM, "cron を5分間隔に")
            },
            Release::new(21, days(12, 8), CI, "fix: タイムアウト時の再試行"),
            Release::new(20, days(20, 2), CI, "feat: 店舗同期を分離"),
        ],
        undeployed: None,
    }
}
