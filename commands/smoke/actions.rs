//! Annotations for GitHub Actions: what is wrong stands beside the run.

use parky_ops::domain::Check;
use parky_ops::smoke::Standing;

use super::view::Smoke;
use crate::ui::{Level, Ui};

/// So many of one level are kept of a step; what is beyond stands in its summary.
const KEPT: usize = 10;

/// An annotation for each check that is not in order, worst first as they stand in the answer.
pub(super) fn annotate(answer: &Smoke, ui: &Ui) {
    let level = |check: &&Check| match answer.standing(check) {
        Standing::Failed | Standing::Unmeasured | Standing::Missing => Some(Level::Error),
        Standing::Warned if answer.fail_on_yellow => Some(Level::Error),
        Standing::Warned => Some(Level::Warning),
        Standing::Passed | Standing::Skipped => None,
    };
    for of in [Level::Error, Level::Warning] {
        let found: Vec<_> = answer.checks.iter().filter(|check| level(check) == Some(of)).collect();
        let shown = if found.len() > KEPT { KEPT - 1 } else { found.len() };
        for check in found.iter().take(shown) {
            let title = format!("{} {}", check.source, check.name);
            let state = match answer.standing(check) {
                Standing::Missing => "required, but skipped",
                _ => check.state.word(),
            };
            ui.annotate(of, &title, &format!("{state}: {}", check.reason.text));
        }
        if shown < found.len() {
            let more = format!("{} more, see the summary of this step", found.len() - shown);
            ui.annotate(of, "smoke", &more);
        }
    }
    let never_asked = |source: &&_| !answer.checks.iter().any(|check| check.source == **source);
    for source in answer.missing.iter().filter(never_asked) {
        ui.annotate(Level::Error, source.word(), "required, but not asked");
    }
}
