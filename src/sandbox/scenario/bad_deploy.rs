//! `bad-deploy`: the worker `public` was deployed, 7 minutes later the API began to fail, and Discord
//! was down when the alerts went out. Discord is back; the alerts are dead letters.

use chrono::TimeDelta;

use super::facts::{BadVersion, Entry};
use super::{actions, usual};
use crate::sandbox::cloudflare::Release;
use crate::sandbox::database::{lost_alerts, settled_letters};
use crate::sandbox::hosts::Behaviour;

/// The incident started so long ago.
const STARTED: TimeDelta = TimeDelta::minutes(12);
/// The deploy came so long before the start.
const BEFORE: TimeDelta = TimeDelta::minutes(7);

pub(super) const ENTRY: Entry = Entry {
    word: "bad-deploy",
    summary: "a deploy 7 minutes before the start broke the API; Discord lost 40 alerts",
    facts: |now| {
        let mut letters = settled_letters(now);
        letters.extend(lost_alerts(now - STARTED));
        let mut facts = usual::all_well(now, letters);
        let message = "feat: 予約APIをv2に切り替え (#1291)";
        let release = Release::new(142, STARTED + BEFORE, usual::DEPLOY, message);
        let release = Release { resources: usual::WITH_CACHE, ..release };
        facts.scripts[0].releases.insert(0, release);
        facts.bad_version = Some(BadVersion {
            script: usual::PUBLIC,
            number: 142,
            host: 1,
            behaviour: Behaviour::Slow(503, 40),
        });
        let started = now - STARTED;
        facts.actions = actions::bad_deploy(now, started - BEFORE, started, message);
        facts
    },
};
