//! A native database that is nearly full, and in which sessions wait for each other: real sessions,
//! real locks, the server's real limit.
//!
//! At the root sits a session in an open transaction. Behind it stand two that hold a row and want
//! the next one, one that only wants, an `ALTER TABLE`, and readers behind that. When the root goes,
//! all of them get what they wait for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};
use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};

use super::seed::Login;
use super::{DatabaseError, native};
use crate::sandbox::fake;
use crate::sandbox::server::Stage;

/// How long it may take until everybody stands where they should.
const DEADLINE: Duration = Duration::from_secs(60);
/// Connections that the server keeps for its superusers.
const RESERVED: u16 = 3;
/// The share of the others that is taken; the one that looks is one more, and beyond 90 %.
const PERCENT: u16 = 91;
/// The role of the API.
const ROLE: &str = "parky_api";
/// Readers behind the `ALTER TABLE`.
const READERS: usize = 5;
/// Sessions that wait in the end: two with a row, one without, the `ALTER TABLE`, the readers.
const WAITING: i64 = 4 + READERS as i64;

/// Sessions of the API; they leave with this value.
pub(super) struct Crowd {
    _leave: watch::Sender<()>,
}

impl Crowd {
    /// Fills the server at `address`, whose superuser has `admin` as password. Blocks, and must not
    /// be called inside a runtime.
    pub(super) fn gather(
        stage: &Arc<Stage>,
        address: SocketAddr,
        admin: SecretString,
        max_connections: u16,
    ) -> Result<Self, DatabaseError> {
        let password = fake::secret("", 32)?;
        let (leave, left) = watch::channel(());
        let (done, ready) = oneshot::channel();
        let sessions = usize::from(max_connections.saturating_sub(RESERVED) * PERCENT / 100);
        stage.spawn(async move {
            let place = Place { address, password, left };
            let filled = timeout(DEADLINE, place.fill(&admin, sessions)).await;
            // Whoever waited for it may be gone.
            let _ = done.send(filled.unwrap_or(Err(sqlx::Error::PoolTimedOut)));
        });
        let filled = ready.blocking_recv().unwrap_or(Err(sqlx::Error::WorkerCrashed));
        filled?;
        Ok(Self { _leave: leave })
    }
}

struct Place {
    address: SocketAddr,
    password: SecretString,
    left: watch::Receiver<()>,
}

impl Place {
    async fn fill(&self, admin: &SecretString, sessions: usize) -> sqlx::Result<()> {
        self.prepare(admin).await?;
        let crowd = (0..sessions.saturating_sub(1)).map(|n| self.connect(Self::name(n)));
        let mut crowd = try_join_all(crowd).await?;
        let mut observer = self.connect("api").await?;
        let mut next = || crowd.pop().ok_or(sqlx::Error::PoolClosed);

        let mut root = next()?;
        run(&mut root, "BEGIN; UPDATE reservations SET state = 'held' WHERE id = 1").await?;
        self.stay(root, "");
        for (own, wants) in [
            (
                "BEGIN; UPDATE reservations SET state = 'paid' WHERE id = 2",
                "UPDATE reservations SET state = 'paid' WHERE id = 1; COMMIT",
            ),
            (
                "BEGIN; UPDATE reservations SET state = 'left' WHERE id = 3",
                "UPDATE reservations SET state = 'left' WHERE id = 2; COMMIT",
            ),
            ("SELECT 1", "UPDATE reservations SET state = 'open' WHERE id = 3"),
        ] {
            let mut session = next()?;
            run(&mut session, own).await?;
            self.stay(session, wants);
        }
        until_waiting(&mut observer, 3).await?;
        self.stay(next()?, "ALTER TABLE reservations ADD COLUMN note text");
        until_waiting(&mut observer, 4).await?;
        for _ in 0..READERS {
            self.stay(next()?, "SELECT count(*) FROM reservations WHERE state = 'open'");
        }
        until_waiting(&mut observer, WAITING).await?;
        crowd.into_iter().chain([observer]).for_each(|session| self.stay(session, ""));
        Ok(())
    }

    /// The application of the `n`th session, of which the last one is taken first.
    fn name(n: usize) -> &'static str {
        ["api", "store-sync", "admin"][n % 3]
    }

    async fn prepare(&self, admin: &SecretString) -> sqlx::Result<()> {
        let login =
            Login { address: self.address, user: native::ADMIN, password: admin.expose_secret() };
        let mut session = login.connect().await?;
        // The password is made of letters and digits.
        let sql = format!(
            "CREATE ROLE {ROLE} LOGIN PASSWORD '{}';
             CREATE TABLE reservations (id int PRIMARY KEY, spot text NOT NULL, state text NOT NULL);
             INSERT INTO reservations
               SELECT n, 'P-' || n, 'open' FROM generate_series(1, 100) AS n;
             ALTER TABLE reservations OWNER TO {ROLE}",
            self.password.expose_secret()
        );
        run(&mut session, &sql).await?;
        sqlx::Connection::close(session).await
    }

    async fn connect(&self, app: &str) -> sqlx::Result<PgConnection> {
        PgConnectOptions::new_without_pgpass()
            .host(&self.address.ip().to_string())
            .port(self.address.port())
            .username(ROLE)
            .password(self.password.expose_secret())
            .database("postgres")
            .ssl_mode(PgSslMode::Disable)
            .application_name(app)
            .connect()
            .await
    }

    /// Lets a session run `sql`, if anything, and then sit there until everybody leaves.
    fn stay(&self, mut session: PgConnection, sql: &'static str) {
        let mut left = self.left.clone();
        tokio::spawn(async move {
            let sit = async {
                if !sql.is_empty() {
                    // It may be ended by whoever looks at it, which is what it is there for.
                    let _ = run(&mut session, sql).await;
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                () = sit => {}
                // An error is what is waited for: the other end is gone.
                _ = left.changed() => {}
            }
        });
    }
}

async fn run(session: &mut PgConnection, sql: &str) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(session).await.map(drop)
}

/// Looks until so many sessions wait for a lock.
async fn until_waiting(observer: &mut PgConnection, wanted: i64) -> sqlx::Result<()> {
    loop {
        let sql = "SELECT count(DISTINCT pid)::text FROM pg_locks WHERE NOT granted";
        let row = sqlx::raw_sql(sql).fetch_one(&mut *observer).await?;
        let waiting: String = row.try_get(0)?;
        if waiting.parse() == Ok(wanted) {
            return Ok(());
        }
        sleep(Duration::from_millis(5)).await;
    }
}
