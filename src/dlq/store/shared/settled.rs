//! Which rows the shared store has settled, read on a session that is open already: one read.

use super::super::StoreError;
use super::super::ending::words;
use super::access::{Access, Schema};
use super::items;
use super::schema::SCHEMA_VERSION;
use crate::dlq::{FailureId, ItemState};
use crate::domain::EnvName;
use crate::postgres::{Quoted, Row, Session, Sql};

/// One row at least, for what the schema says of itself.
const SETTLED: &str = "
SELECT m.env, m.version,
       has_table_privilege('parky_ops.replay_item', 'INSERT') AS may_write,
       pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' AS read_only,
       i.failure_id, i.state
FROM (SELECT max(value) FILTER (WHERE key = 'env') AS env,
             max(value) FILTER (WHERE key = 'schema_version') AS version FROM parky_ops.meta) m
LEFT JOIN (SELECT failure_id, state FROM parky_ops.replay_item
           WHERE state IN {settled} ORDER BY updated_at DESC LIMIT {most}) i ON true";

/// What the shared store tells.
#[derive(Debug)]
pub struct Told {
    /// The settled rows, newest change first.
    pub settled: Vec<(FailureId, ItemState)>,
    /// This role's own replays are kept in the local store.
    pub local_too: bool,
}

/// Reads at most `most` settled rows. The role has to be able to read the schema.
///
/// # Errors
/// What the database says; a schema that is no use for `env`.
pub async fn settled(session: &mut Session, env: &EnvName, most: u32) -> Result<Told, StoreError> {
    let states = ItemState::ALL.into_iter().filter(|state| state.is_settled());
    let values = [
        ("settled", &Quoted::list(words(&states.collect::<Vec<_>>()))),
        ("most", &Quoted::int(most)),
    ];
    let rows = session.read(&Sql::fill(SETTLED, &values)).await?;
    let access = access(rows.first())?;
    access.check(env)?;
    let settled = rows.iter().filter(|row| row.text("failure_id").is_ok_and(|id| id.is_some()));
    let settled = settled.map(|row| Ok((items::id(row)?, items::state(row)?)));
    Ok(Told {
        settled: settled.collect::<Result<_, StoreError>>()?,
        local_too: access.why_local().is_some(),
    })
}

fn access(row: Option<&Row>) -> Result<Access, StoreError> {
    let row = row.ok_or(StoreError::NoSchema)?;
    let yes = |column| Ok::<_, StoreError>(row.bool(column)?.unwrap_or_default());
    let version = row.text("version")?.map(|text| text.parse().unwrap_or(i64::MAX));
    Ok(Access {
        schema: match version {
            None => Schema::Missing,
            Some(version) if version > SCHEMA_VERSION => Schema::Newer { version },
            Some(version) => Schema::Ours { version },
        },
        stamped: row.text("env")?,
        delivered_status: None,
        may_write: yes("may_write")?,
        may_create_schema: false,
        may_update_table: false,
        read_only_server: yes("read_only")?,
    })
}
