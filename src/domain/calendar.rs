//! Japanese business days: weekends, public holidays (rules valid from 2022) and company closures.
//!
//! Source of the rules: the Act on National Holidays, with the equinox formula that is published
//! for 1980 to 2099. All dates are JST calendar dates.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// Which days nobody is expected to work.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    /// Days of each year on which the company is closed, as (month, day).
    pub closures: Vec<(u32, u32)>,
    /// Holidays that a law added after this program was written.
    pub added: Vec<NaiveDate>,
    /// Holidays that a law took away.
    pub removed: Vec<NaiveDate>,
}

/// Why nobody is expected to work on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayOff {
    /// Saturday or Sunday.
    Weekend,
    /// A holiday by the law.
    Holiday,
    /// A day off for a holiday that fell on a Sunday.
    Substitute,
    /// A day between two holidays.
    Sandwiched,
    /// A holiday that the configuration adds.
    Added,
    /// The company is closed.
    Closure,
}

impl DayOff {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            DayOff::Weekend => "weekend",
            DayOff::Holiday => "public holiday",
            DayOff::Substitute => "substitute holiday",
            DayOff::Sandwiched => "holiday between two holidays",
            DayOff::Added => "holiday by the configuration",
            DayOff::Closure => "company closure",
        }
    }
}

impl Calendar {
    /// Whether people work on `day`.
    pub fn is_business_day(&self, day: NaiveDate) -> bool {
        self.day_off(day).is_none()
    }

    /// Why people do not work on `day`, if they do not.
    pub fn day_off(&self, day: NaiveDate) -> Option<DayOff> {
        let kept = !self.removed.contains(&day);
        match () {
            () if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) => Some(DayOff::Weekend),
            () if self.added.contains(&day) => Some(DayOff::Added),
            () if kept && is_statutory(day) => Some(DayOff::Holiday),
            () if kept && is_substitute(day) => Some(DayOff::Substitute),
            () if kept && is_sandwiched(day) => Some(DayOff::Sandwiched),
            () if self.closures.contains(&(day.month(), day.day())) => Some(DayOff::Closure),
            () => None,
        }
    }

    /// The days strictly between `day` and its next business day, each with why it is none.
    pub fn days_off_after(&self, day: NaiveDate) -> Vec<(NaiveDate, DayOff)> {
        (1..=366)
            .map_while(|n| day.checked_add_days(Days::new(n)))
            .map_while(|day| Some((day, self.day_off(day)?)))
            .collect()
    }

    /// The first business day strictly after `day`; `None` only at the end of the calendar or where
    /// closures cover a whole year.
    pub fn next_business_day(&self, day: NaiveDate) -> Option<NaiveDate> {
        (1..=366)
            .map_while(|n| day.checked_add_days(Days::new(n)))
            .find(|d| self.is_business_day(*d))
    }
}

/// Whether `day` is a Japanese public holiday, substitute and sandwiched days included.
pub fn is_holiday(day: NaiveDate) -> bool {
    is_statutory(day) || is_substitute(day) || is_sandwiched(day)
}

fn is_statutory(day: NaiveDate) -> bool {
    let (m, d) = (day.month(), day.day());
    let fixed = matches!(
        (m, d),
        (1, 1) | (2, 11) | (2, 23) | (4, 29) | (5, 3..=5) | (8, 11) | (11, 3) | (11, 23)
    );
    let monday = day.weekday() == Weekday::Mon;
    let nth = (d - 1) / 7 + 1;
    let moving = monday && matches!((m, nth), (1, 2) | (7, 3) | (9, 3) | (10, 2));
    let equinox = (m == 3 && d == equinox(day.year(), 20.8431))
        || (m == 9 && d == equinox(day.year(), 23.2488));
    fixed || moving || equinox
}

fn equinox(year: i32, base: f64) -> u32 {
    let years = f64::from(year - 1980);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a day of a month")]
    let day = ((base + 0.242_194 * years).floor() - (years / 4.0).floor()) as u32;
    day
}

/// A holiday on a Sunday moves to the next day that is not itself statutory.
fn is_substitute(day: NaiveDate) -> bool {
    if is_statutory(day) {
        return false;
    }
    let mut before = day;
    while let Some(previous) = before.pred_opt().filter(|d| is_statutory(*d)) {
        if previous.weekday() == Weekday::Sun {
            return true;
        }
        before = previous;
    }
    false
}

/// A day between two statutory holidays is a holiday too.
fn is_sandwiched(day: NaiveDate) -> bool {
    let both = |d: Option<NaiveDate>| d.is_some_and(is_statutory);
    day.weekday() != Weekday::Sun
        && !is_statutory(day)
        && both(day.pred_opt())
        && both(day.succ_opt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holidays(year: i32) -> Vec<String> {
        let first = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        first
            .iter_days()
            .take_while(|d| d.year() == year)
            .filter(|d| is_holiday(*d))
            .map(|d| d.format("%m-%d").to_string())
            .collect()
    }

    #[test]
    fn the_published_lists_of_three_years() {
        let list = |s: &str| s.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            holidays(2026),
            list(
                "01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23"
            )
        );
        assert_eq!(
            holidays(2027),
            list(
                "01-01 01-11 02-11 02-23 03-21 03-22 04-29 05-03 05-04 05-05 07-19 08-11 09-20 09-23 10-11 11-03 11-23"
            )
        );
        assert_eq!(
            holidays(2028),
            list(
                "01-01 01-10 02-11 02-23 03-20 04-29 05-03 05-04 05-05 07-17 08-11 09-18 09-22 10-09 11-03 11-23"
            )
        );
        assert!(is_holiday(NaiveDate::from_ymd_opt(2032, 9, 21).unwrap()));
    }

    #[test]
    fn each_day_off_has_its_reason() {
        let calendar = Calendar { closures: vec![(12, 29), (1, 1)], ..Calendar::default() };
        for (day, why) in [
            ("2026-11-20", None),
            ("2026-11-21", Some(DayOff::Weekend)),
            ("2026-11-23", Some(DayOff::Holiday)),
            ("2026-05-06", Some(DayOff::Substitute)),
            ("2027-03-22", Some(DayOff::Substitute)),
            ("2026-09-22", Some(DayOff::Sandwiched)),
            ("2032-09-21", Some(DayOff::Sandwiched)),
            ("2026-12-29", Some(DayOff::Closure)),
            ("2026-01-01", Some(DayOff::Holiday)),
        ] {
            assert_eq!(calendar.day_off(day.parse().unwrap()), why, "{day}");
        }
        let friday = "2026-11-20".parse().unwrap();
        let why: Vec<_> = calendar.days_off_after(friday).into_iter().map(|(_, why)| why).collect();
        assert_eq!(why, [DayOff::Weekend, DayOff::Weekend, DayOff::Holiday]);
    }

    #[test]
    fn configuration_adds_and_removes_days() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        let holiday = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let calendar = Calendar { added: vec![day], removed: vec![holiday], ..Calendar::default() };
        assert!(!calendar.is_business_day(day));
        assert!(calendar.is_business_day(holiday));
    }

    #[test]
    fn closures_over_the_whole_year_do_not_hang() {
        let closures = (1..=12).flat_map(|m| (1..=31).map(move |d| (m, d))).collect();
        let calendar = Calendar { closures, ..Calendar::default() };
        assert_eq!(calendar.next_business_day(NaiveDate::from_ymd_opt(2026, 1, 1).unwrap()), None);
    }
}
