//! What the dead letters mean. Pure.

use std::collections::BTreeMap;

use super::facts::{ByLedger, Day, Hour, P0, Span, Tally};
use crate::config::Thresholds;
use crate::domain::text::{one_line, shorten};
use crate::domain::{Judgement, ReasonCode, State};

/// Judges all open P0: one of the last 24 h that nobody was told of is red.
pub fn judge_p0(p0: &P0) -> Judgement {
    let P0 { untold, told, untold_older, told_older, .. } = *p0;
    let judgement = if untold > 0 {
        let text = format!("{untold} open P0 of the last 24 h reached nobody, not even by e-mail");
        Judgement::red(ReasonCode::UntoldP0, text)
    } else if untold_older > 0 {
        let text = format!("{untold_older} open P0 older than 24 h reached nobody");
        Judgement::yellow(ReasonCode::UntoldP0, text)
    } else if told > 0 {
        let text = format!("{told} open P0 of the last 24 h went out by e-mail only");
        Judgement::yellow(ReasonCode::Undelivered, text)
    } else if told_older > 0 {
        Judgement::green(format!("{told_older} open P0, all older than 24 h and told by e-mail"))
    } else {
        Judgement::green("no open P0")
    };
    let judgement = judgement
        .with("untold", untold)
        .with("told", told)
        .with("untold_older", untold_older)
        .with("told_older", told_older);
    let judgement = with_settled(with_span(judgement, p0.span), p0.by_ledger);
    seen_through(judgement, p0.filtered)
}

/// Judges the last 24 h.
pub fn judge_day(day: &Day) -> Judgement {
    let Day { open, rows, p0_untold, p0_told, .. } = *day;
    let judgement = if p0_untold > 0 {
        let text = format!("{}; {p0_untold} P0 reached nobody", undelivered(open));
        Judgement::red(ReasonCode::UntoldP0, text)
    } else if p0_told > 0 {
        let text = format!("{}; {p0_told} P0 went out by e-mail", undelivered(open));
        Judgement::yellow(ReasonCode::Undelivered, text)
    } else if open > 0 {
        Judgement::yellow(ReasonCode::Undelivered, undelivered(open))
    } else if rows > 0 {
        Judgement::green(format!("no open dead letter; {rows} that are not open any more"))
    } else {
        Judgement::green("no dead letter")
    };
    let judgement = judgement
        .with("open", open)
        .with("rows", rows)
        .with("p0_untold", p0_untold)
        .with("p0_told", p0_told)
        .with("by_severity", shown(&day.by_severity))
        .with("by_channel", shown(&day.by_channel));
    let judgement = with_settled(with_span(judgement, day.span), day.by_ledger);
    seen_through(judgement, day.filtered)
}

fn undelivered(alerts: u64) -> String {
    match alerts {
        1 => "1 alert was not delivered".to_owned(),
        n => format!("{n} alerts were not delivered"),
    }
}

/// Judges the last hour by Discord's answers: is it the webhook, Discord, or the rate.
pub fn judge_hour(hour: &Hour, thresholds: &Thresholds) -> Judgement {
    let open = |wanted: fn(Answer) -> bool| -> u64 {
        hour.tallies.iter().filter(|tally| wanted(answer(tally))).map(|tally| tally.open).sum()
    };
    let total = open(|_| true);
    let revoked = open(|answer| answer == Answer::Revoked);
    let limited = open(|answer| answer == Answer::Limited);
    let down = open(|answer| answer == Answer::Down);
    let judgement = if revoked > 0 {
        let text = format!("Discord refused the webhook for {revoked} alerts (401, 403 or 404)");
        Judgement::red(ReasonCode::WebhookRevoked, text)
    } else if down > 0 && down >= thresholds.dlq_last_hour_red {
        let text = format!("Discord answered 5xx or nothing to {down} alerts");
        Judgement::red(ReasonCode::DiscordDown, text)
    } else if total == 0 {
        Judgement::green("no open dead letter in the last hour")
    } else if limited == total {
        let text = format!("Discord held back {total} alerts with 429");
        Judgement::yellow(ReasonCode::DiscordLimited, text)
    } else {
        let text = format!("{total} alerts of the last hour were not delivered");
        Judgement::yellow(ReasonCode::Undelivered, text)
    };
    let judgement = judgement
        .with("open", total)
        .with("rows", hour.tallies.iter().map(|tally| tally.rows).sum::<u64>())
        .with("open_by_status", shown(&hour.open_by_status()))
        .with("by_status", shown(&hour.all_by_status()));
    let judgement = with_settled(with_span(judgement, hour.span), hour.by_ledger);
    seen_through(judgement, hour.filtered)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// The webhook was deleted, or its token changed.
    Revoked,
    /// Too many at once.
    Limited,
    /// Discord is ill, or the way to it.
    Down,
    /// Anything else, a refused body for one.
    Other,
}

