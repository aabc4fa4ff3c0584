//! Every way to lose the ledger first.

use std::path::PathBuf;

use super::super::filesystem_of;
use super::*;
use crate::domain::{Agreement, Clock, Consent};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

async fn open_at(directory: &Path, seconds: i64) -> Ledger {
    Ledger::open(directory, EnvName::prod(), at(seconds), filesystem_of).await.unwrap()
}

fn intent(subject: &str, seconds: i64) -> SendIntent {
    SendIntent {
        kind: "replay".to_owned(),
        subject: subject.to_owned(),
        lane: "p1-ops".to_owned(),
        run: Some(Uuid::from_u128(7)),
        fence: Some(3),
        payload_sha: [5; 32],
        at: at(seconds),
    }
}

fn end(fate: &str, seconds: i64) -> SendEnd {
    SendEnd {
        fate: fate.to_owned(),
        http_status: Some(200),
        code: None,
        message_id: Some("1400".to_owned()),
        channel_id: Some("77".to_owned()),
        note: "it's done".to_owned(),
        at: at(seconds),
    }
}

#[tokio::test]
async fn a_network_file_system_is_refused_before_anything_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("not/made/yet");
    let nfs: Probe = |_| Ok(Filesystem::Network("nfs".to_owned()));
    let error = Ledger::open(&place, EnvName::prod(), at(0), nfs).await.unwrap_err();
    assert!(matches!(&error, LedgerError::Network { kind, .. } if kind == "nfs"), "{error}");
    assert!(!place.exists());
    let blind: Probe = |_| Err(io::ErrorKind::PermissionDenied.into());
    let error = Ledger::open(&place, EnvName::prod(), at(0), blind).await.unwrap_err();
    assert!(matches!(error, LedgerError::State(StateError::Directory { .. })), "{error}");
}

#[tokio::test]
async fn a_state_directory_that_cannot_be_made_is_no_ledger() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let place: PathBuf = file.join("state");
    let opened = Ledger::open(&place, EnvName::prod(), at(0), filesystem_of).await;
    assert!(matches!(opened, Err(LedgerError::State(_))));
}

#[tokio::test]
async fn without_room_or_rights_no_intent_is_recorded() {
    for refuse in ["PRAGMA query_only = ON", "PRAGMA max_page_count = 1"] {
        let directory = tempfile::tempdir().unwrap();
        let mut ledger = open_at(directory.path(), 0).await;
        sqlx::raw_sql(refuse).execute(ledger.state.connection()).await.unwrap();
        let mut refused = None;
        // The file has some room left in its pages.
        for n in 0..2000 {
            if let Err(error) = ledger.intend(&intent(&"x".repeat(400), n)).await {
                refused = Some(error);
                break;
            }
        }
        let text = refused.unwrap().to_string();
        assert!(text.contains("state.db"), "{text}");
        assert!(text.contains("readonly") || text.contains("full"), "{text}");
        let recorded = ledger.open_intents().await.unwrap();
        assert!(recorded.len() < 2000);
    }
}

#[tokio::test]
async fn a_damaged_ledger_is_born_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open_at(directory.path(), 0).await;
    let id = ledger.intend(&intent("a", 1)).await.unwrap();
    ledger.receipt(id, &end("delivered", 2)).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "no prompt in a test")]
    let consent = Consent::given(
        "new ledger",
        "sato",
        Agreement::Named("new-ledger".to_owned()),
        Clock::system().now(),
    );
    ledger.accept_new_ledger(&consent, at(3)).await.unwrap();
    ledger.close().await.unwrap();
    let ledger = open_at(directory.path(), 50).await;
    assert_eq!((ledger.born(), ledger.accepted()), (at(0), Some(at(3))));
    assert_eq!(ledger.replaced(), None);
    ledger.close().await.unwrap();

    let file = directory.path().join("state.db");
    std::fs::write(&file, "no database any more".repeat(300)).unwrap();
    let mut ledger = open_at(directory.path(), 100).await;
    assert!(ledger.replaced().is_some());
    assert_eq!((ledger.born(), ledger.accepted()), (at(100), None));
    assert_eq!(ledger.unreconciled().await.unwrap(), []);
    ledger.close().await.unwrap();

    std::fs::remove_file(&file).unwrap();
    let ledger = open_at(directory.path(), 200).await;
    assert_eq!((ledger.born(), ledger.replaced()), (at(200), None), "a lost one, too");
}

