//! A sentence of help for the error codes that people meet.

/// What to do about Cloudflare's error `code`; `None` for one that explains itself.
pub fn help(code: i64) -> Option<&'static str> {
    Some(match code {
        1000 | 9109 => "the token is wrong, revoked or expired: make a new one in the dashboard",
        6003 => "the token is malformed: copy it again, without blanks or line breaks",
        9106 => {
            "no token was sent, or a token of an account was used where one of a user is needed"
        }
        10000 => {
            "the token is wrong, or lacks `Workers Scripts Read` (for Pages: `Cloudflare Pages \
             Read`) on this account: check both the token's permissions and the account id"
        }
        7003 => "the account id is probably wrong: compare it with the one in the dashboard's URL",
        10007 | 10090 => {
            "no such Worker on this account: check the script's name (often the suffix of the \
             environment) and the account id; a Pages project is no Worker"
        }
        10057 => {
            "the worker has too much traffic for a tail: a filter by client (--ip self) lifts that"
        }
        971 => {
            "too many requests: all tools of the same user share 1,200 in 5 minutes, CI included; \
             wait 5 minutes"
        }
        10220 => "the secrets have changed since that version; compare them before forcing it",
        10041 | 10079 => {
            "what that version stands on is gone (a deleted binding, or a migration of Durable \
             Objects after it): it cannot come back; deploy a fix instead"
        }
        8_000_024 => "Cloudflare gives at most 25 deployments a page",
        8_000_039 => "only a successful build of production can be rolled back to",
        100_405 => "the versions differ in their Durable Objects and cannot share traffic",
        8_000_007 => "no such Pages project on this account: check its name and the account id",
        8_000_009 => "no such deployment of this Pages project",
        _ => return None,
    })
}
