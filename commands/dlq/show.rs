//! `parky-ops dlq show ID`: one alert that Discord did not take: the row, the message, what was tried,
//! and what a replay would do. Reads only.

use std::fmt::{self, Write};

use parky_ops::auth::{AuthError, CredentialName};
use parky_ops::checks::World;
use parky_ops::dlq::outlook::{Case, Outlook};
use parky_ops::dlq::plan::Road;
use parky_ops::dlq::store::AttemptRecord;
use parky_ops::dlq::{FailureId, Letter, Payload, fingerprint, secrets};
use parky_ops::domain::clock::span;
use parky_ops::domain::text::one_line;
use parky_ops::domain::{Caveat, Jst, hex};
use serde::Serialize;
use serde_json::{Map, Value};

use super::desk::Desk;
use super::embed;
use super::row::{Leaks, LetterRow};
use crate::completion::{self, Kind};
use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::NotFound;
use crate::signals::Signals;
use crate::ui::{Page, Table, Tone, Ui, View, paint};

/// Show one alert that Discord did not take, and what a replay would do with it
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: parky-ops dlq show 42")]
pub(crate) struct ShowArgs {
    /// Its key, as 'dlq list' shows it
    #[arg(value_name = "ID", add = completion::of(Kind::DeadLetter))]
    id: String,
}

pub(crate) async fn run(args: &ShowArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let answer = tokio::select! {
        biased;
        outcome = signals.next() => return Ok(outcome),
        answer = ask(args, ctx, ui) => answer?,
    };
    ui.show(&answer, ctx.clock.now())?;
    Ok(Outcome::Done)
}