#[tokio::test]
async fn an_intent_without_a_receipt_is_found_by_the_next_process() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open_at(directory.path(), 0).await;
    let a = ledger.intend(&intent("a", 1)).await.unwrap();
    let b = ledger.intend(&intent("b", 2)).await.unwrap();
    ledger.receipt(a, &end("delivered", 3)).await.unwrap();
    // No goodbye, as after a kill.
    std::mem::forget(ledger);
    let mut ledger = open_at(directory.path(), 9).await;
    let open = ledger.open_intents().await.unwrap();
    assert_eq!(open, [Send { id: b, intent: intent("b", 2), end: None }]);
    let told = ledger.unreconciled().await.unwrap();
    assert_eq!(told, [Send { id: a, intent: intent("a", 1), end: Some(end("delivered", 3)) }]);
    ledger.reconciled(&[a, b]).await.unwrap();
    assert_eq!(ledger.unreconciled().await.unwrap(), []);
    ledger.receipt(b, &end("unsure", 10)).await.unwrap();
    assert_eq!(ledger.unreconciled().await.unwrap().len(), 1, "b had no end to tell");
}

#[tokio::test]
async fn a_certain_end_stays() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open_at(directory.path(), 0).await;
    let id = ledger.intend(&intent("a", 1)).await.unwrap();
    for (fate, kept) in
        [("unsure", "unsure"), ("delivered", "delivered"), ("rejected", "delivered")]
    {
        ledger.receipt(id, &end(fate, 2)).await.unwrap();
        let told = ledger.unreconciled().await.unwrap().remove(0);
        assert_eq!(told.end.unwrap().fate, kept);
    }
    let changed = sqlx::raw_sql("UPDATE send SET subject = 'b'").execute(ledger.state.connection());
    assert!(changed.await.unwrap_err().to_string().contains("never changes"));
}

#[tokio::test]
async fn a_certain_end_behind_an_unsure_one_is_told_again_and_nothing_else_is() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open_at(directory.path(), 0).await;
    let id = ledger.intend(&intent("a", 1)).await.unwrap();
    for (fate, told) in [("unsure", 1), ("delivered", 1), ("rejected", 0), ("unsure", 0)] {
        ledger.receipt(id, &end(fate, 2)).await.unwrap();
        assert_eq!(ledger.unreconciled().await.unwrap().len(), told, "{fate}");
        assert_eq!(ledger.open_intents().await.unwrap(), []);
        ledger.reconciled(&[id]).await.unwrap();
    }
}

#[tokio::test]
async fn the_pace_counts_what_was_posted_in_the_last_minute() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open_at(directory.path(), 0).await;
    for (subject, seconds, fate) in [
        ("too old", 39, Some("delivered")),
        ("a", 50, Some("delivered")),
        ("limited", 60, Some("released")),
        ("at it", 90, None),
    ] {
        let id = ledger.intend(&intent(subject, seconds)).await.unwrap();
        if let Some(fate) = fate {
            ledger.receipt(id, &end(fate, seconds)).await.unwrap();
        }
    }
    let other = SendIntent { lane: "p0".to_owned(), run: None, fence: None, ..intent("n", 95) };
    ledger.intend(&other).await.unwrap();
    ledger.intend(&other).await.unwrap();
    // A digest of two rows is one post.
    ledger.intend(&intent("member", 99)).await.unwrap();
    ledger.intend(&intent("member too", 99)).await.unwrap();
    let ages = |seconds: &[u64]| seconds.iter().map(|s| Duration::from_secs(*s)).collect();
    let posted = ledger.recent(at(100)).await.unwrap();
    let wanted: Posted =
        [("p1-ops".to_owned(), ages(&[1, 10, 50])), ("p0".to_owned(), ages(&[5, 5]))].into();
    assert_eq!(posted, wanted);

    let dev = "dev".parse().unwrap();
    let mut dev = Ledger::open(directory.path(), dev, at(100), filesystem_of).await.unwrap();
    assert_eq!(dev.born(), at(100));
    assert_eq!(dev.recent(at(100)).await.unwrap(), Posted::new());
    assert_eq!(dev.open_intents().await.unwrap(), []);
}

#[tokio::test]
async fn only_what_is_settled_for_a_year_goes() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledger = open_at(directory.path(), 0).await;
    let alone = SendIntent { run: None, ..intent("notified", 1) };
    for (intent, fate, known) in [
        (intent("open", 1), None, false),
        (intent("unsure", 1), Some("unsure"), true),
        (intent("unknown to the store", 1), Some("delivered"), false),
        (intent("known to the store", 1), Some("delivered"), true),
        (alone, Some("delivered"), false),
    ] {
        let id = ledger.intend(&intent).await.unwrap();
        if let Some(fate) = fate {
            ledger.receipt(id, &end(fate, 2)).await.unwrap();
        }
        if known {
            ledger.reconciled(&[id]).await.unwrap();
        }
    }
    ledger.close().await.unwrap();
    for (days, left) in [(364, 5), (366, 3)] {
        let mut ledger = open_at(directory.path(), days * 86_400).await;
        let subjects: Vec<String> = sqlx::query_scalar("SELECT subject FROM send ORDER BY id")
            .fetch_all(ledger.state.connection())
            .await
            .unwrap();
        assert_eq!(subjects.len(), left, "{subjects:?}");
        ledger.close().await.unwrap();
    }
}
