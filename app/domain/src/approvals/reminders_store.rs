//! SQL of reminders.

use std::time::Duration;

use super::reminders::{Waiting, cutoff};
use crate::{
    Result, Timestamp,
    db::{SystemTx, TenantTx},
    ids::{ApprovalId, WorkspaceId},
};

/// How many items are named.
const NAMED: i64 = 5;

/// Workspaces in which something has waited for long and was not told of.
pub(super) async fn forgotten(tx: &mut SystemTx, after: Duration, pause: Duration) -> Result<Vec<WorkspaceId>> {
    let ids = sqlx::query_scalar!(
        "SELECT i.workspace_id FROM approval_items i
         JOIN workspaces w ON w.id = i.workspace_id AND w.deleted_at IS NULL
         LEFT JOIN approval_reminders r ON r.workspace_id = i.workspace_id
         WHERE i.status = 'pending' AND i.created_at < $1
           AND (r.workspace_id IS NULL OR (i.created_at > r.told_up_to AND r.told_at < $2))
         GROUP BY i.workspace_id LIMIT 100",
        cutoff(after).0,
        cutoff(pause).0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(WorkspaceId).collect())
}

/// Takes it on to tell of what waits; answers up to when proposed, or `None` if another node was faster.
pub(super) async fn claim(tx: &mut TenantTx, after: Duration, pause: Duration) -> Result<Option<Timestamp>> {
    let (workspace, up_to) = (tx.workspace().0, cutoff(after));
    let taken = sqlx::query!(
        "INSERT INTO approval_reminders (workspace_id, told_at, told_up_to) VALUES ($1, now(), $2)
         ON CONFLICT (workspace_id) DO UPDATE SET told_at = now(), told_up_to = $2 WHERE approval_reminders.told_at < $3",
        workspace,
        up_to.0,
        cutoff(pause).0,
    )
    .execute(tx.conn())
    .await?;
    Ok((taken.rows_affected() == 1).then_some(up_to))
}

/// What waits.
pub(super) async fn waiting(tx: &mut TenantTx) -> Result<Waiting> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        r#"SELECT count(*) AS "total!", min(created_at) AS since FROM approval_items WHERE workspace_id = $1 AND status = 'pending'"#,
        workspace,
    )
    .fetch_one(tx.conn())
    .await?;
    let items = sqlx::query!(
        "SELECT id, title FROM approval_items WHERE workspace_id = $1 AND status = 'pending' ORDER BY created_at, id LIMIT $2",
        workspace,
        NAMED,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(Waiting {
        total: row.total,
        items: items.into_iter().map(|r| (ApprovalId(r.id), r.title)).collect(),
        since: row.since.map(Timestamp),
    })
}
