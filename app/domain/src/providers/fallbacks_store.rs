//! SQL of fallbacks.

use super::FallbackChoice;
use crate::{Result, db::TenantTx, ids::ProviderId};

/// Who is asked when an agent's provider gives no answer, in this order: a provider, and its model where that is not its default.
pub(super) async fn list(tx: &mut TenantTx) -> Result<Vec<(ProviderId, Option<String>)>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT provider_id, model FROM ai_fallbacks WHERE workspace_id = $1 ORDER BY position",
        workspace,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (ProviderId(r.provider_id), r.model)).collect())
}

/// Lets nobody else change them until the transaction ends, nor read them for that.
pub(super) async fn lock(tx: &mut TenantTx) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('fallbacks ' || $1::text, 0))", workspace.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Puts these in place of those that there were.
pub(super) async fn replace(tx: &mut TenantTx, fallbacks: &[FallbackChoice]) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!("DELETE FROM ai_fallbacks WHERE workspace_id = $1", workspace).execute(tx.conn()).await?;
    for (position, fallback) in fallbacks.iter().enumerate() {
        sqlx::query!(
            "INSERT INTO ai_fallbacks (workspace_id, position, provider_id, model) VALUES ($1, $2, $3, $4)",
            workspace,
            position as i16,
            fallback.provider_id.0,
            fallback.model,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}
