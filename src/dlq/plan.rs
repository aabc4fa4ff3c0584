//! What a replay would do, row by row. Pure: nothing is sent, and nothing is asked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::evidence::Evidence;
use super::outgoing::{self, Outgoing, PingPolicy, Style};
use super::payload::Payload;
use super::store::Frozen;
use super::{FailureId, ItemState, Letter, StatusClass, fingerprint, lane_of};
use crate::config::Lang;
use crate::discord::pace::Rate;
use crate::domain::hex;

/// Rows older than this need `--older`.
const OLD: TimeDelta = TimeDelta::hours(24);
/// Rows older than this are told in a digest or discarded, never sent one by one.
const TOO_OLD: TimeDelta = TimeDelta::days(7);

/// What the operator chose.
#[derive(Debug, Clone, Copy)]
pub struct Choices {
    /// The pace.
    pub rate: Rate,
    /// Whom to ping.
    pub ping: PingPolicy,
    /// Payloads unchanged but for their mentions.
    pub verbatim: bool,
    /// Rows of one to seven days too.
    pub older: bool,
    /// Rows that may have been delivered at first too.
    pub include_maybe: bool,
    /// Rows whose equal was delivered too.
    pub force_duplicate: bool,
    /// Rows of which an own attempt is unsure too.
    pub resend_unsure: bool,
    /// The language of what is added.
    pub lang: Lang,
}

impl Choices {
    /// Without any option: texts in `lang`.
    pub fn plain(lang: Lang) -> Self {
        Self {
            rate: Rate::default(),
            ping: PingPolicy::default(),
            verbatim: false,
            older: false,
            include_maybe: false,
            force_duplicate: false,
            resend_unsure: false,
            lang,
        }
    }

    /// How texts are to look.
    pub fn style(&self) -> Style {
        Style { verbatim: self.verbatim, lang: self.lang }
    }

    /// For the record.
    pub fn to_json(&self) -> Value {
        json!({
            "rate": self.rate.word(),
            "ping": self.ping.word(),
            "verbatim": self.verbatim,
            "older": self.older,
            "include_maybe": self.include_maybe,
            "force_duplicate": self.force_duplicate,
            "resend_unsure": self.resend_unsure,
        })
    }
}

/// What a lane can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Road {
    /// Its channel has a webhook.
    Open,
    /// Its channel is known and cannot be posted to, and why.
    Blocked(String),
    /// No such channel is configured.
    Unknown,
}

/// Why a row is left out on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipKind {
    /// The same alert as another row.
    Duplicate,
    /// Its age.
    TooOld,
    /// It may have been delivered at first.
    Maybe,
    /// Settled meanwhile, by a colleague or by hand.
    Other,
}

/// What is to become of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Send it; with `repeat`, say that it may be one.
    Send {
        /// It may have arrived before.
        repeat: bool,
        /// It pings whom it asks for.
        ping: bool,
    },
    /// It cannot be sent as it is.
    Reject(String),
    /// Leave it out.
    Skip(SkipKind, String),
    /// An own attempt may have arrived.
    Unsure(String),
    /// Its lane cannot be used.
    Block(String),
}

/// A row of the plan. It keeps no payload: the row is read again right before it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedRow {
    /// Its key.
    pub id: FailureId,
    /// Its lane.
    pub lane: String,
    /// Its severity.
    pub severity: String,
    /// The producer's last attempt (UTC).
    pub attempted_at: Option<DateTime<Utc>>,
    /// The class of what Discord answered to it: `429`, `5xx`, `4xx`, `none`, `other`.
    pub class: &'static str,
    /// Whether the producer's attempt may have arrived.
    pub evidence: Evidence,
    /// SHA-256 of channel and canonical payload.
    pub fingerprint: [u8; 32],
    /// SHA-256 of the payload as stored.
    pub payload_sha: [u8; 32],
    /// The payload was JSON in a JSON string.
    pub decoded_twice: bool,
    /// It mentions everybody without allowing it.
    pub idle_mention: bool,
    /// What is to become of it.
    pub fate: Fate,
    /// An own attempt may have arrived, and it is sent all the same.
    pub resent: bool,
    /// What a look into the channel proved of an own attempt that was unsure; the ledger hears of it
    /// when the plan is carried out.
    pub proof: Option<Proof>,
}

impl PlannedRow {
    /// The row as a ledger knows it.
    pub fn frozen(&self) -> Frozen {
        Frozen {
            id: self.id.clone(),
            lane: self.lane.clone(),
            fingerprint: self.fingerprint,
            payload_sha: self.payload_sha,
        }
    }

    /// Whether it is to be sent.
    pub fn is_to_send(&self) -> bool {
        matches!(self.fate, Fate::Send { .. })
    }
}

/// What a look into the channel proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// It stands there, as this message.
    Arrived(String),
    /// It does not.
    Absent,
}

