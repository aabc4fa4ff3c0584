//! Runs and lanes: begin, sign of life, end, the dead, and who posts to a channel.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json as document};
use sqlx::{Row as _, query};
use uuid::Uuid;

use super::super::ending::{NO_END, resent};
use super::super::{ALIVE, Holder, LaneTaken, NewRun, Owner, Standing};
use super::items::{COLUMNS, item, owner};
use super::{At, count, json, time_or_null, uuid, wait};
use crate::dlq::item::Event;
use crate::domain::hex;

pub(super) async fn begin(at: &mut At<'_>, run: &NewRun) -> Result<Standing, sqlx::Error> {
    let now = at.micros();
    let id = run.run.to_string();
    let mut seen = HashSet::new();
    let rows: Vec<_> = run
        .rows
        .iter()
        .filter(|row| seen.insert(&row.id))
        .map(|row| {
            document!([row.id.as_str(), row.lane, hex(&row.fingerprint), hex(&row.payload_sha)])
        })
        .collect();
    let Owner { operator, host, boot_id, pid, pid_started, version } = &run.owner;
    query(
        "INSERT INTO replay_run (run_id, env, operator, host, boot_id, pid, pid_started, version,
           started_at, heartbeat_at, plan_id, filter, options, counts, selected)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11, ?12, '{}', ?13)
         ON CONFLICT (run_id) DO NOTHING",
    )
    .bind(&id)
    .bind(at.env)
    .bind(operator)
    .bind(host)
    .bind(boot_id)
    .bind(pid)
    .bind(pid_started)
    .bind(version)
    .bind(now)
    .bind(&run.plan_id)
    .bind(run.filter.to_string())
    .bind(run.options.to_string())
    .bind(i64::try_from(rows.len()).unwrap_or(i64::MAX))
    .execute(&mut *at.connection)
    .await?;
    let frozen = query("SELECT 1 FROM replay_selection WHERE run_id = ? LIMIT 1")
        .bind(&id)
        .fetch_optional(&mut *at.connection)
        .await?;
    if frozen.is_none() {
        freeze(at, run, &Value::from(rows).to_string()).await?;
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM replay_selection s
         JOIN replay_item i ON i.env = ?1 AND i.failure_id = s.failure_id
         LEFT JOIN replay_run r ON r.run_id = i.run_id
         WHERE s.run_id = ?2 ORDER BY s.ord"
    );
    let rows = query(sqlx::AssertSqlSafe(sql))
        .bind(at.env)
        .bind(&id)
        .fetch_all(&mut *at.connection)
        .await?;
    rows.iter().map(|row| item(row, &run.owner, at.now)).collect()
}

