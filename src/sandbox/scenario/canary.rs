//! `canary`: the worker `public` runs a new version on a tenth of the traffic, and that tenth fails.
//! The version was live for nobody before; the other one was live for all.

use chrono::TimeDelta;

use super::facts::{BadVersion, Entry};
use super::{actions, usual};
use crate::sandbox::cloudflare::Release;
use crate::sandbox::database::settled_letters;
use crate::sandbox::hosts::Behaviour;

/// The canary was let out so long ago.
const STARTED: TimeDelta = TimeDelta::minutes(25);

pub(super) const ENTRY: Entry = Entry {
    word: "canary",
    summary: "a new version of the API has a tenth of the traffic, and fails there",
    facts: |now| {
        let mut facts = usual::all_well(now, settled_letters(now));
        let message = "feat: 予約APIをv2に切り替え (#1291)";
        let release = Release::new(142, STARTED, usual::DEPLOY, message).beside(141, 90);
        let release =
            Release { resources: usual::WITH_CACHE, cohorts: &[("staff", 142)], ..release };
        facts.scripts[0].releases.insert(0, release);
        // One of the five probes since then met the tenth that fails.
        let met = now - TimeDelta::minutes(13);
        actions::failing(
            &mut facts.actions,
            met - TimeDelta::minutes(1),
            met + TimeDelta::minutes(1),
        );
        facts.bad_version = Some(BadVersion {
            script: usual::PUBLIC,
            number: 142,
            host: 1,
            behaviour: Behaviour::Sometimes(503, 10),
        });
        facts
    },
};
