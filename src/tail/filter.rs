//! What is chosen here, after Cloudflare's own filters: by level, id, duration, path, words. Pure.

use regex_lite::Regex;

use super::log::Level;
use super::trace::Trace;

/// See the module. What is `None` lets everything through.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Invocations that wrote a line of this level or above; one that failed counts as an error.
    pub level: Option<Level>,
    /// An id that stands anywhere in the event: a ray, a trace parent, a request's id in a log line.
    pub trace: Option<String>,
    /// Invocations that took at least so many ms.
    pub min_wall_ms: Option<f64>,
    /// Requests to this path, or below it; `*` stands for any signs.
    pub path: Option<String>,
    /// Words of the URL, the log lines or the exceptions.
    pub grep: Option<Regex>,
}

impl Filter {
    /// Whether everything passes.
    pub fn is_open(&self) -> bool {
        let Self { level, trace, min_wall_ms, path, grep } = self;
        level.is_none()
            && trace.is_none()
            && min_wall_ms.is_none()
            && path.is_none()
            && grep.is_none()
    }

    /// Whether `trace` is wanted.
    pub fn passes(&self, trace: &Trace<'_>) -> bool {
        self.min_wall_ms.is_none_or(|least| trace.wall_ms().is_some_and(|wall| wall >= least))
            && self.trace.as_deref().is_none_or(|id| holds(trace, id))
            && self
                .path
                .as_deref()
                .is_none_or(|pattern| trace.event().path().is_some_and(|path| fits(pattern, path)))
            && self.level.is_none_or(|level| reaches(trace, level))
            && self.grep.as_ref().is_none_or(|words| says(trace, words))
    }
}

fn holds(trace: &Trace<'_>, id: &str) -> bool {
    memchr::memmem::find(trace.raw().as_bytes(), id.as_bytes()).is_some()
}

fn reaches(trace: &Trace<'_>, level: Level) -> bool {
    trace.is_error() || trace.logs().iter().any(|log| log.line().level >= level)
}

fn says(trace: &Trace<'_>, words: &Regex) -> bool {
    trace.event().url().is_some_and(|url| words.is_match(url))
        || trace.logs().iter().any(|log| {
            let line = log.line();
            let parts = [line.scope.as_deref(), line.resource.as_deref(), Some(&line.text)];
            let rest = line.rest.iter().map(|(_, value)| value.as_str());
            parts.into_iter().flatten().chain(rest).any(|part| words.is_match(part))
        })
        || trace.exceptions().iter().any(|thrown| {
            words.is_match(&thrown.message)
                || words.is_match(&thrown.name)
                || thrown.stack.as_deref().is_some_and(|stack| words.is_match(stack))
        })
}

/// Whether `path` is `pattern`, lies below it, or fits its stars.
fn fits(pattern: &str, path: &str) -> bool {
    if !pattern.contains('*') {
        let rest = path.strip_prefix(pattern.trim_end_matches('/'));
        return rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    }
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"outcome":"ok","wallTime":812.5,"exceptions":[],
        "logs":[{"level":"log","message":["{\"level\":\"warn\",\"message\":\"slow\",\"user\":\"u-7\"}"]}],
        "event":{"request":{"url":"https://api.parky.co.jp/v2/spots/12?q=1","method":"GET",
        "headers":{"cf-ray":"8f1e2d3c4b5a6978"}},"response":{"status":200}}}"#;

    fn passes(filter: &Filter) -> bool {
        filter.passes(&Trace::parse(EVENT).unwrap())
    }

    #[test]
    fn each_filter_chooses() {
        let open = Filter::default();
        assert!(open.is_open() && passes(&open));
        let level = |level| passes(&Filter { level: Some(level), ..Filter::default() });
        assert!(level(Level::Info) && level(Level::Warn) && !level(Level::Error));
        let wall = |ms| passes(&Filter { min_wall_ms: Some(ms), ..Filter::default() });
        assert!(wall(812.5) && !wall(813.0));
        let trace = |id: &str| passes(&Filter { trace: Some(id.into()), ..Filter::default() });
        assert!(trace("8f1e2d3c4b5a6978") && !trace("0000000000000000"));
        let grep =
            |re: &str| passes(&Filter { grep: Some(Regex::new(re).unwrap()), ..Filter::default() });
        assert!(grep("^slow$") && grep("u-[0-9]") && grep("spots/12") && !grep("cf-ray"));
    }

    #[test]
    fn paths_by_prefix_and_by_stars() {
        let path = |path: &str| passes(&Filter { path: Some(path.into()), ..Filter::default() });
        for wanted in ["/v2", "/v2/", "/v2/spots/12", "/v2/*/12", "*/spots/*", "/*"] {
            assert!(path(wanted), "{wanted}");
        }
        for other in ["/v", "/v2/spots/1", "/v2/*/13", "*/lots/*", "*q=1"] {
            assert!(!path(other), "{other}");
        }
    }
}
