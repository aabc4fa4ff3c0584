//! Whether what a credential leads to is what the environment demands: pins and conflicts. Pure.
//! A disagreement is a caveat on a read and refuses a write.

use std::fmt;

use super::locate::Scope;
use crate::config::{Origin, Sourced};
use crate::domain::{Caveat, EnvName};

/// Two sources that name different targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetConflict {
    /// What they name: `Cloudflare account`.
    pub what: &'static str,
    /// The target in use.
    pub used: Sourced<String>,
    /// The other one.
    pub other: Sourced<String>,
}

impl fmt::Display for TargetConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, used, other } = self;
        write!(
            f,
            "{what} is {} by {}, but {} by {}",
            used.value, used.origin, other.value, other.origin
        )
    }
}

impl TargetConflict {
    /// The caveat that a read carries.
    pub fn caveat(&self) -> Caveat {
        Caveat::new("target-conflict", self.to_string())
    }
}

/// What a pin says of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinState {
    /// There is no pin.
    None,
    /// The target is the pinned one.
    Agrees,
    /// It is another one.
    Disagrees(TargetConflict),
    /// The target does not say what it is, so the pin could not be checked.
    Unchecked {
        /// What is pinned.
        what: &'static str,
        /// The pin.
        pin: Sourced<String>,
    },
}

impl PinState {
    /// Compares the target in use with its pin.
    pub fn of(
        what: &'static str,
        pin: Option<&Sourced<String>>,
        used: Option<&Sourced<String>>,
    ) -> Self {
        match (pin, used) {
            (None, _) => PinState::None,
            (Some(pin), None) => PinState::Unchecked { what, pin: pin.clone() },
            (Some(pin), Some(used)) if pin.value == used.value => PinState::Agrees,
            (Some(pin), Some(used)) => {
                PinState::Disagrees(TargetConflict { what, used: used.clone(), other: pin.clone() })
            }
        }
    }

    /// The caveat that a read carries.
    pub fn caveat(&self) -> Option<Caveat> {
        match self {
            PinState::None | PinState::Agrees => None,
            PinState::Disagrees(conflict) => Some(conflict.caveat()),
            PinState::Unchecked { what, pin } => {
                let text =
                    format!("{what} is pinned to {} and does not say which it is", pin.value);
                Some(Caveat::new("pin-unchecked", text))
            }
        }
    }
}

/// Why nothing may be written there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteRefusal {
    /// Two sources disagree on the target.
    #[error("{0}")]
    Conflict(Box<TargetConflict>),
    /// The pin cannot be checked.
    #[error("{what} is pinned to {} by {}, and the target does not say which it is", pin.value, pin.origin)]
    Unchecked {
        /// What is pinned.
        what: &'static str,
        /// The pin.
        pin: Sourced<String>,
    },
    /// The credential could be of any environment.
    #[error("{origin} is not tied to {env}, and no pin says that it leads there")]
    NotTied {
        /// Where the credential came from.
        origin: Origin,
        /// The environment.
        env: String,
    },
}

impl WriteRefusal {
    /// What to do about it, in a line.
    pub fn hint(&self) -> String {
        match self {
            Self::Conflict(conflict) => format!(
                "make {} and {} agree, or choose another --env",
                conflict.used.origin, conflict.other.origin
            ),
            Self::Unchecked { pin, .. } => format!("use the target itself, or drop {}", pin.origin),
            Self::NotTied { env, origin } => match origin {
                Origin::Variable(name) => {
                    let stem = name.strip_prefix("PARKY_OPS_").unwrap_or(name);
                    let upper = env.to_uppercase().replace('-', "_");
                    format!("set PARKY_OPS_{upper}_{stem} instead")
                }
                _ => format!("pin the target under [env.{env}]"),
            },
        }
    }
}

/// Whether a write may use a credential from `origin` with this `scope` in `env`.
///
/// # Errors
/// Why not; the caller ends with exit 3.
pub fn may_write(
    env: &EnvName,
    scope: Scope,
    origin: &Origin,
    pin: &PinState,
    conflicts: &[TargetConflict],
) -> Result<(), WriteRefusal> {
    if let Some(conflict) = conflicts.first() {
        return Err(WriteRefusal::Conflict(Box::new(conflict.clone())));
    }
    match pin {
        PinState::Disagrees(conflict) => Err(WriteRefusal::Conflict(Box::new(conflict.clone()))),
        PinState::Unchecked { what, pin } => {
            Err(WriteRefusal::Unchecked { what, pin: pin.clone() })
        }
        PinState::None if scope == Scope::Unscoped && !env.is_prod() => {
            Err(WriteRefusal::NotTied { origin: origin.clone(), env: env.to_string() })
        }
        PinState::None | PinState::Agrees => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(value: &str, variable: &str) -> Sourced<String> {
        Sourced::new(value.to_owned(), Origin::Variable(variable.to_owned()))
    }

    #[test]
    fn pins_against_targets() {
        let (a, b) = (named("a", "A"), named("b", "B"));
        let state = |pin, used| PinState::of("project", pin, used);
        assert_eq!(state(None, Some(&a)), PinState::None);
        assert_eq!(state(Some(&a), Some(&a)), PinState::Agrees);
        assert_eq!(
            state(Some(&b), Some(&a)).caveat().unwrap().text,
            "project is a by $A, but b by $B"
        );
        assert_eq!(
            state(Some(&b), None).caveat().unwrap().text,
            "project is pinned to b and does not say which it is"
        );
    }

    #[test]
    fn a_write_needs_a_target_beyond_doubt() {
        let (prod, dev): (EnvName, EnvName) = (EnvName::prod(), "dev".parse().unwrap());
        let (a, b) = (named("a", "A"), named("b", "B"));
        let origin = Origin::Variable("PARKY_OPS_GH_TOKEN".to_owned());
        let clash = PinState::of("x", Some(&b), Some(&a));
        let unchecked = PinState::of("x", Some(&b), None);
        let (none, agrees) = (PinState::None, PinState::Agrees);
        for (env, scope, pin, allowed) in [
            (&prod, Scope::Unscoped, &none, true),
            (&prod, Scope::Environment, &clash, false),
            (&prod, Scope::Environment, &unchecked, false),
            (&dev, Scope::Environment, &none, true),
            (&dev, Scope::Unscoped, &none, false),
            (&dev, Scope::Unscoped, &agrees, true),
            (&dev, Scope::Unscoped, &clash, false),
            (&dev, Scope::Operator, &none, true),
        ] {
            let answer = may_write(env, scope, &origin, pin, &[]);
            assert_eq!(answer.is_ok(), allowed, "{env} {scope:?} {pin:?}");
        }
        let refusal = may_write(&dev, Scope::Unscoped, &origin, &none, &[]).unwrap_err();
        assert_eq!(refusal.hint(), "set PARKY_OPS_DEV_GH_TOKEN instead");
        let conflict = TargetConflict { what: "x", used: a, other: b };
        assert!(may_write(&prod, Scope::Environment, &origin, &agrees, &[conflict]).is_err());
    }
}
