//! Events for people: a line that says what happened, and below it, indented, what was written and
//! thrown. No text from outside can begin a line of its own.

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use parky_ops::domain::clock::JST;
use parky_ops::domain::text::one_line;
use parky_ops::tail::{Event, Level, LogLine, Trace};
use unicode_width::UnicodeWidthChar as _;

use crate::ui::{HUES, Tone, paint};

/// In front of everything below an event's line.
const INDENT: &str = "    ";
/// On a terminal a single line of a log is cut after so many signs.
const LONGEST: usize = 8_000;

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
        Self { names: names.collect(), width, level, verbose }
    }

    /// The worker's name as a prefix.
    pub(super) fn name(&self, worker: usize) -> &str {
        self.names.get(worker).map_or("", String::as_str)
    }

    /// Appends an event that came `at`; whether it is an error is told beside it.
    pub(super) fn event(
        &self,
        page: &mut String,
        worker: usize,
        trace: &Trace<'_>,
        (event, error): (&Event<'_>, bool),
        at: DateTime<Utc>,
    ) {
        let (tone, outcome) = verdict(trace, event, error);
        let time = trace.at().unwrap_or(at).with_timezone(&JST).format("%H:%M:%S JST");
        let mut line = format!("{} {}", outcome, one_line(&what(event)));
        if let Some(wall) = trace.wall_ms() {
            let _ = write!(line, "  {wall} ms");
        }
        if let Some(cpu) = trace.cpu_ms() {
            let _ = write!(line, "  cpu {cpu} ms");
        }
        if let Some(version) = trace.version() {
            let short: String = version.chars().take(8).collect();
            let _ = write!(line, "  {}", one_line(&short));
        }
        if let Event::Fetch { request, .. } = event {
            for part in request.place().into_iter().flatten().chain(self.more(request)) {
                let _ = write!(line, "  {}", one_line(&part));
            }
        }
        let prefix = format!("{} {} ", paint(Tone::Dim, &time.to_string()), self.name(worker));
        self.put(page, &prefix, &line, tone);
        self.below(page, trace);
    }

    fn more<'a>(&self, request: &parky_ops::tail::Request<'a>) -> Option<Cow<'a, str>> {
        request.ray().filter(|_| self.verbose).map(|ray| Cow::Owned(format!("ray {ray}")))
    }

    fn below(&self, page: &mut String, trace: &Trace<'_>) {
        for log in trace.logs() {
            let line = log.line();
            if self.level.is_none_or(|least| line.level >= least) {
                self.log(page, &line);
            }
        }
        for thrown in trace.exceptions() {
            let head = format!("{}: {}", thrown.name, thrown.message);
            self.put(
                page,
                &format!("{INDENT}{} ", paint(Tone::Bad, "threw")),
                &head,
                Some(Tone::Bad),
            );
            for line in thrown.stack.as_deref().unwrap_or_default().lines() {
                // Many stacks begin by saying the message again.
                if line.trim() != head.trim() {
                    self.put(page, &format!("{INDENT}{INDENT}"), line.trim(), Some(Tone::Dim));
                }
            }
        }
        if trace.diagnostics() > 0 && self.verbose {
            let text = format!("{} messages of diagnostics channels", trace.diagnostics());
            self.put(page, INDENT, &text, Some(Tone::Dim));
        }
        if trace.is_truncated() {
            self.put(page, INDENT, "Cloudflare cut the logs of this one", Some(Tone::Warn));
        }
    }

    fn log(&self, page: &mut String, line: &LogLine) {
        let tone = match line.level {
            Level::Error => Tone::Bad,
            Level::Warn => Tone::Warn,
            Level::Info | Level::Debug => Tone::Dim,
        };
        let mut prefix =
            format!("{INDENT}{} ", paint(tone, &format!("{:5}", one_line(&line.word))));
        for part in [&line.scope, &line.resource].into_iter().flatten() {
            let _ = write!(prefix, "{} ", paint(Tone::Strong, &format!("[{}]", one_line(part))));
        }
        let mut text = line.text.clone();
        for (key, value) in &line.rest {
            let _ = write!(text, " {}={}", one_line(key), one_line(value));
        }
        self.put(page, &prefix, &text, None);
    }

    /// Appends `text` behind `prefix`; its further lines, and on a terminal what does not fit, are
    /// indented.
    fn put(&self, page: &mut String, prefix: &str, text: &str, tone: Option<Tone>) {
        page.push_str(prefix);
        let columns = self.width.map(usize::from);
        let mut used = columns.map_or(0, |_| width(prefix));
        let mut first = true;
        for line in text.lines() {
            if !first {
                page.push('\n');
                page.push_str(INDENT);
                page.push_str(INDENT);
                used = 2 * INDENT.len();
            }
            first = false;
            let line = one_line(line);
            let line = match columns {
                Some(_) => Cow::Owned(shortened(&line)),
                None => Cow::Borrowed(line.as_str()),
            };
            let fitted = match columns {
                Some(columns) => folded(&line, columns.saturating_sub(1), used),
                None => line.into_owned(),
            };
            match tone {
                Some(tone) => {
                    let parts: Vec<_> = fitted.split('\n').map(|part| paint(tone, part)).collect();
                    page.push_str(&parts.join("\n"));
                }
                None => page.push_str(&fitted),
            }
        }
        page.push('\n');
    }
}

fn shortened(line: &str) -> String {
    let signs = line.chars().count();
    if signs <= LONGEST {
        return line.to_owned();
    }
    let begin: String = line.chars().take(LONGEST).collect();
    format!("{begin}… ({signs} signs; --json shows all)")
}

