//! What re-runs, cancellations and reviews have in common: the plan, the yes, one request, and a look
//! at what became of it before anything is said.

use std::fmt::{self, Write};
use std::time::Duration;

use parky_ops::domain::text::{one_line, shorten};
use parky_ops::domain::{Caveat, Consent};
use parky_ops::github::{Client, Run};
use parky_ops::http::ApiError;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use super::list::RunRow;
use super::place::{Found, Place};
use crate::args::consent::ConsentArgs;
use crate::context::Context;
use crate::exit::Outcome;
use crate::ui::{Page, PlanView, Ui, View, prompt};

/// How long the effect of a request is looked for.
const LOOK: Duration = Duration::from_secs(20);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// What is to be done to a run.
pub(super) struct Change {
    /// The words of the command.
    pub(super) command: &'static str,
    /// In a line: "re-run the failed jobs of …".
    pub(super) act: String,
    pub(super) changes: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// Names to be typed; none for a normal act.
    pub(super) names: Vec<String>,
}

/// What became of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Posted {
    /// GitHub took it.
    Sent,
    /// No whole answer came.
    Lost,
}

/// The run's name as acts tell it.
pub(super) fn name(run: &Run) -> String {
    let title = shorten(&one_line(&run.title), 60);
    format!("{} run {} ({title}) of {}", one_line(&run.workflow), run.id, run.repo)
}

/// Shows the plan and asks. `Err` is how the command ends without a yes.
pub(super) async fn agree(
    change: &Change,
    place: &Place,
    run: &Run,
    args: &ConsentArgs,
    ctx: &Context,
    ui: &Ui,
) -> anyhow::Result<Result<Consent, Outcome>> {
    place.github.may_write()?;
    let plan = plan(change, place, run);
    let caveats = place.caveats();
    if args.dry_run {
        ui.show_plan(&plan, &caveats, ctx.clock.now())?;
        return Ok(Err(Outcome::Done));
    }
    let asked = ctx.asked(ui);
    let given = change.names.iter().all(|name| args.confirm.contains(name));
    let agreed = if change.names.is_empty() { args.yes || !args.confirm.is_empty() } else { given };
    if asked.can_ask && !agreed {
        ui.say_plan(&plan);
        ui.say_caveats(&caveats);
    }
    match prompt::agree(&change.act, &change.names, args, &asked).await? {
        Some(consent) => {
            ui.note(&consent.audit());
            Ok(Ok(consent))
        }
        None if asked.can_ask => {
            ui.note("nothing was changed");
            Ok(Err(Outcome::Unconfirmed))
        }
        None => {
            ui.show_plan(&plan, &caveats, ctx.clock.now())?;
            let how = match change.names.as_slice() {
                [] => "--yes".to_owned(),
                names => {
                    let quoted = names.iter().map(|name| shell_words::quote(name));
                    quoted.map(|name| format!("--confirm {name}")).collect::<Vec<_>>().join(" ")
                }
            };
            ui.note(&format!("nothing was changed: nobody agreed; add {how}"));
            Ok(Err(Outcome::Unconfirmed))
        }
    }
}

fn plan(change: &Change, place: &Place, run: &Run) -> PlanView {
    let mut target = Map::new();
    let mut put = |key: &str, value: Value| target.insert(key.to_owned(), value);
    put("repository", json!(run.repo));
    put("run", json!(run.id));
    put("attempt", json!(run.attempt));
    put("workflow", json!(run.workflow));
    put("branch", json!(run.branch));
    put("commit", json!(run.sha));
    put("title", json!(run.title));
    put("token", json!(place.github.token_from.to_string()));
    // The same run in the same attempt and the same act: the same plan.
    let seed = format!("{} {} {} {}", run.repo, run.id, run.attempt, change.act);
    PlanView {
        command: change.command,
        id: digest(&seed),
        act: change.act.clone(),
        target,
        changes: change.changes.clone(),
        warnings: change.warnings.clone(),
        names: change.names.clone(),
        more: Map::new(),
    }
}

