//! How an answer looks: JSON, or a refusal, in GitHub's form.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refusal in GitHub's form.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
    /// Where to ask instead.
    elsewhere: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: u16, message: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, message: message.to_owned(), elsewhere: None }
    }

    /// What is asked for is at `url` now.
    pub(super) fn moved(url: &str) -> Self {
        Self { elsewhere: Some(url.to_owned()), ..Self::new(301, "Moved Permanently") }
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": self.status.as_str(),
            "url": self.elsewhere,
        });
        let mut response = (self.status, Json(body)).into_response();
        if let Some(Ok(url)) = self.elsewhere.map(|url| url.parse()) {
            response.headers_mut().insert(header::LOCATION, url);
        }
        response
    }
}

/// JSON with GitHub's content type.
pub(super) struct Json(pub(super) Value);

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
        (kind, self.0.to_string()).into_response()
    }
}

/// What a handler gives.
pub(super) type Answer = Result<Response, Refusal>;
