//! The engines, started for real.

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::postgres::{PgConnection, PgDatabaseError};

use super::*;

fn settings(engine: Engine) -> Settings {
    Settings { engine, vars: Vars::of_the_process(), max_connections: 20, crowd: false }
}

fn serves() -> DatabaseFacts {
    DatabaseFacts::Serves(settled_letters(chrono::DateTime::UNIX_EPOCH))
}

fn start(engine: Engine) -> Database {
    Database::start(&Stage::start().unwrap(), &serves(), &settings(engine)).unwrap()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

async fn connect(database: &Database) -> sqlx::Result<PgConnection> {
    PgConnection::connect(database.url().expose_secret()).await
}

async fn ask(connection: &mut PgConnection, sql: &'static str) -> String {
    let row = sqlx::raw_sql(sql).fetch_one(connection).await.unwrap();
    sqlx::Row::get(&row, 0)
}

fn sqlstate(error: &sqlx::Error) -> String {
    let answered = error.as_database_error().expect("an answer of the database");
    answered.downcast_ref::<PgDatabaseError>().code().to_owned()
}

fn gone(pid: u32) -> bool {
    // A process that was reaped has no entry; one that was not is a zombie, and harmless.
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')),
        Err(_) => true,
    }
}

fn eventually(what: impl Fn() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(15);
    while !what() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    what()
}

fn cluster() -> Cluster {
    let bin = binaries::find(&Vars::of_the_process()).expect("PostgreSQL's server programs");
    Cluster::start(&bin, &[], &settings(Engine::Native)).unwrap()
}

#[test]
fn a_native_cluster_leaves_nothing_behind() {
    let cluster = cluster();
    let (pid, folder) = (cluster.pid(), cluster.folder());
    assert!(!gone(pid) && folder.is_dir());
    drop(cluster);
    assert!(gone(pid) && !folder.exists());
}

#[test]
fn a_native_cluster_goes_with_a_session_still_open() {
    let cluster = cluster();
    let (pid, folder) = (cluster.pid(), cluster.folder());
    let url = url(native::USER, &cluster.password, cluster.address);
    block_on(async {
        let session = PgConnection::connect(url.expose_secret()).await.unwrap();
        drop(cluster);
        drop(session);
    });
    assert!(gone(pid) && !folder.exists());
}

/// What the helper says when its cluster is up; its pid and folder follow.
const UP: &str = "cluster is up: ";

#[test]
#[ignore = "is started and killed by the next test"]
fn helper_that_is_killed() {
    let cluster = cluster();
    let line = format!("\n{UP}{} {}\n", cluster.pid(), cluster.folder().display());
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn a_native_cluster_goes_when_we_are_killed_hard() {
    let mut helper = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("sandbox::database::tests::helper_that_is_killed")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(helper.stdout.take().unwrap()).lines();
    let line = lines.find_map(|line| Some(line.unwrap().strip_prefix(UP)?.to_owned())).unwrap();
    let (pid, folder) = line.split_once(' ').unwrap();
    let (pid, folder) = (pid.parse().unwrap(), Path::new(folder));
    assert!(!gone(pid) && folder.is_dir());

    helper.kill().unwrap();
    helper.wait().unwrap();
    assert!(eventually(|| gone(pid)), "the server still runs");
    assert!(eventually(|| !folder.exists()), "its files are still there");
}

#[test]
fn the_native_user_is_no_superuser_and_sees_what_a_monitor_sees() {
    let database = start(Engine::Native);
    block_on(async {
        let mut session = connect(&database).await.unwrap();
        let sql = "select concat_ws(' ', current_user, rolsuper, pg_has_role('pg_monitor', 'usage'), \
                   has_table_privilege('admin.notification_failures', 'update'), \
                   current_setting('max_connections')) \
                   from pg_roles where rolname = current_user";
        assert_eq!(ask(&mut session, sql).await, "parky f t t 20");
        let mut second = connect(&database).await.unwrap();
        let sql = "select count(*)::text from admin.notification_failures where payload ? 'embeds'";
        assert_eq!(ask(&mut second, sql).await, "6");
    });
}

#[test]
fn a_wrong_password_is_refused_by_the_native_engine() {
    let cluster = cluster();
    let wrong = url(native::USER, &"wrong".to_owned().into(), cluster.address);
    let error = block_on(PgConnection::connect(wrong.expose_secret())).unwrap_err();
    assert_eq!(sqlstate(&error), "28P01");
}

#[test]
fn the_embedded_engine_serves_several_clients_a_transaction_at_a_time() {
    let database = start(Engine::Embedded);
    block_on(async {
        let mut first = connect(&database).await.unwrap();
        let mut second = connect(&database).await.unwrap();
        let sql = "select count(*)::text from admin.notification_failures";
        assert_eq!(ask(&mut first, sql).await, "6");
        assert_eq!(ask(&mut second, sql).await, "6");
        assert_eq!(ask(&mut first, sql).await, "6");

        // One that leaves in the middle of a transaction, without a word, is rolled back.
        let begun = "begin; delete from admin.notification_failures";
        sqlx::raw_sql(begun).execute(&mut second).await.unwrap();
        drop(second);
        assert_eq!(ask(&mut first, sql).await, "6");
        first.close().await.unwrap();
        let mut last = connect(&database).await.unwrap();
        assert_eq!(ask(&mut last, sql).await, "6");
    });
    assert!(database.engine().contains("one transaction at a time (as asked)"));
}

#[test]
fn the_embedded_engine_survives_clients_that_talk_nonsense() {
    let database = start(Engine::Embedded);
    let url = url::Url::parse(database.url().expose_secret()).unwrap();
    for nonsense in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\0\0\0\x08\x04\xd2\x16\x2e", b"\0", b""] {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", url.port().unwrap())).unwrap();
        std::io::Write::write_all(&mut stream, nonsense).unwrap();
    }
    block_on(async {
        let mut session = connect(&database).await.unwrap();
        assert_eq!(ask(&mut session, "select 'here'").await, "here");
    });
}