/// Twelve hexadecimal digits that depend on `seed` alone.
fn digest(seed: &str) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(seed.as_bytes());
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// That a run deploys is worth a word before it runs.
pub(super) fn deploys(run: &Run, place: &Place) -> Option<String> {
    let file = run.path.rsplit('/').next().unwrap_or_default();
    let deploys = place.world.config.github.deploy_workflows.iter().any(|known| known == file);
    deploys.then(|| format!("this workflow deploys: the commit {} goes out again", short(run)))
}

fn short(run: &Run) -> String {
    run.sha.chars().take(8).collect()
}

/// Whether the request was taken, or its answer lost; any other failure is the command's.
pub(super) fn posted(answer: Result<(), ApiError>) -> anyhow::Result<(Posted, Option<ApiError>)> {
    match answer {
        Ok(()) => Ok((Posted::Sent, None)),
        Err(error) if error.may_have_arrived() => Ok((Posted::Lost, Some(error))),
        Err(error) => Err(error.into()),
    }
}

/// Looks again and again until `look` sees the effect, or for as long as one is looked for.
pub(super) async fn until<T>(mut look: impl AsyncFnMut(Instant) -> Option<T>) -> Option<T> {
    let until = Instant::now() + LOOK;
    loop {
        if let Some(seen) = look(until).await {
            return Some(seen);
        }
        if Instant::now() + PAUSE >= until {
            return None;
        }
        sleep(PAUSE).await;
    }
}

/// Looks at the run until `seen` holds; the last look, and whether it held.
pub(super) async fn look(
    client: &Client,
    id: u64,
    seen: impl Fn(&Run) -> bool,
) -> (Option<Run>, bool) {
    let mut last = None;
    let held = until(async |until| {
        let run = client.run(id, None, until).await.ok()?;
        let held = seen(&run).then_some(());
        last = Some(run);
        held
    });
    let held = held.await.is_some();
    (last, held)
}

/// What was done, and what is known of it.
#[derive(Debug, Serialize)]
pub(super) struct Changed {
    pub(super) act: String,
    pub(super) executed: bool,
    pub(super) posted: Posted,
    /// `done`, `pending`, `unknown`.
    pub(super) state: &'static str,
    pub(super) run: RunRow,
    pub(super) said: String,
    #[serde(skip)]
    pub(super) caveats: Vec<Caveat>,
}

/// Tells what became of `change`, and how the command ends.
pub(super) fn told(
    change: &Change,
    place: &Place,
    (posted, lost): (Posted, Option<ApiError>),
    (found, now): (&Found, Option<Run>),
    (held, done, pending): (bool, &str, &str),
    (ctx, ui): (&Context, &Ui),
) -> anyhow::Result<Outcome> {
    let (state, said, outcome) = match (posted, held) {
        (Posted::Sent, true) => ("done", done.to_owned(), Outcome::Done),
        (Posted::Lost, true) => {
            ("done", format!("{done}; the answer was lost, but the effect is there"), Outcome::Done)
        }
        (Posted::Sent, false) => ("pending", pending.to_owned(), Outcome::Done),
        (Posted::Lost, false) => {
            let why = lost.map(|error| error.to_string()).unwrap_or_default();
            let text = format!(
                "it is not known whether GitHub took it, and no effect shows yet: look before you try again ({why})"
            );
            ("unknown", text, Outcome::Partly)
        }
    };
    let run = now.as_ref().unwrap_or(&found.run);
    let changed = Changed {
        act: change.act.clone(),
        executed: true,
        posted,
        state,
        run: RunRow::of(run, ctx.clock.now()),
        said,
        caveats: place.caveats(),
    };
    ui.show_as(change.command, &changed, ctx.clock.now())?;
    Ok(outcome)
}

impl View for Changed {
    const COMMAND: &'static str = "runs";

    fn text(&self, out: &mut dyn Write, _: &Page) -> fmt::Result {
        writeln!(out, "{}", one_line(&self.said))
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
