//! What to check where a worker says nothing: as far as anybody can see from here, a quiet worker and a
//! wrong one look alike.

use std::time::Duration;

use parky_ops::domain::text::one_line;

use super::choose::Chosen;

/// So long without any event is worth a word.
pub(super) const AFTER: Duration = Duration::from_secs(20);

/// The word.
pub(super) fn text(chosen: &[Chosen], filtered: bool, account: &str) -> String {
    let names = chosen.iter().map(|one| one_line(&one.watch.script)).collect::<Vec<_>>().join(", ");
    let methods = chosen.iter().any(|one| !one.watch.filters.methods.is_empty());
    let version = chosen
        .iter()
        .any(|one| one.watch.newest || one.watch.filters.version.is_some())
        .then_some("the traffic may be on another version");
    let filters = match (methods, filtered) {
        (true, _) => Some("--method leaves out everything that is no request"),
        (false, true) => Some("a filter may leave everything out"),
        (false, false) => None,
    };
    let reasons =
        [Some("the worker may be quiet, or not reached (cache, route)"), version, filters];
    let reasons: Vec<_> = reasons.into_iter().flatten().collect();
    format!(
        "no event in {} s from script {names} of account {account}: {}",
        AFTER.as_secs(),
        reasons.join("; ")
    )
}
