//! SQL of decisions: every one ever taken on an item, withdrawn ones included.

use uuid::Uuid;

use super::HistoryEntry;
use crate::{
    Result, Timestamp,
    db::TenantTx,
    ids::{ApprovalId, DecisionId, RunId, UserId},
};

/// Records a decision. `actor` is a person's id, or `None` for HYVVE itself.
pub(super) async fn insert(
    tx: &mut TenantTx,
    item: ApprovalId,
    outcome: &str,
    actor: Option<UserId>,
    note: Option<&str>,
    hash: &[u8],
) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        // When the item was this decision's, not when its transaction began to wait for it.
        "INSERT INTO approval_decisions (workspace_id, id, approval_id, outcome, actor_kind, actor_id, note, hash, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp())",
        workspace,
        DecisionId::new().0,
        item.0,
        outcome,
        if actor.is_some() { "user" } else { "system" },
        actor.map(|u| u.0),
        note,
        hash,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Who decided last, and when.
pub(super) async fn last(tx: &mut TenantTx, item: ApprovalId) -> Result<Option<(Option<String>, Timestamp)>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        r#"SELECT u.name AS "name?", d.created_at FROM approval_decisions d LEFT JOIN users u ON u.id = d.actor_id
           WHERE d.workspace_id = $1 AND d.approval_id = $2 ORDER BY d.created_at DESC LIMIT 1"#,
        workspace,
        item.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| (r.name, Timestamp(r.created_at))))
}

/// Every decision on an item, oldest first.
pub(super) async fn all(tx: &mut TenantTx, item: ApprovalId) -> Result<Vec<HistoryEntry>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT d.outcome, u.name AS "name?", d.note, d.created_at FROM approval_decisions d LEFT JOIN users u ON u.id = d.actor_id
           WHERE d.workspace_id = $1 AND d.approval_id = $2 ORDER BY d.created_at"#,
        workspace,
        item.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| HistoryEntry { what: r.outcome, who: r.name, note: r.note, at: Timestamp(r.created_at) })
        .collect())
}

/// Who has approved an item since it last waited anew, of those who may still decide: whoever has left or may not decide any more
/// has no vote.
pub(super) async fn voters(tx: &mut TenantTx, id: ApprovalId) -> Result<Vec<UserId>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query_scalar!(
        r#"SELECT DISTINCT d.actor_id AS "actor_id!" FROM approval_decisions d
           JOIN workspace_members m ON m.workspace_id = d.workspace_id AND m.user_id = d.actor_id AND m.role IN ('owner', 'admin')
           WHERE d.workspace_id = $1 AND d.approval_id = $2 AND d.outcome IN ('voted', 'approved')
             AND d.created_at > COALESCE((SELECT max(created_at) FROM approval_decisions
                                          WHERE workspace_id = $1 AND approval_id = $2 AND outcome = 'withdrawn'), '-infinity')"#,
        workspace,
        id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(UserId).collect())
}

/// The same of several items: which one, and who.
pub(super) async fn votes(tx: &mut TenantTx, items: &[Uuid]) -> Result<Vec<(ApprovalId, UserId)>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT DISTINCT d.approval_id, d.actor_id AS "actor_id!" FROM approval_decisions d
           JOIN workspace_members m ON m.workspace_id = d.workspace_id AND m.user_id = d.actor_id AND m.role IN ('owner', 'admin')
           WHERE d.workspace_id = $1 AND d.approval_id = ANY ($2) AND d.outcome IN ('voted', 'approved')
             AND d.created_at > COALESCE((SELECT max(w.created_at) FROM approval_decisions w
                                          WHERE w.workspace_id = $1 AND w.approval_id = d.approval_id AND w.outcome = 'withdrawn'), '-infinity')"#,
        workspace,
        items,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (ApprovalId(r.approval_id), UserId(r.actor_id))).collect())
}

/// The questions that people asked a run's agent instead of deciding: about which item, who, and what its title is.
pub(super) async fn asked_of_run(tx: &mut TenantTx, run: RunId) -> Result<Vec<(ApprovalId, UserId, String)>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT i.id, d.actor_id AS "actor_id!", i.title FROM approval_items i
           JOIN approval_decisions d ON d.workspace_id = i.workspace_id AND d.approval_id = i.id
           WHERE i.workspace_id = $1 AND i.run_id = $2 AND d.outcome = 'asked' AND d.actor_id IS NOT NULL ORDER BY d.created_at"#,
        workspace,
        run.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (ApprovalId(r.id), UserId(r.actor_id), r.title)).collect())
}