#[test]
fn the_embedded_engine_goes_with_a_session_still_open() {
    let database = start(Engine::Embedded);
    block_on(async {
        let mut session = connect(&database).await.unwrap();
        assert_eq!(ask(&mut session, "select 'here'").await, "here");
        let asked = Instant::now();
        drop(database);
        assert!(asked.elapsed() < Duration::from_secs(4), "it waited for the client");
    });
}

#[test]
fn without_programs_auto_takes_the_embedded_engine_and_says_why() {
    let nowhere = tempfile::tempdir().unwrap();
    let vars = Vars::from_iter([("PARKY_OPS_PG_BIN", nowhere.path().to_str().unwrap())]);
    let settings =
        |engine| Settings { engine, vars: vars.clone(), max_connections: 20, crowd: false };
    let stage = Stage::start().unwrap();
    let error = Database::start(&stage, &serves(), &settings(Engine::Native)).unwrap_err();
    assert!(matches!(error, DatabaseError::NoPrograms(_)), "{error}");
    let database = Database::start(&stage, &serves(), &settings(Engine::Auto)).unwrap();
    assert!(database.engine().starts_with("embedded PostgreSQL 17"), "{}", database.engine());
    assert!(database.engine().contains("PARKY_OPS_PG_BIN"), "{}", database.engine());
}

#[test]
fn a_program_that_fails_is_quoted() {
    let bin = tempfile::tempdir_in("/tmp").unwrap();
    let share = |path: &Path| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(path, mode).unwrap();
    };
    share(bin.path());
    for program in ["initdb", "postgres"] {
        let path = bin.path().join(program);
        std::fs::write(&path, "#!/bin/sh\necho 'disk on \u{1b}[31mfire' >&2\nexit 1\n").unwrap();
        share(&path);
    }
    let error = Cluster::start(bin.path(), &[], &settings(Engine::Native)).err().unwrap();
    assert_eq!(error.to_string(), "initdb failed: disk on \\u{1b}[31mfire");
}

#[test]
fn a_database_that_plays_dead_or_deaf_needs_no_engine() {
    let stage = Stage::start().unwrap();
    let start = |facts| Database::start(&stage, &facts, &settings(Engine::Auto)).unwrap();
    let (closed, deaf) = (start(DatabaseFacts::Refuses), start(DatabaseFacts::BadPassword));
    block_on(async {
        let error = connect(&closed).await.unwrap_err();
        assert!(
            matches!(&error, sqlx::Error::Io(io) if io.kind() == io::ErrorKind::ConnectionRefused)
        );
        let error = connect(&deaf).await.unwrap_err();
        assert_eq!(sqlstate(&error), "28P01");
        assert!(error.to_string().contains("failed for user \"parky\""), "{error}");
    });
}

#[test]
fn the_password_is_in_no_debug_output() {
    let database = start(Engine::Native);
    let url = url::Url::parse(database.url().expose_secret()).unwrap();
    let shown = format!("{database:?} {}", database.engine());
    assert!(!shown.contains(url.password().unwrap()), "{shown}");
}

#[test]
fn an_engine_is_read_by_its_word() {
    assert_eq!("native".parse(), Ok(Engine::Native));
    let error = "embeded".parse::<Engine>().unwrap_err();
    assert!(error.ends_with("did you mean 'embedded'?"), "{error}");
}