/// Some clients note "no answer" as 0 instead of null.
fn answer(tally: &Tally) -> Answer {
    match tally.http_status.as_deref().map(str::trim) {
        None | Some("" | "0") => Answer::Down,
        Some("401" | "403" | "404") => Answer::Revoked,
        Some("429") => Answer::Limited,
        Some(status) if status.len() == 3 && status.starts_with('5') => Answer::Down,
        Some(_) => Answer::Other,
    }
}

/// Keys come out of the table, so they are made safe to show.
fn shown(map: &BTreeMap<String, u64>) -> serde_json::Value {
    let entries = map.iter().map(|(key, n)| (one_line(&shorten(key, 100)), (*n).into()));
    serde_json::Value::Object(entries.collect())
}

fn with_span(judgement: Judgement, span: Span) -> Judgement {
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    };
    judgement.with("first_at", time(span.first_at)).with("last_at", time(span.last_at))
}

/// Says what does not count any more, and why.
fn with_settled(judgement: Judgement, by_ledger: ByLedger) -> Judgement {
    let ByLedger { rows, only_delivered } = by_ledger;
    let mut judgement = judgement.with("settled_by_ledger", rows);
    if rows > 0 {
        let how = match only_delivered {
            true => "delivered by a replay",
            false => "delivered by a replay, skipped or discarded",
        };
        let were = if rows == 1 { "was" } else { "were" };
        judgement.reason.text = format!("{}; {rows} {were} {how}", judgement.reason.text);
    }
    judgement
}

