//! The tails that are open, so that each is deleted whatever ends the program.
//!
//! Opening and deleting run as tasks of their own: a command that is broken off half way through an
//! opening still learns the id, and deletes it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tokio::sync::RwLock;
use tokio::time::{Instant, timeout_at};

use crate::cloudflare::{Tail, TailFilters, Tails};
use crate::http::ApiError;

/// See the module. Clones are the same books.
#[derive(Debug, Clone)]
pub struct Books {
    tails: Tails,
    open: Arc<Mutex<Vec<(String, String)>>>,
    /// Held for reading by every task that is under way.
    under_way: Arc<RwLock<()>>,
}

impl Books {
    /// Books of the tails of an account, empty.
    pub fn new(tails: Tails) -> Self {
        Self { tails, open: Arc::default(), under_way: Arc::default() }
    }

    /// The API that the tails are opened with.
    pub fn tails(&self) -> &Tails {
        &self.tails
    }

    pub(super) async fn create(
        &self,
        script: &str,
        filters: &TailFilters,
        now: DateTime<Utc>,
        deadline: Instant,
    ) -> Result<Tail, ApiError> {
        let busy = Arc::clone(&self.under_way).read_owned().await;
        let (books, script, filters) = (self.clone(), script.to_owned(), filters.clone());
        let task = tokio::spawn(async move {
            let _busy = busy;
            let made = books.tails.create(&script, &filters, now, deadline).await;
            if let Ok(tail) = &made {
                books.held().push((script, tail.id.clone()));
            }
            made
        });
        match task.await {
            Ok(made) => made,
            // Only at the end of the runtime, where nobody looks at the answer.
            Err(_) => std::future::pending().await,
        }
    }

    /// Deletes a tail in the background; it stays in the books until that has succeeded.
    pub(super) async fn delete(&self, script: &str, id: &str, deadline: Instant) {
        let busy = Arc::clone(&self.under_way).read_owned().await;
        let (books, script, id) = (self.clone(), script.to_owned(), id.to_owned());
        tokio::spawn(async move {
            let _busy = busy;
            let _ = books.delete_now(&script, &id, deadline).await;
        });
    }

    /// Deletes every tail, those too whose opening is under way; returns the scripts whose tails may
    /// still be open at the deadline, each with the reason where one is known.
    pub async fn close(&self, deadline: Instant) -> Vec<(String, Option<ApiError>)> {
        let settled = timeout_at(deadline, self.under_way.write()).await.is_ok();
        let open = self.held().clone();
        let deleted = open.iter().map(|(script, id)| async move {
            let failed = self.delete_now(script, id, deadline).await.err()?;
            Some((script.clone(), Some(failed)))
        });
        let mut left: Vec<_> = join_all(deleted).await.into_iter().flatten().collect();
        if !settled {
            left.push(("a tail that was being opened".to_owned(), None));
        }
        left
    }

    async fn delete_now(&self, script: &str, id: &str, deadline: Instant) -> Result<(), ApiError> {
        self.tails.delete(script, id, deadline).await?;
        self.held().retain(|(_, known)| known != id);
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, Vec<(String, String)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
