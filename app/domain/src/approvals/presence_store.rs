//! SQL of who looks at what.

use super::presence::Watcher;
use crate::{
    Result,
    db::{SystemTx, TenantTx},
    ids::{ApprovalId, UserId},
};

/// Whether the item is there for the actor.
pub(super) async fn sees(tx: &mut TenantTx, id: ApprovalId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM approval_items WHERE workspace_id = $1 AND id = $2) AS "there!""#,
        workspace,
        id.0,
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Whether a person has the card open.
pub(super) async fn is_here(tx: &mut TenantTx, id: ApprovalId, user: UserId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM approval_presence
             WHERE workspace_id = $1 AND approval_id = $2 AND user_id = $3 AND until > now()) AS "here!""#,
        workspace,
        id.0,
        user.0,
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// For 25 seconds from now on. Of a person's open cards the newest twenty are kept; one that says so at this moment is passed by, or
/// two that wake together would wait for each other.
pub(super) async fn come(tx: &mut TenantTx, id: ApprovalId, user: UserId, tab: &str) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO approval_presence (workspace_id, approval_id, user_id, tab, until) VALUES ($1, $2, $3, $4, now() + interval '25 seconds')
         ON CONFLICT (workspace_id, approval_id, user_id, tab) DO UPDATE SET until = now() + interval '25 seconds'",
        workspace,
        id.0,
        user.0,
        tab,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "DELETE FROM approval_presence WHERE workspace_id = $1 AND user_id = $2 AND (approval_id, tab) IN (
           SELECT approval_id, tab FROM approval_presence
           WHERE workspace_id = $1 AND user_id = $2 AND (until < now() OR until <
             (SELECT until FROM approval_presence WHERE workspace_id = $1 AND user_id = $2 ORDER BY until DESC OFFSET 19 LIMIT 1))
           FOR UPDATE SKIP LOCKED)",
        workspace,
        user.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Not any more.
pub(super) async fn leave(tx: &mut TenantTx, id: ApprovalId, user: UserId, tab: &str) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "DELETE FROM approval_presence WHERE workspace_id = $1 AND approval_id = $2 AND user_id = $3 AND tab = $4",
        workspace,
        id.0,
        user.0,
        tab,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Who else has the card open, of those who may still see it, by their names.
pub(super) async fn others(tx: &mut TenantTx, id: ApprovalId, besides: UserId) -> Result<Vec<Watcher>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT DISTINCT u.name, u.id FROM approval_presence p
         JOIN approval_items i ON i.workspace_id = p.workspace_id AND i.id = p.approval_id
         JOIN workspace_members m ON m.workspace_id = p.workspace_id AND m.user_id = p.user_id
           AND (m.role IN ('owner', 'admin') OR (m.role = 'member' AND i.requester_id = p.user_id))
         JOIN users u ON u.id = p.user_id
         WHERE p.workspace_id = $1 AND p.approval_id = $2 AND p.user_id <> $3 AND p.until > now()
         ORDER BY u.name, u.id LIMIT 50",
        workspace,
        id.0,
        besides.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| Watcher { user_id: UserId(r.id), name: r.name }).collect())
}

/// Removes what is over.
pub(super) async fn purge(tx: &mut SystemTx) -> Result<u64> {
    let done = sqlx::query!("DELETE FROM approval_presence WHERE until < now()").execute(tx.conn()).await?;
    Ok(done.rows_affected())
}
