//! What the checks cannot tell is asked of the person at the terminal, after the answer is shown.

use chrono::{DateTime, Utc};
use parky_ops::checks::World;
use parky_ops::domain::severity::Impact;
use parky_ops::domain::{Jst, Verdict};
use parky_ops::triage::{Question, Symptom, Triage, propose};

use crate::exit::Outcome;
use crate::signals::Signals;
use crate::ui::{Ui, prompt};

/// Whether a person could add something: trouble is there, and no severity follows from it.
pub(super) fn worth_asking(answer: &Triage) -> bool {
    let trouble = matches!(answer.verdict, Verdict::Red | Verdict::Unknown) && !answer.offline;
    trouble && answer.severity.proposed.is_none()
}

/// Asks for the impact and the symptom, and says what follows. A signal ends the questions, and is
/// how the command then ends.
pub(super) async fn complete(
    question: &mut Question,
    answer: &Triage,
    world: &World,
    ui: &Ui,
    signals: &mut Signals,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<Outcome>> {
    let questions = async {
        let impact =
            prompt::choose("Are users of production hit?", &["yes", "no", "unknown"], "unknown")
                .await?;
        let symptom = match question.symptom {
            Some(symptom) => symptom.word(),
            None => prompt::choose("What does it look like?", &SYMPTOMS, "partial").await?,
        };
        let dev_only = impact == "no"
            && prompt::choose("Is only dev or monitoring affected?", &["no", "yes"], "no").await?
                == "yes";
        anyhow::Ok((impact, symptom, dev_only))
    };
    let (impact, symptom, dev_only) = tokio::select! {
        outcome = signals.next() => return Ok(Some(prompt::abandon(outcome))),
        answers = questions => answers?,
    };
    question.answers.prod_impact = impact.parse::<Impact>().ok();
    question.answers.full_outage |= symptom == Symptom::Outage.word() && impact == "yes";
    question.answers.dev_only |= dev_only;
    let proposal = propose(question.answers, answer, &world.config);
    let line = match (proposal.proposed, proposal.due_at) {
        (Some(severity), Some(due)) => format!(
            "{severity} ({}): post to #{}, react by {}",
            proposal.rule,
            severity.channel(),
            Jst(due)
        ),
        _ => format!("no severity ({}); handle it as SEV2/P1 until that is known", proposal.rule),
    };
    let late = proposal.due_at.is_some_and(|due| due < now);
    ui.say(&if late { format!("{line}, which is past") } else { line });
    Ok(None)
}

const SYMPTOMS: [&str; 4] = {
    let [a, b, c, d] = Symptom::WORDS;
    [a.0, b.0, c.0, d.0]
};
