//! Why a check has its state: stable words that scripts may rely on, and a sentence for people.

use serde::{Serialize, Serializer};

/// What kind of reason it is; decides the exit code when nothing could be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasonClass {
    /// The thing was looked at; this is what was seen.
    Seen,
    /// We could not look, because of our own configuration or credentials.
    Ours,
    /// We could not look, because something between us and the thing failed.
    Between,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $word:literal $class:ident $means:literal;)*) => {
        /// A stable kebab-case word for why a check has its state (contract §2).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ReasonCode { $(#[doc = $means] $name,)* }

        impl ReasonCode {
            /// Every code, in the order of `help reasons`.
            pub const ALL: &[ReasonCode] = &[$(ReasonCode::$name,)*];

            /// The word as it stands in JSON.
            pub fn word(self) -> &'static str {
                match self { $(ReasonCode::$name => $word,)* }
            }

            /// What the word means, in one line.
            pub fn means(self) -> &'static str {
                match self { $(ReasonCode::$name => $means,)* }
            }

            /// Whether it speaks of the thing, of us, or of the way between.
            pub fn class(self) -> ReasonClass {
                match self { $(ReasonCode::$name => ReasonClass::$class,)* }
            }
        }
    };
}

reasons! {
    Ok "ok" Seen "measured, and in order";
    Http5xx "http-5xx" Seen "the server answers with an error of its own";
    Http4xx "http-4xx" Seen "the server answers, but not at this path: a wrong route rather than an outage";
    Redirect "redirect" Seen "the health path answers with a redirect, so health was not shown";
    Flaky "flaky" Seen "some tries failed and some succeeded";
    Slow "slow" Seen "answers, but slower than the threshold";
    Timeout "timeout" Seen "no answer within the deadline";
    Refused "refused" Seen "the connection was refused";
    Dns "dns" Seen "the name does not resolve";
    ConnectionLost "connection-lost" Seen "the connection broke before the whole answer came";
    NotHttp "not-http" Seen "something answers there, but it does not speak HTTP";
    TlsExpired "tls-expired" Seen "the certificate is past its end, or not valid yet";
    TlsUntrusted "tls-untrusted" Seen "the certificate is not signed by anyone this machine trusts";
    TlsWrongName "tls-wrong-name" Seen "the certificate is for another name";
    TlsFailed "tls-failed" Seen "the TLS handshake failed";
    ExpiresSoon "expires-soon" Seen "the certificate ends soon";
    FreshDeploy "fresh-deploy" Seen "a deployment shortly before the start: the first suspect";
    Split "split" Seen "traffic is split between two versions";
    NoDeployment "no-deployment" Seen "the worker or Pages project exists but nothing of it is deployed";
    BuildFailed "build-failed" Seen "the newest build of production failed; what was live before stays up";
    Building "building" Seen "the newest build of production is under way";
    RunFailed "run-failed" Seen "the newest run of the workflow failed";
    RunCancelled "run-cancelled" Seen "the newest run was cancelled: by a person, or by a job's time limit";
    InProgress "in-progress" Seen "the newest run of the workflow goes on";
    AwaitingApproval "awaiting-approval" Seen "a run is held back until a person or a timer lets it go";
    NoRuns "no-runs" Seen "no run is listed, so nothing shows how the workflows stand";
    HealthcheckFailed "healthcheck-failed" Seen "the newest run of the healthcheck failed";
    ReadOnly "read-only" Seen "the database refuses writes, as the platform does when the disk is full";
    Saturated "saturated" Seen "no connection is left, or almost none";
    StartingUp "starting-up" Seen "the database is starting up, shutting down or recovering";
    Blocked "blocked" Seen "sessions wait for a lock that another one holds";
    LongStatement "long-statement" Seen "a statement has been running for long";
    IdleInTransaction "idle-in-transaction" Seen "a session sits in an open transaction and holds its locks";
    SlotRetains "slot-retains" Seen "an unread replication slot keeps write-ahead log on the disk";
    SlotLost "slot-lost" Seen "a replication slot has lost, or is about to lose, what its reader needs";
    XidAge "xid-age" Seen "transaction ids are running out";
    Undelivered "undelivered" Seen "alerts were not delivered to Discord";
    UntoldP0 "untold-p0" Seen "a P0 alert reached nobody, by Discord or by e-mail";
    WebhookRevoked "webhook-revoked" Seen "Discord refuses the webhook: it was deleted or its token changed";
    DiscordDown "discord-down" Seen "Discord answered 5xx or not at all";
    DiscordLimited "discord-limited" Seen "Discord held alerts back with 429";
    Degraded "degraded" Seen "the vendor reports reduced service";
    VendorOutage "vendor-outage" Seen "the vendor reports a major outage";
    QueryFailed "query-failed" Seen "the database answered the query with an error";
    Stale "stale" Seen "the newest sign of life is too old";
    NoCredential "no-credential" Ours "no credential was found for this";
    BadCredential "bad-credential" Ours "the credential cannot be used as it is written";
    Unauthorized "unauthorized" Ours "the credential was refused";
    NoPermission "no-permission" Ours "the credential is accepted but lacks a right";
    WrongAccount "wrong-account" Ours "the account is not the one the token or the pin belongs to";
    NotFound "not-found" Ours "no such thing under this name";
    Moved "moved" Ours "the thing has another name now, and the configuration still has the old one";
    Unmapped "unmapped" Ours "the configuration does not say what this is called on the other side";
    BadConfig "bad-config" Ours "the configuration stands in the way";
    RowSecurity "row-security" Ours "row security hides rows from this role: counts are at least";
    LimitedView "limited-view" Ours "the role may not see other sessions";
    NoTable "no-table" Ours "the table is not there, under the name in the configuration";
    NoColumn "no-column" Ours "the table lacks a column that the check reads";
    TlsOurs "tls-ours" Ours "TLS failed on our side: certificates, root store or a proxy between";
    Locked "locked" Between "could not look: something holds a lock on it";
    RateLimited "rate-limited" Between "the service told us to wait";
    ServiceError "service-error" Between "the service that knows answered with an error of its own";
    Unreachable "unreachable" Between "the service that knows could not be reached";
    Unreadable "unreadable" Between "the answer could not be read";
    Deadline "deadline" Between "out of time before it could be measured";
    NotTried "not-tried" Between "an earlier step failed, so this was not tried";
    Offline "offline" Between "nothing at all could be reached: you appear to be offline";
    NotConfigured "not-configured" Between "not configured";
    SwitchedOff "switched-off" Between "left out by --only or --skip";
    Internal "internal" Between "a fault in this program";
}

impl Serialize for ReasonCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// A code and a line of text; the text is safe to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The stable word.
    pub code: ReasonCode,
    /// One line for a person.
    pub text: String,
}

impl Reason {
    /// A reason; `text` may hold words from outside, which are made harmless.
    pub fn new(code: ReasonCode, text: impl AsRef<str>) -> Self {
        Self { code, text: super::text::one_line(text.as_ref()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kebab_case_and_unique() {
        let mut words: Vec<_> = ReasonCode::ALL.iter().map(|code| code.word()).collect();
        assert!(
            words.iter().all(|w| w
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
        );
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), ReasonCode::ALL.len());
    }
}
