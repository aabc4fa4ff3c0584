//! A point in time as people type it: `2h` (ago), `03:12` (JST), or RFC 3339.

use std::str::FromStr;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

use super::clock::{JST, Jst};

/// A time as typed; becomes a point in time once the present is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// So long ago.
    Ago(TimeDelta),
    /// The latest such JST time of day that is not in the future.
    Today(NaiveTime),
    /// A full date and time.
    At(DateTime<Utc>),
}

/// Why a time could not be read or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MomentError(String);

impl Moment {
    /// The point in time, seen from `now`.
    ///
    /// # Errors
    /// A time in the future: nothing that is being looked into has started yet.
    pub fn before(self, now: DateTime<Utc>) -> Result<DateTime<Utc>, MomentError> {
        match self {
            Moment::Ago(delta) => Ok(now - delta),
            Moment::At(at) if at > now => Err(MomentError(format!("{} is in the future", Jst(at)))),
            Moment::At(at) => Ok(at),
            Moment::Today(time) => {
                let today = now.with_timezone(&JST).date_naive();
                let jst = |date: chrono::NaiveDate| {
                    date.and_time(time)
                        .and_local_timezone(JST)
                        .single()
                        .map(|at| at.with_timezone(&Utc))
                };
                let candidates = [Some(today), today.checked_sub_days(Days::new(1))];
                candidates
                    .into_iter()
                    .flatten()
                    .filter_map(jst)
                    .find(|at| *at <= now)
                    .ok_or_else(|| MomentError(format!("{time} JST is not a time before now")))
            }
        }
    }
}

/// A length of time as people type it: `90s`, `15m`, `2h`, `3d`, `1w`.
pub fn parse_span(s: &str) -> Option<TimeDelta> {
    let digits = s.len() - s.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let n: i64 = s.get(..digits)?.parse().ok()?;
    let seconds = match s.get(digits..)? {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    n.checked_mul(seconds).filter(|s| *s <= 10 * 366 * 86_400).and_then(TimeDelta::try_seconds)
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(s: &str) -> Result<Self, MomentError> {
        let s = s.trim();
        if let Some(delta) = parse_span(s) {
            return Ok(Moment::Ago(delta));
        }
        if let Ok(time) = NaiveTime::parse_from_str(s, "%H:%M") {
            return Ok(Moment::Today(time));
        }
        DateTime::parse_from_rfc3339(s).map(|at| Moment::At(at.with_timezone(&Utc))).map_err(|_| {
            MomentError(format!(
                "'{}' is no time: use 2h (ago), 03:12 (JST) or 2026-11-22T03:12:00+09:00",
                super::text::one_line(s)
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: &str) -> DateTime<Utc> {
        s.parse().unwrap()
    }

    #[test]
    fn a_time_of_day_is_the_latest_one_in_jst() {
        let now = at("2026-11-21T18:12:00Z"); // 03:12 JST on the 22nd
        let moment: Moment = "03:00".parse().unwrap();
        assert_eq!(moment.before(now).unwrap(), at("2026-11-21T18:00:00Z"));
        let later: Moment = "23:50".parse().unwrap();
        assert_eq!(later.before(now).unwrap(), at("2026-11-21T14:50:00Z"));
    }

    #[test]
    fn ago_and_rfc_3339() {
        let now = at("2026-11-21T18:12:00Z");
        assert_eq!(
            "2h".parse::<Moment>().unwrap().before(now).unwrap(),
            at("2026-11-21T16:12:00Z")
        );
        let jst: Moment = "2026-11-22T03:00:00+09:00".parse().unwrap();
        assert_eq!(jst.before(now).unwrap(), at("2026-11-21T18:00:00Z"));
    }

    #[test]
    fn the_future_and_nonsense_are_refused() {
        let now = at("2026-11-21T18:12:00Z");
        assert!("2026-11-22T03:13:00+09:00".parse::<Moment>().unwrap().before(now).is_err());
        for bad in ["", "h", "25:00", "2 hours", "99999999999h", "-5m", "2h\u{1b}[2J"] {
            assert!(bad.parse::<Moment>().is_err(), "{bad}");
        }
    }
}