/// Everything that would happen.
#[derive(Debug, Clone)]
pub struct Plan {
    /// A hash of the choice of rows: the same rows to be sent, the same id.
    pub id: String,
    /// The rows, in the order of sending within each lane.
    pub rows: Vec<PlannedRow>,
}

/// What is known besides the rows.
#[derive(Debug)]
pub struct Facts<'a> {
    /// What the ledger says of rows.
    pub known: &'a BTreeMap<FailureId, ItemState>,
    /// The lanes.
    pub roads: &'a BTreeMap<String, Road>,
    /// What looks into the channels proved of rows in doubt.
    pub proofs: &'a BTreeMap<FailureId, Proof>,
    /// The present (UTC).
    pub now: DateTime<Utc>,
}

/// Judges one letter, which has a key.
pub fn row(letter: &Letter, id: &FailureId, choices: &Choices, facts: &Facts<'_>) -> PlannedRow {
    let lane = lane_of(&letter.channel).to_owned();
    let text = letter.payload.as_deref();
    let payload = Payload::read(text);
    let body = payload.as_ref().map(|payload| &payload.body).ok();
    let (fate, Standing { proof, resent, .. }) = match &payload {
        Err(problem) => (Fate::Reject(problem.text().to_owned()), Standing::default()),
        Ok(payload) => fate(letter, id, &lane, &payload.body, choices, facts),
    };
    PlannedRow {
        id: id.clone(),
        severity: letter.severity.clone(),
        attempted_at: letter.attempted_at,
        class: StatusClass::word_of(letter.http_status),
        evidence: Evidence::of(letter.http_status, &letter.error),
        fingerprint: fingerprint::exact(&lane, text),
        payload_sha: fingerprint::stored_sha(text),
        decoded_twice: payload.as_ref().is_ok_and(|payload| payload.decoded_twice),
        idle_mention: body.is_some_and(outgoing::holds_idle_mention),
        resent: resent && matches!(fate, Fate::Send { .. }),
        fate,
        proof,
        lane,
    }
}

fn fate(
    letter: &Letter,
    id: &FailureId,
    lane: &str,
    body: &Map<String, Value>,
    choices: &Choices,
    facts: &Facts<'_>,
) -> (Fate, Standing) {
    let mut standing = Standing::default();
    let fate = match standing.of(letter, id, choices, facts) {
        Some(fate) => fate,
        None => road(letter, lane, choices, facts)
            .unwrap_or_else(|| sendable(letter, body, standing.repeat, choices, facts.now)),
    };
    (fate, standing)
}

/// What is known of earlier attempts, the producer's and our own.
#[derive(Debug, Default)]
struct Standing {
    /// A reader has to be warned of a repeat.
    repeat: bool,
    /// It is an own attempt that may have arrived.
    resent: bool,
    proof: Option<Proof>,
}

impl Standing {
    /// The fate that an earlier attempt decides; `None` where the row may be sent for all that.
    fn of(
        &mut self,
        letter: &Letter,
        id: &FailureId,
        choices: &Choices,
        facts: &Facts<'_>,
    ) -> Option<Fate> {
        let proof = facts.proofs.get(id).cloned();
        let arrived = |proof: &Option<Proof>| match proof {
            Some(Proof::Arrived(message)) => {
                let why = format!("it stands in the channel, as message {message}");
                Some(Fate::Skip(SkipKind::Other, why))
            }
            _ => None,
        };
        match facts.known.get(id) {
            Some(state) if state.is_settled() => {
                return Some(Fate::Skip(SkipKind::Other, format!("{state} before")));
            }
            Some(ItemState::Unsure | ItemState::Sending) => {
                self.proof.clone_from(&proof);
                if let Some(fate) = arrived(&proof) {
                    return Some(fate);
                }
                if proof.is_none() && !choices.resend_unsure {
                    let why = "an earlier attempt may have arrived: parky-ops dlq unsure";
                    return Some(Fate::Unsure(why.to_owned()));
                }
                self.repeat = proof.is_none();
                self.resent = proof.is_none();
                return None;
            }
            _ => {}
        }
        if Evidence::of(letter.http_status, &letter.error) == Evidence::Maybe {
            if let Some(fate) = arrived(&proof) {
                return Some(fate);
            }
            // A double P0 is better than none; elsewhere a double makes people act twice.
            if proof.is_none()
                && !letter.severity.eq_ignore_ascii_case("P0")
                && !choices.include_maybe
            {
                let why = "it may have arrived at first: --include-maybe sends it".to_owned();
                return Some(Fate::Skip(SkipKind::Maybe, why));
            }
            self.repeat = proof.is_none();
        }
        None
    }
}

