//! When it started (contract §6).

use chrono::{DateTime, Utc};

use super::StartedFrom;

/// What can tell the start.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Signs {
    pub(super) flag: Option<DateTime<Utc>>,
    pub(super) red_streak: Option<DateTime<Utc>>,
    pub(super) healthcheck: Option<DateTime<Utc>>,
    pub(super) dead_letter: Option<DateTime<Utc>>,
}

/// The operator's word, else the earliest sign, else now. A sign in the future (a clock that is off)
/// counts as now.
pub(super) fn started(signs: Signs, now: DateTime<Utc>) -> (DateTime<Utc>, StartedFrom) {
    if let Some(at) = signs.flag {
        return (at, StartedFrom::Flag);
    }
    [
        (signs.red_streak, StartedFrom::RedStreak),
        (signs.healthcheck, StartedFrom::Healthcheck),
        (signs.dead_letter, StartedFrom::DeadLetter),
    ]
    .into_iter()
    .filter_map(|(at, from)| Some((at?.min(now), from)))
    .min_by_key(|(at, _)| *at)
    .unwrap_or((now, StartedFrom::Now))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_operator_wins_then_the_earliest_sign_then_now() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let ago = |minutes| Some(now - TimeDelta::minutes(minutes));
        let signs = Signs { red_streak: ago(5), dead_letter: ago(12), ..Signs::default() };
        assert_eq!(started(signs, now), (ago(12).unwrap(), StartedFrom::DeadLetter));
        let flag = Signs { flag: ago(3), ..signs };
        assert_eq!(started(flag, now), (ago(3).unwrap(), StartedFrom::Flag));
        assert_eq!(started(Signs::default(), now), (now, StartedFrom::Now));
        let skewed = Signs { dead_letter: ago(-10), ..Signs::default() };
        assert_eq!(started(skewed, now), (now, StartedFrom::DeadLetter));
    }
}
