//! `all-down`: no host answers well, the database refuses, Cloudflare's API is a 502 page. Only the
//! vendors' pages answer, and two of them say that it is them.

use super::facts::Entry;
use chrono::TimeDelta;

use super::{actions, usual};
use crate::sandbox::database::DatabaseFacts;
use crate::sandbox::hosts::Behaviour;
use crate::sandbox::server::{Canned, Fault};
use crate::sandbox::vendors::Outage;

/// Everything went down so long ago.
const STARTED: TimeDelta = TimeDelta::minutes(20);

pub(super) const ENTRY: Entry = Entry {
    word: "all-down",
    summary: "no host answers, the database refuses; Cloudflare and Supabase report an outage",
    facts: |now| {
        let mut facts = usual::all_well(now, Vec::new());
        facts.hosts =
            [Behaviour::Refuses, Behaviour::Answers(503), Behaviour::Hangs, Behaviour::Refuses];
        facts.cloudflare_fault = Some(Fault::answer(
            Canned::html(502)
                .header("cf-ray", "9a1f00c0ffee1234-NRT")
                .header("server", "cloudflare"),
        ));
        facts.outages = vec![
            Outage {
                slug: "cloudflare",
                status: "major_outage",
                incident: "Widespread errors across Workers, Pages and the API",
            },
            Outage {
                slug: "supabase",
                status: "major_outage",
                incident: "Databases unreachable in ap-northeast-1",
            },
        ];
        facts.database = DatabaseFacts::Refuses;
        actions::failing(&mut facts.actions, now - STARTED, now);
        facts
    },
};
