//! SQL of AI providers.

use super::{Kind, Provider};
use crate::{
    Code, Error, Result, Timestamp,
    db::{TenantTx, violated},
    ids::ProviderId,
};

/// A provider with what people never see.
pub(super) struct Stored {
    pub(super) provider: Provider,
    pub(super) sealed_key: Option<Vec<u8>>,
    /// Since when it has this address and this key.
    pub(super) seals_since: Timestamp,
    /// Moves with every change (not with a test); whoever writes says what it has read.
    pub(super) updated_at: Timestamp,
}

/// Every provider of the workspace, oldest first.
pub(super) async fn list(tx: &mut TenantTx) -> Result<Vec<Provider>> {
    let workspace = tx.workspace();
    Ok(sqlx::query_as!(
        Provider,
        r#"SELECT id AS "id: ProviderId", kind AS "provider: Kind", name, base_url, key_hint, default_model, is_default,
                  checked_at AS "checked_at: Timestamp", check_error, failing_since AS "failing_since: Timestamp",
                  max_at_once, max_per_minute, created_at AS "created_at: Timestamp"
           FROM ai_providers WHERE workspace_id = $1 ORDER BY created_at, id"#,
        workspace.0,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// One provider; the workspace's default for `None`.
pub(super) async fn find(tx: &mut TenantTx, id: Option<ProviderId>) -> Result<Option<Stored>> {
    let workspace = tx.workspace();
    let row = sqlx::query!(
        r#"SELECT id, kind AS "kind: Kind", name, base_url, sealed_key, key_hint, default_model, is_default, checked_at,
                  check_error, failing_since, max_at_once, max_per_minute, created_at, seals_since, updated_at
           FROM ai_providers WHERE workspace_id = $1 AND (id = $2 OR ($2 IS NULL AND is_default))"#,
        workspace.0,
        id.map(|id| id.0) as Option<uuid::Uuid>,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| Stored {
        provider: Provider {
            id: ProviderId(r.id),
            provider: r.kind,
            name: r.name,
            base_url: r.base_url,
            key_hint: r.key_hint,
            default_model: r.default_model,
            is_default: r.is_default,
            checked_at: r.checked_at.map(Timestamp),
            check_error: r.check_error,
            failing_since: r.failing_since.map(Timestamp),
            max_at_once: r.max_at_once,
            max_per_minute: r.max_per_minute,
            created_at: Timestamp(r.created_at),
        },
        sealed_key: r.sealed_key,
        seals_since: Timestamp(r.seals_since),
        updated_at: Timestamp(r.updated_at),
    }))
}

/// Adds a provider.
pub(super) async fn insert(tx: &mut TenantTx, provider: &Provider, sealed_key: Option<&[u8]>) -> Result<()> {
    let workspace = tx.workspace();
    sqlx::query!(
        "INSERT INTO ai_providers
           (workspace_id, id, kind, name, base_url, sealed_key, key_hint, default_model, is_default, checked_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
        workspace.0,
        provider.id.0,
        provider.provider.as_str(),
        provider.name,
        provider.base_url,
        sealed_key,
        provider.key_hint,
        provider.default_model,
        provider.is_default,
        provider.checked_at.map(|t| t.0),
        provider.created_at.0,
    )
    .execute(tx.conn())
    .await
    .map_err(conflict)?;
    Ok(())
}

/// Writes a provider, and its key if there is a new one, unless somebody else did since it was read; answers whether it did.
/// The key that is there is left alone otherwise: it may have been sealed anew meanwhile. `elsewhere`: its address or its key is
/// another one, and works.
pub(super) async fn update(
    tx: &mut TenantTx,
    changed: &Stored,
    new_key: Option<&[u8]>,
    elsewhere: bool,
) -> Result<bool> {
    let workspace = tx.workspace();
    let provider = &changed.provider;
    let done = sqlx::query!(
        "UPDATE ai_providers
         SET name = $4, base_url = $5, sealed_key = coalesce($6, sealed_key), key_hint = $7, default_model = $8, is_default = $9,
             checked_at = CASE WHEN $10 THEN now() ELSE checked_at END, check_error = CASE WHEN NOT $10 THEN check_error END,
             failing_since = CASE WHEN NOT $10 THEN failing_since END, max_at_once = $11, max_per_minute = $12,
             seals_since = CASE WHEN $10 THEN clock_timestamp() ELSE seals_since END, updated_at = clock_timestamp()
         WHERE workspace_id = $1 AND id = $2 AND updated_at = $3",
        workspace.0,
        provider.id.0,
        changed.updated_at.0,
        provider.name,
        provider.base_url,
        new_key,
        provider.key_hint,
        provider.default_model,
        provider.is_default,
        elsewhere,
        provider.max_at_once,
        provider.max_per_minute,
    )
    .execute(tx.conn())
    .await
    .map_err(conflict)?;
    Ok(done.rows_affected() == 1)
}

/// Keeps what a test found, unless the provider was changed meanwhile; answers whether it did.
pub(super) async fn set_checked(tx: &mut TenantTx, tested: &Stored, error: Option<&str>) -> Result<bool> {
    let workspace = tx.workspace();
    let done = sqlx::query!(
        "UPDATE ai_providers
         SET checked_at = now(), check_error = $4, failing_since = CASE WHEN $4::text IS NOT NULL THEN coalesce(failing_since, now()) END
         WHERE workspace_id = $1 AND id = $2 AND updated_at = $3",
        workspace.0,
        tested.provider.id.0,
        tested.updated_at.0,
        error,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Leaves the workspace without a default, until the same transaction names another.
pub(super) async fn clear_default(tx: &mut TenantTx) -> Result<()> {
    let workspace = tx.workspace();
    sqlx::query!(
        "UPDATE ai_providers SET is_default = false, updated_at = clock_timestamp() WHERE workspace_id = $1 AND is_default",
        workspace.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a provider that no agent names.
pub(super) async fn delete(tx: &mut TenantTx, id: ProviderId) -> Result<()> {
    let workspace = tx.workspace();
    sqlx::query!("DELETE FROM ai_providers WHERE workspace_id = $1 AND id = $2", workspace.0, id.0)
        .execute(tx.conn())
        .await
        .map_err(conflict)?;
    Ok(())
}

/// The constraints that two people, or a person and an agent, can run into.
fn conflict(error: sqlx::Error) -> Error {
    match violated(&error) {
        Some("ai_providers_default") => {
            Error::new(Code::Conflict, "Someone else changed the default provider a moment ago. Please try again.")
        }
        Some("agents_workspace_id_provider_id_fkey") => {
            Error::new(Code::Conflict, "Agents use this provider. Give them another one, then delete it.")
        }
        _ => error.into(),
    }
}
