//! `-vv`: a line on stderr for every request, without its secrets.

use parky_ops::domain::Redactor;
use parky_ops::domain::text::one_line;
use parky_ops::http::{Logged, RequestLog};

use super::{Tone, on_stderr, paint};

pub(super) struct OnStderr {
    pub(super) colour: bool,
    pub(super) redactor: Redactor,
    pub(super) runner: bool,
}

impl RequestLog for OnStderr {
    fn record(&self, entry: &Logged<'_>) {
        let Logged { method, url, attempt, status, request_id, ms, error } = entry;
        let status = status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let id = request_id.map(|id| format!(" id={id}")).unwrap_or_default();
        let error = error.map(|error| format!(" {error}")).unwrap_or_default();
        let line = one_line(&format!("{method} {url} {status} {ms} ms try={attempt}{id}{error}"));
        on_stderr(&paint(Tone::Dim, &line), &self.redactor, self.colour, self.runner);
    }
}
