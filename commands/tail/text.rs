//! Events for people: a line that says what happened, and below it, indented, what was written and
//! thrown. No text from outside can begin a line of its own.

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use parky_ops::domain::clock::JST;
use parky_ops::domain::text::{in_one_line, one_line};
use parky_ops::tail::{Event, Level, LogLine, Trace};

use super::fold::{INDENT, folded, shortened, width};
use super::notice::Notice;
use crate::ui::{HUES, Tone, paint, paint_into};

/// How events are shown.
pub(super) struct Style {
    /// The workers' names, padded and in their colours.
    names: Vec<String>,
    /// Columns of the terminal.
    width: Option<u16>,
    /// Log lines below this level are left out.
    level: Option<Level>,
    /// Whether everything that is known is shown.
    verbose: bool,
    /// The last second that was written, and how.
    second: (i64, String),
    /// What is being put together, kept for its room.
    line: String,
}

impl Style {
    pub(super) fn new(
        workers: &[String],
        width: Option<u16>,
        level: Option<Level>,
        verbose: bool,
    ) -> Self {
        let longest = workers.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let named = workers.iter().zip((0..HUES).cycle());
        let names =
            named.map(|(name, hue)| paint(Tone::Hue(hue), &format!("{:longest$}", one_line(name))));
        let (second, line) = ((i64::MIN, String::new()), String::new());
        Self { names: names.collect(), width, level, verbose, second, line }
    }

    /// The worker's name as a prefix.
    pub(super) fn name(&self, worker: usize) -> &str {
        self.names.get(worker).map_or("", String::as_str)
    }