async fn ask(args: &ShowArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Answer> {
    let mut desk = Desk::open(ctx, ui).await?;
    let typed = FailureId::new(args.id.as_str());
    let letter = desk.table.read_one(&mut desk.session, &typed).await?;
    let letter = letter.ok_or_else(|| NotFound::rows([&typed]))?;
    let id = letter.id.clone().unwrap_or(typed);
    let attempts = desk.known.attempts(&id).await;
    let items = desk.known.items(std::slice::from_ref(&id)).await;
    let item = items.get(&id);
    let mut leaks = Leaks::default();
    let row = LetterRow::new(&letter, item, &desk.table, &mut leaks);
    let guild = desk.world.config.pins.discord_guild.as_ref().map(|pin| pin.value.clone());
    let link = item.and_then(|item| {
        let (channel, message) = (item.channel_id.as_ref()?, item.message_id.as_ref()?);
        Some(format!("https://discord.com/channels/{}/{channel}/{message}", guild?))
    });
    let mut caveats = desk.caveats();
    let stored = stored(&letter, &mut leaks);
    let read = desk.table.payload().map(|()| Payload::read(letter.payload.as_deref()));
    let now = ctx.clock.now();
    let (payload, fault, decoded_twice) = match read {
        Ok(Ok(payload)) => (Some(payload.body), None, payload.decoded_twice),
        Ok(Err(why)) => {
            (None, Some(Fault { code: why.word(), text: why.text().to_owned() }), false)
        }
        Err(error) => (None, Some(Fault { code: error.code(), text: error.to_string() }), false),
    };
    let replay = match desk.table.payload() {
        Ok(()) => {
            let road = road(&desk.world, &letter);
            let lang = desk.world.config.lang;
            Case { letter: &letter, state: row.state, road, now, lang }.outlook()
        }
        Err(error) => Outlook::of_table(&error),
    };
    if decoded_twice {
        let text = "the payload is stored as a text that holds JSON: it was decoded once more";
        caveats.push(Caveat::new("decoded-twice", text));
    }
    caveats.extend(leaks.caveat());
    Ok(Answer {
        fingerprint: hex(&fingerprint::exact(&letter.channel, letter.payload.as_deref())),
        row,
        payload: payload.map(withheld),
        payload_fault: fault,
        stored,
        attempts,
        link,
        replay,
        caveats,
    })
}

/// What the row's channel can do, as far as that is told without looking.
fn road(world: &World, letter: &Letter) -> Road {
    let name = CredentialName::webhook(&letter.channel);
    match world.locator().locate(&name) {
        Ok(_) => Road::Open,
        Err(AuthError::NotSet { .. }) if !world.config.channels.contains_key(&letter.channel) => {
            Road::Unknown
        }
        Err(error) => Road::Blocked(format!("{error}; {}", error.hint())),
    }
}

/// What is stored where it is no message, without secrets.
fn stored(letter: &Letter, leaks: &mut Leaks) -> Option<String> {
    let stored = letter.payload.as_deref()?;
    let clean = leaks.withhold(stored, &letter.channel);
    Payload::read(Some(stored)).is_err().then(|| parky_ops::domain::text::shorten(&clean, 2000))
}

/// The message with the tokens of webhooks taken out.
fn withheld(body: Map<String, Value>) -> Map<String, Value> {
    fn clean(value: Value) -> Value {
        match value {
            Value::String(text) => secrets::withhold(&text).into_owned().into(),
            Value::Array(items) => items.into_iter().map(clean).collect(),
            Value::Object(map) => Value::Object(withheld(map)),
            plain => plain,
        }
    }
    body.into_iter().map(|(key, value)| (key, clean(value))).collect()
}

#[derive(Debug, Serialize)]
struct Fault {
    code: &'static str,
    text: String,
}

#[derive(Debug, Serialize)]
struct Answer {
    #[serde(flatten)]
    row: LetterRow,
    fingerprint: String,
    payload: Option<Map<String, Value>>,
    payload_fault: Option<Fault>,
    /// What stands there instead of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<String>,
    attempts: Vec<AttemptRecord>,
    link: Option<String>,
    replay: Outlook,
    #[serde(skip)]
    caveats: Vec<Caveat>,
}

impl View for Answer {
    const COMMAND: &'static str = "dlq show";

    fn text(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        let row = &self.row;
        let title = if row.title.is_empty() { "(no title)" } else { &row.title };
        writeln!(out, "{}", paint(Tone::Strong, &one_line(title)))?;
        let mut line = |label: &str, text: &str| {
            let label = format!("{label:<10}");
            writeln!(out, "{}{}", paint(Tone::Dim, &label), one_line(text))
        };
        line("Row", row.id.as_deref().unwrap_or("-"))?;
        line("To", &format!("#{} ({})", row.channel, row.severity))?;
        let ago = |at| format!("{} ({} ago)", Jst(at).to_the_second(), span(page.now - at));
        line("Attempted", &row.attempted_at.map_or_else(|| "at no known time".to_owned(), ago))?;
        line("Answer", &format!("{}; {}", row.answer(), row.evidence.text()))?;
        line("Error", if row.error.is_empty() { "-" } else { &row.error })?;
        line("By mail", if row.fallback_email_sent { "told" } else { "not told" })?;
        line("State", &format!("{} (status '{}')", row.standing(), row.status))?;
        if let Some(link) = &self.link {
            line("Message", link)?;
        }
        line("Replay", &self.replay.text)?;
        line("Print", &self.fingerprint)?;
        self.message(out, page)?;
        self.attempts(out, page)
    }

    fn caveats(&self) -> Vec<Caveat> {
        self.caveats.clone()
    }
}

impl Answer {
    fn message(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        writeln!(out)?;
        if let Some(body) = &self.payload {
            return embed::write(out, body, page.width);
        }
        if let Some(fault) = &self.payload_fault {
            writeln!(out, "  {}", paint(Tone::Warn, &one_line(&fault.text)))?;
        }
        match &self.stored {
            Some(stored) => writeln!(out, "  {}", one_line(stored)),
            None => Ok(()),
        }
    }

    fn attempts(&self, out: &mut dyn Write, page: &Page) -> fmt::Result {
        if self.attempts.is_empty() {
            return Ok(());
        }
        let mut table = Table::new(page, ["SENT", "BY", "OUTCOME", "HTTP", "MESSAGE", "NOTE"]);
        for attempt in &self.attempts {
            let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            let http = attempt.http_status.map_or_else(|| "-".to_owned(), |n| n.to_string());
            table.row([
                &Jst(attempt.intent_at).to_the_second(),
                &attempt.operator,
                &text(&attempt.outcome),
                &http,
                &text(&attempt.message_id),
                &text(&attempt.note),
            ]);
        }
        write!(out, "\n{table}")
    }
}
