//! How bad it is: the decision table of the incident runbook, and the deadlines that follow.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde::{Serialize, Serializer};

use super::Calendar;
use super::clock::JST;

/// SEV1 is P0, SEV2 is P1, SEV3 is P2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the runbook's words")]
pub enum Severity {
    Sev1,
    Sev2,
    Sev3,
}

impl Severity {
    /// `SEV1`
    pub fn sev(self) -> &'static str {
        ["SEV1", "SEV2", "SEV3"][self as usize]
    }

    /// `P0`
    pub fn p(self) -> &'static str {
        ["P0", "P1", "P2"][self as usize]
    }

    /// The Discord channel that this severity is posted to.
    pub fn channel(self) -> &'static str {
        ["p0-alerts", "p1-ops", "p2-deploys"][self as usize]
    }

    /// Every severity, the gravest first.
    pub const ALL: [Severity; 3] = [Severity::Sev1, Severity::Sev2, Severity::Sev3];

    /// Who is pinged there; nobody below SEV1.
    pub fn mention(self) -> Option<&'static str> {
        (self == Severity::Sev1).then_some("here")
    }

    /// What it is, in a line.
    pub fn meaning(self) -> &'static str {
        match self {
            Severity::Sev1 => {
                "critical: production fully down, payment errors, data lost or damaged, security"
            }
            Severity::Sev2 => "high: a part of production down, some users hit",
            Severity::Sev3 => "info: dev broken, or only a monitor fired",
        }
    }

    /// The target, in words.
    pub fn target(self) -> &'static str {
        match self {
            Severity::Sev1 => "acknowledge within 15 min (wall clock)",
            Severity::Sev2 => "respond within 4 h (wall clock)",
            Severity::Sev3 => "next business day: looked at 09:00 JST, due 18:00 JST",
        }
    }

    /// What the runbook asks for.
    pub fn needs(self) -> &'static [&'static str] {
        match self {
            Severity::Sev1 => &[
                "escalate at once",
                "start time in the thread of #p0-alerts",
                "decide on a rollback",
                "postmortem",
            ],
            Severity::Sev2 => &[
                "escalate at once",
                "start time in the thread of #p0-alerts",
                "plan a fix in business hours",
                "postmortem",
            ],
            Severity::Sev3 => &["look at it in the morning triage"],
        }
    }

    /// By when somebody has to have reacted (UTC), and for SEV3 when the morning triage looks at it.
    pub fn deadline(self, started: DateTime<Utc>, calendar: &Calendar) -> Deadline {
        match self {
            Severity::Sev1 => {
                Deadline { due_at: started + TimeDelta::minutes(15), review_at: None }
            }
            Severity::Sev2 => Deadline { due_at: started + TimeDelta::hours(4), review_at: None },
            Severity::Sev3 => {
                let day = started.with_timezone(&JST).date_naive();
                let day = calendar.next_business_day(day).unwrap_or(day);
                let at = |hour| {
                    NaiveTime::from_hms_opt(hour, 0, 0)
                        .and_then(|time| day.and_time(time).and_local_timezone(JST).single())
                        .map_or(started, |t| t.with_timezone(&Utc))
                };
                Deadline { due_at: at(18), review_at: Some(at(9)) }
            }
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.sev(), self.p())
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.sev())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s.to_ascii_lowercase().as_str() {
            "1" | "sev1" | "p0" => Ok(Severity::Sev1),
            "2" | "sev2" | "p1" => Ok(Severity::Sev2),
            "3" | "sev3" | "p2" => Ok(Severity::Sev3),
            "sev1/p0" => Ok(Severity::Sev1),
            "sev2/p1" => Ok(Severity::Sev2),
            "sev3/p2" => Ok(Severity::Sev3),
            "p3" => {
                Err("P3 is for digests and has no SEV: no incident is opened for it".to_owned())
            }
            _ => {
                let s = super::text::one_line(s);
                Err(format!("'{s}' is no severity: use SEV1/P0, SEV2/P1 or SEV3/P2"))
            }
        }
    }
}

