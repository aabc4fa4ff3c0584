//! How many of the server's connections are taken. Reads `pg_stat_database`, which counts rightly for
//! any role; `pg_stat_activity` hides other sessions from most.

use crate::config::Thresholds;
use crate::domain::{Judgement, ReasonCode};
use crate::postgres::{PgError, Session, Sql};

const CONNECTIONS: Sql = Sql::constant(
    "SELECT used.n AS used, lim.max_conn - lim.reserved AS usable, lim.max_conn
     FROM (SELECT coalesce(sum(numbackends), 0)::int8 AS n FROM pg_stat_database) used,
          (SELECT current_setting('max_connections')::int8 AS max_conn,
                  current_setting('superuser_reserved_connections')::int8
                  + coalesce(nullif(current_setting('reserved_connections', true), ''), '0')::int8
                  AS reserved) lim",
);

/// Connections of the whole server, ours included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Taken.
    pub used: u64,
    /// Open to roles without special rights.
    pub usable: u64,
    /// `max_connections`.
    pub max: u64,
}

/// Asks the server.
///
/// # Errors
/// As [`Session::read`].
pub async fn facts(session: &mut Session) -> Result<Connections, PgError> {
    let row = session.read_one(&CONNECTIONS).await?;
    Ok(Connections {
        used: row.count("used")?,
        usable: row.count("usable")?,
        max: row.count("max_conn")?,
    })
}

/// Judges by the share of usable connections that is taken.
pub fn judge(facts: &Connections, thresholds: &Thresholds) -> Judgement {
    let Connections { used, usable, max } = *facts;
    let over = |pct: u64| u128::from(used) * 100 > u128::from(pct) * u128::from(usable);
    let at_least = |pct: u64| u128::from(used) * 100 >= u128::from(pct) * u128::from(usable);
    let text = format!("{used} of {usable} usable connections are taken");
    let judgement = if usable == 0 || over(thresholds.connections_red_pct) {
        Judgement::red(ReasonCode::Saturated, text)
    } else if at_least(thresholds.connections_yellow_pct) {
        Judgement::yellow(ReasonCode::Saturated, text)
    } else {
        Judgement::green(text)
    };
    judgement.with("used", used).with("usable", usable).with("max_connections", max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::database::test_support::thresholds;
    use crate::domain::State;

    #[test]
    fn the_rows_of_the_table() {
        for (used, usable, state) in [
            (0, 97, State::Green),
            (69, 100, State::Green),
            (70, 100, State::Yellow),
            (90, 100, State::Yellow),
            (91, 100, State::Red),
            (120, 100, State::Red),
            (0, 0, State::Red),
            (u64::MAX, 100, State::Red),
        ] {
            let judgement = judge(&Connections { used, usable, max: usable + 3 }, &thresholds());
            assert_eq!(judgement.state, state, "{used} of {usable}");
        }
    }
}
