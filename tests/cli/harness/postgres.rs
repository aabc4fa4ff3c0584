//! A second client of a site's database: it does what users and migrations do to it.

use std::time::Duration;

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

/// The database URL of a site, to be led somewhere else.
pub(crate) fn database_url(site: &Site) -> Url {
    site.sandbox().database_url().expose_secret().parse().expect("a URL")
}