/// `rows`: a JSON array of key, lane, fingerprint, payload's hash.
async fn freeze(at: &mut At<'_>, run: &NewRun, rows: &str) -> Result<(), sqlx::Error> {
    const INPUT: &str = "
        WITH input AS MATERIALIZED (
          SELECT key AS ord, value ->> 0 AS failure_id, value ->> 1 AS lane,
                 value ->> 2 AS fingerprint, value ->> 3 AS payload_sha
          FROM json_each(?1))";
    let made = format!(
        "{INPUT} INSERT INTO replay_item
           (env, failure_id, lane, state, fingerprint, payload_sha, updated_at, source)
         SELECT ?2, failure_id, lane, ?3, fingerprint, payload_sha, ?4, ?5 FROM input WHERE true
         ON CONFLICT (env, failure_id) DO NOTHING"
    );
    query(sqlx::AssertSqlSafe(made))
        .bind(rows)
        .bind(at.env)
        .bind(Event::Release.to().word())
        .bind(at.micros())
        .bind(at.source)
        .execute(&mut *at.connection)
        .await?;
    let renewed = format!(
        "{INPUT} UPDATE replay_item AS i
         SET lane = input.lane, fingerprint = input.fingerprint, payload_sha = input.payload_sha,
             reason = CASE WHEN i.state IN (SELECT value FROM json_each(?4)) THEN ?6
                           WHEN i.state = 'open' THEN i.reason END,
             not_before = CASE WHEN i.state = 'open' THEN i.not_before END,
             state = 'open', run_id = NULL, lease_until = NULL, updated_at = ?7
         FROM input
         WHERE i.env = ?2 AND i.failure_id = input.failure_id AND (
           i.state = 'open' AND (i.lane, i.fingerprint, i.payload_sha)
                                <> (input.lane, input.fingerprint, input.payload_sha)
           OR i.state IN (SELECT value FROM json_each(?3)) AND i.payload_sha <> input.payload_sha
           OR i.state IN (SELECT value FROM json_each(?4)) AND ?5)"
    );
    query(sqlx::AssertSqlSafe(renewed))
        .bind(rows)
        .bind(at.env)
        .bind(json(Event::Edit.from()))
        .bind(json(Event::Reopen.from()))
        .bind(run.resend_unsure)
        .bind(resent(&run.owner.operator))
        .bind(at.micros())
        .execute(&mut *at.connection)
        .await?;
    let selected = format!(
        "{INPUT} INSERT INTO replay_selection (run_id, lane, ord, failure_id)
         SELECT ?2, lane, ord, failure_id FROM input"
    );
    query(sqlx::AssertSqlSafe(selected))
        .bind(rows)
        .bind(run.run.to_string())
        .execute(&mut *at.connection)
        .await?;
    Ok(())
}

pub(super) async fn beat(
    at: &mut At<'_>,
    run: Uuid,
    me: &Owner,
    counts: &Value,
) -> Result<u32, sqlx::Error> {
    query("UPDATE replay_run SET heartbeat_at = ?, counts = ? WHERE run_id = ?")
        .bind(at.micros())
        .bind(counts.to_string())
        .bind(run.to_string())
        .execute(&mut *at.connection)
        .await?;
    // Of every environment: one address posts for all of them.
    let others = query(
        "SELECT * FROM replay_run WHERE ended_at IS NULL AND heartbeat_at > ? AND run_id <> ?",
    )
    .bind(at.before(ALIVE))
    .bind(run.to_string())
    .fetch_all(&mut *at.connection)
    .await?;
    let mut alive = 0;
    for other in &others {
        alive += u32::from(owner(other)?.is_some_and(|owner| owner.is_dead(me) != Some(true)));
    }
    Ok(alive)
}

pub(super) async fn end(
    at: &mut At<'_>,
    run: Uuid,
    how: &str,
    counts: &Value,
) -> Result<(), sqlx::Error> {
    let now = at.micros();
    query(
        "UPDATE replay_item SET state = 'open', run_id = NULL, lease_until = NULL, updated_at = ?3
         WHERE env = ?1 AND run_id = ?2 AND state = 'claimed'",
    )
    .bind(at.env)
    .bind(run.to_string())
    .bind(now)
    .execute(&mut *at.connection)
    .await?;
    query("DELETE FROM lane_lease WHERE env = ? AND run_id = ?")
        .bind(at.env)
        .bind(run.to_string())
        .execute(&mut *at.connection)
        .await?;
    query(
        "UPDATE replay_run SET heartbeat_at = ?1, ended_at = ?1, ended_how = ?2, counts = ?3
         WHERE run_id = ?4 AND ended_at IS NULL",
    )
    .bind(now)
    .bind(how)
    .bind(counts.to_string())
    .bind(run.to_string())
    .execute(&mut *at.connection)
    .await
    .map(drop)
}

