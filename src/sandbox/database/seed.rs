//! Makes the table and its rows, over one connection and in one round trip.

use std::net::SocketAddr;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};

use super::DeadLetter;
use crate::dlq::store::shared::schema_sql;
use crate::domain::EnvName;

const TABLE: &str = include_str!("seed.sql");
/// How long the whole seeding may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// Who connects, and to what.
pub(super) struct Login<'a> {
    pub(super) address: SocketAddr,
    pub(super) user: &'a str,
    pub(super) password: &'a str,
}

impl Login<'_> {
    fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host(&self.address.ip().to_string())
            .port(self.address.port())
            .username(self.user)
            .password(self.password)
            .database("postgres")
            .ssl_mode(PgSslMode::Disable)
    }

    /// Connects once.
    pub(super) async fn connect(&self) -> sqlx::Result<PgConnection> {
        PgConnection::connect_with(&self.options()).await
    }
}

/// Runs the table, `rows`, `more`, and then the replay's ledger for `responder`, through `connection`,
/// and leaves. What an engine adds goes into `more`: roles and their rights.
pub(super) async fn seed(
    mut connection: PgConnection,
    rows: &[DeadLetter],
    more: &str,
    responder: &str,
) -> sqlx::Result<()> {
    let ledger = schema_sql(&EnvName::prod(), &[responder.to_owned()], None);
    let script = script(rows, &format!("{more}\n{ledger}"));
    let work = async {
        sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut connection).await?;
        connection.close().await
    };
    tokio::time::timeout(DEADLINE, work).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

fn script(rows: &[DeadLetter], more: &str) -> String {
    // Only our own rows come here, and none of them holds the closing quote.
    let json = serde_json::json!(rows).to_string();
    format!(
        "BEGIN;\n{TABLE}\n\
         INSERT INTO admin.notification_failures (attempted_at, channel, severity, title, http_status, \
             retry_count, error_message, fallback_email_sent, status, payload) \
         SELECT attempted_at, channel, severity, title, http_status, retry_count, error_message, \
             fallback_email_sent, status, payload::jsonb \
         FROM jsonb_to_recordset($rows${json}$rows$) AS t(attempted_at timestamptz, \
             channel text, severity text, title text, http_status int, retry_count int, \
             error_message text, fallback_email_sent boolean, status text, payload text) \
         ORDER BY attempted_at;\n{more}\nCOMMIT;\n\
         ANALYZE admin.notification_failures;"
    )
}
