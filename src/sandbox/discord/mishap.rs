//! What may befall a request on its way: answers that were lost, and answers that are odd.

use serde_json::json;

use crate::sandbox::server::{Act, Canned, Fault};

/// A misfortune of one request; what is said of a post holds of a look likewise.
#[derive(Debug, Clone)]
pub enum Mishap {
    /// It is stored, and the connection closes without an answer.
    ResetAfterAccept,
    /// It is stored, and a proxy answers 502.
    BadGatewayAfterAccept,
    /// It is stored, and no answer ever comes.
    HangAfterAccept,
    /// It is stored, and the answer is a 200 that cannot be read.
    UnreadableAfterAccept,
    /// It is not stored, and Discord answers 500.
    ErrorBeforeAccept,
    /// It is not stored, and the connection closes without an answer.
    ResetBeforeAccept,
    /// It is not stored, and no answer ever comes.
    HangBeforeAccept,
    /// It is not stored, for too many were: the answer has this form.
    Limited(Odd),
    /// It is not stored, and this is answered.
    Answer(Canned),
}

/// Forms of a 429 that were seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// As documented: `retry_after` in seconds, with a fraction.
    Float,
    /// `retry_after` in whole milliseconds, as of old.
    IntegerMs,
    /// The proxy's page instead of JSON: the address is shut out.
    Html,
    /// JSON that does not say how long.
    WithoutRetryAfter,
    /// An hour.
    Hour,
}

impl Odd {
    fn answer(self) -> Canned {
        let limited = |wait: serde_json::Value| {
            json!({
                "message": "You are being rate limited.",
                "retry_after": wait,
                "global": false,
            })
        };
        let scoped = |body: &serde_json::Value| {
            Canned::json(429, body).header("x-ratelimit-scope", "shared")
        };
        match self {
            Odd::Float => scoped(&limited(json!(0.25))).header("retry-after", "1"),
            Odd::IntegerMs => scoped(&limited(json!(1500))).header("retry-after", "1500"),
            Odd::Html => Canned::html(429).body("error code: 1015"),
            Odd::WithoutRetryAfter => Canned::json(
                429,
                &json!({ "message": "You are being blocked from accessing our API temporarily.", "code": 0 }),
            ),
            Odd::Hour => scoped(&limited(json!(3600.0))).header("retry-after", "3600"),
        }
    }
}

impl Mishap {
    pub(super) fn fault(&self) -> Fault {
        let act = match self {
            Mishap::ResetAfterAccept => Act::OwnThenClose,
            Mishap::BadGatewayAfterAccept => Act::OwnThenAnswer(Canned::html(502)),
            Mishap::HangAfterAccept => Act::OwnThenHang,
            Mishap::UnreadableAfterAccept => Act::OwnThenAnswer(
                Canned::status(200)
                    .header("content-type", "application/json")
                    .body("{\"id\": \"14"),
            ),
            Mishap::ErrorBeforeAccept => Act::Answer(Canned::json(
                500,
                &json!({ "message": "500: Internal Server Error", "code": 0 }),
            )),
            Mishap::ResetBeforeAccept => Act::Close,
            Mishap::HangBeforeAccept => Act::Hang,
            Mishap::Limited(odd) => Act::Answer(odd.answer()),
            Mishap::Answer(canned) => Act::Answer(canned.clone()),
        };
        Fault::new(act)
    }
}
