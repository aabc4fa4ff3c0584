//! The answer as Markdown, to paste into the incident thread. It leaves this program, so it is
//! Japanese unless the configuration or `--lang` says otherwise.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use parky_ops::config::Lang;
use parky_ops::domain::clock::span;
use parky_ops::domain::{Check, EnvName, Jst, State};
use parky_ops::triage::{StartedFrom, Suspect, ToldState, Triage, UsOrThem};

/// The words of one language.
struct Words {
    started: &'static str,
    ago: &'static str,
    unknown_start: &'static str,
    suspect: &'static str,
    severity: &'static str,
    due: &'static str,
    undecided: &'static str,
    told: &'static str,
    vendor: &'static str,
    checks: &'static str,
    next: &'static str,
    offline: &'static str,
}

const JA: Words = Words {
    started: "開始",
    ago: "前",
    unknown_start: "不明",
    suspect: "直前の変更",
    severity: "重大度 (提案)",
    due: "対応期限",
    undecided: "未判定 (判定まで SEV2/P1 として扱う)",
    told: "通知",
    vendor: "原因の所在",
    checks: "異常のある項目",
    next: "次の一手",
    offline: "オフラインのため、サービスの状態は不明です。",
};

const EN: Words = Words {
    started: "Started",
    ago: " ago",
    unknown_start: "not known",
    suspect: "Changed just before",
    severity: "Severity (proposed)",
    due: "react by",
    undecided: "undecided (handle as SEV2/P1 until it is)",
    told: "Told",
    vendor: "Us or them",
    checks: "Not in order",
    next: "Next",
    offline: "Offline: nothing is known of the services.",
};

/// The page.
pub(super) fn page(answer: &Triage, env: &EnvName, lang: Lang, now: DateTime<Utc>) -> String {
    let words = match lang {
        Lang::Ja => &JA,
        Lang::En => &EN,
    };
    let mut out = String::new();
    let verdict = answer.verdict.state().word().to_uppercase();
    let _ = writeln!(out, "**triage: {verdict}** {env} {}\n", Jst(now));
    if answer.offline {
        let _ = writeln!(out, "{}", words.offline);
        return out;
    }
    for (label, text) in facts(answer, lang, words, now) {
        let _ = writeln!(out, "- {label}: {text}");
    }
    let bad: Vec<_> =
        answer.checks.iter().filter(|c| c.state.rank() >= State::Yellow.rank()).collect();
    if !bad.is_empty() {
        let _ = writeln!(out, "\n**{}**\n", words.checks);
        bad.iter().for_each(|check| check_line(&mut out, check));
    }
    if !answer.next.is_empty() {
        let _ = writeln!(out, "\n**{}**\n", words.next);
        for (n, step) in (1..).zip(&answer.next) {
            let _ = writeln!(out, "{n}. `{}`", step.command.replace('`', "'"));
        }
    }
    out
}

fn check_line(out: &mut String, check: &Check) {
    let state = check.state.word();
    let (name, text) = (inert(&check.name), inert(&check.reason.text));
    let _ = writeln!(out, "- {state}: {} {name}: {text}", check.source);
}

fn facts(
    answer: &Triage,
    lang: Lang,
    words: &Words,
    now: DateTime<Utc>,
) -> Vec<(&'static str, String)> {
    let started = match answer.started_from {
        StartedFrom::Now => words.unknown_start.to_owned(),
        _ => {
            let at = answer.started_at;
            format!("{} ({}{})", Jst(at), long(now - at, lang), words.ago)
        }
    };
    let severity = match (answer.severity.proposed, answer.severity.due_at) {
        (Some(severity), Some(due)) => format!("{severity}, {} {}", words.due, Jst(due)),
        _ => words.undecided.to_owned(),
    };
    let mut facts = vec![(words.started, started)];
    if let Some(suspect) = &answer.suspect {
        facts.push((words.suspect, changed(suspect, lang)));
    }
    facts.push((words.severity, severity));
    facts.push((words.told, told(answer, lang)));
    facts.push((words.vendor, vendor(answer, lang)));
    facts
}

