//! The server as a whole: does it take writes, do replication slots fill its disk, how old are its
//! transaction ids.

use crate::config::Thresholds;
use crate::domain::{Caveat, Judgement, ReasonCode, State, text};
use crate::postgres::{PgError, Session, Sql};

const IDENTITY: Sql = Sql::constant(
    "SELECT current_user::text AS role, s.setting = 'on' AS read_only, s.source,
            current_setting('server_version_num')::int8 AS version_num,
            pg_is_in_recovery() AS standby,
            pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all
     FROM pg_settings s WHERE s.name = 'default_transaction_read_only'",
);

/// What the server says of itself and of our role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The role that we are.
    pub role: String,
    /// As `150014`.
    pub version_num: i64,
    /// Whether it follows another server.
    pub standby: bool,
    /// Whether our role may see what other sessions do.
    pub sees_all: bool,
    /// `default_transaction_read_only`.
    pub read_only: bool,
    /// Where that setting comes from, as `pg_settings.source` has it.
    pub read_only_source: String,
}

/// Asks the server.
///
/// # Errors
/// As [`Session::read`].
pub async fn identity(session: &mut Session) -> Result<Identity, PgError> {
    let row = session.read_one(&IDENTITY).await?;
    Ok(Identity {
        role: row.text("role")?.unwrap_or_default(),
        version_num: row.int("version_num")?.unwrap_or_default(),
        standby: row.bool("standby")?.unwrap_or_default(),
        sees_all: row.bool("sees_all")?.unwrap_or_default(),
        read_only: row.bool("read_only")?.unwrap_or_default(),
        read_only_source: row.text("source")?.unwrap_or_default(),
    })
}

impl Identity {
    /// What the reader of anything that this server says has to know.
    pub fn caveat(&self) -> Option<Caveat> {
        let text = "the database is a standby: what it shows may lag behind its primary";
        self.standby.then(|| Caveat::new("standby", text))
    }
}

/// Judges whether the server takes writes. A setting of our own role says nothing about others, and
/// hides what holds for them.
pub fn judge_read_only(facts: &Identity) -> Judgement {
    let own = matches!(facts.read_only_source.as_str(), "user" | "database user" | "client");
    let judgement = match (facts.read_only, own) {
        (true, true) => Judgement::unknown(
            ReasonCode::LimitedView,
            format!(
                "role {} is set to read-only, which hides whether the server is",
                text::shorten(&facts.role, 63)
            ),
        ),
        (true, false) => Judgement::red(
            ReasonCode::ReadOnly,
            "default_transaction_read_only is on: the server refuses writes",
        ),
        (false, _) if facts.standby => Judgement::green("off; this server is a standby"),
        (false, _) => Judgement::green("off"),
    };
    judgement
        .with("read_only", facts.read_only)
        .with("source", facts.read_only_source.as_str())
        .with("standby", facts.standby)
        .with("version_num", facts.version_num)
}

/// A standby has no current write position of its own: that function raises there.
const SLOTS: Sql = Sql::constant(
    "SELECT s.slot_name::text AS name, s.active, s.wal_status,
            coalesce(pg_wal_lsn_diff(
                CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
                     ELSE pg_current_wal_lsn() END, s.restart_lsn), 0)::int8 AS retained_bytes
     FROM pg_replication_slots s
     ORDER BY coalesce(s.wal_status IN ('lost', 'unreserved'), false) DESC, retained_bytes DESC
     LIMIT 100",
);

/// A replication slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slot {
    /// Its name.
    pub name: String,
    /// Whether something reads from it now.
    pub active: bool,
    /// `reserved`, `extended`, `unreserved` or `lost`.
    pub wal_status: Option<String>,
    /// Log that it keeps on the disk.
    pub retained_bytes: i64,
}

pub(super) async fn slots(session: &mut Session) -> Result<Vec<Slot>, PgError> {
    let rows = session.read(&SLOTS).await?;
    rows.iter()
        .map(|row| {
            Ok(Slot {
                name: row.text("name")?.unwrap_or_default(),
                active: row.bool("active")?.unwrap_or_default(),
                wal_status: row.text("wal_status")?,
                retained_bytes: row.int("retained_bytes")?.unwrap_or_default().max(0),
            })
        })
        .collect()
}

/// Judges the worst slot.
pub fn judge_slots(slots: &[Slot], thresholds: &Thresholds) -> Judgement {
    let worst = slots
        .iter()
        .map(|slot| (judge_slot(slot, thresholds), slot))
        .max_by_key(|(judgement, slot)| (judgement.state.rank(), slot.retained_bytes));
    let Some((judgement, slot)) = worst else {
        return Judgement::green("no replication slots").with("slots", 0);
    };
    judgement
        .with("slots", slots.len())
        .with("name", text::shorten(&slot.name, 63))
        .with("active", slot.active)
        .with("wal_status", slot.wal_status.as_deref())
        .with("retained_bytes", slot.retained_bytes)
}

