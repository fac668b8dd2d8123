//! Reading the outbox: where a follower stands, and what came since.

use super::{Event, store};
use crate::{Actor, Result, services::Services};

/// The most events that one read returns.
pub const BATCH: i64 = 200;

/// Events after `cursor` that the actor may see, oldest first, at most [`BATCH`]; and the cursor from which to go on, which is past
/// those that the actor may not see: a follower that sees little does not look at them again and again.
pub async fn after(s: &Services, actor: &Actor, cursor: i64) -> Result<(Vec<Event>, i64)> {
    let mut tx = s.db.tenant(actor).await?;
    store::after(&mut tx, cursor, BATCH).await
}

/// The number of the newest event: the cursor of whoever wants only what comes next.
pub async fn head(s: &Services, actor: &Actor) -> Result<i64> {
    let mut tx = s.db.tenant(actor).await?;
    store::head(&mut tx).await
}

/// Removes what is older than the outbox promises to keep.
pub async fn purge(s: &Services) -> Result<u64> {
    let mut tx = s.db.system("events older than 30 days").await?;
    let removed = store::purge(&mut tx).await?;
    tx.commit().await?;
    Ok(removed)
}
