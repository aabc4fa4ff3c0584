//! A second client of a site's database: it does what users and migrations do to it.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use url::Url;

use super::Site;

/// How long one statement may take.
const LIMIT: Duration = Duration::from_secs(30);

/// An open session; it lasts as long as this value, and so does its transaction.
pub(crate) struct PgClient {
    connection: PgConnection,
    runtime: Runtime,
}

impl PgClient {
    /// The superuser of a site with a native database.
    pub(crate) fn admin(site: &Site) -> Self {
        let url = site.sandbox().database_admin_url().expect("a native PostgreSQL");
        Self::open(url.expose_secret()).expect("a session of the superuser")
    }

    /// Whoever `url` names.
    pub(crate) fn open(url: &str) -> Result<Self, sqlx::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // A start-up parameter that PgBouncer refuses.
        let options = url.parse::<PgConnectOptions>()?.extra_float_digits(None);
        let connect = async { timeout(LIMIT, PgConnection::connect_with(&options)).await };
        let connection = runtime.block_on(connect).expect("connecting in time")?;
        Ok(Self { connection, runtime })
    }

    /// Runs statements, one after another.
    pub(crate) fn run(&mut self, sql: &str) {
        let run = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection);
        let run = async { timeout(LIMIT, run).await };
        self.runtime.block_on(run).expect("running in time").expect(sql);
    }

    /// The first column of the answer, which has to be text.
    pub(crate) fn texts(&mut self, sql: &str) -> Vec<String> {
        let read = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.connection);
        let read = async { timeout(LIMIT, read).await };
        let rows = self.runtime.block_on(read).expect("reading in time").expect(sql);
        let text = |row: &PgRow| row.try_get::<Option<String>, _>(0).expect(sql);
        rows.iter().map(|row| text(row).unwrap_or_default()).collect()
    }
}

impl PgClient {
    /// Its process on the server.
    pub(crate) fn pid(&mut self) -> i64 {
        self.one("SELECT pg_backend_pid()::text").parse().expect("a pid")
    }

    /// The one text that `sql` selects.
    pub(crate) fn one(&mut self, sql: &str) -> String {
        let read = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut self.connection);
        let read = async { timeout(LIMIT, read).await };
        let row = self.runtime.block_on(read).expect("reading in time").expect(sql);
        sqlx::Row::get(&row, 0)
    }

    /// Runs `sql` on a thread of its own; it may have to wait, and may be ended. Tells whether it was
    /// carried out; the session stays until that is heard.
    pub(crate) fn run_in_background(mut self, sql: &'static str) -> JoinHandle<(bool, Self)> {
        std::thread::spawn(move || {
            let run = sqlx::raw_sql(sql).execute(&mut self.connection);
            let done = self.runtime.block_on(run).is_ok();
            (done, self)
        })
    }

    /// Looks until so many sessions wait for a lock.
    pub(crate) fn until_waiting(&mut self, wanted: usize) {
        let sql = "SELECT count(DISTINCT pid)::text FROM pg_locks WHERE NOT granted";
        self.until_one(sql, &wanted.to_string());
    }

    /// Looks until the one text that `sql` selects is `wanted`.
    pub(crate) fn until_one(&mut self, sql: &str, wanted: &str) {
        let begun = Instant::now();
        while self.one(sql) != wanted {
            assert!(begun.elapsed() < LIMIT, "{}, not {wanted}: {sql}", self.one(sql));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Sessions that do nothing but take a connection each.
pub(crate) struct PgCrowd {
    _connections: Vec<PgConnection>,
    _runtime: Runtime,
}

impl PgCrowd {
    pub(crate) fn open(url: &str, sessions: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let options = url.parse::<PgConnectOptions>().unwrap();
        let all = (0..sessions).map(|_| PgConnection::connect_with(&options));
        let connections = runtime.block_on(futures_util::future::try_join_all(all));
        Self { _connections: connections.expect("so many sessions"), _runtime: runtime }
    }
}

/// The database URL of a site, to be led somewhere else.
pub(crate) fn database_url(site: &Site) -> Url {
    site.sandbox().database_url().expose_secret().parse().expect("a URL")
}
