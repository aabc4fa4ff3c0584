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

/// Whether another page follows `reply`: by its link, or, where a server in between took the links
/// out, by how many rows there are of which `seen` have come.
pub(super) fn has_next(reply: &Reply, seen: u64, total: u64) -> bool {
    match reply.header("link") {
        Some(link) => link.contains("rel=\"next\""),
        None => seen < total,
    }
}

impl Client {
    /// Every page of a list whose first page tells how many rows are on it, and how many there are.
    pub(super) async fn all_pages<T: DeserializeOwned>(
        &self,
        rest: &[&str],
        rows_and_total: impl Fn(&T) -> (u64, u64),
        deadline: Instant,
    ) -> Result<Vec<T>, ApiError> {
        let rows = ROWS.to_string();
        let path = self.path(rest);
        let reply = self.hub.read(&path, &[("per_page", &rows)], deadline).await?;
        let first: T = self.hub.parse(&reply)?;
        let (seen, total) = rows_and_total(&first);
        let follows = seen > 0 && has_next(&reply, seen, total);
        // A server may put fewer rows on a page than it was asked for.
        let last = if follows { total.div_ceil(seen.min(ROWS)).clamp(2, MOST) } else { 1 };
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
