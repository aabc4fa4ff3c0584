//! What a role, a server and a stamp allow.

use super::*;

#[tokio::test]
async fn a_role_without_rights_is_told_so_and_nothing_raises() {
    let database = Database::with_dead_letters().await;
    let reader = schema_only("GRANT SELECT ON admin.notification_failures TO {role}");
    let target = database.role(&reader).await;
    let mut opened = open(&target).await;
    assert_eq!(
        opened.access,
        Access {
            schema: Schema::Missing,
            stamped: None,
            delivered_status: None,
            may_write: false,
            may_create_schema: false,
            may_update_table: false,
            read_only_server: false,
        }
    );
    let refused = opened.store.init(&consent(), &[], None).await.unwrap_err();
    let sqlstate = match &refused {
        StoreError::Shared(error) => error.sqlstate(),
        other => panic!("{other}"),
    };
    assert_eq!(sqlstate, Some("42501"));
    assert!(!refused.may_have_happened());
    let begun = opened.store.begin(&suite::run_of(suite::me(), &[])).await;
    assert!(matches!(begun, Err(StoreError::NoSchema)));
    assert!(matches!(opened.store.known(9).await, Err(StoreError::NoSchema)));

    // The schema is there, but hidden from the role.
    open(&database.target).await.store.init(&consent(), &[], None).await.unwrap();
    let access = open(&target).await.access;
    assert_eq!((access.schema, access.may_write), (Schema::Hidden, false));
    // The team's admin granted reading only.
    let role = target.user.clone();
    database
        .run(&format!(
            "GRANT USAGE ON SCHEMA parky_ops TO {role};
             GRANT SELECT ON ALL TABLES IN SCHEMA parky_ops TO {role}"
        ))
        .await;
    let mut opened = open(&target).await;
    assert_eq!(opened.access.schema, Schema::Ours { version: SCHEMA_VERSION });
    assert!(!opened.access.may_write);
    assert_eq!(opened.store.known(9).await.unwrap(), []);
    let begun = opened.store.begin(&suite::run_of(suite::me(), &[])).await;
    assert!(matches!(begun, Err(StoreError::Shared(_))), "{begun:?}");
}

#[tokio::test]
async fn init_grants_what_a_responder_needs_and_no_more() {
    let database = Database::with_dead_letters().await;
    let target = database.role(&schema_only("")).await;
    let mut admin = open(&database.target).await;
    assert!(admin.access.may_create_schema && admin.access.may_update_table);
    for _ in 0..2 {
        let grants = [target.user.clone()];
        admin.store.init(&consent(), &grants, Some("delivered")).await.unwrap();
    }
    let mut opened = open(&target).await;
    assert!(opened.access.may_write && !opened.access.may_create_schema);
    assert!(!opened.access.may_update_table);
    assert_eq!(opened.access.stamped.as_deref(), Some("prod"));
    assert_eq!(opened.access.delivered_status.as_deref(), Some("delivered"));
    let store = &mut opened.store;
    let attempt = suite::sending(store, suite::me(), suite::row("a", 1, 0)).await;
    store.take_lane(attempt.claim.run, suite::LANE, suite::LEASE).await.unwrap();
    store.finish(&attempt, &suite::delivered(), &suite::answer(200)).await.unwrap();
    suite::over(store, attempt.claim.run).await;
    assert_eq!(store.reap(&suite::me()).await.unwrap(), 0);
    let erased = Sql::constant("DELETE FROM parky_ops.replay_attempt");
    assert!(store.ask(&erased, Mode::Write, STEP_LIMIT, Again::Never).await.is_err());
}

#[tokio::test]
async fn a_newer_schema_is_read_and_not_written() {
    let database = initialised().await;
    let mut before = open(&database.target).await.store;
    suite::begin(&mut before, &[suite::row("a", 1, 0)]).await;
    for version in ["2", "soon"] {
        database
            .run(&format!(
                "UPDATE parky_ops.meta SET value = '{version}' WHERE key = 'schema_version'"
            ))
            .await;
        let Opened { mut store, access } = open(&database.target).await;
        assert!(matches!(access.schema, Schema::Newer { .. }));
        assert_eq!(suite::state(&mut store, "a").await, ItemState::Open);
        let begun = store.begin(&suite::run_of(suite::me(), &[])).await;
        assert!(matches!(begun, Err(StoreError::Newer { known: 1, .. })), "{begun:?}");
        let init = store.init(&consent(), &[], None).await;
        assert!(matches!(init, Err(StoreError::Newer { .. })), "{init:?}");
    }
    database.run("UPDATE parky_ops.meta SET value = '2' WHERE key = 'schema_version'").await;
    // The printed SQL refuses by itself.
    let sql = schema_sql(&EnvName::prod(), &[], None);
    let sql = Sql::made(sql.trim_end().trim_end_matches(';'));
    let refused = before.ask(&sql, Mode::Write, STEP_LIMIT, Again::Never).await;
    assert!(refused.unwrap_err().to_string().contains("version 2"));
}

#[tokio::test]
async fn the_schema_of_another_environment_is_not_written() {
    let database = initialised().await;
    let dev: EnvName = "dev".parse().unwrap();
    let opened =
        SharedStore::open(database.target.clone(), Redactor::default(), dev.clone(), team()).await;
    let Opened { mut store, access } = opened.unwrap();
    assert_eq!(access.stamped.as_deref(), Some("prod"));
    assert_eq!(store.known(9).await.unwrap(), []);
    for refused in [
        store.begin(&suite::run_of(suite::me(), &[])).await.map(drop),
        store.init(&consent(), &[], None).await,
        store.reap(&suite::me()).await.map(drop),
    ] {
        assert!(matches!(refused, Err(StoreError::OtherEnv { .. })), "{refused:?}");
    }
    let sql = schema_sql(&dev, &[], None);
    let sql = Sql::made(sql.trim_end().trim_end_matches(';'));
    let refused = store.ask(&sql, Mode::Write, STEP_LIMIT, Again::Never).await;
    assert!(refused.unwrap_err().to_string().contains("stamped for prod"));
}

#[tokio::test]
async fn a_standby_takes_no_writes() {
    let primary = Cluster::start("wal_level = replica", None);
    let mut opened = open(&primary.target("postgres")).await;
    assert!(!opened.access.read_only_server);
    opened.store.init(&consent(), &[], None).await.unwrap();
    let standby = primary.standby();
    assert!(open(&standby.target("postgres")).await.access.read_only_server);
}
