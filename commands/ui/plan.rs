//! A change as it is shown before anybody agrees to it (contract: "Plans").

use std::fmt::Write as _;
use std::io;

use chrono::{DateTime, Utc};
use parky_ops::domain::Caveat;
use parky_ops::domain::text::one_line;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Format, Tone, Ui, json as document, paint};

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct PlanView {
    /// The words of the command, as in the schema's name.
    pub(crate) command: &'static str,
    /// The same plan, the same id.
    pub(crate) id: String,
    /// What is to be done, in a line.
    pub(crate) act: String,
    /// What it is done to, by name.
    pub(crate) target: Map<String, Value>,
    /// What will be different, a line each.
    pub(crate) changes: Vec<String>,
    /// What the operator has to know first.
    pub(crate) warnings: Vec<String>,
    /// The names that have to be typed; none for a normal act.
    pub(crate) names: Vec<String>,
    /// Further keys of the JSON plan.
    pub(crate) more: Map<String, Value>,
}

#[derive(Serialize)]
struct Data<'a> {
    plan: &'a Map<String, Value>,
    executed: bool,
}

impl PlanView {
    /// The `plan` object.
    fn to_json(&self) -> Map<String, Value> {
        let kind = if self.names.is_empty() { "normal" } else { "severe" };
        let mut plan = Map::new();
        plan.insert("id".to_owned(), json!(self.id));
        plan.insert("act".to_owned(), json!(self.act));
        plan.insert("target".to_owned(), json!(self.target));
        plan.insert("changes".to_owned(), json!(self.changes));
        plan.insert("warnings".to_owned(), json!(self.warnings));
        let consent = json!({ "kind": kind, "name": self.names.first(), "names": self.names });
        plan.insert("consent".to_owned(), consent);
        plan.extend(self.more.clone());
        plan
    }

    /// The card for people.
    pub(crate) fn text(&self) -> String {
        let mut page = format!("{} {}\n", paint(Tone::Strong, "PLAN"), one_line(&self.act));
        for (key, value) in &self.target {
            let value = in_words(value);
            if !value.is_empty() {
                let _ = writeln!(page, "  {key}: {}", one_line(&value));
            }
        }
        for change in &self.changes {
            let _ = writeln!(page, "  - {}", one_line(change));
        }
        for warning in &self.warnings {
            let _ = writeln!(page, "  {} {}", paint(Tone::Warn, "!"), one_line(warning));
        }
        let agree = match &self.names[..] {
            [] => "--yes".to_owned(),
            names => names.iter().map(|name| format!("--confirm {name} ")).collect(),
        };
        let _ = writeln!(page, "  to agree: {}", one_line(agree.trim_end()));
        page
    }
}

/// A target's value as a person reads it; nothing where there is none.
fn in_words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(parts) => {
            let part = |(name, value): (&String, &Value)| format!("{name} {}", in_words(value));
            parts.iter().map(part).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

impl Ui {
    /// Prints the plan of a change that is not carried out.
    pub(crate) fn show_plan(
        &self,
        plan: &PlanView,
        caveats: &[Caveat],
        now: DateTime<Utc>,
    ) -> io::Result<()> {
        match self.look.format {
            Format::Json => {
                let data = Data { plan: &plan.to_json(), executed: false };
                let text = document::document(&self.envelope, plan.command, now, &data, caveats)?;
                self.write_out(&text)
            }
            Format::Text => {
                self.write_text(&plan.text())?;
                self.say_caveats(caveats);
                Ok(())
            }
        }
    }

    /// Shows the plan on stderr, before the question.
    pub(crate) fn say_plan(&self, plan: &PlanView) {
        if self.look.format == Format::Text {
            plan.text().lines().for_each(|line| self.say(&self.wrap(line)));
        }
    }
}
