//! A filter as conditions in SQL. Pure.

use super::Table;
use super::columns::{DATED, LANE, TOLD, UNDATED};
use crate::dlq::{FailureId, Filter, StatusClass, lane_of};
use crate::postgres::Quoted;

/// Rows with a time, those without one that RFC 3339 could say, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    Dated,
    Undated,
}

impl Table {
    /// The conditions of `filter` but its fingerprint, which the payload has to be read for.
    pub(super) fn conditions(&self, filter: &Filter, times: Times) -> Vec<Quoted> {
        let mut all = vec![self.columns.bounded(match times {
            Times::Dated => DATED,
            Times::Undated => UNDATED,
        })];
        if filter.ids.is_empty() {
            all.extend(self.window(filter, times));
        } else {
            all.push(self.key_is_any(&filter.ids));
        }
        let mut one_of = |template, words: &[String], change: fn(&str) -> String| {
            if !words.is_empty() {
                let words: Vec<_> = words.iter().map(|word| change(word)).collect();
                let list = Quoted::list(words.iter().map(String::as_str));
                all.push(Quoted::piece(
                    template,
                    &[("l", &list), ("lane", &Quoted::piece(LANE, &[]))],
                ));
            }
        };
        one_of("upper(severity::text) IN {l}", &filter.severities, str::to_uppercase);
        one_of("{lane} IN {l}", &filter.channels, |channel| lane_of(channel).to_owned());
        one_of("status::text IN {l}", &filter.statuses, str::to_owned);
        all.extend(self.answered(filter));
        if let Some(title) = &filter.title {
            // No LIKE: the title's own % and _ are only signs.
            let title = Quoted::literal(title);
            let found = "strpos(lower(coalesce(title::text, '')), lower({t})) > 0";
            all.push(Quoted::piece(found, &[("t", &title)]));
        }
        if filter.no_fallback {
            let told = Quoted::piece(TOLD, &[]);
            all.push(Quoted::piece("upper(severity::text) = 'P0' AND NOT {t}", &[("t", &told)]));
        }
        all
    }

    fn window(&self, filter: &Filter, times: Times) -> Vec<Quoted> {
        if times == Times::Undated {
            return Vec::new();
        }
        let since = filter.since.map(|at| ("attempted_at >= {at}", at));
        let until = filter.until.map(|at| ("attempted_at < {at}", at));
        let bound = |(template, at)| Quoted::piece(template, &[("at", &self.columns.at(at))]);
        since.into_iter().chain(until).map(bound).collect()
    }

    /// The producer's answers; the two kinds of filters on them narrow each other.
    fn answered(&self, filter: &Filter) -> Vec<Quoted> {
        let http = [("h", &self.columns.http)];
        let class = |class: &StatusClass| match class {
            StatusClass::Limited => Quoted::piece("{h} = 429", &http),
            StatusClass::Server => Quoted::piece("{h} BETWEEN 500 AND 599", &http),
            StatusClass::Client => Quoted::piece("({h} BETWEEN 400 AND 499 AND {h} <> 429)", &http),
            StatusClass::None => Quoted::piece("{h} IS NULL", &http),
        };
        let status = |status: &i32| {
            let number = Quoted::int(i64::from(*status));
            Quoted::piece("{h} = {n}", &[("h", &self.columns.http), ("n", &number)])
        };
        let either = |pieces: Vec<Quoted>| {
            let any = Quoted::joined(pieces, " OR ");
            Quoted::piece("({any})", &[("any", &any)])
        };
        let classes: Vec<_> = filter.classes.iter().map(class).collect();
        let statuses: Vec<_> = filter.http_statuses.iter().map(status).collect();
        [classes, statuses].into_iter().filter(|any| !any.is_empty()).map(either).collect()
    }

    /// Without a key nothing can have one.
    fn key_is_any(&self, ids: &[FailureId]) -> Quoted {
        match &self.key {
            Ok(key) => key.is_any(ids),
            Err(_) => Quoted::piece("FALSE", &[]),
        }
    }

    /// Not one of `ids`; for what the ledger has settled.
    pub(super) fn none_of(&self, ids: &[FailureId]) -> Quoted {
        if ids.is_empty() {
            return Quoted::piece("TRUE", &[]);
        }
        Quoted::piece("({any}) IS NOT TRUE", &[("any", &self.key_is_any(ids))])
    }

    /// A word that means open.
    pub(super) fn is_open(&self) -> Quoted {
        let words = Quoted::list(self.name.open_status.iter().map(String::as_str));
        Quoted::piece("coalesce(status::text IN {w}, false)", &[("w", &words)])
    }
}
