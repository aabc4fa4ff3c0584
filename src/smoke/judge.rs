//! What a check means to a pipeline. Pure.

use std::collections::BTreeSet;

use crate::auth::CredentialName;
use crate::domain::{Check, ReasonCode, Source, State};

/// What a check is to the pipeline that asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In order.
    Passed,
    /// Worth a look; fails nothing unless that was asked for.
    Warned,
    /// Measured and bad.
    Failed,
    /// Could not be measured.
    Unmeasured,
    /// Skipped, though it is required.
    Missing,
    /// Skipped, and nobody asked for it.
    Skipped,
}

/// The check as this use case tells it; `None` for what it does not list.
///
/// A missing secret is no fault of the change under test (a fork's pull request gets none), so it is
/// `skipped`. A credential that nothing here uses is listed only where it is set; GitHub's counts as
/// used where a `repository` is known.
pub fn settle(mut check: Check, repository: bool) -> Option<Check> {
    if check.state == State::Unknown && check.reason.code == ReasonCode::NoCredential {
        check.state = State::Skipped;
    }
    let github = || repository && check.name == CredentialName::GithubToken.to_string();
    let unused = check.source == Source::Credentials
        && check.state == State::Skipped
        && check.reason.code == ReasonCode::NotConfigured
        && !github();
    (!unused).then_some(check)
}

/// The required sources of which something was skipped, or nothing was asked.
pub fn missing(checks: &[Check], required: &BTreeSet<Source>) -> Vec<Source> {
    let lacks = |source: &Source| {
        let mut of_it = checks.iter().filter(|check| check.source == *source).peekable();
        of_it.peek().is_none() || of_it.any(|check| check.state == State::Skipped)
    };
    required.iter().copied().filter(lacks).collect()
}

/// What `check` is, where these sources are required.
pub fn standing(check: &Check, required: &BTreeSet<Source>) -> Standing {
    match check.state {
        State::Green => Standing::Passed,
        State::Yellow => Standing::Warned,
        State::Red => Standing::Failed,
        State::Unknown => Standing::Unmeasured,
        State::Skipped if required.contains(&check.source) => Standing::Missing,
        State::Skipped => Standing::Skipped,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::Judgement;
    use crate::domain::check::Times;

    fn check(source: Source, name: &str, state: State, code: ReasonCode) -> Check {
        let times = Times { took_ms: 0, measured_at: DateTime::UNIX_EPOCH };
        Judgement::new(state, code, "").check(source, name, times)
    }

    #[test]
    fn what_becomes_of_each_check() {
        use ReasonCode::{BadCredential, NoCredential, NotConfigured, Ok, Refused, Unauthorized};
        use Source::{Credentials, Database, Hosts, Tokens};
        use State::{Green, Red, Skipped, Unknown};
        for (source, name, state, code, repository, expected) in [
            (Database, "connect", Unknown, NoCredential, false, Some(Skipped)),
            (Tokens, "Cloudflare", Unknown, NoCredential, false, Some(Skipped)),
            (Tokens, "Cloudflare", Unknown, Unauthorized, false, Some(Unknown)),
            (Credentials, "database URL", Unknown, BadCredential, false, Some(Unknown)),
            (Credentials, "SMTP URL", Skipped, NotConfigured, true, None),
            (Credentials, "SMTP URL", Green, Ok, true, Some(Green)),
            (Credentials, "GitHub token", Skipped, NotConfigured, false, None),
            (Credentials, "GitHub token", Skipped, NotConfigured, true, Some(Skipped)),
            (Hosts, "a.example", Red, Refused, false, Some(Red)),
        ] {
            let settled = settle(check(source, name, state, code), repository);
            assert_eq!(settled.map(|c| c.state), expected, "{source} {name} {state:?} {code:?}");
        }
    }

    #[test]
    fn skipped_counts_only_where_it_is_required() {
        let skipped = check(Source::Dlq, "readable", State::Skipped, ReasonCode::NoCredential);
        let fine = check(Source::Hosts, "a.example", State::Green, ReasonCode::Ok);
        let checks = [skipped.clone(), fine];
        let required = |sources: &[Source]| sources.iter().copied().collect::<BTreeSet<_>>();
        assert_eq!(missing(&checks, &required(&[])), []);
        assert_eq!(missing(&checks, &required(&[Source::Hosts])), []);
        let dlq = required(&[Source::Hosts, Source::Dlq]);
        assert_eq!(missing(&checks, &dlq), [Source::Dlq]);
        assert_eq!(missing(&checks, &required(&[Source::Locks])), [Source::Locks], "never asked");
        assert_eq!(standing(&skipped, &dlq), Standing::Missing);
        assert_eq!(standing(&skipped, &required(&[])), Standing::Skipped);
    }
}
