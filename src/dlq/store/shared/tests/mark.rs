//! The update of the team's row.

use super::*;

/// A mark as the configuration would make it.
fn mark(id: &FailureId) -> Option<Sql> {
    let id = Quoted::literal(id.as_str());
    Some(Sql::fill(
        "UPDATE admin.notification_failures SET status = 'delivered' WHERE id = {id}::bigint",
        &[("id", &id)],
    ))
}

async fn status(database: &Database, id: &str) -> String {
    let sql = Sql::fill(
        "SELECT status FROM admin.notification_failures WHERE id = {id}::bigint",
        &[("id", &Quoted::literal(id))],
    );
    let row = database.session().await.read_one(&sql).await.unwrap();
    row.text("status").unwrap().unwrap()
}

const THREE: &str = "INSERT INTO admin.notification_failures (channel, severity)
                     VALUES ('p1-ops', 'P1'), ('p1-ops', 'P1'), ('p1-ops', 'P1')";

#[tokio::test]
async fn the_team_s_row_is_marked_with_the_delivery_alone() {
    let database = initialised().await;
    database.run(THREE).await;
    let mut store = open(&database.target).await.store.marking(mark);
    let attempt = suite::sending(&mut store, suite::me(), suite::row("1", 1, 0)).await;
    store.finish(&attempt, &suite::rejected(), &suite::answer(400)).await.unwrap();
    assert_eq!(status(&database, "1").await, "failed");

    let attempt = suite::sending(&mut store, suite::me(), suite::row("2", 2, 0)).await;
    let stale = Attempt {
        claim: Claim { fence: attempt.claim.fence - 1, ..attempt.claim.clone() },
        ..attempt.clone()
    };
    let over = store.finish(&stale, &suite::delivered(), &suite::answer(200)).await.unwrap();
    assert_eq!(over, Finished::TakenOver);
    assert_eq!(status(&database, "2").await, "failed", "no mark without a delivery");
    for _ in 0..2 {
        let end = store.finish(&attempt, &suite::delivered(), &suite::answer(200)).await.unwrap();
        assert_eq!(end, suite::done());
        assert_eq!(status(&database, "2").await, "delivered");
    }
    let attempt = suite::sending(&mut store, suite::me(), suite::row("3", 3, 0)).await;
    store.finish(&attempt, &suite::unsure(), &AttemptEnd::default()).await.unwrap();
    assert!(store.resolve(&suite::id("3"), Some("1400"), "sato").await.unwrap());
    assert_eq!(status(&database, "3").await, "delivered");
    assert_eq!(store.caveats(), []);
}

#[tokio::test]
async fn a_mark_that_is_refused_does_not_lose_the_delivery() {
    let database = initialised().await;
    database.run(THREE).await;
    database
        .run(
            "ALTER TABLE admin.notification_failures
             ADD CHECK (status IN ('failed', 'ignored'))",
        )
        .await;
    let mut store = open(&database.target).await.store.marking(mark);
    let attempt = suite::sending(&mut store, suite::me(), suite::row("1", 1, 0)).await;
    let end = store.finish(&attempt, &suite::delivered(), &suite::answer(200)).await.unwrap();
    assert_eq!(end, suite::done());
    assert_eq!(suite::state(&mut store, "1").await, ItemState::Delivered);
    assert_eq!(status(&database, "1").await, "failed");
    let caveats = store.caveats();
    assert_eq!(caveats.len(), 1);
    assert!(caveats[0].text.contains("could not be marked"), "{caveats:?}");
    assert_eq!(store.caveats(), [], "told once");

    // A role that may not update the team's table.
    let role = database.role(&schema_only("")).await;
    store.init(&consent(), std::slice::from_ref(&role.user), None).await.unwrap();
    let mut store = open(&role).await.store.marking(mark);
    let attempt = suite::sending(&mut store, suite::me(), suite::row("2", 2, 0)).await;
    store.finish(&attempt, &suite::delivered(), &suite::answer(200)).await.unwrap();
    assert_eq!(suite::state(&mut store, "2").await, ItemState::Delivered);
    assert_eq!(store.caveats().len(), 1);
}
