//! SQL of ladders.

use super::policies::Rung;
use crate::{Error, Result, db::TenantTx, ids::ApprovalId};

/// A step that is due.
pub(super) struct Due {
    /// How many were taken before.
    pub(super) taken: i16,
    pub(super) step: Rung,
    /// The one after it.
    pub(super) next: Option<Rung>,
}

/// The next step of an item, if it is due.
pub(super) async fn next(tx: &mut TenantTx, id: ApprovalId) -> Result<Option<Due>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        "SELECT ladder, ladder_taken FROM approval_items WHERE workspace_id = $1 AND id = $2 AND ladder_at <= now()",
        workspace,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let steps: Vec<Rung> = serde_json::from_value(row.ladder).map_err(Error::internal)?;
    let place = usize::try_from(row.ladder_taken).map_err(Error::internal)?;
    let step = steps.get(place).copied().ok_or_else(|| Error::internal("a step beyond the ladder"))?;
    Ok(Some(Due { taken: row.ladder_taken, step, next: steps.get(place + 1).copied() }))
}

/// So many steps were taken; the next one is due as long after the proposal as it says.
pub(super) async fn taken(tx: &mut TenantTx, id: ApprovalId, taken: i16, next: Option<Rung>) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE approval_items SET ladder_taken = $3, ladder_at = created_at + make_interval(mins => $4) WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
        taken,
        next.map(|step| step.after_minutes),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
