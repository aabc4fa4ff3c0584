//! Lists of more than one page. The next page is asked for by its number on our own path: the link
//! that GitHub gives is only read for whether there is one, so no answer can send the token elsewhere.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::client::Client;
use crate::http::{ApiError, Reply};

/// The most rows that GitHub puts on a page.
pub(super) const ROWS: u64 = 100;
/// Pages asked for at once.
const AT_ONCE: usize = 4;
/// More pages than this are no list of jobs.
const MOST: u64 = 100;

/// Whether `reply` says that another page follows.
pub(super) fn has_next(reply: &Reply) -> bool {
    reply.header("link").is_some_and(|link| link.contains("rel=\"next\""))
}

impl Client {
    /// Every page of a list whose first page tells how many rows there are.
    pub(super) async fn all_pages<T: DeserializeOwned>(
        &self,
        rest: &[&str],
        total: impl Fn(&T) -> u64,
        deadline: Instant,
    ) -> Result<Vec<T>, ApiError> {
        let rows = ROWS.to_string();
        let path = self.path(rest);
        let reply = self.hub.read(&path, &[("per_page", &rows)], deadline).await?;
        let first: T = self.hub.parse(&reply)?;
        let last = if has_next(&reply) { total(&first).div_ceil(ROWS).clamp(2, MOST) } else { 1 };
        let further = (2..=last).map(|page| {
            let (path, rows) = (&path, &rows);
            async move {
                let page = page.to_string();
                let query = [("per_page", rows.as_str()), ("page", &page)];
                self.hub.parse::<T>(&self.hub.read(path, &query, deadline).await?)
            }
        });
        let further: Vec<T> = stream::iter(further).buffered(AT_ONCE).try_collect().await?;
        Ok(std::iter::once(first).chain(further).collect())
    }
}
