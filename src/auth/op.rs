//! Reads an `op://` reference through the 1Password CLI. Read-only; never a prompt, never a cache
//! on disk.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::error::AuthError;
use super::program::{self, Call, RunError};
use crate::config::{self, Origin, Vars, is_open_to_others};
use crate::domain::{Caveat, Redactor, text};

/// Variables that op needs to reach its server, and to know who asks.
const NETWORK: [&str; 9] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "TMPDIR",
];
const TOKEN: &str = "OP_SERVICE_ACCOUNT_TOKEN";

/// The token of a service account.
#[derive(Clone)]
pub(super) struct ServiceToken {
    value: SecretString,
    /// That others may read the file it came from.
    pub(super) caveat: Option<Caveat>,
}

/// The service account's token: the variable, the file that one names, else `~/.op/sa_token.txt`.
/// `None`: op has to know who asks by itself.
pub(super) fn service_token(vars: &Vars) -> Result<Option<ServiceToken>, AuthError> {
    if let Some(text) = vars.get(TOKEN) {
        return token(text, Origin::Variable(TOKEN.to_owned()), None).map(Some);
    }
    let named = format!("{TOKEN}_FILE");
    let (path, origin, must_be) = match (vars.path(&named), vars.home()) {
        (Some(path), _) => (path, Origin::Variable(named), true),
        (None, Some(home)) => {
            let path = home.join(".op/sa_token.txt");
            (path.clone(), Origin::File(path, None), false)
        }
        (None, None) => return Ok(None),
    };
    let failed = |why: String| AuthError::OpToken { origin: origin.clone(), why };
    let text = match config::read_small_file(&path) {
        Ok(Some(text)) => text,
        Ok(None) if must_be => return Err(failed(format!("there is no {}", path.display()))),
        Ok(None) => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    };
    let caveat = is_open_to_others(&path).then(|| {
        let shown = path.to_string_lossy();
        let text = format!("others may read {shown}: chmod 600 {}", shell_words::quote(&shown));
        Caveat::new("op-token-readable", text)
    });
    token(&text, origin, caveat).map(Some)
}

fn token(text: &str, origin: Origin, caveat: Option<Caveat>) -> Result<ServiceToken, AuthError> {
    let text = text.trim();
    let odd = text.chars().position(|c| !c.is_ascii_graphic());
    let why = match odd {
        _ if text.is_empty() => Some("it is empty".to_owned()),
        Some(at) => Some(format!("a blank, line break or odd sign at position {}", at + 1)),
        None => None,
    };
    match why {
        Some(why) => Err(AuthError::OpToken { origin, why }),
        None => Ok(ServiceToken { value: SecretString::from(text), caveat }),
    }
}

/// Reads one reference.
pub(super) async fn read(
    vars: &Vars,
    token: Option<&ServiceToken>,
    reference: &str,
    limit: Duration,
    redactor: &Redactor,
) -> Result<SecretString, AuthError> {
    let reference_of = || reference.to_owned();
    if reference.contains(text::is_deceptive) {
        let line = "the reference holds a line break or an invisible character".to_owned();
        return Err(AuthError::OpFailed { reference: reference_of(), line });
    }
    if token.is_none() && is_unattended(vars) {
        return Err(AuthError::OpNobody { reference: reference_of() });
    }
    let missing = || AuthError::OpMissing { reference: reference_of() };
    let program = program::find(vars, "op").ok_or_else(missing)?;
    let env = environment(vars, token, redactor);
    let args = ["read", reference];
    let failed = |line: String| AuthError::OpFailed { reference: reference_of(), line };
    let output = match program::run(Call { program: &program, args: &args, env, limit }).await {
        Ok(output) => output,
        Err(RunError::Timeout) => {
            return Err(AuthError::OpTimeout { reference: reference_of(), limit });
        }
        Err(RunError::Start(error) | RunError::Lost(error)) => {
            return Err(failed(error.to_string()));
        }
    };
    if !output.ok {
        return Err(failed(last_line(&output.stderr, redactor)));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| failed("not text".to_owned()))?;
    // op ends its answer with one line break of its own; any other belongs to the value.
    Ok(SecretString::from(text.strip_suffix('\n').unwrap_or(&text)))
}

/// A pipeline without any account for op, as that of a fork's pull request, which gets no secrets:
/// nobody sits there who could sign in.
fn is_unattended(vars: &Vars) -> bool {
    vars.get("CI").is_some() && !vars.names().any(|name| name.starts_with("OP_"))
}

fn environment(
    vars: &Vars,
    token: Option<&ServiceToken>,
    redactor: &Redactor,
) -> Vec<(String, String)> {
    match token {
        Some(token) => {
            // OP_CONNECT_* would win over the token, and a session is not this account's.
            let value = token.value.expose_secret();
            redactor.learn(value);
            let mut env = program::environment(vars, &NETWORK);
            env.push((TOKEN.to_owned(), value.to_owned()));
            env
        }
        None => {
            let more: Vec<&str> = NETWORK.into_iter().chain(["OP_*"]).collect();
            program::environment(vars, &more)
        }
    }
}

/// The last line that was said, without secrets and on one line.
pub(super) fn last_line(stderr: &[u8], redactor: &Redactor) -> String {
    let said = String::from_utf8_lossy(stderr);
    let line = said.lines().map(str::trim).rfind(|line| !line.is_empty());
    let line = line.unwrap_or("it gave no reason");
    text::shorten(&text::one_line(&redactor.clean(line)), 200)
}
