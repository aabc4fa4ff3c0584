//! The way to an open session, with what its reader has to know.

use std::time::Duration;

use tokio::time::Instant;

use crate::auth::target::may_write;
use crate::auth::{CredentialName, DatabaseTarget, WriteRefusal};
use crate::checks::World;
use crate::checks::access::NoAccess;
use crate::checks::database::{Identity, identity};
use crate::config::Origin;
use crate::domain::{Caveat, ReasonClass, ReasonCode};
use crate::postgres::{Limits, PgError, Session};

/// An open session.
#[derive(Debug)]
pub struct Aid {
    /// The session.
    pub session: Session,
    /// Where it leads.
    pub target: DatabaseTarget,
    /// Where the URL came from.
    pub from: Origin,
    /// What the server says of itself and of our role.
    pub identity: Identity,
}

/// Why the database gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AidError {
    /// There is no way to it.
    #[error("{0}")]
    NoAccess(NoAccess),
    /// It did not answer, or not with what was asked for.
    #[error(transparent)]
    Postgres(#[from] PgError),
    /// It answered a login with an error that the URL is to blame for.
    #[error("{error} (URL from {from})")]
    Login {
        /// The answer.
        error: PgError,
        /// Where the URL came from.
        from: Origin,
    },
    /// It may be the database of another environment.
    #[error("nothing is changed there: {0}")]
    Refused(WriteRefusal),
}

impl AidError {
    /// The stable word for it.
    pub fn code(&self) -> ReasonCode {
        match self {
            AidError::NoAccess(error) => error.judgement().reason.code,
            AidError::Postgres(error) | AidError::Login { error, .. } => error.reason().1,
            AidError::Refused(_) => ReasonCode::WrongAccount,
        }
    }

    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            AidError::NoAccess(error) => Some(error.hint()),
            AidError::Refused(refusal) => Some(refusal.hint()),
            AidError::Postgres(_) | AidError::Login { .. } => None,
        }
    }
}

/// Connects, within the connect's own limit, for a run that ends at `deadline`.
///
/// # Errors
/// No credential, or no session.
pub async fn open(world: &World, deadline: Instant) -> Result<Aid, AidError> {
    let found = world.database(deadline).await.map_err(AidError::NoAccess)?;
    let connect = Duration::from_millis(world.config.thresholds.db_connect_red_ms);
    let limits = Limits { connect, deadline };
    let session = Session::connect(&found.target, &world.redactor, limits).await;
    let mut session = session.map_err(|error| match error.reason().1.class() {
        ReasonClass::Ours => AidError::Login { error, from: found.from.clone() },
        _ => AidError::Postgres(error),
    })?;
    let identity = identity(&mut session).await?;
    world.note(identity.caveat());
    Ok(Aid { session, target: found.parsed, from: found.from, identity })
}

/// The same for a session that will change something: the environment has to be beyond doubt.
///
/// # Errors
/// As [`open`]; the target is not, or may not be, the environment's.
pub async fn open_for_change(world: &World, deadline: Instant) -> Result<Aid, AidError> {
    let aid = open(world, deadline).await?;
    let located = world.locator().locate(&CredentialName::SupabaseDbUrl);
    let located = located.map_err(|error| AidError::NoAccess(error.into()))?;
    let pin = aid.target.pin(world.config.pins.supabase_ref.as_ref(), &aid.from);
    may_write(&world.config.env, located.scope, &located.origin, &pin, &[])
        .map_err(AidError::Refused)?;
    Ok(aid)
}

impl Aid {
    /// That the role may not see what other sessions do, if so.
    pub fn limited_view(&self) -> Option<Caveat> {
        let text = format!(
            "limited view: role {} lacks pg_read_all_stats, so states, times and statements of other \
             roles' sessions stay hidden",
            self.identity.role
        );
        (!self.identity.sees_all).then(|| Caveat::new("limited-view", text))
    }
}