/// A span in the words of the language.
fn long(delta: chrono::TimeDelta, lang: Lang) -> String {
    let text = span(delta);
    match lang {
        Lang::En => text,
        Lang::Ja => ["min/分", "h/時間", "d/日", "s/秒"].iter().fold(text, |text, pair| {
            let (english, japanese) = pair.split_once('/').unwrap_or_default();
            text.replace(english, japanese)
        }),
    }
}

fn changed(suspect: &Suspect, lang: Lang) -> String {
    let number = suspect.number.map(|n| format!(" @{n}")).unwrap_or_default();
    let by = suspect.author.as_deref().map(|a| format!(" by {}", inert(a))).unwrap_or_default();
    let message =
        suspect.message.as_deref().map(|m| format!(" \"{}\"", inert(m))).unwrap_or_default();
    let at = Jst(suspect.at).hour_minute();
    let minutes = suspect.minutes_before;
    let before = match (lang, minutes) {
        (Lang::Ja, 0..) => format!("開始の {minutes} 分前"),
        (Lang::Ja, _) => format!("開始の {} 分後", -minutes),
        (Lang::En, 0..) => format!("{minutes} min before the start"),
        (Lang::En, _) => format!("{} min after the start", -minutes),
    };
    let (kind, target) = (suspect.kind.word(), inert(&suspect.target));
    format!("{kind} {target}{number} {at} ({before}){by}{message}")
}

fn told(answer: &Triage, lang: Lang) -> String {
    let count = answer.told.untold_p0.unwrap_or(0);
    match (lang, answer.told.state) {
        (Lang::Ja, ToldState::No) => format!("P0 アラート {count} 件が誰にも届いていない"),
        (Lang::En, ToldState::No) => {
            format!("{count} P0 {} reached nobody", if count == 1 { "alert" } else { "alerts" })
        }
        (Lang::Ja, ToldState::Yes) => "未達の P0 はすべてメールで送信済み".to_owned(),
        (Lang::En, ToldState::Yes) => "every lost P0 went out by e-mail".to_owned(),
        (Lang::Ja, ToldState::Nothing) => "未達の P0 なし".to_owned(),
        (Lang::En, ToldState::Nothing) => "no P0 alert was lost".to_owned(),
        (Lang::Ja, ToldState::Unknown) => "不明 (DLQ を読めない)".to_owned(),
        (Lang::En, ToldState::Unknown) => "unknown (dead letters could not be read)".to_owned(),
    }
}

fn vendor(answer: &Triage, lang: Lang) -> String {
    let names = answer.vendor.names.join(", ");
    match (lang, answer.vendor.judgement) {
        (Lang::Ja, UsOrThem::Us) => "自社側".to_owned(),
        (Lang::En, UsOrThem::Us) => "us".to_owned(),
        (Lang::Ja, UsOrThem::Them) => format!("ベンダー側: {names}"),
        (Lang::En, UsOrThem::Them) => format!("them: {names}"),
        (Lang::Ja, UsOrThem::Unknown) => "不明".to_owned(),
        (Lang::En, UsOrThem::Unknown) => "unknown".to_owned(),
    }
}

/// Words from outside that neither ping anyone nor format anything where they are pasted.
fn inert(text: &str) -> String {
    let text = parky_ops::domain::text::one_line(text);
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            // A full-width sign reads the same, and Discord sees no mention in it.
            '@' => out.push('＠'),
            '*' | '_' | '`' | '~' | '|' | '<' | '>' | '[' | ']' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_pings_or_formats() {
        assert_eq!(inert("@here **x** <@1>\n`y`"), "＠here \\*\\*x\\*\\* \\<＠1\\> \\`y\\`");
    }
}
