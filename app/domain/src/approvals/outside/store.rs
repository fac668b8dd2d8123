//! SQL of what outside agents say with their proposals.

use serde_json::Value;

use super::{DecisionKind, Outside, inbox_store::Membership};
use crate::{Error, Result, db::TenantTx, ids::ApprovalId};

/// Adds what was said with an item.
pub(super) async fn insert(
    tx: &mut TenantTx,
    item: ApprovalId,
    said: &Outside,
    from: Option<&Membership>,
) -> Result<()> {
    let workspace = tx.workspace().0;
    let allowed: Vec<String> = said.allowed.iter().map(|kind| kind.as_str().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO outside_items (workspace_id, approval_id, confidence, allowed, interrupt_id, position, args_schema)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        workspace,
        item.0,
        said.confidence,
        &allowed,
        from.map(|from| from.interrupt.0),
        from.map(|from| from.place),
        from.and_then(|from| from.args_schema.clone()),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was said with an item.
pub(super) async fn of(tx: &mut TenantTx, item: ApprovalId) -> Result<Option<Outside>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        "SELECT confidence, allowed FROM outside_items WHERE workspace_id = $1 AND approval_id = $2",
        workspace,
        item.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        let kind = |word: &String| {
            DecisionKind::parse(word).ok_or_else(|| Error::internal(format!("unknown kind of decision {word}")))
        };
        Ok(Outside { confidence: r.confidence, allowed: r.allowed.iter().map(kind).collect::<Result<_>>()? })
    })
    .transpose()
}

/// What changed arguments of an item have to look like, if the outside agent said so.
pub(super) async fn args_schema(tx: &mut TenantTx, item: ApprovalId) -> Result<Option<Value>> {
    let workspace = tx.workspace().0;
    let found = sqlx::query_scalar!(
        "SELECT args_schema FROM outside_items WHERE workspace_id = $1 AND approval_id = $2",
        workspace,
        item.0,
    );
    Ok(found.fetch_optional(tx.conn()).await?.flatten())
}

/// What was said with an item goes for the one that takes its place.
pub(super) async fn carry(tx: &mut TenantTx, from: ApprovalId, to: ApprovalId) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO outside_items (workspace_id, approval_id, confidence, allowed, args_schema)
         SELECT workspace_id, $3, confidence, allowed, args_schema FROM outside_items WHERE workspace_id = $1 AND approval_id = $2",
        workspace,
        from.0,
        to.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
