//! The environment that a command speaks of: `prod`, `dev`, or one that the configuration adds.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A lower-case name of an environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct EnvName(String);

impl EnvName {
    /// Production, the default.
    pub fn prod() -> Self {
        Self("prod".to_owned())
    }

    /// Whether this is production.
    pub fn is_prod(&self) -> bool {
        self.0 == "prod"
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it stands inside a variable: `PARKY_OPS_<ENV>_X`.
    pub fn in_variable(&self) -> String {
        self.0.to_uppercase().replace('-', "_")
    }
}

impl FromStr for EnvName {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if s.is_empty() || s.len() > 32 || !s.chars().all(fits) || s.starts_with('-') {
            return Err(format!(
                "'{s}' is no name of an environment: use a-z, 0-9 and '-', as in prod or dev"
            ));
        }
        Ok(Self(s.to_owned()))
    }
}

impl fmt::Display for EnvName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
