//! The envelope that Cloudflare puts around every answer, and the errors that on-call people meet.

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A whole answer: status, envelope, headers are added later.
pub(super) type Answer = Result<Value, Refusal>;

/// An error as Cloudflare gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    errors: Value,
}

impl Refusal {
    pub(super) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, errors: json!([{ "code": code, "message": message.into() }]) }
    }

    pub(super) fn no_credentials() -> Self {
        Self::new(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
    }

    pub(super) fn malformed_credentials() -> Self {
        let chain = json!([{ "code": 6111, "message": "Invalid format for Authorization header" }]);
        let error =
            json!({ "code": 6003, "message": "Invalid request headers", "error_chain": chain });
        Self { status: 400, errors: json!([error]) }
    }

    pub(super) fn invalid_token() -> Self {
        Self::new(401, 1000, "Invalid API Token")
    }

    pub(super) fn not_authenticated() -> Self {
        Self::new(401, 10000, "Authentication error")
    }

    pub(super) fn not_permitted() -> Self {
        Self::new(403, 10000, "Authentication error")
    }

    pub(super) fn no_access() -> Self {
        Self::new(403, 9109, "Unauthorized to access requested resource")
    }

    pub(super) fn no_route(path: &str) -> Self {
        let message =
            format!("Could not route to {path}, perhaps your object identifier is invalid?");
        let more = json!({ "code": 7000, "message": "No route for that URI" });
        Self { status: 404, errors: json!([{ "code": 7003, "message": message }, more]) }
    }

    pub(super) fn no_such_worker() -> Self {
        Self::new(404, 10007, "This Worker does not exist on your account.")
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, 10021, format!("validation failures: {}", message.into()))
    }

    pub(super) fn secrets_changed(names: &[String]) -> Self {
        let message = format!(
            "Cannot deploy a version with outdated secrets. The following secrets have changed: {}",
            names.join(", ")
        );
        Self::new(400, 10220, message)
    }
}

/// The body of an answer that succeeded.
pub fn success(result: &Value) -> Value {
    json!({ "success": true, "errors": [], "messages": [], "result": result })
}

/// One page of `all`, with what Cloudflare tells of the pages.
pub(super) fn paged(all: &[Value], page: usize, size: usize) -> Value {
    let first = (page - 1).saturating_mul(size);
    let items: Vec<_> = all.iter().skip(first).take(size).collect();
    let mut whole = success(&json!(items));
    whole["result_info"] = json!({
        "page": page,
        "per_page": size,
        "count": items.len(),
        "total_count": all.len(),
        "total_pages": all.len().div_ceil(size),
    });
    whole
}

/// The body of an error, for tests that let the stand-in fail in a way of their own.
pub fn error(code: u32, message: &str) -> Value {
    envelope_of(&json!([{ "code": code, "message": message }]))
}

fn envelope_of(errors: &Value) -> Value {
    json!({ "success": false, "errors": errors, "messages": [], "result": null })
}

pub(super) struct Enveloped(pub(super) Answer);

impl IntoResponse for Enveloped {
    fn into_response(self) -> Response {
        let (status, body) = match self.0 {
            // An answer with `result_info` brings its own envelope.
            Ok(whole) if whole.get("result_info").is_some() => (200, whole),
            Ok(result) => (200, success(&result)),
            Err(refusal) => (refusal.status, envelope_of(&refusal.errors)),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let json = HeaderValue::from_static("application/json");
        (status, [("content-type", json)], body.to_string()).into_response()
    }
}
