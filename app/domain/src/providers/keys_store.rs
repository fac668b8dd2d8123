//! SQL of providers' keys, as `hyvve_system`.

use std::fmt;

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

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the key of provider {} of workspace {}", self.provider, self.workspace)
    }
}

/// Some keys after one, in order, that a master key has sealed.
pub(super) async fn by_master(tx: &mut SystemTx, after: Option<(WorkspaceId, ProviderId)>) -> Result<Vec<Sealed>> {
    let rows = sqlx::query!(
        r#"SELECT workspace_id, id, base_url AS "base_url!", sealed_key AS "sealed_key!" FROM ai_providers
           WHERE sealed_key IS NOT NULL AND base_url IS NOT NULL AND get_byte(sealed_key, 0) = 1
             AND ($1::uuid IS NULL OR (workspace_id, id) > ($1, $2))
           ORDER BY workspace_id, id LIMIT 100"#,
        after.map(|(workspace, _)| workspace.0),
        after.map(|(_, provider)| provider.0),
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

/// Keeps a key as it is sealed anew, unless it is another one by now.
pub(super) async fn reseal(tx: &mut SystemTx, row: &Sealed, sealed_key: &[u8]) -> Result<()> {
    sqlx::query!(
        "UPDATE ai_providers SET sealed_key = $3 WHERE workspace_id = $1 AND id = $2 AND sealed_key = $4",
        row.workspace.0,
        row.provider.0,
        sealed_key,
        row.key,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Some keys of a workspace after one, in order, that a data key has sealed, and that begin otherwise.
pub(super) async fn by_other(
    tx: &mut SystemTx,
    workspace: WorkspaceId,
    prefix: &[u8],
    after: Option<ProviderId>,
) -> Result<Vec<Sealed>> {
    let rows = sqlx::query!(
        r#"SELECT id, base_url AS "base_url!", sealed_key AS "sealed_key!" FROM ai_providers
           WHERE workspace_id = $1 AND sealed_key IS NOT NULL AND base_url IS NOT NULL AND get_byte(sealed_key, 0) = 2
             AND substring(sealed_key FROM 1 FOR 5) <> $2 AND ($3::uuid IS NULL OR id > $3)
           ORDER BY id LIMIT 100"#,
        workspace.0,
        prefix,
        after.map(|provider| provider.0),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Sealed { workspace, provider: ProviderId(r.id), base_url: r.base_url, key: r.sealed_key })
        .collect())
}

/// What the keys of a workspace begin with that a data key has sealed, each beginning once.
pub(super) async fn beginnings(tx: &mut SystemTx, workspace: WorkspaceId) -> Result<Vec<Vec<u8>>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT DISTINCT substring(sealed_key FROM 1 FOR 5) AS "beginning!" FROM ai_providers
           WHERE workspace_id = $1 AND sealed_key IS NOT NULL AND get_byte(sealed_key, 0) = 2"#,
        workspace.0,
    )
    .fetch_all(tx.conn())
    .await?)
}
