//! Is it the world that is down, or our own network? (contract §2)

use crate::domain::{Caveat, Check, Judgement, Reach, ReasonCode, Source, State};

/// Where everything that was tried failed at the name look-up or the connect, the vendors' status
/// pages included, nothing is known: turns every check into `unknown`, and says that it did.
/// Where the vendors were not asked there is nothing to tell our network from theirs by, and a thing
/// that does not answer counts as down.
pub fn apply(checks: &mut [Check]) -> bool {
    let offline = is_offline(checks);
    if offline {
        checks.iter_mut().for_each(forget);
    }
    offline
}

/// What to add where several things were tried, all in vain, and nobody asked the vendors' pages: it
/// may be our own network. A refusal proves that somebody is there to refuse.
pub fn doubt(checks: &[Check]) -> Option<Caveat> {
    let lost = |check: &&Check| {
        let code = check.reason.code;
        let no_way =
            matches!(code, ReasonCode::Dns | ReasonCode::Timeout | ReasonCode::Unreachable);
        check.reach == Reach::NotReached && no_way && !is_cut_short(check)
    };
    let outside = |check: &&Check| !matches!(check.source, Source::Config | Source::Credentials);
    let tried = || checks.iter().filter(outside).filter(|check| check.reach != Reach::NotTried);
    let vain = tried().count() > 1 && tried().all(|check| lost(&check));
    let text = "nothing that was asked could be reached: it may be your own network; `parky-ops triage` asks the vendors too";
    vain.then(|| Caveat::new("perhaps-offline", text))
}

fn is_offline(checks: &[Check]) -> bool {
    let tried = || checks.iter().filter(|c| c.reach != Reach::NotTried && !is_cut_short(c));
    let vendors_tried = tried().any(|check| check.source == Source::Vendors);
    vendors_tried && tried().all(|check| check.reach == Reach::NotReached)
}

/// A look that our own deadline ended at once proves nothing about the network.
fn is_cut_short(check: &Check) -> bool {
    check.reason.code == ReasonCode::Timeout && check.took_ms < 1000
}

fn forget(check: &mut Check) {
    let text = match (check.state, check.reach) {
        (State::Skipped, _) => return,
        (_, Reach::NotTried) => "not looked at: you appear to be offline".to_owned(),
        _ => format!("you appear to be offline ({})", check.reason.text),
    };
    let judgement = Judgement::unknown(ReasonCode::Offline, text);
    check.state = judgement.state;
    check.reason = judgement.reason;
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::check::Times;

    fn check(source: Source, judgement: Judgement) -> Check {
        let times = Times { took_ms: 1, measured_at: DateTime::UNIX_EPOCH };
        judgement.check(source, source.word(), times)
    }

    fn unreached(source: Source) -> Check {
        let judgement = Judgement::red(ReasonCode::Refused, "refused").reach(Reach::NotReached);
        check(source, judgement)
    }

    #[test]
    fn nothing_reachable_at_all_is_offline_and_no_outage() {
        let no_token = Judgement::unknown(ReasonCode::NoCredential, "no token");
        let switched_off = Judgement::new(State::Skipped, ReasonCode::SwitchedOff, "");
        let mut checks = [
            unreached(Source::Hosts),
            check(Source::Workers, no_token),
            check(Source::Dlq, switched_off),
            unreached(Source::Vendors),
        ];
        assert!(apply(&mut checks));
        let states = checks.each_ref().map(|check| (check.state, check.reason.code));
        let offline = (State::Unknown, ReasonCode::Offline);
        let skipped = (State::Skipped, ReasonCode::SwitchedOff);
        assert_eq!(states, [offline, offline, skipped, offline]);
    }

    #[test]
    fn one_answer_from_anywhere_proves_that_we_are_online() {
        let up = || check(Source::Vendors, Judgement::green("ok"));
        assert!(!apply(&mut [unreached(Source::Hosts), up()]));
        assert!(!apply(&mut [unreached(Source::Hosts)]), "the vendors were not asked");
    }

    #[test]
    fn where_nothing_answers_and_nobody_refuses_the_network_is_doubted() {
        let failed = |code| check(Source::Hosts, Judgement::red(code, "").reach(Reach::NotReached));
        let lost = || failed(ReasonCode::Dns);
        let untried = check(Source::Workers, Judgement::unknown(ReasonCode::NoCredential, ""));
        let read = check(Source::Config, Judgement::green("ok"));
        assert_eq!(doubt(&[read, lost(), lost(), untried]).unwrap().code, "perhaps-offline");
        assert_eq!(doubt(&[lost()]), None, "one thing alone proves little");
        assert_eq!(doubt(&[lost(), failed(ReasonCode::Refused)]), None);
        assert_eq!(doubt(&[lost(), check(Source::Hosts, Judgement::green("ok"))]), None);
        assert_eq!(doubt(&[]), None);
    }

    #[test]
    fn our_own_haste_proves_nothing() {
        let hasty = Judgement::unknown(ReasonCode::Timeout, "late").reach(Reach::NotReached);
        assert!(!apply(&mut [check(Source::Vendors, hasty)]));
    }
}
