//! What Cloudflare wraps around every answer, and what its error codes mean. Pure.
//!
//! Judged by `success` and the codes, not by the HTTP status alone: the same status stands for a
//! wrong token, a missing right and a wrong account.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::wire::{Envelope, Refusal};
use crate::http::{ApiError, Fault, Reply, Said, Unreadable};

/// The result inside `reply`; `None` where it is `null`, as after a deletion.
pub(super) fn result<T: DeserializeOwned>(reply: &Reply) -> Result<Option<T>, ApiError> {
    if reply.header("cf-mitigated") == Some("challenge") {
        return Err(reply.error(Fault::Unreadable(Unreadable::Challenge), None));
    }
    if reply.status == 204 {
        return Ok(None);
    }
    let envelope: Envelope = match (reply.parse(), reply.status_fault()) {
        (Ok(envelope), _) => envelope,
        // A web page of the network's edge: what it says of rights is not the API's word.
        (Err(error), None | Some(Fault::Unauthorized | Fault::Forbidden | Fault::NotFound)) => {
            return Err(error);
        }
        (Err(_), Some(fault)) => return Err(reply.error(fault, None)),
    };
    let said = words(reply, &envelope);
    let status_fault = reply.status_fault();
    if said.is_some() || envelope.success == Some(false) || status_fault.is_some() {
        let fault = fault(said.as_ref().and_then(|said| said.code), reply);
        return Err(reply.error(fault, said));
    }
    match (envelope.success, envelope.result) {
        (None, None) => Err(reply.wrong_shape("neither success nor result in it")),
        (_, None) => Ok(None),
        (_, Some(result)) => serde_json::from_value(result)
            .map(Some)
            .map_err(|error| reply.wrong_shape(&error.to_string())),
    }
}

/// The list inside `reply`: `null` is one without entries. An answer without a body says nothing, and
/// least of all that there is nothing.
pub(super) fn listed<T: DeserializeOwned + Default>(reply: &Reply) -> Result<T, ApiError> {
    if reply.status == 204 {
        return Err(reply.wrong_shape("no body, where a list was asked for"));
    }
    Ok(result(reply)?.unwrap_or_default())
}

/// What went wrong, by Cloudflare's code first and by the HTTP status where that says nothing.
fn fault(code: Option<i64>, reply: &Reply) -> Fault {
    match code {
        // One code for a wrong token and for a missing right; the status tells them apart.
        Some(10000) if reply.status == 403 => Fault::Forbidden,
        Some(1000 | 6003 | 9106 | 9109 | 10000) => Fault::Unauthorized,
        Some(7003 | 10007 | 10090 | 8_000_007 | 8_000_009) => Fault::NotFound,
        Some(971) => Fault::RateLimited { retry_at: reply.retry_at() },
        _ => reply.status_fault().unwrap_or(Fault::Refused),
    }
}

/// The first error, with what is nested in it.
fn words(reply: &Reply, envelope: &Envelope) -> Option<Said> {
    if envelope.success == Some(true) {
        return None;
    }
    if let Some(first) = envelope.errors.first() {
        let mut parts = Vec::new();
        collect(first, &mut parts);
        return Some(reply.said(first.code.as_ref().and_then(number), &parts.join(": ")));
    }
    let code = envelope.code.as_ref().and_then(number);
    let message = match envelope.error.as_ref() {
        Some(Value::String(message)) => message.as_str(),
        Some(Value::Object(object)) => {
            object.get("message").and_then(Value::as_str).unwrap_or_default()
        }
        _ => "",
    };
    (code.is_some() || !message.is_empty()).then(|| reply.said(code, message))
}

fn collect<'a>(refusal: &'a Refusal, parts: &mut Vec<&'a str>) {
    parts.extend(refusal.message.as_deref());
    for nested in &refusal.error_chain {
        collect(nested, parts);
    }
}

fn number(code: &Value) -> Option<i64> {
    code.as_i64().or_else(|| code.as_str()?.parse().ok())
}
