//! SQL of who sees a record.

use super::{Access, PersonWithAccess};
use crate::{
    Result,
    db::TenantTx,
    ids::{RecordId, UserId},
};

/// The assigned member, and those that the record is shared with, by name.
pub(super) async fn access(tx: &mut TenantTx, id: RecordId) -> Result<Access> {
    let workspace = tx.workspace().0;
    let assigned = sqlx::query!(
        "SELECT u.id, u.name FROM records r JOIN users u ON u.id = r.assigned_to WHERE r.workspace_id = $1 AND r.id = $2",
        workspace,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let shared = sqlx::query!(
        "SELECT u.id, u.name FROM record_shares s JOIN users u ON u.id = s.user_id
         WHERE s.workspace_id = $1 AND s.record_id = $2 ORDER BY u.name, u.id",
        workspace,
        id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(Access {
        assigned_to: assigned.map(|r| PersonWithAccess { user_id: UserId(r.id), name: r.name }),
        shared_with: shared.into_iter().map(|r| PersonWithAccess { user_id: UserId(r.id), name: r.name }).collect(),
    })
}

/// Whose a record is.
pub(super) async fn holder(tx: &mut TenantTx, id: RecordId) -> Result<Option<UserId>> {
    let workspace = tx.workspace().0;
    let found = sqlx::query_scalar!(
        "SELECT COALESCE(assigned_to, owner_id) FROM records WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
    );
    Ok(found.fetch_optional(tx.conn()).await?.flatten().map(UserId))
}

/// Gives a record to a member, or to nobody.
pub(super) async fn assign(tx: &mut TenantTx, id: RecordId, to: Option<UserId>) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE records SET assigned_to = $3, updated_at = now() WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
        to.map(|user| user.0),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Shares a record. Answers whether it was not shared with this person before.
pub(super) async fn share(tx: &mut TenantTx, id: RecordId, with: UserId, by: UserId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let added = sqlx::query!(
        "INSERT INTO record_shares (workspace_id, record_id, user_id, shared_by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        workspace,
        id.0,
        with.0,
        by.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Takes it back. Answers whether it was shared.
pub(super) async fn unshare(tx: &mut TenantTx, id: RecordId, with: UserId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let removed = sqlx::query!(
        "DELETE FROM record_shares WHERE workspace_id = $1 AND record_id = $2 AND user_id = $3",
        workspace,
        id.0,
        with.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(removed.rows_affected() == 1)
}
