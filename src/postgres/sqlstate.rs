//! What an error that the server or a pooler answered with means to the one on call. Pure.

use super::PgErrorKind;

/// The kind of an error answer, and a sentence for it. `message` is the answer's own text: poolers
/// put most of their errors under one code, so their words have to tell them apart.
pub(super) fn classify(sqlstate: &str, message: &str) -> (PgErrorKind, &'static str) {
    use PgErrorKind as K;
    match sqlstate {
        "28P01" | "28000" => (K::Credential, "wrong password or user"),
        "3D000" => (K::NoDatabase, "no such database"),
        "53300" => (
            K::Saturated,
            "connections are exhausted; the ones that are left are kept for superusers",
        ),
        "57014" => (K::StatementTimeout, "the statement ran out of time"),
        "55P03" => (K::LockTimeout, "something holds a lock on it"),
        "25006" => (K::Query, "the transaction is read-only"),
        "42501" => (K::NoPermission, "the role has no right to it"),
        "42P01" => (K::NoTable, "no such table"),
        "3F000" => (K::NoSchema, "no such schema"),
        "42703" => (K::NoColumn, "no such column"),
        "26000" | "42P05" => {
            (K::Query, "a prepared statement went through a transaction pooler: a fault of ours")
        }
        "57P01" | "57P02" => (K::StartingUp, "the server is shutting down"),
        "57P03" => (K::StartingUp, "the server is starting up, shutting down or recovering"),
        "57P05" | "25P03" => (K::Lost, "the server ended the session for being idle"),
        "53100" => (K::Server, "the server's disk is full"),
        "53200" => (K::Server, "the server is out of memory"),
        "42883" => (K::Query, "the server lacks a function that this check uses"),
        _ => pooler(message).unwrap_or_else(|| by_class(sqlstate)),
    }
}

/// The words of Supavisor (`XX000`) and PgBouncer (`08P01`), in lower case.
const POOLER: [(&str, PgErrorKind, &str); 18] = {
    use PgErrorKind as K;
    const WRONG: &str = "wrong password or user";
    const FULL: &str = "the pooler is full";
    const BEHIND: &str = "the pooler is up, but the server behind it is not";
    [
        ("max client connections reached", K::Saturated, FULL),
        ("maxclientsinsessionmode", K::Saturated, FULL),
        ("max clients reached", K::Saturated, FULL),
        ("no more connections allowed", K::Saturated, FULL),
        ("unable to check out", K::Saturated, "the pooler has no server connection to spare"),
        ("query_wait_timeout", K::Saturated, "the pooler has no server connection to spare"),
        (
            "not in tenant allow_list",
            K::NoPermission,
            "the project's network restriction refuses us",
        ),
        ("circuit breaker open", K::Credential, "too many failed logins: the pooler refuses more"),
        ("tenant or user not found", K::Credential, "the pooler knows no such project or user"),
        ("tenant/user", K::Credential, "the pooler knows no such project or user"),
        ("password authentication failed", K::Credential, WRONG),
        ("sasl authentication failed", K::Credential, WRONG),
        ("no such user", K::Credential, WRONG),
        ("no such database", K::NoDatabase, "no such database"),
        ("unsupported startup parameter", K::Config, "the pooler refuses a start-up parameter"),
        ("server login has been failing", K::ServerDown, BEHIND),
        ("client_login_timeout", K::ServerDown, BEHIND),
        ("pgbouncer cannot connect", K::ServerDown, BEHIND),
    ]
};

fn pooler(message: &str) -> Option<(PgErrorKind, &'static str)> {
    let message = message.to_lowercase();
    POOLER
        .iter()
        .find(|(words, ..)| message.contains(words))
        .map(|(_, kind, sentence)| (*kind, *sentence))
}

/// Resources, the operating system and internal errors are the server's own trouble; anything else
/// means that our query does not fit this server.
fn by_class(sqlstate: &str) -> (PgErrorKind, &'static str) {
    match sqlstate.get(..2) {
        Some("53" | "54" | "57" | "58" | "F0" | "XX") => {
            (PgErrorKind::Server, "the server answered with an error of its own")
        }
        Some("08") => (PgErrorKind::Lost, "the connection broke"),
        Some("28") => (PgErrorKind::Credential, "the server refuses the login"),
        _ => (PgErrorKind::Query, "the server refuses the query"),
    }
}

#[cfg(test)]
mod tests {
    use PgErrorKind as K;

    use super::*;

    #[test]
    fn codes_of_the_server() {
        for (code, kind) in [
            ("28P01", K::Credential),
            ("28000", K::Credential),
            ("3D000", K::NoDatabase),
            ("53300", K::Saturated),
            ("57014", K::StatementTimeout),
            ("55P03", K::LockTimeout),
            ("25006", K::Query),
            ("42501", K::NoPermission),
            ("42P01", K::NoTable),
            ("3F000", K::NoSchema),
            ("42703", K::NoColumn),
            ("26000", K::Query),
            ("42P05", K::Query),
            ("57P01", K::StartingUp),
            ("57P03", K::StartingUp),
            ("53100", K::Server),
            ("58030", K::Server),
            ("XX001", K::Server),
            ("42883", K::Query),
            ("22P02", K::Query),
            ("08006", K::Lost),
            ("", K::Query),
            ("日本", K::Query),
        ] {
            assert_eq!(classify(code, "").0, kind, "{code}");
        }
    }

    #[test]
    fn words_of_the_poolers() {
        for (code, message, kind) in [
            ("XX000", "Max client connections reached", K::Saturated),
            ("XX000", "(EMAXCONN) max client connections reached, limit: 200", K::Saturated),
            (
                "XX000",
                "MaxClientsInSessionMode: max clients reached - in Session mode",
                K::Saturated,
            ),
            ("XX000", "Unable to check out process from the pool due to timeout", K::Saturated),
            ("XX000", "Tenant or user not found", K::Credential),
            ("XX000", "(ENOTFOUND) tenant/user postgres.abc not found", K::Credential),
            ("XX000", "address not in tenant allow_list: {1, 2, 3, 4}", K::NoPermission),
            ("XX000", "circuit breaker open for operation: auth_error", K::Credential),
            ("08P01", "no more connections allowed (max_client_conn)", K::Saturated),
            ("08P01", "query_wait_timeout", K::Saturated),
            ("08P01", "no such database: x", K::NoDatabase),
            ("08P01", "no such user: x", K::Credential),
            ("08P01", "SASL authentication failed", K::Credential),
            ("08P01", "unsupported startup parameter: extra_float_digits", K::Config),
            ("08P01", "server login has been failing, try again later", K::ServerDown),
            ("XX000", "cache lookup failed for relation 42", K::Server),
        ] {
            assert_eq!(classify(code, message).0, kind, "{message}");
        }
    }

    #[test]
    fn a_known_code_is_believed_over_the_words() {
        assert_eq!(classify("42P01", "relation \"no such user\" does not exist").0, K::NoTable);
    }
}
