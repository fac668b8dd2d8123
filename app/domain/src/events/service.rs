//! Reading the outbox: where a follower stands, and what came since.

use super::{Event, store};
use crate::{Actor, Error, Result, services::Services};

/// The most events that one read returns.
pub const BATCH: i64 = 200;

/// Events after `cursor` that the actor may see, oldest first, at most [`BATCH`]; and the cursor from which to go on, which is past
/// those that the actor may not see: a follower that sees little does not look at them again and again.
///
/// Whether the actor still stands as it did when it came is asked in the same moment in which events are read: somebody who was
/// removed, or has another role, is told nothing that happened after it.
pub async fn after(s: &Services, actor: &Actor, cursor: i64) -> Result<(Vec<Event>, i64)> {
    let mut tx = s.db.tenant(actor).await?;
    let found = store::after(&mut tx, actor, cursor, BATCH).await?;
    if !found.stands {
        return Err(Error::not_found("workspace"));
    }
    let reached = found.reached(BATCH);
    Ok((found.events, reached))
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