fn judge_slot(slot: &Slot, thresholds: &Thresholds) -> Judgement {
    let name = text::shorten(&slot.name, 63);
    let mib = slot.retained_bytes / (1024 * 1024);
    let status = slot.wal_status.as_deref().unwrap_or("unknown");
    let over = u64::try_from(mib).is_ok_and(|mib| mib >= thresholds.slot_yellow_mib);
    match (status, slot.active, over) {
        ("unreserved" | "lost", ..) => {
            Judgement::red(ReasonCode::SlotLost, format!("slot {name} is {status}"))
        }
        (_, false, _) => Judgement::yellow(
            ReasonCode::SlotRetains,
            format!("slot {name} is not read and keeps {mib} MiB of log on the disk"),
        ),
        (_, true, true) => Judgement::yellow(
            ReasonCode::SlotRetains,
            format!("slot {name} is read, but {mib} MiB of log behind"),
        ),
        (_, true, false) => Judgement::green(format!("slot {name} is read, {mib} MiB behind")),
    }
}

const XID: Sql = Sql::constant(
    "SELECT datname::text AS db, age(datfrozenxid)::int8 AS age FROM pg_database
     WHERE datallowconn ORDER BY 2 DESC LIMIT 1",
);

/// The database whose oldest transaction id is the oldest of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XidAge {
    /// Its name.
    pub database: String,
    /// In transactions; at 2^31 the server stops.
    pub age: u64,
}

pub(super) async fn xid(session: &mut Session) -> Result<XidAge, PgError> {
    let row = session.read_one(&XID).await?;
    let database = row.text("db")?.unwrap_or_default();
    Ok(XidAge { database, age: row.count("age")? })
}

/// Judges by the share of the 2^31 ids that is used up.
pub fn judge_xid(facts: &XidAge, thresholds: &Thresholds) -> Judgement {
    const LIMIT: u64 = 1 << 31;
    let hundredfold = facts.age.saturating_mul(100);
    let state = match hundredfold {
        used if used > thresholds.xid_red_pct.saturating_mul(LIMIT) => State::Red,
        used if used >= thresholds.xid_yellow_pct.saturating_mul(LIMIT) => State::Yellow,
        _ => State::Green,
    };
    let code = if state == State::Green { ReasonCode::Ok } else { ReasonCode::XidAge };
    let (pct, db) = (hundredfold / LIMIT, text::shorten(&facts.database, 63));
    Judgement::new(state, code, format!("{pct} % of the transaction ids are used up in {db}"))
        .with("age", facts.age)
        .with("database", db)
        .with("used_pct", pct)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::database::test_support::thresholds;

    #[test]
    fn read_only_by_the_table() {
        for (read_only, source, standby, state) in [
            (false, "default", false, State::Green),
            (false, "default", true, State::Green),
            (true, "configuration file", false, State::Red),
            (true, "database", false, State::Red),
            (true, "user", false, State::Unknown),
            (true, "database user", false, State::Unknown),
            (false, "user", false, State::Green),
        ] {
            let facts = Identity {
                read_only,
                read_only_source: source.to_owned(),
                standby,
                ..Identity::default()
            };
            assert_eq!(judge_read_only(&facts).state, state, "{facts:?}");
        }
    }

    #[test]
    fn slots_by_the_table() {
        const GIB: i64 = 1 << 30;
        for (active, wal_status, retained_bytes, state) in [
            (true, Some("reserved"), GIB - 1, State::Green),
            (true, Some("extended"), 2 * GIB, State::Yellow),
            (false, Some("reserved"), 2 * GIB, State::Yellow),
            (false, None, 0, State::Yellow),
            (true, Some("unreserved"), 0, State::Red),
            (false, Some("lost"), 0, State::Red),
        ] {
            let slot = Slot {
                name: "s".to_owned(),
                active,
                wal_status: wal_status.map(str::to_owned),
                retained_bytes,
            };
            let judgement = judge_slots(std::slice::from_ref(&slot), &thresholds());
            assert_eq!(judgement.state, state, "{slot:?}");
        }
        assert_eq!(judge_slots(&[], &thresholds()).state, State::Green);
    }

    #[test]
    fn the_worst_slot_speaks() {
        let green = Slot { name: "good".into(), active: true, ..Slot::default() };
        let red = Slot { name: "bad".into(), wal_status: Some("lost".into()), ..Slot::default() };
        let judgement = judge_slots(&[green.clone(), red, green], &thresholds());
        assert_eq!(judgement.reason.text, "slot bad is lost");
        assert_eq!(judgement.evidence["slots"], 3);
    }

    #[test]
    fn transaction_ids_by_the_table() {
        let quarter = 1 << 29;
        for (age, state) in [
            (0, State::Green),
            (quarter - 1, State::Green),
            (quarter, State::Yellow),
            (2 * quarter, State::Yellow),
            (2 * quarter + 1, State::Red),
            (u64::MAX, State::Red),
        ] {
            let judgement = judge_xid(&XidAge { database: "d".into(), age }, &thresholds());
            assert_eq!(judgement.state, state, "{age}");
        }
    }
}
