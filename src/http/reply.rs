//! An answer, whatever its status, and how it becomes a value or an error.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use super::error::{ApiError, Asked, Fault, Said, Unreadable};
use crate::domain::text::{one_line, shorten};
use crate::domain::{Clock, Redactor};

/// Headers in which services put the id of a request, the most telling first.
const REQUEST_IDS: [&str; 3] = ["cf-ray", "x-github-request-id", "x-request-id"];

/// An answer with its whole body.
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Vec<u8>,
    /// The id by which the service's staff can find the request.
    pub request_id: Option<Box<str>>,
    asked: Arc<Asked>,
    redactor: Redactor,
    /// When it came (UTC).
    at: DateTime<Utc>,
}

impl Reply {
    /// An answer to `asked` whose body is still to come.
    pub(super) fn new(
        asked: &Arc<Asked>,
        (status, headers): (u16, HeaderMap),
        redactor: &Redactor,
        clock: Clock,
    ) -> Self {
        let request_id = REQUEST_IDS
            .iter()
            .find_map(|name| headers.get(HeaderName::from_static(name))?.to_str().ok())
            .map(|id| shorten(&one_line(&redactor.clean(id)), 80).into());
        Self {
            status,
            headers,
            body: Vec::new(),
            request_id,
            asked: Arc::clone(asked),
            redactor: redactor.clone(),
            at: clock.now(),
        }
    }

    /// The value of a header, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// An error about this answer.
    pub fn error(&self, fault: Fault, said: Option<Said>) -> ApiError {
        let (asked, request_id) = (Arc::clone(&self.asked), self.request_id.clone());
        ApiError { asked, status: Some(self.status), request_id, said, fault }
    }

    /// Words of the service as an error may carry them: redacted, on one line, of bounded length.
    pub fn said(&self, code: Option<i64>, message: &str) -> Said {
        let message = shorten(&one_line(&self.redactor.clean(message)), 300);
        Said { code, message: message.into() }
    }

    /// What the HTTP status alone says is wrong; `None` for 2xx.
    pub fn status_fault(&self) -> Option<Fault> {
        Some(match self.status {
            200..=299 => return None,
            300..=399 => Fault::Unreadable(Unreadable::Redirect(self.location().into())),
            401 => Fault::Unauthorized,
            403 => Fault::Forbidden,
            404 | 410 => Fault::NotFound,
            429 => Fault::RateLimited { retry_at: self.retry_at() },
            500..=599 => Fault::Server,
            _ => Fault::Refused,
        })
    }

    /// The body as `T`, of an answer with status 2xx.
    ///
    /// # Errors
    /// Any other status, with the service's words; or a body that is no such JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        match self.status_fault() {
            Some(fault) => Err(self.error(fault, self.generic_words())),
            None => self.parse(),
        }
    }

    /// The body as `T`, whatever the status.
    ///
    /// # Errors
    /// A body that is no such JSON.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_slice(&self.body)
            .map_err(|error| self.error(Fault::Unreadable(self.unreadable(&error)), None))
    }

    /// An answer that is JSON but not as documented, and `how`.
    pub fn wrong_shape(&self, how: &str) -> ApiError {
        let how = self.said(None, how).message;
        self.error(Fault::Unreadable(Unreadable::WrongShape(how)), None)
    }

    /// When the service wants to be asked again (UTC): `Retry-After` in seconds or as a date.
    pub fn retry_at(&self) -> Option<DateTime<Utc>> {
        let text = self.header(RETRY_AFTER.as_str())?.trim();
        if let Ok(seconds) = text.parse::<f64>() {
            let wait = Duration::try_from_secs_f64(seconds).ok()?;
            return self.at.checked_add_signed(TimeDelta::from_std(wait).ok()?);
        }
        DateTime::parse_from_rfc2822(text).ok().map(|at| at.with_timezone(&Utc))
    }

    fn unreadable(&self, error: &serde_json::Error) -> Unreadable {
        if self.body.trim_ascii().is_empty() {
            return Unreadable::Empty;
        }
        if self.is_html() {
            return Unreadable::Html;
        }
        // A type may refuse the beginning of what also has no end: ask for the end first.
        match serde_json::from_slice::<IgnoredAny>(&self.body).map_err(|error| error.classify()) {
            Ok(_) => Unreadable::WrongShape(self.said(None, &error.to_string()).message),
            Err(Category::Eof) => Unreadable::Truncated,
            Err(_) => Unreadable::NotJson,
        }
    }

    fn is_html(&self) -> bool {
        let declared = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        declared.to_ascii_lowercase().contains("html") || self.body.trim_ascii().starts_with(b"<")
    }

    fn location(&self) -> String {
        let to = self.header(LOCATION.as_str()).unwrap_or("nowhere");
        // The query of a redirect may hold a token made for this one request.
        let to = to.split(['?', '#']).next().unwrap_or_default();
        self.said(None, to).message.into()
    }

    /// The words of services that put them at the top of the body.
    fn generic_words(&self) -> Option<Said> {
        let body: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        let message =
            ["message", "detail", "error"].iter().find_map(|key| body.get(*key)?.as_str())?;
        Some(self.said(body.get("code").and_then(serde_json::Value::as_i64), message))
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("asked", &self.asked)
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
