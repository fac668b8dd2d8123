//! SQL of providers' keys, as `hyvve_system`.

use crate::{
    Result,
    db::SystemTx,
    ids::{ProviderId, WorkspaceId},
};

/// A provider's key as it is kept.
pub(super) struct Sealed {
    pub(super) workspace: WorkspaceId,
    pub(super) provider: ProviderId,
    pub(super) base_url: String,
    pub(super) key: Vec<u8>,
}

/// Some keys that a master key has sealed; they are locked until the transaction ends.
pub(super) async fn by_master(tx: &mut SystemTx) -> Result<Vec<Sealed>> {
    let rows = sqlx::query!(
        r#"SELECT workspace_id, id, base_url AS "base_url!", sealed_key AS "sealed_key!" FROM ai_providers
           WHERE sealed_key IS NOT NULL AND base_url IS NOT NULL AND get_byte(sealed_key, 0) = 1 LIMIT 100 FOR UPDATE"#,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Sealed {
            workspace: WorkspaceId(r.workspace_id),
            provider: ProviderId(r.id),
            base_url: r.base_url,
            key: r.sealed_key,
        })
        .collect())
}

/// Keeps a key as it is sealed anew.
pub(super) async fn reseal(tx: &mut SystemTx, row: &Sealed, sealed_key: &[u8]) -> Result<()> {
    sqlx::query!(
        "UPDATE ai_providers SET sealed_key = $3 WHERE workspace_id = $1 AND id = $2",
        row.workspace.0,
        row.provider.0,
        sealed_key,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
