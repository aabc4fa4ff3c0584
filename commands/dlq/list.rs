//! `parky-ops dlq list`: the alerts that Discord did not take.
//!
//! Reads only. Rows are written as they arrive, so the list may be as long as the table.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use parky_ops::dlq::store::Item;
use parky_ops::dlq::table::{Order, Pager, Query};
use parky_ops::dlq::{FailureId, Filter, ItemState, Letter, known};
use parky_ops::domain::Caveat;
use parky_ops::domain::text::shorten;
use parky_ops::state::{Offer, OfferKind};

use super::desk::Desk;
use super::row::{COLUMNS, Leaks, LetterRow};
use crate::args::letters::{Letters, Limit};
use crate::completion;
use crate::context::Context;
use crate::exit::Outcome;
use crate::refusal::{NotFound, Stopped};
use crate::signals::Signals;
use crate::ui::{RowStream, Ui};

/// List the alerts that Discord did not take, newest first
///
/// The last 24 h, unless --since says otherwise. Rows that were delivered meanwhile are listed too, with
/// their state.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  parky-ops dlq list
  parky-ops dlq list --severity P0 --state open --since 7d
  parky-ops dlq list --status-class 5xx --limit all --json")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    letters: Letters,

    /// Stop after so many rows, or all
    #[arg(long, value_name = "N|all", default_value = "50")]
    limit: Limit,
}

pub(crate) async fn run(args: &ListArgs, ctx: &Context, ui: &Ui) -> anyhow::Result<Outcome> {
    let mut signals = Signals::listen()?;
    let now = ctx.clock.now();
    let span = args.letters.window().span(TimeDelta::hours(24), now)?;
    let opened = async {
        let filter = args.letters.filter(span).await?;
        anyhow::Ok((Desk::open(ctx, ui).await?, filter))
    };
    let (desk, filter) = tokio::select! {
        biased;
        outcome = signals.next() => return Ok(outcome),
        opened = opened => opened?,
    };
    let window = filter.ids.is_empty().then(|| span.in_words(now));
    let mut rows = Rows::new(desk, filter, &args.letters.states, args.limit, signals).await?;
    rows.window = window;
    let listed = ui.list(&mut rows, now).await;
    completion::keep(&rows.desk.world.config, OfferKind::DeadLetter, &rows.offers, now).await;
    listed?;
    Ok(Outcome::Done)
}

/// The list under way.
struct Rows {
    desk: Desk,
    signals: Signals,
    pager: Pager,
    page: std::vec::IntoIter<Letter>,
    known: BTreeMap<FailureId, Item>,
    /// States, and words of the table, that are looked for here; empty: any.
    states: BTreeSet<String>,
    left: Option<u64>,
    more: bool,
    /// Ids that were asked for and not seen yet.
    missing: BTreeSet<FailureId>,
    any: bool,
    window: Option<String>,
    leaks: Leaks,
    /// The newest ones, for the shell.
    offers: Vec<Offer>,
}

/// Rows that are left for the shell.
const OFFERED: usize = 100;
/// Characters of a title that are left with them.
const TITLE: usize = 50;

impl Rows {
    async fn new(
        mut desk: Desk,
        mut filter: Filter,
        states: &[String],
        limit: Limit,
        signals: Signals,
    ) -> anyhow::Result<Self> {
        let of_ledger = |word: &&String| word.parse::<ItemState>().is_ok() || *word == known::OTHER;
        let only_open =
            !states.is_empty() && states.iter().all(|word| word == ItemState::Open.word());
        let own_words = !states.iter().any(|word| of_ledger(&word));
        let without = match only_open {
            true => desk.known.settled().await.ids,
            false => Vec::new(),
        };
        if only_open {
            filter.statuses = desk.table.open_words().to_vec();
        } else if own_words {
            filter.statuses = states.to_vec();
        }
        // The table alone does not know where a row stands.
        let states: BTreeSet<_> =
            if own_words { BTreeSet::new() } else { states.iter().cloned().collect() };
        let missing = normal(&desk, &filter.ids)?;
        let thinned = !states.is_empty();
        let pager = desk.table.pages(Query {
            filter,
            undated: true,
            without,
            order: Order::Newest,
            limit: limit.number().filter(|_| !thinned),
            with_payload: false,
        })?;
        Ok(Self {
            desk,
            signals,
            pager,
            page: Vec::new().into_iter(),
            known: BTreeMap::new(),
            states,
            left: limit.number(),
            more: false,
            missing,
            any: false,
            window: None,
            leaks: Leaks::default(),
            offers: Vec::new(),
        })
    }

