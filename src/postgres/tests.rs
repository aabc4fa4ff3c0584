//! The session against real servers: every way to fail first, then poolers, then the happy way.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::testing::{Bouncer, Client, Cluster, Database, free_port, session, soon};
use super::{Limits, PgError, PgErrorKind as Kind, Quoted, Session, Sql, Target, Tls};
use crate::domain::{Reach, ReasonCode, Redactor, State};

async fn refused(target: &Target) -> PgError {
    let limits = Limits { connect: Duration::from_millis(700), ..soon() };
    Session::connect(target, &Redactor::default(), limits).await.unwrap_err()
}

/// A target that is not the shared server.
fn at(host: &str, port: u16) -> Target {
    Target {
        host: host.to_owned(),
        port,
        user: "postgres".to_owned(),
        password: Some("a-secret-of-ours".into()),
        database: "postgres".to_owned(),
        tls: Tls::Disable,
    }
}

#[tokio::test]
async fn nothing_listens() {
    let error = refused(&at("127.0.0.1", free_port())).await;
    assert_eq!(error.kind(), Kind::Refused);
    assert_eq!(error.reason(), (State::Red, ReasonCode::Refused, Reach::NotReached));
}

#[tokio::test]
async fn the_name_does_not_resolve() {
    let error = refused(&at("db.does-not-exist.invalid", 5432)).await;
    assert_eq!(error.kind(), Kind::Dns, "{error}");
    assert_eq!(error.reason(), (State::Red, ReasonCode::Dns, Reach::NotReached));
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let began = Instant::now();
    let error = refused(&at("127.0.0.1", listener.local_addr().unwrap().port())).await;
    assert_eq!(error.kind(), Kind::Silent, "{error}");
    assert_eq!(error.reason(), (State::Red, ReasonCode::Timeout, Reach::Reached));
    assert!(began.elapsed() < Duration::from_millis(3000), "{:?}", began.elapsed());
}

#[tokio::test]
async fn no_time_is_left_to_connect() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = at("127.0.0.1", listener.local_addr().unwrap().port());
    let deadline = Instant::now() + Duration::from_millis(50);
    let limits = Limits { deadline, ..soon() };
    let error = Session::connect(&target, &Redactor::default(), limits).await.unwrap_err();
    assert_eq!(error.reason().1, ReasonCode::Deadline);
}

/// Answers every connection with `bytes` and closes it.
async fn answers(bytes: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.write_all(bytes).await;
        }
    });
    port
}

