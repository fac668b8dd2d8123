//! SQL of the outbox. Numbers and inserts are in `heads.rs`.

use super::Event;
use crate::{
    Result, Timestamp,
    db::{SystemTx, TenantTx},
};

/// Events after `cursor` that the actor may see, oldest first, and up to where they were looked for. Both are of one moment, so
/// that nothing can come in between.
pub(super) async fn after(tx: &mut TenantTx, cursor: i64, limit: i64) -> Result<(Vec<Event>, i64)> {
    let workspace = tx.workspace();
    let rows = sqlx::query!(
        r#"SELECT h.event_seq AS head, e.seq AS "seq?", e.id AS "id?", e.type AS "name?", e.subject_kind AS "subject_kind?",
                  e.subject_id, e.payload AS "payload?", e.created_at AS "created_at?"
           FROM workspace_heads h LEFT JOIN LATERAL (
             SELECT seq, id, type, subject_kind, subject_id, payload, created_at FROM events
             WHERE workspace_id = $1 AND seq > $2 ORDER BY seq LIMIT $3) e ON true
           WHERE h.workspace_id = $1 ORDER BY e.seq"#,
        workspace.0,
        cursor,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    let head = rows.first().map_or(cursor, |row| row.head);
    let events: Vec<Event> = rows
        .into_iter()
        .filter_map(|r| {
            Some(Event {
                seq: r.seq?,
                id: r.id?,
                name: r.name?,
                subject_kind: r.subject_kind?,
                subject_id: r.subject_id,
                payload: r.payload?,
                created_at: Timestamp(r.created_at?),
            })
        })
        .collect();
    let is_whole = (events.len() as i64) < limit;
    let reached = if is_whole { head } else { events.last().map_or(head, |event| event.seq) };
    Ok((events, reached))
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
