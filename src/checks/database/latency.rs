//! How fast the database answers: the connect, apart from a query on the open connection.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::Thresholds;
use crate::domain::median;
use crate::domain::{Judgement, ReasonCode, State};
use crate::postgres::{PgError, PgErrorKind, READ_LIMIT, Session, Sql};

/// How often `SELECT 1` is timed, and for how long at most a further try is begun.
#[derive(Debug, Clone, Copy)]
pub struct Tries {
    /// How often.
    pub count: usize,
    /// Within this time.
    pub within: Duration,
}

/// Fewer times where it is so slow that the other checks would come too late.
impl Default for Tries {
    fn default() -> Self {
        Self { count: 3, within: READ_LIMIT / 2 }
    }
}

/// Times `SELECT 1`.
pub(super) async fn query(
    session: &mut Session,
    thresholds: &Thresholds,
    tries: Tries,
) -> Judgement {
    const SELECT_1: Sql = Sql::constant("SELECT 1");
    let began = Instant::now();
    let mut times_ms = Vec::new();
    while times_ms.len() < tries.count && began.elapsed() < tries.within {
        let each = Instant::now();
        if let Err(error) = session.read(&SELECT_1).await {
            return query_failed(&error);
        }
        times_ms.push(u64::try_from(each.elapsed().as_millis()).unwrap_or(u64::MAX));
    }
    judge_query(&times_ms, thresholds)
        .unwrap_or_else(|| Judgement::unknown(ReasonCode::Deadline, "no time was left to ask this"))
}

/// A server that cannot answer `SELECT 1` is bad, whatever it says instead.
fn query_failed(error: &PgError) -> Judgement {
    let judgement = error.judgement();
    let code = match error.kind() {
        PgErrorKind::StatementTimeout => ReasonCode::Timeout,
        PgErrorKind::Query | PgErrorKind::NoPermission => ReasonCode::QueryFailed,
        _ => return judgement,
    };
    let red = Judgement::red(code, error.to_string());
    Judgement { evidence: judgement.evidence, ..red }
}

/// Judges the time of name look-up, TCP, TLS and login together.
pub fn judge_connect(ms: u64, thresholds: &Thresholds) -> Judgement {
    let state = grade(ms, thresholds.db_connect_yellow_ms, thresholds.db_connect_red_ms);
    timed(state, format!("connected in {ms} ms")).with("connect_ms", ms)
}

/// Judges the median of the times that `SELECT 1` took. `None` where there are no times.
pub fn judge_query(times_ms: &[u64], thresholds: &Thresholds) -> Option<Judgement> {
    let median = median(times_ms.to_vec())?;
    let state = grade(median, thresholds.db_query_yellow_ms, thresholds.db_query_red_ms);
    let text = match times_ms.len() {
        1 => format!("SELECT 1 took {median} ms"),
        n => format!("SELECT 1 took {median} ms (median of {n})"),
    };
    Some(timed(state, text).with("median_ms", median).with("times_ms", times_ms))
}

fn grade(ms: u64, yellow: u64, red: u64) -> State {
    match ms {
        ms if ms > red => State::Red,
        ms if ms >= yellow => State::Yellow,
        _ => State::Green,
    }
}

fn timed(state: State, text: String) -> Judgement {
    let code = if state == State::Green { ReasonCode::Ok } else { ReasonCode::Slow };
    Judgement::new(state, code, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::database::test_support::thresholds;

    #[test]
    fn connect_by_the_table() {
        for (ms, state) in [
            (0, State::Green),
            (499, State::Green),
            (500, State::Yellow),
            (2000, State::Yellow),
            (2001, State::Red),
        ] {
            assert_eq!(judge_connect(ms, &thresholds()).state, state, "{ms}");
        }
    }

    #[test]
    fn query_by_the_median() {
        for (times, state) in [
            (vec![149, 1, 2000], State::Green),
            (vec![150, 1, 2000], State::Yellow),
            (vec![1000, 1000, 1], State::Yellow),
            (vec![1001, 1, 1001], State::Red),
            (vec![1001], State::Red),
            (vec![3, 1200], State::Red),
        ] {
            let judgement = judge_query(&times, &thresholds()).unwrap();
            assert_eq!(judgement.state, state, "{times:?}");
        }
        assert_eq!(judge_query(&[], &thresholds()), None);
    }
}
