//! `parky-ops dlq init`: makes the schema in which replays meet.

use parky_ops::dlq::store::carry::{Carried, carry_over, nobody_at_work};
use parky_ops::dlq::store::shared::{Schema, SharedStore, TeamTable, schema_sql};
use parky_ops::dlq::{FailureId, Owner};
use parky_ops::domain::Caveat;
use serde::Serialize;
use serde_json::{Map, json};

use super::desk::Desk;
use super::site;
use crate::args::consent::ConsentArgs;
use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::Usage;
use crate::ui::{Page, PlanView, Ui, View, prompt};

/// Make the schema parky_ops, in which any number of responders replay at once
///
/// The team's own tables are not touched. With --delivered-status (or dlq.delivered_status) a row that
/// a replay delivered gets that status word.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops dlq init --print
  parky-ops dlq init --grant oncall --confirm prod")]
pub(crate) struct InitArgs {
    /// Print the SQL and change nothing
    #[arg(long)]
    print: bool,

    /// A role that may replay; may be repeated
    #[arg(long, value_name = "ROLE")]
    grant: Vec<String>,

    /// The word that a delivered row of the table gets
    #[arg(long, value_name = "WORD", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    delivered_status: Option<String>,

    #[command(flatten)]
    consent: ConsentArgs,
}

pub(crate) async fn run(args: &InitArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let now = ctx.clock.now();
    if args.print {
        let config = ctx.load()?.config;
        let word = args.delivered_status.as_deref().or(config.dlq.delivered_status.as_deref());
        let sql = schema_sql(&config.env, &args.grant, word);
        ui.show_page(&format!("BEGIN;\n{}\nCOMMIT;\n", sql.trim_end()))?;
        return Ok(Outcome::Done);
    }
    let mut desk = Desk::without_ledger(ctx, ui).await?;
    let config = desk.world.config.clone();
    let words = desk.table.allowed_status_words(&mut desk.session).await?;
    let word = args.delivered_status.clone().or(config.dlq.delivered_status.clone());
    let word = match word {
        Some(word) => Some(word),
        None if ctx.can_ask(ui) && !args.consent.dry_run => ask_word(words.as_deref()).await?,
        None => None,
    };
    check_word(word.as_deref(), words.as_deref(), &config.dlq.open_status)?;
    let database = desk.world.database(desk.world.deadline(desk.world.limit)).await?;
    let team = TeamTable::from(&config.dlq);
    let opened =
        SharedStore::open(database.target.clone(), ctx.redactor.clone(), config.env.clone(), team);
    let opened = opened.await?;
    site::may_change(&desk.world, &database, &opened.access)?;
    let me = Owner::of_this_process(&ctx.operator(), env!("CARGO_PKG_VERSION"));
    let mut local = site::local(&desk.world, ctx.clock).await?;
    if let Some(local) = &mut local {
        nobody_at_work(local, &me).await.map_err(site::refusal)?;
    }
    let view = PlanView {
        command: "dlq init",
        id: config.env.to_string(),
        act: format!("make the schema parky_ops for {}", config.env),
        target: json!({
            "database": format!("{}:{}/{}", database.parsed.host, database.parsed.port, database.parsed.database),
            "from": database.from.to_string(),
        })
        .as_object()
        .cloned()
        .unwrap_or_default(),
        changes: changes(args, word.as_deref()),
        warnings: Vec::new(),
        names: vec![config.env.to_string()],
        more: Map::from_iter([("allowed_status".to_owned(), json!(words))]),
    };
    if args.consent.dry_run {
        ui.show_plan(&view, &desk.caveats(), now)?;
        return Ok(Outcome::Done);
    }
    if ctx.can_ask(ui) {
        ui.say_plan(&view);
    }
    let asked = ctx.asked(ui);
    let agreed = prompt::agree(&view.act, &view.names, &args.consent, &asked).await?;
    let Some(consent) = agreed else {
        ui.show_plan(&view, &desk.caveats(), now)?;
        return Ok(Outcome::Unconfirmed);
    };
    let is_new = opened.access.schema == Schema::Missing;
    let mut store = opened.store;
    store.init(&consent, &args.grant, word.as_deref()).await?;
    let may_mark = store.look().await?.may_update_table;
    let carried = match &mut local {
        Some(local) => {
            let mut store = match word.clone().filter(|_| may_mark) {
                Some(word) => {
                    let table = desk.table.clone();
                    store.marking(move |id: &FailureId| table.mark_delivered(id, &word).ok())
                }
                None => store,
            };
            carry_over(local, &mut store, &me).await.map_err(site::refusal)?
        }
        None => Carried::default(),
    };
    let mut caveats = desk.caveats();
    if is_new {
        let text = "what other machines delivered with their own ledgers is not known here: each \
                    tells it with its next replay, digest or discard";
        caveats.push(Caveat::new("other-ledgers", text));
    }
    let answer = Made {
        env: config.env.to_string(),
        grants: args.grant.clone(),
        delivered_status: word,
        carried,
        caveats,
    };
    ui.show(&answer, now)?;
    Ok(Outcome::Done)
}

async fn ask_word(words: Option<&[String]>) -> anyhow::Result<Option<String>> {
    let allowed = words
        .map_or_else(|| "any word".to_owned(), |words| format!("allowed: {}", words.join(", ")));
    let question =
        format!("Status word of a delivered row ({allowed}; empty: rows stay as they are)");
    let word = prompt::ask(&question).await?;
    Ok((!word.is_empty()).then_some(word))
}

/// The word has to be one that the table takes, and must not mean open.
fn check_word(
    word: Option<&str>,
    allowed: Option<&[String]>,
    open: &[String],
) -> anyhow::Result<()> {
    let Some(word) = word else { return Ok(()) };
    let why = match allowed {
        _ if open.iter().any(|open| open == word) => "means that a row is open".to_owned(),
        Some(words) if !words.iter().any(|allowed| allowed == word) => {
            format!("is not allowed by the table, which takes {}", words.join(", "))
        }
        _ => return Ok(()),
    };
    let hint = "parky-ops dlq init --delivered-status WORD";
    Err(Usage::new(format!("the status '{word}' {why}"), hint).into())
}

fn changes(args: &InitArgs, word: Option<&str>) -> Vec<String> {
    let mut changes = vec!["schema parky_ops with 6 tables, where they are missing".to_owned()];
    changes.extend(args.grant.iter().map(|role| format!("role {role} may replay")));
    changes.push(match word {
        Some(word) => format!("a delivered row of the table gets the status '{word}'"),
        None => "the table is never written: the ledger alone tells what was delivered".to_owned(),
    });
    changes
}

#[derive(Debug, Serialize)]
struct Made {
    env: String,
    grants: Vec<String>,
    delivered_status: Option<String>,
    /// What this machine's own ledger knew, and the schema knows now.
    carried: Carried,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl View for Made {
    const COMMAND: &'static str = "dlq init";

    fn text(&self, out: &mut dyn std::fmt::Write, _: &Page) -> std::fmt::Result {
        writeln!(out, "schema parky_ops is ready for {}", self.env)?;
        if self.carried.rows() > 0 {
            writeln!(out, "  from this machine's own ledger: {}", site::words(&self.carried))?;
        }
        Ok(())
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}
