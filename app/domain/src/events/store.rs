//! SQL of the outbox. Numbers and inserts are in `heads.rs`.

use super::Event;
use crate::{
    Result, Timestamp,
    db::{SystemTx, TenantTx},
};

/// Events after `cursor` that the actor may see, oldest first.
pub(super) async fn after(tx: &mut TenantTx, cursor: i64, limit: i64) -> Result<Vec<Event>> {
    let workspace = tx.workspace();
    let rows = sqlx::query!(
        "SELECT seq, id, type AS name, subject_kind, subject_id, payload, created_at FROM events
         WHERE workspace_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        workspace.0,
        cursor,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Event {
            seq: r.seq,
            id: r.id,
            name: r.name,
            subject_kind: r.subject_kind,
            subject_id: r.subject_id,
            payload: r.payload,
            created_at: Timestamp(r.created_at),
        })
        .collect())
}

/// The number of the workspace's newest event.
pub(super) async fn head(tx: &mut TenantTx) -> Result<i64> {
    let workspace = tx.workspace();
    Ok(sqlx::query_scalar!("SELECT event_seq FROM workspace_heads WHERE workspace_id = $1", workspace.0)
        .fetch_one(tx.conn())
        .await?)
}

/// Removes events older than 30 days; answers how many.
pub(super) async fn purge(tx: &mut SystemTx) -> Result<u64> {
    Ok(sqlx::query!("DELETE FROM events WHERE created_at < now() - interval '30 days'")
        .execute(tx.conn())
        .await?
        .rows_affected())
}
