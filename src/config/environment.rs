//! Every variable that this program reads, for `help environment`. Tests hold the table against the
//! names that the code uses. Pure.

/// A variable, and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VariableHelp {
    /// Its name; a part in angle brackets stands for any.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
}

const fn of(name: &'static str, about: &'static str) -> VariableHelp {
    VariableHelp { name, about }
}

/// Credentials: each also with `_FILE`, and with `PARKY_OPS_` or `PARKY_OPS_<ENV>_` in front.
const CREDENTIALS: &[VariableHelp] = &[
    of("CLOUDFLARE_API_TOKEN", "Cloudflare's API"),
    of("CLOUDFLARE_ACCOUNT_ID", "The account on Cloudflare"),
    of("GH_TOKEN", "GitHub's API; GITHUB_TOKEN, then gh's own login where it is not set"),
    of("GITHUB_TOKEN", "GitHub's API, after GH_TOKEN"),
    of("SUPABASE_DB_URL", "The database: postgresql://user:password@host:port/database"),
    of("DISCORD_BOT_TOKEN", "Discord's bot"),
    of(
        "DISCORD_WEBHOOK_<CHANNEL>",
        "A channel's webhook: upper case, every other sign an underscore",
    ),
    of("SENTRY_AUTH_TOKEN", "Sentry's API"),
    of("PARKY_OPS_SMTP_URL", "The mail server of the fallback mail"),
    of("PARKY_OPS_MAIL_FROM", "Sender of the fallback mail"),
    of("PARKY_OPS_MAIL_TO", "Receiver of the fallback mail"),
];

const FORMS: &[VariableHelp] = &[
    of("PARKY_OPS_<NAME>", "A credential of the above; beats the plain name"),
    of("PARKY_OPS_<ENV>_<NAME>", "A credential of one environment; beats both"),
    of("<NAME>_FILE", "The file that holds the credential, for each of these forms"),
];

const OURS: &[VariableHelp] = &[
    of("PARKY_OPS_ENV", "Environment to speak of, where --env does not say"),
    of("PARKY_OPS_CONFIG", "The user file, where --config does not say"),
    of("PARKY_OPS_STATE_DIR", "Folder of the local state"),
    of("PARKY_OPS_OPERATOR", "Who operates, for the audit line; the user of the system otherwise"),
    of("PARKY_OPS_COMPLETE", "Set by the completion scripts: answer a shell instead of running"),
    of("PARKY_OPS_PG_BIN", "Folder of PostgreSQL's server programs, for the sandbox"),
    of(
        "PARKY_OPS_HOOK",
        "Where a replay dies or sleeps, for drills; only in a build with the sandbox",
    ),
    of("PARKY_OPS_CLOCK", "The present, RFC 3339, for drills; only in a build with the sandbox"),
];

const SETTINGS: &[VariableHelp] = &[
    of("PARKY_OPS_CLOUDFLARE_URL", "Base of Cloudflare's API"),
    of("CLOUDFLARE_API_BASE_URL", "The same, after PARKY_OPS_CLOUDFLARE_URL"),
    of("PARKY_OPS_GITHUB_URL", "Base of GitHub's API"),
    of("GITHUB_API_URL", "The same, after PARKY_OPS_GITHUB_URL"),
    of("PARKY_OPS_DISCORD_URL", "Base of Discord's API"),
    of("PARKY_OPS_SENTRY_URL", "Base of Sentry's API"),
    of("SENTRY_URL", "Root of Sentry's server, after PARKY_OPS_SENTRY_URL"),
    of("GH_REPO", "The repository: owner/name"),
    of("SENTRY_ORG", "The Sentry organization"),
    of("SENTRY_PROJECT", "Its project"),
];

const OTHERS: &[VariableHelp] = &[
    of("OP_SERVICE_ACCOUNT_TOKEN", "1Password, for op:// references; also with _FILE"),
    of("OP_<NAME>", "Handed to op where there is no service account's token"),
    of("GH_CONFIG_DIR", "Folder of gh's login"),
    of("GH_PATH", "The gh program to ask for a token"),
    of("HOME", "Where configuration and state are by default"),
    of("XDG_CONFIG_HOME", "Where configuration is, instead of ~/.config"),
    of("XDG_STATE_HOME", "Where state is, instead of ~/.local/state"),
    of("PATH", "Where op and gh are looked for; relative folders are left out"),
    of("TMPDIR", "Where a sandbox has its files"),
    of("USER", "Who operates, after PARKY_OPS_OPERATOR"),
    of("LOGNAME", "Who operates, after USER"),
    of(
        "HTTPS_PROXY",
        "Proxy of the APIs; HTTP_PROXY and NO_PROXY count too, in lower case as well",
    ),
    of("SSL_CERT_FILE", "Certificates to trust instead of the system's"),
    of("SSL_CERT_DIR", "The same, a folder"),
    of("NO_COLOR", "No colour, where --color does not say"),
    of("CLICOLOR_FORCE", "Colour off a terminal too, unless 0"),
    of("COLUMNS", "Width of the terminal"),
    of("TERM", "dumb: no colour, nothing redrawn"),
    of("CI", "Nothing is redrawn; an op:// reference without an account is a missing credential"),
    of("GITHUB_ACTIONS", "true: annotations, and no command to the runner in any output"),
    of("GITHUB_STEP_SUMMARY", "The file to which smoke appends its table"),
];

/// Every variable, credentials first.
pub fn environment() -> impl Iterator<Item = VariableHelp> {
    [CREDENTIALS, FORMS, OURS, SETTINGS, OTHERS].into_iter().flatten().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::variables;

    #[test]
    fn every_variable_that_stands_for_a_key_is_listed() {
        let listed: Vec<_> = SETTINGS.iter().map(|variable| variable.name).collect();
        let used: Vec<_> =
            variables::VARIABLES.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        assert_eq!(listed, used);
    }

    #[test]
    fn no_variable_is_listed_twice() {
        let mut names: Vec<_> = environment().map(|variable| variable.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
