//! Which Cloudflare account is meant, and whether everybody agrees. Pure.

use secrecy::{ExposeSecret as _, SecretString};

use super::error::AuthError;
use super::locate::{Kind, Located, Locator, Scope};
use super::name::CredentialName;
use super::resolve::Credential;
use super::target::{PinState, TargetConflict};
use crate::config::{Sourced, is_account_id};

const WHAT: &str = "Cloudflare account";

/// The account as found, and what the weaker sources say.
#[derive(Debug, Clone)]
pub struct Account {
    /// The strongest source.
    pub located: Located,
    /// What the others say, as far as it is plain text.
    others: Vec<Sourced<String>>,
    pin: Option<Sourced<String>>,
}

/// The account in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledAccount {
    /// Its id: 32 lower-case hex digits.
    pub id: Sourced<String>,
    /// Sources that say otherwise: caveats on a read, a refusal of a write.
    pub conflicts: Vec<TargetConflict>,
    /// What the pin says.
    pub pin: PinState,
}

impl Locator<'_> {
    /// Finds the account: the environment's variable, an unscoped one, `cloudflare_account`, and at
    /// last the wrangler files.
    ///
    /// # Errors
    /// It is nowhere.
    pub fn account(&self) -> Result<Account, AuthError> {
        let name = CredentialName::CloudflareAccountId;
        let scoped = name.scoped_variables(&self.config.env);
        let unscoped = name.unscoped_variables();
        let pin = self.config.pins.cloudflare_account.clone();
        let in_files = self.config.workers.iter().filter_map(|worker| worker.account_id.clone());
        let written = pin.clone().into_iter().chain(in_files).map(|id| plain(&name, id));
        let mut all = self
            .variables(&name, &scoped, Scope::Environment)
            .chain(self.variables(&name, &unscoped, Scope::Unscoped))
            .chain(written);
        let located = all.next().ok_or_else(|| self.not_set(&name, None))?;
        let others = all.filter_map(|other| match other.kind {
            Kind::Plain(id) => {
                Some(Sourced::new(id.expose_secret().to_ascii_lowercase(), other.origin))
            }
            _ => None,
        });
        let others = others.collect();
        Ok(Account { located, others, pin })
    }
}

fn plain(name: &CredentialName, id: Sourced<String>) -> Located {
    let kind = Kind::Plain(SecretString::from(id.value));
    Located { name: name.clone(), origin: id.origin, scope: Scope::Environment, kind }
}

impl Account {
    /// The account in use, once its value is known.
    ///
    /// # Errors
    /// It is no account id.
    pub fn settle(&self, credential: &Credential) -> Result<SettledAccount, AuthError> {
        let id = credential.value.expose_secret().to_ascii_lowercase();
        let origin = credential.origin.clone();
        if !is_account_id(&id) {
            return Err(AuthError::NotAnAccount { name: credential.name.clone(), origin });
        }
        let used = Sourced::new(id, origin);
        let mut conflicts: Vec<TargetConflict> = Vec::new();
        for other in self.others.iter().filter(|other| other.value != used.value) {
            // Four wrangler files that say the same are one voice.
            if conflicts.iter().all(|known| known.other.value != other.value) {
                let (used, other) = (used.clone(), other.clone());
                conflicts.push(TargetConflict { what: WHAT, used, other });
            }
        }
        let pin = PinState::of(WHAT, self.pin.as_ref(), Some(&used));
        Ok(SettledAccount { id: used, conflicts, pin })
    }
}
