//! SQL of looks afterwards.

use super::Sample;
use crate::{
    Result, Timestamp,
    db::TenantTx,
    ids::{ApprovalId, UserId},
};

/// Asks for a look.
pub(super) async fn insert(tx: &mut TenantTx, id: ApprovalId) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO approval_samples (workspace_id, approval_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        workspace,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Asks for it no more.
pub(super) async fn remove(tx: &mut TenantTx, id: ApprovalId) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "DELETE FROM approval_samples WHERE workspace_id = $1 AND approval_id = $2 AND reviewed_at IS NULL",
        workspace,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The look at an item.
pub(super) async fn of(tx: &mut TenantTx, id: ApprovalId) -> Result<Option<Sample>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        r#"SELECT s.agreed, s.note, s.reviewed_at, u.name AS "by?" FROM approval_samples s LEFT JOIN users u ON u.id = s.reviewed_by
           WHERE s.workspace_id = $1 AND s.approval_id = $2"#,
        workspace,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| Sample { agreed: r.agreed, by: r.by, note: r.note, at: r.reviewed_at.map(Timestamp) }))
}

/// How many wait for a look.
pub(super) async fn open(tx: &mut TenantTx) -> Result<i64> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM approval_samples WHERE workspace_id = $1 AND reviewed_at IS NULL"#,
        workspace,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Notes what a person said; false when nobody is asked any more.
pub(super) async fn review(
    tx: &mut TenantTx,
    id: ApprovalId,
    by: UserId,
    agreed: bool,
    note: Option<&str>,
) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "UPDATE approval_samples SET reviewed_at = now(), reviewed_by = $3, agreed = $4, note = $5
         WHERE workspace_id = $1 AND approval_id = $2 AND reviewed_at IS NULL",
        workspace,
        id.0,
        by.0,
        agreed,
        note,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
