//! Who holds the connections, counted by role, application and state.

use serde::Serialize;

use crate::checks::connections::{self, Connections};
use crate::postgres::{PgError, Row, Session, Sql};

/// A session that the role may not look into has no kind and no state; it counts all the same.
const HOLDERS: Sql = Sql::constant(
    "SELECT usename::text AS role, application_name AS app, state, count(*)::int8 AS n,
            max(extract(epoch FROM clock_timestamp() - xact_start))::float8 AS transaction_s,
            max(extract(epoch FROM clock_timestamp() - backend_start))::float8 AS session_s
     FROM pg_stat_activity
     WHERE backend_type = 'client backend' OR (backend_type IS NULL AND usename IS NOT NULL)
     GROUP BY 1, 2, 3 ORDER BY n DESC, 1, 2, 3 LIMIT 201",
);

/// Groups that are told one by one.
const SHOWN: usize = 200;

/// Sessions of one role, application and state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Holder {
    /// The role.
    pub role: Option<String>,
    /// The application name.
    pub app: Option<String>,
    /// The state; `None` where our role may not see it.
    pub state: Option<String>,
    /// How many.
    pub n: u64,
    /// Age of the oldest transaction among them in seconds.
    pub oldest_transaction_s: Option<f64>,
    /// Age of the oldest session among them in seconds.
    pub oldest_session_s: Option<f64>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Holders {
    /// Against the limit.
    pub connections: Connections,
    /// The largest group first.
    pub rows: Vec<Holder>,
    /// Whether there are more groups.
    pub more: bool,
}

/// Asks the server.
///
/// # Errors
/// As [`Session::read`].
pub async fn holders(session: &mut Session) -> Result<Holders, PgError> {
    let connections = connections::facts(session).await?;
    let found = session.read(&HOLDERS).await?;
    let rows = found.iter().take(SHOWN).map(holder).collect::<Result<_, _>>()?;
    Ok(Holders { connections, rows, more: found.len() > SHOWN })
}

fn holder(row: &Row) -> Result<Holder, PgError> {
    let seconds = |column| Ok::<_, PgError>(row.float(column)?.map(|seconds| seconds.max(0.0)));
    Ok(Holder {
        role: row.text("role")?,
        app: row.text("app")?,
        state: row.text("state")?,
        n: row.count("n")?,
        oldest_transaction_s: seconds("transaction_s")?,
        oldest_session_s: seconds("session_s")?,
    })
}
