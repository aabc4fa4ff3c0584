//! The plan of a way back of the database: the newest migrations, the files that undo them, the locks
//! that those would take, and who would be in the way now. Reads only: it never runs any of it.

use std::path::Path;

use serde::Serialize;
use tokio::time::Instant;

use super::migrations::{self, Migration};
use super::statements::{Strong, strong};
use crate::checks::World;
use crate::checks::locks::{self, Blocked};
use crate::domain::text;
use crate::postgres::{Limits, PgError, Session, Sql};

/// Where the Supabase CLI keeps what it has applied.
const APPLIED: Sql = Sql::constant(
    "SELECT version::text AS version, coalesce(name::text, '') AS name \
     FROM supabase_migrations.schema_migrations ORDER BY version DESC LIMIT 10",
);

/// A migration, as far as the database and the checkout tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its version: the digits of its file's name.
    pub version: String,
    /// Its name.
    pub name: String,
    /// Whether the database says that it is applied; `None` where it could not be asked.
    pub applied: Option<bool>,
    /// Its file in the checkout.
    pub file: Option<String>,
    /// The file that undoes it.
    pub down: Option<String>,
    /// Strong locks that undoing it would take.
    pub locks: Vec<Strong>,
}

/// The plan.
#[derive(Debug, Clone, Serialize)]
pub struct DatabasePlan {
    /// Where the files were looked for; `None` where there is no such folder.
    pub folder: Option<String>,
    /// The newest migrations, newest first.
    pub steps: Vec<Step>,
    /// Sessions that wait for a lock now; `None` where that could not be asked.
    pub waiting: Option<u64>,
    /// Who is in front of them.
    pub blocker: Option<String>,
    /// What could not be looked at, and why.
    pub gaps: Vec<String>,
    /// Always false: nothing was run.
    pub executed: bool,
}

/// Newest migrations that are told.
const TOLD: usize = 5;

/// Looks, by `deadline`.
pub async fn plan(world: &World, directory: &Path, deadline: Instant) -> DatabasePlan {
    let folder = migrations::folder(directory);
    let files = folder.as_deref().map(migrations::read).unwrap_or_default();
    let mut gaps = Vec::new();
    if folder.is_none() {
        let text =
            format!("no folder of migrations in the checkout around {}", directory.display());
        gaps.push(text);
    }
    let (applied, blocked) = ask(world, deadline, &mut gaps).await;
    let steps = steps(applied.as_deref(), &files, &mut gaps);
    DatabasePlan {
        folder: folder.map(|folder| folder.display().to_string()),
        steps,
        waiting: blocked.as_ref().map(|blocked| blocked.sessions),
        blocker: blocked.as_ref().and_then(blocker),
        gaps,
        executed: false,
    }
}

type Applied = Vec<(String, String)>;

async fn ask(
    world: &World,
    deadline: Instant,
    gaps: &mut Vec<String>,
) -> (Option<Applied>, Option<Blocked>) {
    let database = match world.database(deadline).await {
        Ok(database) => database,
        Err(error) => {
            gaps.push(format!("the database was not asked: {error}"));
            return (None, None);
        }
    };
    let connect = std::time::Duration::from_millis(world.config.thresholds.db_connect_red_ms);
    let session = Session::connect(&database.target, &world.redactor, Limits { connect, deadline });
    let mut session = match session.await {
        Ok(session) => session,
        Err(error) => {
            gaps.push(format!("the database was not asked: {error}"));
            return (None, None);
        }
    };
    let mut keep = |what: &str, error: &PgError| gaps.push(format!("{what}: {error}"));
    let applied = match applied(&mut session).await {
        Ok(applied) => Some(applied),
        Err(error) => {
            keep("which migrations are applied is not known", &error);
            None
        }
    };
    let blocked = match locks::facts(&mut session).await {
        Ok(blocked) => Some(blocked),
        Err(error) => {
            keep("who waits for locks is not known", &error);
            None
        }
    };
    session.close().await;
    (applied, blocked)
}

async fn applied(session: &mut Session) -> Result<Applied, PgError> {
    let rows = session.read(&APPLIED).await?;
    rows.iter()
        .map(|row| {
            Ok((row.text("version")?.unwrap_or_default(), row.text("name")?.unwrap_or_default()))
        })
        .collect()
}

/// The newest of what is applied or lies in the checkout. Pure but for the files' texts.
fn steps(
    applied: Option<&[(String, String)]>,
    files: &[Migration],
    gaps: &mut Vec<String>,
) -> Vec<Step> {
    let mut versions: Vec<(&str, &str)> = files.iter().map(|m| (&*m.version, &*m.name)).collect();
    let known = applied.unwrap_or_default();
    let only_applied = known.iter().filter(|(v, _)| files.iter().all(|m| m.version != *v));
    versions.extend(only_applied.map(|(version, name)| (&**version, &**name)));
    versions.sort_by(|a, b| b.0.cmp(a.0));
    let step = |(version, name): &(&str, &str)| {
        let file = files.iter().find(|migration| migration.version == *version);
        let down = file.and_then(|file| file.down.as_deref());
        let locks = down.map(migrations::text).transpose().unwrap_or_else(|why| {
            gaps.push(why);
            None
        });
        Step {
            version: text::one_line(version),
            name: text::shorten(&text::one_line(name), 120),
            applied: applied.map(|applied| applied.iter().any(|(known, _)| known == version)),
            file: file.map(|file| file.path.display().to_string()),
            down: down.map(|down| down.display().to_string()),
            locks: locks.as_deref().map(strong).unwrap_or_default(),
        }
    };
    versions.iter().take(TOLD).map(step).collect()
}

fn blocker(blocked: &Blocked) -> Option<String> {
    let root = blocked.roots.first()?;
    let who = root.role.as_deref().unwrap_or("a role that we may not see");
    let who = text::shorten(&text::one_line(who), 63);
    let age = root.transaction_s.map(|s| format!(", in a transaction for {s:.0} s"));
    Some(format!("pid {} ({who}){}", root.pid, age.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migration(version: &str) -> Migration {
        let path = format!("m/{version}_x.sql").into();
        Migration { version: version.into(), name: "x".into(), at: None, path, down: None }
    }

    #[test]
    fn what_is_applied_and_what_lies_in_the_checkout_stand_in_one_list() {
        let files = ["20261120", "20261118"].map(migration);
        let applied = ["20261119", "20261118"].map(|v| (v.to_owned(), "y".to_owned()));
        let told = |applied: Option<&[(String, String)]>| {
            let steps = steps(applied, &files, &mut Vec::new());
            steps.into_iter().map(|s| (s.version, s.applied, s.file.is_some())).collect::<Vec<_>>()
        };
        assert_eq!(
            told(Some(&applied)),
            [
                ("20261120".to_owned(), Some(false), true),
                ("20261119".to_owned(), Some(true), false),
                ("20261118".to_owned(), Some(true), true),
            ]
        );
        assert_eq!(told(None)[0], ("20261120".to_owned(), None, true));
    }
}
