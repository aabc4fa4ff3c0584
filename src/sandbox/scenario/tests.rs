//! Names, and the times that every later test counts on.

use chrono::TimeDelta;

use super::*;
use crate::sandbox::database::DatabaseFacts;

fn now() -> DateTime<Utc> {
    "2026-11-21T18:12:00Z".parse().unwrap()
}

#[test]
fn every_scenario_is_read_by_its_word() {
    for scenario in Scenario::ALL {
        assert_eq!(scenario.word().parse(), Ok(scenario));
        assert!(scenario.summary().len() < 90 && !scenario.summary().contains('\n'));
    }
    assert_eq!(Scenario::default().to_string(), "bad-deploy");
}

#[test]
fn an_unknown_one_is_named_with_a_suggestion_and_without_escapes() {
    let error = |word: &str| word.parse::<Scenario>().unwrap_err();
    assert_eq!(error("baddeploy"), "no scenario 'baddeploy', did you mean 'bad-deploy'?");
    let all = "bad-deploy, healthy, canary, ci-broken, db-saturated, discord-outage, \
               monitoring-blind, all-down, bad-tokens, bad-line, dead-letters";
    assert!(error("zzz").ends_with(&format!("there are {all}")));
    assert!(!error("\u{1b}[2J").contains('\u{1b}'));
}

#[test]
fn on_a_good_day_no_deploy_is_younger_than_two_days() {
    for script in Scenario::Healthy.facts(now()).scripts {
        assert!((4..=6).contains(&script.releases.len()), "{}", script.script);
        assert!(script.releases.iter().all(|release| release.ago > TimeDelta::days(2)));
        assert!(script.releases.is_sorted_by_key(|release| release.ago));
    }
}

#[test]
fn the_bad_deploy_is_7_minutes_before_the_first_lost_alert() {
    let facts = Scenario::BadDeploy.facts(now());
    let suspect = &facts.scripts[0].releases[0];
    let letters = match facts.database {
        DatabaseFacts::Serves(letters) => letters,
        DatabaseFacts::Refuses | DatabaseFacts::BadPassword => Vec::new(),
    };
    let failed = letters.iter().filter(|letter| letter.status == "failed");
    let start = failed.map(|letter| letter.attempted_at).min().unwrap();
    assert_eq!(start, now() - TimeDelta::minutes(12));
    assert_eq!(start - (now() - suspect.ago), TimeDelta::minutes(7));
    assert_eq!((facts.scripts[0].script, suspect.number), ("parky-public-prod", 142));
    assert!(facts.scripts.iter().skip(1).all(|s| s.releases[0].ago > TimeDelta::days(2)));
}