    /// Appends an event that came `at`; whether it is an error is told beside it.
    pub(super) fn event(
        &mut self,
        page: &mut String,
        worker: usize,
        trace: &Trace<'_>,
        (event, error): (&Event<'_>, bool),
        at: DateTime<Utc>,
    ) {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        let tone = verdict(&mut line, trace, event, error);
        line.push(' ');
        what(&mut line, event);
        for (before, ms) in [("  ", trace.wall_ms()), ("  cpu ", trace.cpu_ms())] {
            if let Some(ms) = ms {
                line.push_str(before);
                // The digits of a whole number are found much sooner.
                let _ = match ms as i64 {
                    whole if whole as f64 == ms => write!(line, "{whole}"),
                    _ => write!(line, "{ms}"),
                };
                line.push_str(" ms");
            }
        }
        if let Some(version) = trace.version() {
            let end = version.char_indices().nth(8).map_or(version.len(), |(at, _)| at);
            line.push_str("  ");
            line.push_str(&in_one_line(version.get(..end).unwrap_or_default()));
        }
        if let Event::Fetch { request, .. } = event {
            for part in request.place().into_iter().flatten() {
                line.push_str("  ");
                line.push_str(&in_one_line(&part));
            }
            // Looked for in the headers only where it is wanted.
            if self.verbose
                && let Some(ray) = request.ray()
            {
                let _ = write!(line, "  ray {}", in_one_line(&ray));
            }
        }
        let begin = page.len();
        self.time(page, trace.at().unwrap_or(at));
        page.push(' ');
        page.push_str(self.name(worker));
        page.push(' ');
        // Its parts are harmless already.
        self.row(page, self.used(page, begin), &line, tone);
        page.push('\n');
        self.line = line;
        self.below(page, trace);
    }

    /// Appends word of the stream itself.
    pub(super) fn notice(&self, page: &mut String, worker: usize, notice: &Notice<'_>) {
        let begin = page.len();
        page.push_str("--- ");
        page.push_str(self.name(worker));
        page.push(' ');
        self.put(page, begin, &notice.text(), notice.tone());
    }

    /// Appends a time; most events share their second with the one before.
    fn time(&mut self, page: &mut String, at: DateTime<Utc>) {
        if self.second.0 != at.timestamp() {
            let time = at.with_timezone(&JST).format("%H:%M:%S JST").to_string();
            self.second = (at.timestamp(), paint(Tone::Dim, &time));
        }
        page.push_str(&self.second.1);
    }

    fn below(&self, page: &mut String, trace: &Trace<'_>) {
        for log in trace.logs() {
            let line = log.line();
            if self.level.is_none_or(|least| line.level >= least) {
                self.log(page, line);
            }
        }
        for thrown in trace.exceptions() {
            let head = format!("{}: {}", thrown.name, thrown.message);
            let begin = indent(page, 1);
            paint_into(page, Tone::Bad, "threw");
            page.push(' ');
            self.put(page, begin, &head, Some(Tone::Bad));
            for line in thrown.stack.as_deref().unwrap_or_default().lines() {
                // Many stacks begin by saying the message again.
                if line.trim() != head.trim() {
                    let begin = indent(page, 2);
                    self.put(page, begin, line.trim(), Some(Tone::Dim));
                }
            }
        }
        if self.verbose && trace.diagnostics() > 0 {
            let text = format!("{} messages of diagnostics channels", trace.diagnostics());
            let begin = indent(page, 1);
            self.put(page, begin, &text, Some(Tone::Dim));
        }
        if trace.is_truncated() {
            let begin = indent(page, 1);
            self.put(page, begin, "Cloudflare cut the logs of this one", Some(Tone::Warn));
        }
    }

    fn log(&self, page: &mut String, line: LogLine<'_>) {
        let tone = match line.level {
            Level::Error => Tone::Bad,
            Level::Warn => Tone::Warn,
            Level::Info | Level::Debug => Tone::Dim,
        };
        let begin = indent(page, 1);
        match line.word.as_ref() {
            "log" => paint_into(page, tone, "log  "),
            word => paint_into(page, tone, &format!("{:5}", in_one_line(word))),
        }
        page.push(' ');
        for part in [&line.scope, &line.resource].into_iter().flatten() {
            paint_into(page, Tone::Strong, &format!("[{}]", in_one_line(part)));
            page.push(' ');
        }
        if line.rest.is_empty() {
            return self.put(page, begin, &line.text, None);
        }
        let mut text = line.text.into_owned();
        for (key, value) in &line.rest {
            let _ = write!(text, " {}={}", in_one_line(key), in_one_line(value));
        }
        self.put(page, begin, &text, None);
    }

    /// Appends `text` behind what stands in `page` from `begin` on; its further lines, and on a
    /// terminal what does not fit, are indented.
    fn put(&self, page: &mut String, begin: usize, text: &str, tone: Option<Tone>) {
        let mut used = self.used(page, begin);
        for (nth, line) in text.lines().enumerate() {
            if nth > 0 {
                page.push('\n');
                indent(page, 2);
                used = 2 * INDENT.len();
            }
            self.row(page, used, &in_one_line(line), tone);
        }
        page.push('\n');
    }

    /// Appends harmless words, folded where so many columns of a terminal are in use already.
    fn row(&self, page: &mut String, used: usize, line: &str, tone: Option<Tone>) {
        let put = |page: &mut String, part: &str| match tone {
            Some(tone) => paint_into(page, tone, part),
            None => page.push_str(part),
        };
        let Some(columns) = self.width else { return put(page, line) };
        let columns = usize::from(columns.saturating_sub(1));
        for (nth, part) in folded(&shortened(line), columns, used).split('\n').enumerate() {
            if nth > 0 {
                page.push('\n');
            }
            put(page, part);
        }
    }

    /// The columns that stand in `page` from `begin` on, where that matters.
    fn used(&self, page: &str, begin: usize) -> usize {
        self.width.map_or(0, |_| width(page.get(begin..).unwrap_or_default()))
    }
}

/// Indents a new line; returns where it begins.
fn indent(page: &mut String, deep: usize) -> usize {
    let begin = page.len();
    for _ in 0..deep {
        page.push_str(INDENT);
    }
    begin
}

/// Appends how it ended, as a glyph and a word.
fn verdict(line: &mut String, trace: &Trace<'_>, event: &Event<'_>, error: bool) -> Option<Tone> {
    let outcome = trace.outcome();
    let (tone, glyph, worded) = match (event, outcome.as_ref()) {
        (Event::Info { .. }, _) => (Some(Tone::Warn), '!', false),
        (_, "ok") if !error => (None, '✓', false),
        (_, "ok") => (Some(Tone::Bad), '✗', false),
        (_, "canceled" | "responseStreamDisconnected") => (Some(Tone::Warn), '-', true),
        _ => (Some(Tone::Bad), '✗', true),
    };
    line.push(glyph);
    if worded {
        line.push(' ');
        line.push_str(&in_one_line(&outcome));
    }
    tone
}

/// Appends what happened, as one line's middle.
fn what(line: &mut String, event: &Event<'_>) {
    let mut say = |parts: &[&str]| {
        for part in parts {
            line.push_str(&in_one_line(part));
        }
    };
    let or_unknown = |name: &'_ Option<Cow<'_, str>>| name.as_deref().unwrap_or("?").to_owned();
    let counted = |size: &Option<f64>, of: &str| {
        size.map(|size| format!(" ({size} {of})")).unwrap_or_default()
    };
    match event {
        Event::Scheduled { cron, .. } => say(&["cron \"", cron, "\""]),
        Event::Fetch { method, url, status, .. } => {
            let status = status.map(|status| status.to_string());
            let url = url.as_deref().filter(|url| !url.is_empty()).unwrap_or("[no URL]");
            say(&[status.as_deref().unwrap_or("no answer"), " "]);
            say(&[method.as_deref().unwrap_or("?"), " ", url]);
        }
        Event::Email { from, to, size } => {
            say(&["email from ", from, " to ", &or_unknown(to), &counted(size, "bytes")]);
        }
        Event::Alarm { at: Some(at) } => say(&["alarm of ", at]),
        Event::Alarm { at: None } => say(&["alarm"]),
        Event::Tail { scripts } => say(&["tail worker for ", &scripts.join(", ")]),
        Event::Info { message, .. } => say(&[message]),
        Event::Queue { queue, size } => say(&["queue ", queue, &counted(size, "messages")]),
        Event::Rpc { entrypoint: Some(entrypoint), method } => {
            say(&["rpc ", entrypoint, ".", method]);
        }
        Event::Rpc { entrypoint: None, method } => say(&["rpc ", method]),
        Event::WebSocket { kind, code } => {
            let code = code.map(|code| format!(" {code}")).unwrap_or_default();
            say(&["websocket ", &or_unknown(kind), &code]);
        }
        Event::Other => say(&["event of a kind that is new"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str, width: Option<u16>) -> String {
        let mut style = Style::new(&["public".into(), "store-sync".into()], width, None, false);
        let mut page = String::new();
        let trace = Trace::parse(json).unwrap();
        let event = trace.event();
        let error = trace.is_error_in(&event);
        style.event(&mut page, 0, &trace, (&event, error), DateTime::UNIX_EPOCH);
        page.chars().filter(|c| !('\u{2061}'..='\u{2064}').contains(c)).collect()
    }

    #[test]
    fn a_request_shows_its_status_and_a_structured_line_is_unfolded() {
        let json = r#"{"outcome":"exception","wallTime":812,"cpuTime":9.5,
            "scriptVersion":{"id":"9f3c2a1b-0000"},"eventTimestamp":1795284761123,
            "event":{"request":{"url":"https://api.parky.co.jp/v2/x","method":"POST",
            "cf":{"colo":"NRT","country":"JP"}},"response":{"status":503}},
            "logs":[{"level":"log","message":["{\"level\":\"error\",\"scope\":\"pay\",\"resource\":\"r-1\",\"message\":\"no\",\"try\":3}"]}],
            "exceptions":[{"name":"TypeError","message":"x is undefined","stack":"TypeError: x is undefined\n    at f (a.ts:1)"}]}"#;
        insta::assert_snapshot!(shown(json, None), @r"
        03:12:41 JST public     ✗ exception 503 POST https://api.parky.co.jp/v2/x  812 ms  cpu 9.5 ms  9f3c2a1b  NRT  JP
            error [pay] [r-1] no try=3
            threw TypeError: x is undefined
                at f (a.ts:1)
        ");
    }

    #[test]
    fn word_of_the_stream_is_folded_too() {
        let style = Style::new(&["public".into()], Some(40), None, false);
        let sample = format!("{}\u{1b}[2J", "abc ".repeat(20));
        let notice = Notice::BadFrame { worker: "public", count: 1, sample: &sample };
        let mut page = String::new();
        style.notice(&mut page, 0, &notice);
        assert!(page.starts_with("--- ") && page.contains("\\u{1b}[2J"), "{page}");
        assert!(page.lines().count() > 2 && page.lines().all(|line| width(line) < 40), "{page}");
    }

    #[test]
    fn no_log_can_look_like_an_event() {
        let forged = r"03:12:41 JST public     ✓ 200 GET https://x";
        let long = "a".repeat(50);
        let json = format!(
            r#"{{"outcome":"ok","event":{{"request":{{"url":"https://x/{long}\n{forged}","method":"GET"}}}},"logs":[{{"level":"log","message":["x\n{forged}\r{forged} {long}"]}}]}}"#
        );
        for columns in [None, Some(60)] {
            let page = shown(&json, columns);
            let lines: Vec<_> = page.lines().collect();
            assert!(lines[0].starts_with("09:00:00 JST"), "{page}");
            assert!(lines[1..].iter().all(|line| line.starts_with(INDENT)), "{page}");
            if columns.is_some() {
                assert!(lines.iter().all(|line| width(line) < 60), "{page}");
            }
        }
    }
}
