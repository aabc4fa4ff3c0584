//! Every trap of the choice.

use super::*;
use crate::domain::VersionRef;

const ALL: f64 = 100.0;

fn previous(history: &[&[(u64, f64)]]) -> Result<u64, NoTarget> {
    to(history, "previous")
}

fn to(history: &[&[(u64, f64)]], typed: &str) -> Result<u64, NoTarget> {
    let wanted = Wanted::Version(typed.parse().unwrap());
    let choice = target::choose(&past(history), &wanted, SCRIPT, ACCOUNT)?;
    Ok(choice.version.number.unwrap())
}

fn abort(history: &[&[(u64, f64)]]) -> Result<u64, NoTarget> {
    let choice = target::choose(&past(history), &Wanted::AbortCanary, SCRIPT, ACCOUNT)?;
    Ok(choice.version.number.unwrap())
}

#[test]
fn previous_is_never_what_is_live() {
    assert_eq!(previous(&[&[(3, ALL)], &[(2, ALL)], &[(1, ALL)]]), Ok(2));
    assert_eq!(previous(&[&[(3, ALL)], &[(3, ALL)], &[(2, ALL)]]), Ok(2), "a redeploy");
    assert_eq!(
        previous(&[&[(3, ALL)], &[(3, 50.0), (2, 50.0)], &[(1, ALL)]]),
        Ok(1),
        "a split between"
    );
}

#[test]
fn previous_after_a_rollback_is_not_what_was_rolled_back_from() {
    let history: &[&[(u64, f64)]] = &[&[(2, ALL)], &[(3, ALL)], &[(2, ALL)], &[(1, ALL)]];
    let wanted = Wanted::Version(VersionRef::Previous);
    let choice = target::choose(&past(history), &wanted, SCRIPT, ACCOUNT).unwrap();
    assert_eq!(choice.version.number, Some(1));
    assert_eq!(choice.notes, ["@3 (00000003) is passed over: it was rolled back from"]);
    assert_eq!(
        previous(&[&[(2, ALL)], &[(3, ALL)], &[(2, ALL)]]),
        Err(NoTarget::NothingBefore { listed: 2 })
    );
}

#[test]
fn without_a_whole_deployment_before_there_is_no_previous_one() {
    assert_eq!(previous(&[]), Err(NoTarget::NothingDeployed));
    assert_eq!(previous(&[&[(1, ALL)]]), Err(NoTarget::NothingBefore { listed: 0 }));
    let split: &[(u64, f64)] = &[(2, 60.0), (1, 40.0)];
    assert_eq!(previous(&[split, split, split]), Err(NoTarget::NothingBefore { listed: 2 }));
}

#[test]
fn a_version_that_cannot_be_deployed_any_more_is_passed_over() {
    let mut past = past(&[&[(3, ALL)], &[(2, ALL)], &[(1, ALL)]]);
    past.versions.retain(|version| version.number != Some(2));
    let wanted = Wanted::Version(VersionRef::Previous);
    let choice = target::choose(&past, &wanted, SCRIPT, ACCOUNT).unwrap();
    assert_eq!(choice.version.number, Some(1));
    assert!(choice.notes[0].contains("@2"), "{:?}", choice.notes);
}

#[test]
fn a_version_by_number_id_beginning_or_address() {
    let history: &[&[(u64, f64)]] = &[&[(3, ALL)], &[(2, ALL)], &[(1, ALL)]];
    assert_eq!(to(history, "@1"), Ok(1));
    assert_eq!(to(history, &id(1)), Ok(1));
    assert_eq!(to(history, "00000001"), Ok(1));
    let page = |account: &str, script: &str| {
        format!(
            "https://dash.cloudflare.com/{account}/workers/services/view/{script}/production/deployments/{}",
            id(1)
        )
    };
    assert_eq!(to(history, &page(ACCOUNT, SCRIPT)), Ok(1));
    let elsewhere = [page("f".repeat(32).as_str(), SCRIPT), page(ACCOUNT, "parky-admin-prod")];
    for address in elsewhere {
        assert!(matches!(to(history, &address), Err(NoTarget::Elsewhere { .. })), "{address}");
    }
}

#[test]
fn a_beginning_that_fits_two_or_none_is_refused_with_names() {
    let mut past = past(&[&[(3, ALL)], &[(2, ALL)], &[(1, ALL)]]);
    past.versions[1].version_id = "00000001-ffff-4000-8000-000000000000".into();
    let ask = |typed: &str| {
        let wanted = Wanted::Version(typed.parse().unwrap());
        target::choose(&past, &wanted, SCRIPT, ACCOUNT).unwrap_err().to_string()
    };
    let two = ask("00000001");
    assert!(two.contains("fits several versions: @2 (00000001), @1 (00000001)"), "{two}");
    assert!(ask("99999999").starts_with("no version 99999999 among the 3"), "{}", ask("99999999"));
    assert!(ask("@17").starts_with("no version @17"));
}

#[test]
fn what_was_never_deployed_is_refused_and_what_fell_off_the_list_is_not() {
    // Version 2 was uploaded only.
    let never = to(&[&[(3, ALL)], &[(1, ALL)]], "@2");
    assert!(matches!(never, Err(NoTarget::NeverDeployed { .. })), "{never:?}");
    assert_eq!(
        to(&[&[(3, ALL)], &[(1, ALL)]], "@3"),
        Err(NoTarget::AlreadyLive { name: "@3 (00000003)".into() })
    );
    // Ten are listed, from 15 down to 6; 4 may have been deployed before them.
    let history: Vec<Vec<(u64, f64)>> = (6..=15).rev().map(|n| vec![(n, ALL)]).collect();
    let history: Vec<&[(u64, f64)]> = history.iter().map(Vec::as_slice).collect();
    let wanted = Wanted::Version(VersionRef::Number(4));
    let choice = target::choose(&past(&history), &wanted, SCRIPT, ACCOUNT).unwrap();
    assert!(choice.notes[0].contains("whether it ever served is not known"), "{:?}", choice.notes);
}

#[test]
fn a_split_goes_back_to_the_member_that_was_live_for_all() {
    let canary: &[(u64, f64)] = &[(2, 90.0), (3, 10.0)];
    let past_half: &[(u64, f64)] = &[(3, 80.0), (2, 20.0)];
    assert_eq!(abort(&[canary, &[(2, ALL)], &[(1, ALL)]]), Ok(2));
    assert_eq!(abort(&[past_half, canary, &[(2, ALL)]]), Ok(2), "the larger share proves nothing");
    assert_eq!(previous(&[canary, &[(2, ALL)]]), Ok(2));
}

#[test]
fn a_split_whose_members_were_never_live_for_all_wants_a_choice() {
    let canary: &[(u64, f64)] = &[(2, 90.0), (3, 10.0)];
    let none = abort(&[canary, &[(1, ALL)]]);
    assert!(matches!(none, Err(NoTarget::NoStable { .. })), "{none:?}");
    assert_eq!(to(&[canary, &[(1, ALL)]], "@2"), Ok(2), "named outright");
    let whole = abort(&[&[(2, ALL)], &[(1, ALL)]]);
    assert_eq!(whole, Err(NoTarget::NotSplit { name: "@2 (00000002)".into() }));
}