/// `line` with breaks where the terminal would make them, each followed by an indent: at a blank in the
/// second half of the row, else anywhere, as in a long URL.
fn folded(line: &str, columns: usize, mut used: usize) -> String {
    let indent = 2 * INDENT.len();
    if columns <= indent + 8 {
        return line.to_owned();
    }
    let mut out = String::with_capacity(line.len() + line.len() / 8);
    // Behind the last blank of this row: its place in `out`, and the columns before it.
    let mut blank: Option<(usize, usize)> = None;
    let mut fresh = false;
    for c in line.chars() {
        if fresh && c == ' ' {
            continue;
        }
        fresh = false;
        let wide = c.width().unwrap_or(0);
        if used + wide > columns {
            let rest = match blank.take().filter(|(_, before)| *before > columns / 2) {
                Some((at, _)) if c != ' ' => out.split_off(at),
                _ => String::new(),
            };
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.push_str(INDENT);
            out.push_str(INDENT);
            out.push_str(&rest);
            used = indent + width(&rest);
            if c == ' ' {
                fresh = true;
                continue;
            }
        }
        out.push(c);
        used += wide;
        if c == ' ' {
            blank = Some((out.len(), used));
        }
    }
    out
}

fn width(text: &str) -> usize {
    text.chars().filter_map(unicode_width::UnicodeWidthChar::width).sum()
}

/// How it ended, as a glyph and a word.
fn verdict(trace: &Trace<'_>, event: &Event<'_>, error: bool) -> (Option<Tone>, String) {
    let outcome = trace.outcome();
    let word = |glyph: char| format!("{glyph} {}", one_line(&outcome));
    match (event, outcome.as_ref()) {
        (Event::Info { .. }, _) => (Some(Tone::Warn), "!".to_owned()),
        (_, "ok") if !error => (None, "✓".to_owned()),
        (_, "ok") => (Some(Tone::Bad), "✗".to_owned()),
        (_, "canceled" | "responseStreamDisconnected") => (Some(Tone::Warn), word('-')),
        _ => (Some(Tone::Bad), word('✗')),
    }
}

/// What happened, as one line's middle.
fn what(event: &Event<'_>) -> String {
    let named = |name: &Option<Cow<'_, str>>| name.as_deref().unwrap_or("?").to_owned();
    match event {
        Event::Scheduled { cron, .. } => format!("cron \"{cron}\""),
        Event::Fetch { method, url, status, .. } => {
            let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            let url = url.as_deref().filter(|url| !url.is_empty()).unwrap_or("[no URL]");
            format!("{status} {} {url}", named(method))
        }
        Event::Email { from, to, size } => {
            let size = size.map(|size| format!(" ({size} bytes)")).unwrap_or_default();
            format!("email from {from} to {}{size}", named(to))
        }
        Event::Alarm { at: Some(at) } => format!("alarm of {at}"),
        Event::Alarm { at: None } => "alarm".to_owned(),
        Event::Tail { scripts } => format!("tail worker for {}", scripts.join(", ")),
        Event::Info { message, .. } => message.clone().into_owned(),
        Event::Queue { queue, size } => {
            let size = size.map(|size| format!(" ({size} messages)")).unwrap_or_default();
            format!("queue {queue}{size}")
        }
        Event::Rpc { entrypoint: Some(entrypoint), method } => format!("rpc {entrypoint}.{method}"),
        Event::Rpc { entrypoint: None, method } => format!("rpc {method}"),
        Event::WebSocket { kind, code } => {
            let code = code.map(|code| format!(" {code}")).unwrap_or_default();
            format!("websocket {}{code}", named(kind))
        }
        Event::Other => "event of a kind that is new".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str, width: Option<u16>) -> String {
        let style = Style::new(&["public".into(), "store-sync".into()], width, None, false);
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
    fn rows_break_at_blanks_where_they_can() {
        let fold = |line: &str, columns| folded(line, columns, 4);
        assert_eq!(
            fold("GET https://x/yy  662 ms  NRT", 24),
            "GET https://x/yy\n        662 ms  NRT"
        );
        assert_eq!(fold("https://x/abcdefghijklmnop", 20), "https://x/abcdef\n        ghijklmnop");
        assert_eq!(fold("aaaaaaaaaaaaaaaa bbb", 20), "aaaaaaaaaaaaaaaa\n        bbb");
        assert_eq!(fold("short", 20), "short");
        assert_eq!(
            fold("予約APIv2が応答しません x=1", 24),
            "予約APIv2が応答しま\n        せん x=1"
        );
    }

    #[test]
    fn no_log_can_look_like_an_event() {
        let forged = r"03:12:41 JST public     ✓ 200 GET https://x";
        let long = "a".repeat(50);
        let json = format!(
            r#"{{"outcome":"ok","event":{{"request":{{"url":"https://x/{long}\n{forged}","method":"GET"}}}},"logs":[{{"level":"log","message":["x\n{forged}\r{forged} {long}"]}}]}}"#
        );
        for width in [None, Some(60)] {
            let page = shown(&json, width);
            let lines: Vec<_> = page.lines().collect();
            assert!(lines[0].starts_with("09:00:00 JST"), "{page}");
            assert!(lines[1..].iter().all(|line| line.starts_with(INDENT)), "{page}");
            if width.is_some() {
                assert!(lines.iter().all(|line| super::width(line) < 60), "{page}");
            }
        }
    }
}
