//! How severe it is, as far as the checks can tell (contract §6). A person confirms.

use chrono::{DateTime, Utc};

use super::Proposal;
use crate::domain::severity::{Answers, Impact, decide};
use crate::domain::{Calendar, Check, EnvName, ReasonCode, Severity, Source, State};

/// What the checks say of an incident's reach, under what the operator said.
pub(super) fn answers(given: Answers, checks: &[Check], env: &EnvName) -> Answers {
    let red = |source| checks.iter().filter(move |c| c.source == source && c.state == State::Red);
    let hosts = checks.iter().filter(|c| c.source == Source::Hosts).count();
    let red_hosts = red(Source::Hosts).count();
    let database_down = red(Source::Database).any(|c| SERVING.contains(&c.name.as_str()));
    let any_red = checks.iter().any(|c| c.state == State::Red);
    let only_monitoring = checks.iter().filter(|c| c.state == State::Red).all(is_monitoring);

    let full_outage = env.is_prod() && ((hosts > 0 && red_hosts == hosts) || database_down);
    let hit = env.is_prod() && (red_hosts > 0 || red(Source::Workers).next().is_some());
    let said_no = given.prod_impact == Some(Impact::No) || given.dev_only;
    Answers {
        prod_impact: given.prod_impact.or((hit || full_outage).then_some(Impact::Yes)),
        full_outage: given.full_outage || (full_outage && !said_no),
        dev_only: given.dev_only || (any_red && (only_monitoring || !env.is_prod())),
        ..given
    }
}

/// The database's checks that say whether it serves; the others are about its upkeep.
const SERVING: [&str; 3] = ["connect", "query", "read-only"];

/// A red that says that alerts were lost, or that the healthcheck fails or is silent, hits no user by
/// itself: what the healthcheck looks at has checks of its own. A database that breaks down while the
/// dead letters are read is another matter.
fn is_monitoring(check: &Check) -> bool {
    use ReasonCode::{DiscordDown, DiscordLimited, Undelivered, UntoldP0, WebhookRevoked};
    let lost = [DiscordDown, DiscordLimited, Undelivered, UntoldP0, WebhookRevoked];
    let of_alerts = check.source == Source::Dlq && lost.contains(&check.reason.code);
    of_alerts || check.source == Source::Synthetic
}

/// The proposal that follows, with its deadline.
pub(super) fn propose(answers: Answers, started: DateTime<Utc>, calendar: &Calendar) -> Proposal {
    let decision = decide(answers);
    let deadline = decision.severity.map(|severity| severity.deadline(started, calendar));
    Proposal {
        proposed: decision.severity,
        p: decision.severity.map(Severity::p),
        rule: decision.rule.to_owned(),
        due_at: deadline.map(|d| d.due_at),
        review_at: deadline.and_then(|d| d.review_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Judgement;
    use crate::domain::check::Times;

    fn proposed(given: Answers, env: &str, list: &[(Source, &str, State)]) -> Option<Severity> {
        use {ReasonCode::UntoldP0, Source::Dlq};
        let times = Times { took_ms: 0, measured_at: DateTime::UNIX_EPOCH };
        let checks: Vec<_> = list
            .iter()
            .map(|(source, name, state)| {
                let code = if *source == Dlq { UntoldP0 } else { ReasonCode::Ok };
                Judgement::new(*state, code, "").check(*source, *name, times)
            })
            .collect();
        let answers = answers(given, &checks, &env.parse().unwrap());
        propose(answers, DateTime::UNIX_EPOCH, &Calendar::default()).proposed
    }

    #[test]
    fn what_the_checks_propose() {
        use Severity::{Sev1, Sev2, Sev3};
        use Source::{Connections, Database, Dlq, Hosts, Synthetic};
        use State::{Green, Red};
        let none = Answers::default();
        let both = |a, b| [(Hosts, "a", a), (Hosts, "b", b)];
        assert_eq!(proposed(none, "prod", &both(Red, Red)), Some(Sev1));
        assert_eq!(proposed(none, "prod", &both(Red, Green)), Some(Sev2));
        assert_eq!(proposed(none, "dev", &both(Red, Red)), Some(Sev3));
        assert_eq!(proposed(none, "prod", &[(Database, "connect", Red)]), Some(Sev1));
        assert_eq!(proposed(none, "prod", &[(Database, "xid", Red)]), None, "upkeep: ask");
        assert_eq!(proposed(none, "prod", &[(Connections, "connections", Red)]), None, "ask");
        assert_eq!(proposed(none, "prod", &[(Hosts, "a", Green), (Dlq, "p0", Red)]), Some(Sev3));
        assert_eq!(proposed(none, "prod", &[(Synthetic, "healthcheck", Red)]), Some(Sev3));
        let with_users = [(Hosts, "a", Red), (Hosts, "b", Green), (Synthetic, "healthcheck", Red)];
        assert_eq!(proposed(none, "prod", &with_users), Some(Sev2));
        let with_locks = [(Synthetic, "healthcheck", Red), (Connections, "connections", Red)];
        assert_eq!(proposed(none, "prod", &with_locks), None, "ask");
        assert_eq!(proposed(none, "prod", &both(Green, Green)), None);
    }

    #[test]
    fn the_operator_overrules_the_measurement() {
        let down = [(Source::Hosts, "a", State::Red)];
        let no = Answers { prod_impact: Some(Impact::No), ..Answers::default() };
        assert_eq!(proposed(no, "prod", &down), None);
        let payment = Answers { payment: true, ..Answers::default() };
        assert_eq!(proposed(payment, "prod", &[]), Some(Severity::Sev1));
        let unknown = Answers { prod_impact: Some(Impact::Unknown), ..Answers::default() };
        assert_eq!(proposed(unknown, "prod", &[]), Some(Severity::Sev2));
    }
}