#[tokio::test]
async fn something_that_is_not_postgres() {
    let port = answers(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    for tls in [Tls::Disable, Tls::Require] {
        let error = refused(&Target { tls, ..at("127.0.0.1", port) }).await;
        assert!(matches!(error.kind(), Kind::Unreadable | Kind::Lost), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_closes_at_once() {
    let port = answers(b"").await;
    for tls in [Tls::Disable, Tls::Require] {
        let error = refused(&Target { tls, ..at("127.0.0.1", port) }).await;
        assert_eq!(error.kind(), Kind::Lost, "{error}");
        assert_eq!(error.reason().0, State::Red);
    }
}

#[tokio::test]
async fn the_password_is_wrong() {
    let target = Target { password: Some("a-wrong-one".into()), ..Cluster::shared().target("x") };
    let error = refused(&target).await;
    assert_eq!((error.kind(), error.sqlstate()), (Kind::Credential, Some("28P01")));
    assert_eq!(error.reason(), (State::Unknown, ReasonCode::Unauthorized, Reach::Reached));
    assert!(!error.to_string().contains("a-wrong-one"), "{error}");

    let none = Target { password: None, ..target };
    assert_eq!(refused(&none).await.kind(), Kind::Credential);
}

#[tokio::test]
async fn the_database_is_not_there() {
    let error = refused(&Cluster::shared().target("no_such_database")).await;
    assert_eq!((error.kind(), error.sqlstate()), (Kind::NoDatabase, Some("3D000")));
}

#[tokio::test]
async fn the_server_has_no_connection_left() {
    let cluster = Cluster::start("max_connections = 4\nsuperuser_reserved_connections = 1", None);
    let admin = cluster.target("postgres");
    let mut first = Client::open(&admin).await;
    first.run("CREATE ROLE app LOGIN PASSWORD 'correct-horse-battery'").await;
    let app = Target { user: "app".to_owned(), ..admin };
    let held = [Client::open(&app).await, Client::open(&app).await];
    let error = refused(&app).await;
    assert_eq!((error.kind(), error.sqlstate()), (Kind::Saturated, Some("53300")));
    assert_eq!(error.reason().0, State::Red);
    drop(held);
}

#[tokio::test]
async fn tls_has_to_be_what_was_asked_for() {
    let plain = Target { tls: Tls::Require, ..Cluster::shared().target("postgres") };
    let error = refused(&plain).await;
    assert_eq!(error.kind(), Kind::Tls, "{error}");

    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (own.cert.pem(), own.signing_key.serialize_pem());
    let cluster = Cluster::start("", Some((&certificate, &key)));
    drop(Client::open(&cluster.target("postgres")).await);

    let dir = tempfile::tempdir().unwrap();
    let root = |name: &str, pem: &str| {
        std::fs::write(dir.path().join(name), pem).unwrap();
        Tls::VerifyFull(Some(dir.path().join(name)))
    };
    let to = |host: &str, tls| Target { host: host.into(), tls, ..cluster.target("postgres") };

    let any = session(&to("127.0.0.1", Tls::Require)).await;
    any.close().await;
    let right = session(&to("localhost", root("own.pem", &certificate))).await;
    right.close().await;

    let wrong_name = refused(&to("127.0.0.1", root("own.pem", &certificate))).await;
    assert_eq!(wrong_name.reason(), (State::Unknown, ReasonCode::TlsOurs, Reach::Reached));
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let untrusted = refused(&to("localhost", root("other.pem", &other.cert.pem()))).await;
    assert_eq!(untrusted.kind(), Kind::Tls, "{untrusted}");
}

async fn fails(session: &mut Session, sql: &'static str) -> PgError {
    session.read(&Sql::constant(sql)).await.unwrap_err()
}

async fn works(session: &mut Session) {
    let row = session.read_one(&Sql::constant("SELECT 41 + 1 AS n")).await.unwrap();
    assert_eq!(row.count("n").unwrap(), 42);
}

#[tokio::test]
async fn what_the_server_refuses_leaves_the_session_usable() {
    let database = Database::new().await;
    let target =
        database.role("CREATE SCHEMA closed; CREATE TABLE closed.t (); CREATE TABLE t ()").await;
    let mut session = session(&target).await;
    for (sql, kind, sqlstate) in [
        ("SELECT 1 FROM no_such_table", Kind::NoTable, "42P01"),
        ("SELECT 1 FROM no_such_schema.t", Kind::NoTable, "42P01"),
        ("SELECT 'no_such_schema.t'::regclass", Kind::NoSchema, "3F000"),
        ("SELECT no_such_column FROM pg_class", Kind::NoColumn, "42703"),
        ("SELECT 1 FROM t", Kind::NoPermission, "42501"),
        ("SELECT 1 FROM closed.t", Kind::NoPermission, "42501"),
        ("SELECT no_such_function()", Kind::Query, "42883"),
        ("SELECT pg_sleep(20)", Kind::StatementTimeout, "57014"),
        ("CREATE TABLE never ()", Kind::Query, "25006"),
    ] {
        let error = fails(&mut session, sql).await;
        assert_eq!((error.kind(), error.sqlstate()), (kind, Some(sqlstate)), "{sql}: {error}");
        works(&mut session).await;
    }
}

#[tokio::test]
async fn a_lock_is_not_waited_for() {
    let database = Database::new().await;
    database.run("CREATE TABLE t ()").await;
    let mut holder = Client::open(&database.target).await;
    holder.run("BEGIN; ALTER TABLE t ADD COLUMN a int").await;
    let mut session = database.session().await;
    let began = Instant::now();
    let error = fails(&mut session, "SELECT 1 FROM t").await;
    assert_eq!((error.kind(), error.sqlstate()), (Kind::LockTimeout, Some("55P03")));
    assert!(began.elapsed() < Duration::from_millis(3000));
    works(&mut session).await;
}

#[tokio::test]
async fn a_session_that_the_server_ends_is_not_asked_again() {
    let database = Database::new().await;
    let mut session = database.session().await;
    works(&mut session).await;
    database
        .run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE application_name = 'parky-ops' AND datname = current_database()",
        )
        .await;
    let first = fails(&mut session, "SELECT 1").await;
    assert!(matches!(first.kind(), Kind::StartingUp | Kind::Lost), "{first}");
    let later = fails(&mut session, "SELECT 1").await;
    assert_eq!(later.reason().1, ReasonCode::NotTried);
    session.close().await;
}

/// Passes bytes on to the server until it is told to hold them back.
async fn stalling_proxy(port: u16) -> (u16, std::sync::Arc<std::sync::atomic::AtomicBool>) {
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::io::AsyncReadExt as _;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().port();
    let stalled = std::sync::Arc::new(AtomicBool::new(false));
    let stall = stalled.clone();
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let server = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
            (client.into_split(), server.into_split());
        tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = from_server.read(&mut buffer).await {
            if !stall.load(Ordering::Relaxed) {
                to_client.write_all(&buffer[..n]).await.unwrap();
            }
        }
    });
    (own, stalled)
}

#[tokio::test]
async fn an_answer_that_never_comes_breaks_the_session() {
    let (port, stalled) = stalling_proxy(Cluster::shared().port).await;
    let mut session = session(&Target { port, ..Cluster::shared().target("postgres") }).await;
    works(&mut session).await;
    stalled.store(true, std::sync::atomic::Ordering::Relaxed);
    let sql = Sql::constant("SELECT 1");
    let silent = session.read_within(&sql, Duration::from_millis(300)).await.unwrap_err();
    assert_eq!(silent.reason(), (State::Red, ReasonCode::Timeout, Reach::Reached));
    let later = session.read(&sql).await.unwrap_err();
    assert_eq!(later.reason(), (State::Unknown, ReasonCode::NotTried, Reach::Reached));
    assert!(later.to_string().contains("said nothing"), "{later}");
}

#[tokio::test]
async fn past_the_deadline_nothing_is_asked() {
    let target = Database::new().await.target;
    let deadline = Instant::now() + Duration::from_secs(3);
    let limits = Limits { deadline, ..soon() };
    let mut session = Session::connect(&target, &Redactor::default(), limits).await.unwrap();
    tokio::time::sleep_until(deadline - Duration::from_millis(50)).await;
    let error = fails(&mut session, "SELECT 1").await;
    assert_eq!(error.kind(), Kind::OutOfTime);
}

#[tokio::test]
async fn values_are_read_strictly() {
    let mut session = Database::new().await.session().await;
    let row = session
        .read_one(&Sql::constant(
            "SELECT -7::int8 AS i, 1.5::float8 AS f, true AS yes, false AS no, 'é\u{1b}' AS t,
                    NULL::int8 AS none, '{\"a\": 1}'::json AS j, 'maybe' AS word,
                    '2026-11-21T18:55:00.250000Z' AS at",
        ))
        .await
        .unwrap();
    assert_eq!(row.int("i").unwrap(), Some(-7));
    assert_eq!(row.float("f").unwrap(), Some(1.5));
    assert_eq!((row.bool("yes").unwrap(), row.bool("no").unwrap()), (Some(true), Some(false)));
    assert_eq!(row.text("t").unwrap().as_deref(), Some("é\u{1b}"));
    assert_eq!(row.int("none").unwrap(), None);
    assert_eq!(row.json::<serde_json::Value>("j").unwrap().unwrap()["a"], 1);
    assert_eq!(row.time("at").unwrap().unwrap().timestamp_millis(), 1_795_287_300_250);
    for error in [
        row.int("word").unwrap_err(),
        row.float("word").unwrap_err(),
        row.bool("word").unwrap_err(),
        row.time("word").unwrap_err(),
        row.json::<u64>("j").unwrap_err(),
        row.count("i").unwrap_err(),
        row.count("none").unwrap_err(),
        row.text("no_such_column").unwrap_err(),
    ] {
        assert_eq!(error.reason().1, ReasonCode::Unreadable, "{error}");
    }
}

#[tokio::test]
async fn quoted_values_come_back_as_they_went() {
    let mut session = Database::new().await.session().await;
    for text in ["it's", r"back\slash", r"\'; DROP TABLE x; --", "{v}", "決済\u{1f600}", ""] {
        let (value, name) = (Quoted::literal(text), Quoted::ident(&format!("{text}\"x")));
        let sql = Sql::fill("SELECT {v} AS v, 1 AS {n}", &[("v", &value), ("n", &name)]);
        let row = session.read_one(&sql).await.unwrap();
        assert_eq!(row.text("v").unwrap().as_deref(), Some(text));
        assert_eq!(row.int(&format!("{text}\"x")).unwrap(), Some(1));
    }
    let closed = Sql::fill("SELECT 1 AS n WHERE 'a' IN {v}", &[("v", &Quoted::list([]))]);
    assert!(session.read(&closed).await.unwrap().is_empty());
}

/// The way that breaks named statements: many clients, few servers, answers that differ.
#[tokio::test]
async fn behind_a_transaction_pooler_every_answer_is_ones_own() {
    let database = Database::new().await;
    let bouncer = Bouncer::start(database.target.port, 2);
    let target = Target { port: bouncer.port, ..database.target.clone() };
    let clients = (0..16).map(|client| {
        let target = target.clone();
        async move {
            let mut session = session(&target).await;
            for turn in 0..25 {
                let own = format!("{client}/{turn}");
                let value = Quoted::literal(&own);
                let sql = Sql::fill("SELECT {own} AS own, pg_sleep(0.001)", &[("own", &value)]);
                let row = session.read_one(&sql).await.unwrap();
                assert_eq!(row.text("own").unwrap().as_deref(), Some(own.as_str()));
                if turn % 5 == 0 {
                    let error = fails(&mut session, "SELECT 1 / 0").await;
                    assert_eq!(error.sqlstate(), Some("22012"));
                }
            }
            session.close().await;
        }
    });
    futures_util::future::join_all(clients).await;

    // Nothing of ours stays on the servers that the pooler hands to others.
    let mut after = session(&target).await;
    let row = after
        .read_one(&Sql::constant(
            "SELECT (SELECT count(*) FROM pg_prepared_statements) AS prepared,
                    (SELECT reset_val FROM pg_settings WHERE name = 'statement_timeout') AS reset",
        ))
        .await
        .unwrap();
    assert_eq!(row.count("prepared").unwrap(), 0);
    assert_eq!(row.text("reset").unwrap().as_deref(), Some("0"));
}

#[tokio::test]
async fn the_pooler_refuses() {
    let database = Database::new().await;
    let bouncer = Bouncer::start(database.target.port, 2);
    let through = Target { port: bouncer.port, ..database.target.clone() };
    let wrong = Target { password: Some("a-wrong-one".into()), ..through.clone() };
    assert_eq!(refused(&wrong).await.kind(), Kind::Credential);

    let dead = Bouncer::start(free_port(), 1);
    let error = refused(&Target { port: dead.port, ..through }).await;
    assert_eq!(error.reason().0, State::Red, "{error}");
}

#[tokio::test]
async fn the_server_sees_our_name_and_no_named_statement() {
    let database = Database::new().await;
    let mut session = database.session().await;
    let row = session
        .read_one(&Sql::constant(
            "SELECT current_setting('application_name') AS app,
                    current_setting('transaction_read_only') AS read_only,
                    current_setting('lock_timeout') AS lock_timeout,
                    (SELECT count(*) FROM pg_prepared_statements) AS prepared",
        ))
        .await
        .unwrap();
    assert_eq!(row.text("app").unwrap().as_deref(), Some("parky-ops"));
    assert_eq!(row.text("read_only").unwrap().as_deref(), Some("on"));
    assert_eq!(row.text("lock_timeout").unwrap().as_deref(), Some("500ms"));
    assert_eq!(row.count("prepared").unwrap(), 0);
}