    /// The next page, with what the ledger knows of it; a signal breaks the list off in order.
    async fn turn(&mut self) -> anyhow::Result<bool> {
        let Self { desk, pager, signals, .. } = self;
        let read = async {
            let Some(page) = pager.next(&mut desk.session).await? else { return Ok(None) };
            let ids: Vec<_> = page.iter().filter_map(|letter| letter.id.clone()).collect();
            let known = desk.known.items(&ids).await;
            anyhow::Ok(Some((page, known)))
        };
        let read = tokio::select! {
            biased;
            outcome = signals.next() => Err(Stopped(outcome).into()),
            read = read => read,
        };
        let Some((page, known)) = read? else { return Ok(false) };
        self.known = known;
        self.page = page.into_iter();
        Ok(true)
    }

    /// The id and a short title: what a line under completion may show.
    fn offer(&mut self, row: &LetterRow) {
        if let (Some(id), true) = (&row.id, self.offers.len() < OFFERED) {
            let title = shorten(&row.title, TITLE);
            let help = format!("{} {} {title}", row.severity, row.channel);
            self.offers.push(Offer::new(id, help.trim()));
        }
    }

    fn is_meant(&self, row: &LetterRow) -> bool {
        let any = |word: &str| self.states.contains(word);
        self.states.is_empty() || any(row.state) || any(&row.status)
    }
}

/// The ids in the form that the table shows; one that can be no key stays as it was typed.
fn normal(desk: &Desk, ids: &[FailureId]) -> anyhow::Result<BTreeSet<FailureId>> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let key = desk.table.key()?;
    Ok(ids.iter().map(|id| key.normal(id).unwrap_or_else(|| id.clone())).collect())
}

impl RowStream<9> for Rows {
    const COMMAND: &'static str = "dlq list";
    type Row = LetterRow;

    fn columns(&self) -> [&'static str; 9] {
        COLUMNS
    }

    async fn next(&mut self) -> anyhow::Result<Option<LetterRow>> {
        loop {
            let Some(letter) = self.page.next() else {
                if self.turn().await? {
                    continue;
                }
                if !self.any && !self.missing.is_empty() {
                    return Err(NotFound::rows(&self.missing).into());
                }
                return Ok(None);
            };
            let item = letter.id.as_ref().and_then(|id| self.known.get(id));
            let row = LetterRow::new(&letter, item, &self.desk.table, &mut self.leaks);
            if let Some(id) = &letter.id {
                self.missing.remove(id);
            }
            if !self.is_meant(&row) {
                continue;
            }
            if self.left == Some(0) {
                self.more = true;
                return Ok(None);
            }
            self.left = self.left.map(|left| left - 1);
            self.any = true;
            self.offer(&row);
            return Ok(Some(row));
        }
    }

    fn finish(&mut self) -> (bool, Vec<Caveat>) {
        let more = self.more || self.pager.more();
        let mut caveats = self.desk.caveats();
        caveats.extend(self.pager.caveat());
        if let Some(window) = &self.window {
            let what = if self.any { "listed is what was attempted" } else { "no dead letter" };
            let text = format!("{what} {window}, or at no known time");
            caveats.push(Caveat::new("window", text));
        }
        if more {
            let text = "more rows exist: raise --limit, or narrow the choice";
            caveats.push(Caveat::new("more", text));
        }
        if !self.missing.is_empty() && !more {
            caveats.push(Caveat::new("unknown-id", NotFound::rows(&self.missing).to_string()));
        }
        caveats.extend(self.leaks.caveat());
        (more, caveats)
    }
}
