//! Why the alerts were lost, by Discord's answers: the webhook, Discord, the network, the pace, or the
//! messages themselves. Pure.

use serde::Serialize;

/// How many rows had one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answers {
    /// What Discord answered; `None`: nothing.
    pub http_status: Option<i32>,
    /// How many.
    pub rows: u64,
}

/// A verdict in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// A stable word.
    pub code: &'static str,
    /// For a person.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Revoked,
    Down,
    Network,
    Limited,
    Payload,
    Other,
}

impl Cause {
    const ALL: [Self; 6] =
        [Self::Revoked, Self::Down, Self::Network, Self::Limited, Self::Payload, Self::Other];

    fn of(http_status: Option<i32>) -> Self {
        match http_status {
            None => Self::Network,
            Some(401 | 403 | 404) => Self::Revoked,
            Some(429) => Self::Limited,
            Some(400..=499) => Self::Payload,
            Some(500..=599) => Self::Down,
            Some(_) => Self::Other,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Revoked => "webhook-revoked",
            Self::Down => "discord-down",
            Self::Network => "network",
            Self::Limited => "rate-limited",
            Self::Payload => "payload",
            Self::Other => "other",
        }
    }

    fn says(self) -> &'static str {
        match self {
            Self::Revoked => {
                "Discord refuses the webhook (401, 403 or 404): it was deleted or renewed"
            }
            Self::Down => "Discord was down (5xx)",
            Self::Network => "nothing answered: Discord, or the producer's way to it, was down",
            Self::Limited => "Discord held the alerts back (429): too many at once",
            Self::Payload => "Discord refuses the messages themselves (4xx)",
            Self::Other => "the answers are no errors of Discord",
        }
    }
}

/// What the answers to the rows that are still open say.
pub fn diagnose(answers: &[Answers]) -> Diagnosis {
    let count = |cause: Cause| -> u64 {
        let of = answers.iter().filter(|answer| Cause::of(answer.http_status) == cause);
        of.map(|answer| answer.rows).sum()
    };
    let mut causes: Vec<_> = Cause::ALL.map(|cause| (cause, count(cause))).into();
    // While Discord answers 5xx, silence is most likely its own too.
    if count(Cause::Down) > 0 {
        causes.retain(|(cause, _)| *cause != Cause::Network);
        if let Some((_, rows)) = causes.iter_mut().find(|(cause, _)| *cause == Cause::Down) {
            *rows += count(Cause::Network);
        }
    }
    causes.retain(|(_, rows)| *rows > 0);
    causes.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    let total: u64 = causes.iter().map(|(_, rows)| rows).sum();
    match causes.as_slice() {
        [] => Diagnosis { code: "nothing", text: "no open dead letter".to_owned() },
        [(cause, rows)] => {
            Diagnosis { code: cause.code(), text: format!("{}; {rows} open", cause.says()) }
        }
        [(cause, rows), rest @ ..] => {
            // One cause that stands for nine of ten is the cause; the others are still told.
            let clear = rows * 10 >= total * 9;
            let part =
                |(cause, rows): &(Cause, u64)| format!("{} ({rows} of {total})", cause.says());
            let others: Vec<_> = rest.iter().map(part).collect();
            let code = if clear { cause.code() } else { "mixed" };
            let text = format!("{}; besides: {}", part(&(*cause, *rows)), others.join("; "));
            Diagnosis { code, text }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(answers: &[(Option<i32>, u64)]) -> &'static str {
        let answers: Vec<_> =
            answers.iter().map(|&(http_status, rows)| Answers { http_status, rows }).collect();
        diagnose(&answers).code
    }

    #[test]
    fn one_cause_is_named() {
        for (answers, expected) in [
            (&[][..], "nothing"),
            (&[(Some(503), 0)], "nothing"),
            (&[(Some(401), 1), (Some(404), 2), (Some(403), 1)], "webhook-revoked"),
            (&[(Some(503), 9), (Some(500), 1)], "discord-down"),
            (&[(Some(503), 1), (None, 13)], "discord-down"),
            (&[(None, 3)], "network"),
            (&[(Some(429), 40)], "rate-limited"),
            (&[(Some(400), 1), (Some(413), 1)], "payload"),
            (&[(Some(200), 1)], "other"),
        ] {
            assert_eq!(code(answers), expected, "{answers:?}");
        }
    }

    #[test]
    fn several_causes_are_mixed_and_all_are_told() {
        assert_eq!(code(&[(Some(503), 5), (Some(404), 5)]), "mixed");
        assert_eq!(code(&[(Some(503), 95), (Some(404), 5)]), "discord-down");
        let answers = [(Some(503), 95), (Some(404), 5)]
            .map(|(http_status, rows)| Answers { http_status, rows });
        let text = diagnose(&answers).text;
        assert!(text.contains("refuses the webhook") && text.contains("5 of 100"), "{text}");
    }
}
