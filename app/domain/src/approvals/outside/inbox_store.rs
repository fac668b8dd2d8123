//! SQL of interrupts.

use serde_json::Value;

use super::interrupt::Form;
use crate::{
    Error, Result,
    db::TenantTx,
    ids::{ApprovalId, InterruptId, UserId},
};

/// Where an item belongs.
pub(super) struct Membership {
    pub(super) interrupt: InterruptId,
    /// From 0.
    pub(super) place: i16,
    /// JSON Schema of the arguments, for whoever changes them.
    pub(super) args_schema: Option<Value>,
}

/// Adds one.
pub(super) async fn insert(tx: &mut TenantTx, id: InterruptId, form: Form, by: UserId) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO inbox_interrupts (workspace_id, id, form, created_by) VALUES ($1, $2, $3, $4)",
        workspace,
        id.0,
        form.as_str(),
        by.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The form of one that the actor may see.
pub(super) async fn form(tx: &mut TenantTx, id: InterruptId) -> Result<Option<Form>> {
    let workspace = tx.workspace().0;
    let found =
        sqlx::query_scalar!("SELECT form FROM inbox_interrupts WHERE workspace_id = $1 AND id = $2", workspace, id.0)
            .fetch_optional(tx.conn())
            .await?;
    let known = |word: String| Form::parse(&word).ok_or_else(|| Error::internal(format!("unknown form {word}")));
    found.map(known).transpose()
}

/// Its items, in order.
pub(super) async fn items(tx: &mut TenantTx, id: InterruptId) -> Result<Vec<ApprovalId>> {
    let workspace = tx.workspace().0;
    let found = sqlx::query_scalar!(
        "SELECT approval_id FROM outside_items WHERE workspace_id = $1 AND interrupt_id = $2 ORDER BY position",
        workspace,
        id.0,
    );
    Ok(found.fetch_all(tx.conn()).await?.into_iter().map(ApprovalId).collect())
}
