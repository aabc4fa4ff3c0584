//! What `-vv` shows: one record per request that was sent, without its secrets.

/// One request and what came of it. Every text is redacted.
#[derive(Debug)]
pub struct Logged<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// The whole URL.
    pub url: &'a str,
    /// 1 for the first try.
    pub attempt: u32,
    /// The HTTP status, where an answer came.
    pub status: Option<u16>,
    /// The id by which the service's staff can find the request.
    pub request_id: Option<&'a str>,
    /// Milliseconds until the whole answer, or the failure.
    pub ms: u64,
    /// What went wrong, in one line.
    pub error: Option<&'a str>,
}

/// Takes a record of each request. Called on the runtime's thread: must not block.
pub trait RequestLog: Send + Sync {
    /// Takes one record.
    fn record(&self, entry: &Logged<'_>);
}
