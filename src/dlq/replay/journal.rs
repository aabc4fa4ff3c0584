//! The local ledger, as a run uses it: each send is put down before its first byte leaves, and again
//! when it ended. What the store did not hear of is told to it by the next run.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::dlq::FailureId;
use crate::dlq::store::{AttemptEnd, Claim, Fate, Intent, Receipt, Recent, Store, StoreError};
use crate::domain::{Clock, Consent};
use crate::state::{Ledger, Send, SendEnd, SendIntent, StateError};

/// See the module.
#[derive(Debug)]
pub struct Journal {
    ledger: Ledger,
    clock: Clock,
    kind: &'static str,
}

impl Journal {
    /// For sends of this kind: `replay`, `digest`.
    pub fn new(ledger: Ledger, clock: Clock, kind: &'static str) -> Self {
        Self { ledger, clock, kind }
    }

    /// What failed before this (UTC) may have been sent by a ledger that is lost; `None`: an operator
    /// took this one as it is.
    pub fn blind_before(&self) -> Option<DateTime<Utc>> {
        self.ledger.accepted().is_none().then(|| self.ledger.born())
    }

    /// An operator takes the ledger as it is.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn accept(&mut self, consent: &Consent) -> Result<(), StateError> {
        self.ledger.accept_new_ledger(consent, self.clock.now()).await
    }

    /// Puts a send down, which is on the disk when this returns.
    ///
    /// # Errors
    /// It cannot be written; nothing may be sent.
    pub async fn intend(&mut self, claim: &Claim, intent: &Intent) -> Result<i64, StateError> {
        self.intend_at(claim, intent, self.clock.now()).await
    }

    /// As [`Journal::intend`], for one message that tells several rows.
    ///
    /// # Errors
    /// It cannot be written; nothing may be sent.
    pub async fn intend_all<'a>(
        &mut self,
        claims: impl IntoIterator<Item = &'a Claim>,
        intent: &Intent,
    ) -> Result<Vec<i64>, StateError> {
        let at = self.clock.now();
        let mut ids = Vec::new();
        for claim in claims {
            ids.push(self.intend_at(claim, intent, at).await?);
        }
        Ok(ids)
    }

    async fn intend_at(
        &mut self,
        claim: &Claim,
        intent: &Intent,
        at: DateTime<Utc>,
    ) -> Result<i64, StateError> {
        let send = SendIntent {
            kind: self.kind.to_owned(),
            subject: claim.id.as_str().to_owned(),
            lane: claim.lane.clone(),
            run: Some(claim.run),
            fence: Some(claim.fence),
            payload_sha: intent.payload_sha,
            at,
        };
        self.ledger.intend(&send).await
    }

    /// Puts down how a send ended.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn receipt(
        &mut self,
        id: i64,
        fate: &Fate,
        end: &AttemptEnd,
    ) -> Result<(), StateError> {
        self.ledger.receipt(id, &written(fate, end, self.clock.now())).await
    }

    /// The send did not take place, and the store knows.
    pub async fn unsent(&mut self, id: i64, why: &str) {
        let fate = Fate::Released { reason: why.to_owned(), not_before: Duration::ZERO };
        let end = AttemptEnd { note: why.to_owned(), ..AttemptEnd::default() };
        if self.receipt(id, &fate, &end).await.is_ok() {
            self.reconciled(&[id]).await;
        }
    }

    /// The store has heard of these. If this is lost it hears of them once more.
    pub async fn reconciled(&mut self, ids: &[i64]) {
        let _ = self.ledger.reconciled(ids).await;
    }

    /// Tells `store` of the ends that it did not hear of, and how many of them were news.
    ///
    /// # Errors
    /// Ledger or store cannot be used.
    pub async fn reconcile<S: Store>(&mut self, store: &mut S) -> Result<u64, ReconcileError> {
        let untold = self.ledger.unreconciled().await?;
        if untold.is_empty() {
            return Ok(0);
        }
        let receipts: Vec<Receipt> = untold.iter().filter_map(receipt).collect();
        let news = store.absorb(&receipts).await?;
        let ids: Vec<i64> = untold.iter().map(|send| send.id).collect();
        self.ledger.reconciled(&ids).await?;
        Ok(news)
    }

    /// Posts of the last minute.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn recent(&mut self) -> Result<Vec<Recent>, StateError> {
        let posted = self.ledger.recent(self.clock.now()).await?;
        let of_lane = |(lane, ages): (String, Vec<Duration>)| {
            ages.into_iter().map(move |age| Recent { lane: lane.clone(), age })
        };
        Ok(posted.into_iter().flat_map(of_lane).collect())
    }
}

/// Why the store did not hear of earlier ends.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The local ledger.
    #[error(transparent)]
    Ledger(#[from] StateError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn written(fate: &Fate, end: &AttemptEnd, at: DateTime<Utc>) -> SendEnd {
    let (word, message_id, channel_id) = match fate {
        Fate::Delivered { message_id, channel_id, .. } => {
            ("delivered", message_id.clone(), channel_id.clone())
        }
        Fate::Rejected(_) => ("rejected", None, None),
        Fate::Unsure(_) => ("unsure", None, None),
        Fate::Skipped(_) => ("skipped", None, None),
        Fate::Released { .. } => ("released", None, None),
    };
    SendEnd {
        fate: word.to_owned(),
        http_status: end.http_status,
        code: end.code,
        message_id,
        channel_id,
        note: end.note.clone(),
        at,
    }
}

fn receipt(send: &Send) -> Option<Receipt> {
    let end = send.end.as_ref()?;
    let note = end.note.clone();
    let fate = match end.fate.as_str() {
        "delivered" => Fate::Delivered {
            message_id: end.message_id.clone(),
            channel_id: end.channel_id.clone(),
            settle_equals: true,
        },
        "rejected" => Fate::Rejected(note.clone()),
        "unsure" => Fate::Unsure(note.clone()),
        "skipped" => Fate::Skipped(note.clone()),
        "released" => Fate::Released { reason: note.clone(), not_before: Duration::ZERO },
        _ => return None,
    };
    let (http_status, code) = (end.http_status, end.code);
    Some(Receipt {
        id: FailureId::new(&send.intent.subject),
        run: send.intent.run?,
        fence: send.intent.fence?,
        fate,
        end: AttemptEnd { http_status, code, retry_after: None, note },
    })
}

/// A row that failed before the ledger's birth may have been sent.
pub fn is_before(attempted_at: Option<DateTime<Utc>>, blind: Option<DateTime<Utc>>) -> bool {
    blind.is_some_and(|born| attempted_at.is_none_or(|at| at < born))
}