/// What row security hides could be anything, so a green seen through it is none.
fn seen_through(judgement: Judgement, filtered: bool) -> Judgement {
    if !filtered {
        return judgement;
    }
    let Judgement { state, reason, evidence, reach, .. } = judgement.with("at_least", true);
    let judgement = if state == State::Green {
        let text =
            format!("row security hides rows from this role, so this is not sure: {}", reason.text);
        Judgement::unknown(ReasonCode::RowSecurity, text)
    } else {
        Judgement::new(state, reason.code, format!("at least: {}", reason.text))
    };
    Judgement { evidence, ..judgement.reach(reach) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::database::test_support::thresholds;

    fn verdict(judgement: &Judgement) -> (State, ReasonCode) {
        (judgement.state, judgement.reason.code)
    }

    #[test]
    fn p0_by_the_table() {
        use {ReasonCode as Code, State::*};
        for (untold, told, untold_older, told_older, expected) in [
            (0, 0, 0, 0, (Green, Code::Ok)),
            (0, 0, 0, 3, (Green, Code::Ok)),
            (0, 1, 0, 0, (Yellow, Code::Undelivered)),
            (0, 1, 1, 0, (Yellow, Code::UntoldP0)),
            (0, 0, 1, 0, (Yellow, Code::UntoldP0)),
            (1, 5, 5, 5, (Red, Code::UntoldP0)),
        ] {
            let p0 = P0 { untold, told, untold_older, told_older, ..P0::default() };
            assert_eq!(verdict(&judge_p0(&p0)), expected, "{p0:?}");
        }
    }

    #[test]
    fn the_day_by_the_table() {
        use {ReasonCode as Code, State::*};
        for (rows, open, p0_untold, p0_told, expected) in [
            (0, 0, 0, 0, (Green, Code::Ok)),
            (9, 0, 0, 0, (Green, Code::Ok)),
            (9, 3, 0, 0, (Yellow, Code::Undelivered)),
            (9, 3, 0, 3, (Yellow, Code::Undelivered)),
            (9, 3, 1, 2, (Red, Code::UntoldP0)),
        ] {
            let day = Day { rows, open, p0_untold, p0_told, ..Day::default() };
            assert_eq!(verdict(&judge_day(&day)), expected, "{day:?}");
        }
    }

    fn hour(tallies: &[(Option<&str>, u64)]) -> Hour {
        let tally = |&(status, open): &(Option<&str>, u64)| Tally {
            http_status: status.map(str::to_owned),
            open,
            rows: open + 1,
        };
        Hour { tallies: tallies.iter().map(tally).collect(), ..Hour::default() }
    }

    #[test]
    fn the_hour_by_the_table() {
        use {ReasonCode as Code, State::*};
        for (tallies, expected) in [
            (&[][..], (Green, Code::Ok)),
            (&[(Some("503"), 0), (Some("404"), 0)], (Green, Code::Ok)),
            (&[(Some("429"), 40)], (Yellow, Code::DiscordLimited)),
            (&[(Some("429"), 40), (Some("400"), 1)], (Yellow, Code::Undelivered)),
            (&[(Some("401"), 1)], (Red, Code::WebhookRevoked)),
            (&[(Some("403"), 1)], (Red, Code::WebhookRevoked)),
            (&[(Some("404"), 1), (Some("503"), 40)], (Red, Code::WebhookRevoked)),
            (&[(Some("503"), 4)], (Yellow, Code::Undelivered)),
            (&[(Some("503"), 5)], (Red, Code::DiscordDown)),
            (&[(None, 3), (Some("500"), 1), (Some("0"), 1)], (Red, Code::DiscordDown)),
            (&[(None, 4), (Some("429"), 40)], (Yellow, Code::Undelivered)),
            (&[(Some("5"), 9), (Some("50x"), 1)], (Yellow, Code::Undelivered)),
        ] {
            assert_eq!(
                verdict(&judge_hour(&hour(tallies), &thresholds())),
                expected,
                "{tallies:?}"
            );
        }
    }

    #[test]
    fn the_hour_keeps_all_rows_as_evidence_and_its_keys_are_safe() {
        let judgement = judge_hour(&hour(&[(None, 2), (Some("\u{1b}[2J"), 0)]), &thresholds());
        assert_eq!(judgement.evidence["open"], 2);
        assert_eq!(judgement.evidence["rows"], 4);
        assert_eq!(judgement.evidence["open_by_status"], serde_json::json!({"none": 2}));
        let all = judgement.evidence["by_status"].to_string();
        assert!(all.contains("u{1b}[2J") && !all.contains('\u{1b}'), "{all}");
    }

    #[test]
    fn what_the_ledger_settled_is_told() {
        let day = |rows, only_delivered| {
            let by_ledger = ByLedger { rows, only_delivered };
            judge_day(&Day { rows: 40, by_ledger, ..Day::default() })
        };
        let judgement = day(40, true);
        assert_eq!(verdict(&judgement), (State::Green, ReasonCode::Ok));
        assert_eq!(judgement.evidence["settled_by_ledger"], 40);
        let text = &judgement.reason.text;
        assert!(text.ends_with("; 40 were delivered by a replay"), "{text}");
        let text = day(1, false).reason.text;
        assert!(text.ends_with("; 1 was delivered by a replay, skipped or discarded"), "{text}");
        assert!(!day(0, true).reason.text.contains("replay"));
    }

    #[test]
    fn row_security_makes_zero_unknown_and_counts_at_least() {
        let none = judge_day(&Day { filtered: true, ..Day::default() });
        assert_eq!(verdict(&none), (State::Unknown, ReasonCode::RowSecurity));
        let none = judge_p0(&P0 { filtered: true, ..P0::default() });
        assert_eq!(verdict(&none), (State::Unknown, ReasonCode::RowSecurity));
        let none = judge_hour(&Hour { filtered: true, ..Hour::default() }, &thresholds());
        assert_eq!(verdict(&none), (State::Unknown, ReasonCode::RowSecurity));

        let some = judge_p0(&P0 { untold: 1, filtered: true, ..P0::default() });
        assert_eq!(verdict(&some), (State::Red, ReasonCode::UntoldP0));
        assert!(some.reason.text.starts_with("at least: "), "{}", some.reason.text);
        assert_eq!(some.evidence["at_least"], true);
    }
}