/// By when somebody has to have reacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// The end of the target (UTC).
    pub due_at: DateTime<Utc>,
    /// SEV3 only: the morning triage that looks at it (UTC).
    pub review_at: Option<DateTime<Utc>>,
}

/// Whether users of production are hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the answers of the flag")]
pub enum Impact {
    Yes,
    No,
    Unknown,
}

impl FromStr for Impact {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "yes" => Ok(Impact::Yes),
            "no" => Ok(Impact::No),
            "unknown" => Ok(Impact::Unknown),
            _ => Err(format!("'{s}' is neither yes, no nor unknown")),
        }
    }
}

/// What is known of an incident's reach, by measurement or from a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answers {
    /// Are users of production hit? `None`: nobody has said.
    pub prod_impact: Option<Impact>,
    /// Is production fully down?
    pub full_outage: bool,
    /// Do payments fail?
    pub payment: bool,
    /// Is data lost or damaged?
    pub data_loss: bool,
    /// Is security affected?
    pub security: bool,
    /// Is only dev, or only monitoring, affected?
    pub dev_only: bool,
}

/// The severity that the table gives, and the row that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// `None`: the table asks again.
    pub severity: Option<Severity>,
    /// The row, in words.
    pub rule: &'static str,
}

/// The questions of the table in the order in which they are asked, up to the one that decides, each
/// with its answer.
pub fn path(answers: Answers) -> Vec<String> {
    let Answers { prod_impact, full_outage, payment, data_loss, security, dev_only } = answers;
    let grave = [
        ("is production fully down?", full_outage),
        ("do payments fail?", payment),
        ("is data lost or damaged?", data_loss),
        ("is security affected?", security),
    ];
    let mut path = Vec::new();
    for (question, yes) in grave {
        path.push(format!("{question} {}", if yes { "yes" } else { "no" }));
        if yes {
            return path;
        }
    }
    let hit = match prod_impact {
        Some(Impact::Yes) => "yes",
        Some(Impact::Unknown) => "unknown, which counts as yes",
        Some(Impact::No) => "no",
        None => "nobody has said",
    };
    path.push(format!("are users of production hit? {hit}"));
    if !matches!(prod_impact, Some(Impact::Yes | Impact::Unknown)) {
        let dev_only = if dev_only { "yes" } else { "no" };
        path.push(format!("is only dev or monitoring affected? {dev_only}"));
    }
    path
}

