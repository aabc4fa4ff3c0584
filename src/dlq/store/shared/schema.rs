//! The schema `parky_ops`: the SQL that makes it, and who it belongs to.
//!
//! The statements do nothing where everything is there already. They refuse by themselves where a
//! newer program or another environment owns the schema, so that printed SQL is as safe in `psql`.

use std::time::Duration;

use super::super::StoreError;
use super::super::ending::words;
use super::SharedStore;
use crate::dlq::ItemState;
use crate::domain::{Consent, EnvName};
use crate::postgres::{Quoted, Sql};

/// The version that this program writes.
pub const SCHEMA_VERSION: i64 = 1;

/// Long enough for the indexes of tables that are full already.
const INIT_LIMIT: Duration = Duration::from_secs(60);

const TABLES: &str = include_str!("schema.sql");

/// Two at once wait for each other instead of failing on each other's names; the number is the
/// program's own ("parky").
const GUARD: &str = "
SELECT pg_advisory_xact_lock(482803606137);
DO $guard$
DECLARE
  found text;
BEGIN
  IF to_regclass('parky_ops.meta') IS NULL THEN
    RETURN;
  END IF;
  EXECUTE 'SELECT value FROM parky_ops.meta WHERE key = ''schema_version''' INTO found;
  IF found::bigint > {version} THEN
    RAISE EXCEPTION 'schema parky_ops is of version %, this program knows up to {version}', found;
  END IF;
  EXECUTE 'SELECT value FROM parky_ops.meta WHERE key = ''env''' INTO found;
  IF found <> {env} THEN
    RAISE EXCEPTION 'schema parky_ops is stamped for %', found;
  END IF;
END
$guard$;
";

const STAMP: &str = "
INSERT INTO parky_ops.meta (key, value) VALUES ('env', {env}) ON CONFLICT (key) DO NOTHING;
INSERT INTO parky_ops.meta (key, value) VALUES ('schema_version', {version})
  ON CONFLICT (key) DO UPDATE SET value = excluded.value;
";

const MARK: &str = "
INSERT INTO parky_ops.meta (key, value) VALUES ('delivered_status', {status})
  ON CONFLICT (key) DO UPDATE SET value = excluded.value;
";
const NO_MARK: &str = "
DELETE FROM parky_ops.meta WHERE key = 'delivered_status';
";

/// What a responder's role needs. `DELETE` only where a row means that somebody holds something.
const GRANT: &str = "
GRANT USAGE ON SCHEMA parky_ops TO {role};
GRANT SELECT ON parky_ops.meta TO {role};
GRANT SELECT, INSERT, UPDATE ON parky_ops.replay_run, parky_ops.replay_item,
  parky_ops.replay_selection, parky_ops.replay_attempt, parky_ops.lane_lease TO {role};
GRANT DELETE ON parky_ops.lane_lease TO {role};
";

/// The statements of `dlq init`, for one transaction: the schema, its stamp, and the rights of
/// `grants` (roles). `delivered_status`: the word that a delivered row of the team's table gets.
pub fn schema_sql(env: &EnvName, grants: &[String], delivered_status: Option<&str>) -> String {
    let version = Quoted::int(SCHEMA_VERSION);
    let env = Quoted::literal(env.as_str());
    let states = Quoted::list(words(&ItemState::ALL));
    let written = Quoted::literal(&SCHEMA_VERSION.to_string());
    let mut parts = vec![
        Sql::fill(GUARD, &[("version", &version), ("env", &env)]),
        Sql::fill(TABLES, &[("states", &states)]),
        Sql::fill(STAMP, &[("version", &written), ("env", &env)]),
        match delivered_status {
            Some(status) => Sql::fill(MARK, &[("status", &Quoted::literal(status))]),
            None => Sql::constant(NO_MARK),
        },
    ];
    parts.extend(grants.iter().map(|role| Sql::fill(GRANT, &[("role", &Quoted::ident(role))])));
    parts.iter().map(|part| part.as_str().trim_start_matches('\n')).collect::<Vec<_>>().join("\n")
}

impl SharedStore {
    /// Makes the schema, or what is missing of it, and stamps it for this store's environment.
    ///
    /// # Errors
    /// [`StoreError::Newer`], [`StoreError::OtherEnv`], and what the server refuses.
    pub async fn init(
        &mut self,
        _consent: &Consent,
        grants: &[String],
        delivered_status: Option<&str>,
    ) -> Result<(), StoreError> {
        match self.access.check(&self.env) {
            Ok(()) | Err(StoreError::NoSchema) => {}
            Err(refusal) => return Err(refusal),
        }
        let text = schema_sql(&self.env, grants, delivered_status);
        let sql = Sql::made(text.trim_end().trim_end_matches(';'));
        self.run_init(&sql, INIT_LIMIT).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words_are_quoted() {
        let env = EnvName::prod();
        let sql = schema_sql(&env, &["on\"call".to_owned()], Some("it's"));
        assert!(sql.contains(r#"TO "on""call";"#), "{sql}");
        assert!(sql.contains("'delivered_status', E'it''s'"), "{sql}");
        for hole in ["{states}", "{version}", "{env}", "{status}", "{role}"] {
            assert!(!sql.contains(hole), "{hole}");
        }
    }

    #[test]
    fn the_check_holds_every_state() {
        let sql = schema_sql(&EnvName::prod(), &[], None);
        for state in ItemState::ALL {
            assert!(sql.contains(&format!("E'{state}'")), "{state}");
        }
    }

    #[test]
    fn the_team_s_tables_are_not_touched() {
        let sql = schema_sql(&EnvName::prod(), &["oncall".to_owned()], None);
        for line in sql.lines().filter(|line| line.starts_with("CREATE TABLE")) {
            assert!(line.contains(" parky_ops."), "{line}");
        }
        assert!(!sql.contains("ALTER") && !sql.contains("DROP"), "{sql}");
    }
}
