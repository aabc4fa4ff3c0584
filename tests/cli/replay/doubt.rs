//! What `dlq unsure` tells, and what a person makes of it.

use parky_ops::sandbox::discord::Mishap;
use serde_json::Value;

use super::stage::{Ledger, Stage, lane};

/// Runs a printed command, with its placeholder filled in.
fn paste(stage: &Stage, command: &Value, message: &str) {
    let command = command.as_str().unwrap().replace("MESSAGE_ID", message);
    let words = command.strip_prefix("parky-ops ").expect("a command of ours");
    drop(stage.run(&format!("{words} --yes")).exits(0));
}

#[test]
fn the_commands_of_dlq_unsure_settle_what_is_in_doubt() {
    for ledger in [Ledger::Shared, Ledger::Local] {
        let stage = Stage::new(ledger, 2, 2).without_bot();
        let discord = stage.site.sandbox().discord();
        discord.channel(&lane(0)).unwrap().meet(&Mishap::ResetAfterAccept, 1);
        discord.channel(&lane(1)).unwrap().meet(&Mishap::ResetBeforeAccept, 1);
        assert_eq!(stage.replayed("", 7).count("unsure"), 2);

        let data = stage.run("dlq unsure --json").exits(0).data();
        let doubt = |id: &str| {
            let rows = data["rows"].as_array().unwrap();
            rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{data:#}")).clone()
        };
        for id in ["1", "2"] {
            let doubt = doubt(id);
            assert!(doubt["from"].as_str() < doubt["to"].as_str(), "{doubt:#}");
        }
        // What to search for stands in the message that arrived.
        let message = stage.messages_of(1)[0].clone();
        let search = doubt("1")["search"].as_str().unwrap().to_owned();
        assert!(message.content.contains(&search), "{search}: {}", message.content);

        paste(&stage, &doubt("1")["commands"][0], &message.id);
        paste(&stage, &doubt("2")["commands"][1], "");
        let events = stage.replayed("", 0);
        assert_eq!(events.ids("delivered"), ["2"]);
        stage.each_arrived_once();
        let data = stage.run("dlq unsure --json").exits(0).data();
        assert_eq!(data["rows"].as_array().unwrap().len(), 0, "{data:#}");
    }
}