/// The decision table of the incident runbook. Unknown impact counts as impact, and of two rows that
/// fit the higher one is taken.
pub fn decide(answers: Answers) -> Decision {
    let Answers { prod_impact, full_outage, payment, data_loss, security, dev_only } = answers;
    let rule = |severity, rule| Decision { severity: Some(severity), rule };
    match prod_impact {
        _ if full_outage => rule(Severity::Sev1, "production fully down"),
        _ if payment => rule(Severity::Sev1, "payment errors"),
        _ if data_loss => rule(Severity::Sev1, "data lost or damaged"),
        _ if security => rule(Severity::Sev1, "security affected"),
        Some(Impact::Yes) => rule(Severity::Sev2, "production users hit, not a full outage"),
        Some(Impact::Unknown) => rule(Severity::Sev2, "unknown impact counts as impact"),
        _ if dev_only => rule(Severity::Sev3, "only dev or monitoring affected"),
        Some(Impact::No) => Decision {
            severity: None,
            rule: "no production impact, and not only dev or monitoring: look again",
        },
        None => {
            Decision { severity: None, rule: "whether users of production are hit is not known" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        let closures = vec![(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)];
        Calendar { closures, ..Calendar::default() }
    }

    fn sev3_day(started: &str, calendar: &Calendar) -> String {
        let deadline = Severity::Sev3.deadline(started.parse().unwrap(), calendar);
        assert_eq!(deadline.review_at.unwrap() + TimeDelta::hours(9), deadline.due_at);
        deadline.due_at.with_timezone(&JST).format("%F %H:%M").to_string()
    }

    #[test]
    fn sev3_is_due_on_the_next_business_day() {
        let c = calendar();
        for (started, due) in [
            ("2026-11-20T23:50:00+09:00", "2026-11-24 18:00"), // weekend, then a Monday holiday
            ("2026-05-01T18:30:00+09:00", "2026-05-07 18:00"), // Golden Week with a substitute day
            ("2026-09-18T12:00:00+09:00", "2026-09-24 18:00"), // sandwiched holiday on 09-22
            ("2026-12-28T15:00:00+09:00", "2027-01-04 18:00"), // year-end closure
            ("2026-04-29T15:10:00Z", "2026-05-01 18:00"),      // a UTC date would give 04-30
            ("2026-08-10T09:00:00+09:00", "2026-08-12 18:00"),
        ] {
            assert_eq!(sev3_day(started, &c), due, "{started}");
        }
        let open = Calendar::default();
        assert_eq!(sev3_day("2026-12-28T15:00:00+09:00", &open), "2026-12-29 18:00");
    }

    #[test]
    fn sev1_and_sev2_run_on_the_wall_clock() {
        let started = "2026-11-21T18:55:00Z".parse().unwrap();
        let due =
            |s: Severity| s.deadline(started, &calendar()).due_at.with_timezone(&JST).to_rfc3339();
        assert_eq!(due(Severity::Sev1), "2026-11-22T04:10:00+09:00");
        assert_eq!(due(Severity::Sev2), "2026-11-22T07:55:00+09:00");
    }

    #[test]
    fn the_decision_table() {
        let base = Answers::default();
        let said = |answers| decide(answers).severity;
        assert_eq!(said(base), None);
        assert_eq!(said(Answers { prod_impact: Some(Impact::No), ..base }), None);
        assert_eq!(
            said(Answers { prod_impact: Some(Impact::No), dev_only: true, ..base }),
            Some(Severity::Sev3)
        );
        assert_eq!(said(Answers { prod_impact: Some(Impact::Yes), ..base }), Some(Severity::Sev2));
        assert_eq!(
            said(Answers { prod_impact: Some(Impact::Unknown), ..base }),
            Some(Severity::Sev2)
        );
        assert_eq!(
            said(Answers { prod_impact: Some(Impact::Yes), payment: true, ..base }),
            Some(Severity::Sev1)
        );
        assert_eq!(said(Answers { full_outage: true, ..base }), Some(Severity::Sev1));
        assert_eq!(
            said(Answers { prod_impact: Some(Impact::Yes), dev_only: true, ..base }),
            Some(Severity::Sev2),
            "of two rows that fit, the higher"
        );
    }

    #[test]
    fn the_path_ends_at_the_question_that_decides() {
        let last = |answers| path(answers).pop().unwrap();
        let base = Answers::default();
        assert_eq!(last(Answers { payment: true, ..base }), "do payments fail? yes");
        let unknown = Answers { prod_impact: Some(Impact::Unknown), dev_only: true, ..base };
        assert!(last(unknown).ends_with("unknown, which counts as yes"));
        assert_eq!(path(base).len(), 6);
        let dev = Answers { prod_impact: Some(Impact::No), dev_only: true, ..base };
        assert_eq!(last(dev), "is only dev or monitoring affected? yes");
    }

    #[test]
    fn severities_are_read_in_every_spelling() {
        for s in ["sev1", "SEV1", "p0", "P0", "1"] {
            assert_eq!(s.parse(), Ok(Severity::Sev1));
        }
        assert!("P3".parse::<Severity>().unwrap_err().contains("digests"));
        assert!("SEV4".parse::<Severity>().unwrap_err().contains("no severity"));
    }
}