/// The fate that channel and age decide.
fn road(letter: &Letter, lane: &str, choices: &Choices, facts: &Facts<'_>) -> Option<Fate> {
    if lane.is_empty() {
        return Some(Fate::Reject("the row names no channel".to_owned()));
    }
    match facts.roads.get(lane) {
        Some(Road::Open) => {}
        Some(Road::Blocked(why)) => return Some(Fate::Block(why.clone())),
        Some(Road::Unknown) | None => {
            return Some(Fate::Reject(format!("channel #{lane} is not configured")));
        }
    }
    let why = match letter.attempted_at.map(|at| facts.now - at) {
        Some(age) if age > TOO_OLD => "older than 7 days: tell it in a digest, or discard it",
        Some(age) if age > OLD && !choices.older => "older than 24 h: --older sends it",
        None if !choices.older => "without a time, so of unknown age: --older sends it",
        _ => return None,
    };
    Some(Fate::Skip(SkipKind::TooOld, why.to_owned()))
}

/// The fate that the message itself decides.
fn sendable(
    letter: &Letter,
    body: &Map<String, Value>,
    repeat: bool,
    choices: &Choices,
    now: DateTime<Utc>,
) -> Fate {
    let outgoing = Outgoing { letter, body, repeat, ping: false };
    if let Err(violations) = outgoing.message(choices.style(), now) {
        let list: Vec<_> = violations.iter().take(5).map(ToString::to_string).collect();
        return Fate::Reject(list.join("; "));
    }
    Fate::Send { repeat, ping: outgoing::may_ping(letter, body, choices.ping, now) }
}

impl Plan {
    /// Puts judged rows in order, lets one of each set of equals go, and gives the plan its id.
    pub fn of(mut rows: Vec<PlannedRow>, choices: &Choices) -> Self {
        rows.sort_by(|a, b| {
            let time = |row: &PlannedRow| (row.attempted_at.is_none(), row.attempted_at);
            (&a.lane, time(a), &a.id).cmp(&(&b.lane, time(b), &b.id))
        });
        skip_equals(&mut rows, choices);
        one_ping_a_lane(&mut rows, choices);
        quiet_one_first(&mut rows);
        let mut text = String::new();
        let mut ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
        ids.sort_unstable();
        for id in ids {
            text.push_str(id);
            text.push('\n');
        }
        let hash = fingerprint::stored_sha(Some(&format!("{}\n{text}", choices.to_json())));
        Self { id: hex(&hash[..6]), rows }
    }

    /// The rows that are to be sent.
    pub fn to_send(&self) -> impl Iterator<Item = &PlannedRow> {
        self.rows.iter().filter(|row| row.is_to_send())
    }

    /// Whether the ledger has to hear of proofs.
    pub fn has_proofs(&self) -> bool {
        self.rows.iter().any(|row| row.proof.is_some())
    }

    /// How many rows each lane is to send.
    pub fn lanes(&self) -> BTreeMap<&str, usize> {
        let mut lanes = BTreeMap::new();
        for row in self.to_send() {
            *lanes.entry(row.lane.as_str()).or_default() += 1;
        }
        lanes
    }
}

/// Several rows with one fingerprint are one event of which the producer failed several times to
/// tell: the oldest goes.
fn skip_equals(rows: &mut [PlannedRow], choices: &Choices) {
    if choices.force_duplicate {
        return;
    }
    let mut first: BTreeMap<[u8; 32], FailureId> = BTreeMap::new();
    for row in rows.iter_mut().filter(|row| matches!(row.fate, Fate::Send { .. })) {
        match first.get(&row.fingerprint) {
            None => {
                first.insert(row.fingerprint, row.id.clone());
            }
            Some(of) => {
                row.fate = Fate::Skip(SkipKind::Duplicate, format!("duplicate of {of}"));
            }
        }
    }
}

/// At most one ping a run and channel: the later ones come silently.
fn one_ping_a_lane(rows: &mut [PlannedRow], choices: &Choices) {
    if choices.ping != PingPolicy::Original {
        return;
    }
    let mut pinged = BTreeSet::new();
    for row in rows.iter_mut() {
        if let Fate::Send { ping, .. } = &mut row.fate
            && *ping
        {
            *ping = pinged.insert(row.lane.clone());
        }
    }
}

/// The first row of a lane tells whether Discord is back: one that pings nobody, where there is one.
fn quiet_one_first(rows: &mut [PlannedRow]) {
    let quiet = |row: &PlannedRow| matches!(row.fate, Fate::Send { ping: false, .. });
    let sends = |row: &PlannedRow| matches!(row.fate, Fate::Send { .. });
    let mut from = 0;
    while from < rows.len() {
        let lane = rows[from].lane.clone();
        let to = from + rows[from..].iter().take_while(|row| row.lane == lane).count();
        let of_lane = &mut rows[from..to];
        let (lead, first) = (of_lane.iter().position(quiet), of_lane.iter().position(sends));
        if let (Some(lead), Some(first)) = (lead, first)
            && lead > first
        {
            of_lane[first..=lead].rotate_right(1);
        }
        from = to;
    }
}