pub(super) async fn reap(at: &mut At<'_>, me: &Owner) -> Result<u64, sqlx::Error> {
    let holders = query(
        "SELECT * FROM replay_run WHERE host = ?2 AND run_id IN (
           SELECT run_id FROM replay_item WHERE env = ?1 AND state IN ('claimed', 'sending')
           UNION ALL SELECT run_id FROM lane_lease WHERE env = ?1)",
    )
    .bind(at.env)
    .bind(&me.host)
    .fetch_all(&mut *at.connection)
    .await?;
    let mut dead = Vec::new();
    for row in &holders {
        if owner(row)?.is_some_and(|owner| owner.is_dead(me) == Some(true)) {
            dead.push(row.try_get::<String, _>("run_id")?);
        }
    }
    let dead = Value::from(dead).to_string();
    query("DELETE FROM lane_lease WHERE env = ? AND run_id IN (SELECT value FROM json_each(?))")
        .bind(at.env)
        .bind(&dead)
        .execute(&mut *at.connection)
        .await?;
    let lapse = |event: Event, found: &'static str, reason: Option<&'static str>| {
        query(
            "UPDATE replay_item SET state = ?4, lease_until = NULL, updated_at = ?3,
               run_id = CASE WHEN ?4 = 'open' THEN NULL ELSE run_id END,
               reason = coalesce(?6, reason)
             WHERE env = ?1 AND state = ?5
               AND (lease_until <= ?3 OR run_id IN (SELECT value FROM json_each(?2)))",
        )
        .bind(at.env)
        .bind(&dead)
        .bind(at.now.timestamp_micros())
        .bind(event.to().word())
        .bind(found)
        .bind(reason)
    };
    let (claimed, sending) = (Event::Claim.to().word(), Event::Intend.to().word());
    let free = lapse(Event::Release, claimed, None);
    let doubt = lapse(Event::Doubt, sending, Some(NO_END));
    free.execute(&mut *at.connection).await?;
    Ok(doubt.execute(&mut *at.connection).await?.rows_affected())
}

pub(super) async fn take_lane(
    at: &mut At<'_>,
    run: Uuid,
    lane: &str,
    lease: Duration,
) -> Result<LaneTaken, sqlx::Error> {
    let taken = query(
        "INSERT INTO lane_lease AS l (env, lane, run_id, lease_until) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (env, lane) DO UPDATE
         SET run_id = excluded.run_id, lease_until = excluded.lease_until
         WHERE l.run_id = excluded.run_id OR l.lease_until <= ?5",
    )
    .bind(at.env)
    .bind(lane)
    .bind(run.to_string())
    .bind(at.after(lease))
    .bind(at.micros())
    .execute(&mut *at.connection)
    .await?;
    if taken.rows_affected() > 0 {
        return Ok(LaneTaken::Mine);
    }
    let row = query(
        "SELECT l.run_id, l.lease_until, coalesce(r.operator, '') AS operator,
                coalesce(r.host, '') AS host, r.started_at, coalesce(r.selected, 0) AS selected,
                (SELECT count(*) FROM replay_selection s
                 JOIN replay_item i ON i.env = ?1 AND i.failure_id = s.failure_id
                 WHERE s.run_id = l.run_id
                   AND i.state NOT IN ('open', 'claimed', 'sending')) AS done
         FROM lane_lease l LEFT JOIN replay_run r ON r.run_id = l.run_id
         WHERE l.env = ?1 AND l.lane = ?2",
    )
    .bind(at.env)
    .bind(lane)
    .fetch_one(&mut *at.connection)
    .await?;
    Ok(LaneTaken::Held(Holder {
        run: uuid(&row, "run_id")?,
        operator: row.try_get("operator")?,
        host: row.try_get("host")?,
        since: time_or_null(&row, "started_at")?.unwrap_or(at.now),
        selected: count(&row, "selected")?,
        done: count(&row, "done")?,
        lease: wait(row.try_get("lease_until")?, at.now),
    }))
}

pub(super) async fn leave_lane(at: &mut At<'_>, run: Uuid, lane: &str) -> Result<(), sqlx::Error> {
    query("DELETE FROM lane_lease WHERE env = ? AND lane = ? AND run_id = ?")
        .bind(at.env)
        .bind(lane)
        .bind(run.to_string())
        .execute(&mut *at.connection)
        .await
        .map(drop)
}
