//! SQL of API keys.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{ApiKey, Presented, Scope};
use crate::{
    Error, Result, Timestamp,
    db::{SystemTx, TenantTx},
    ids::{ApiKeyId, UserId, WorkspaceId},
};

/// A key that is to be written.
pub(super) struct New<'a> {
    pub(super) id: ApiKeyId,
    pub(super) user: UserId,
    pub(super) name: &'a str,
    pub(super) prefix: &'a str,
    pub(super) hash: [u8; 32],
    pub(super) scopes: &'a [Scope],
    pub(super) expires_at: Timestamp,
}

/// A key that works, as it is stored.
struct Row {
    workspace_id: Uuid,
    id: Uuid,
    user_id: Uuid,
    scopes: Vec<String>,
    expires_at: OffsetDateTime,
    last_used_at: Option<OffsetDateTime>,
}

impl Row {
    fn read(self) -> Result<Presented> {
        Ok(Presented {
            id: ApiKeyId(self.id),
            workspace: WorkspaceId(self.workspace_id),
            user: UserId(self.user_id),
            scopes: scopes(&self.scopes)?,
            has_second_factor: false,
            expires_at: Timestamp(self.expires_at),
            last_used_at: self.last_used_at.map(Timestamp),
        })
    }
}

fn scopes(words: &[String]) -> Result<Vec<Scope>> {
    words.iter().map(|word| word.parse().map_err(Error::internal)).collect()
}

/// Adds a key.
pub(super) async fn insert(tx: &mut TenantTx, new: New<'_>) -> Result<()> {
    let scopes: Vec<String> = new.scopes.iter().map(Scope::to_string).collect();
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO api_keys (workspace_id, id, user_id, name, prefix, key_hash, scopes, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        workspace,
        new.id.0,
        new.user.0,
        new.name,
        new.prefix,
        new.hash.as_slice(),
        &scopes,
        new.expires_at.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many keys of a person work. Whoever counts at the same time waits until this transaction ends.
pub(super) async fn lock_count(tx: &mut TenantTx, user: UserId) -> Result<i64> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('keys ' || $1::text || $2::text, 0))",
        workspace.to_string(),
        user.to_string()
    )
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM api_keys
           WHERE workspace_id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > now()"#,
        workspace,
        user.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The keys that the transaction's person may see, or one of them; newest first. What ended more than 30 days ago is left out.
pub(super) async fn visible(tx: &mut TenantTx, only: Option<ApiKeyId>) -> Result<Vec<ApiKey>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT k.id, k.name, k.prefix, k.scopes, k.user_id, u.name AS user_name, k.created_at, k.expires_at, k.revoked_at,
                k.last_used_at, k.last_used_ip
         FROM api_keys k JOIN users u ON u.id = k.user_id
         WHERE k.workspace_id = $1 AND (k.id = $2 OR $2::uuid IS NULL)
           AND least(k.expires_at, k.revoked_at) > now() - interval '30 days'
         ORDER BY k.created_at DESC, k.id DESC",
        workspace,
        only.map(|id| id.0),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(ApiKey {
                id: ApiKeyId(r.id),
                name: r.name,
                prefix: r.prefix,
                scopes: scopes(&r.scopes)?,
                user_id: UserId(r.user_id),
                user_name: r.user_name,
                created_at: Timestamp(r.created_at),
                expires_at: Timestamp(r.expires_at),
                revoked_at: r.revoked_at.map(Timestamp),
                last_used_at: r.last_used_at.map(Timestamp),
                last_used_ip: r.last_used_ip,
            })
        })
        .collect()
}

/// Ends a key. Answers whether it worked until now.
pub(super) async fn revoke(tx: &mut TenantTx, id: ApiKeyId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "UPDATE api_keys SET revoked_at = now() WHERE workspace_id = $1 AND id = $2 AND revoked_at IS NULL",
        workspace,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The key with this hash, if it works, in a workspace that is there.
pub(super) async fn find(tx: &mut SystemTx, hash: [u8; 32]) -> Result<Option<Presented>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT k.workspace_id, k.id, k.user_id, k.scopes, k.expires_at, k.last_used_at
         FROM api_keys k JOIN workspaces w ON w.id = k.workspace_id AND w.deleted_at IS NULL
         WHERE k.key_hash = $1 AND k.revoked_at IS NULL AND k.expires_at > now()",
        hash.as_slice(),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Row::read).transpose()
}

/// The key with this id, if it works, in its workspace, if that is there.
pub(super) async fn find_by_id(tx: &mut SystemTx, workspace: WorkspaceId, id: ApiKeyId) -> Result<Option<Presented>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT k.workspace_id, k.id, k.user_id, k.scopes, k.expires_at, k.last_used_at
         FROM api_keys k JOIN workspaces w ON w.id = k.workspace_id AND w.deleted_at IS NULL
         WHERE k.workspace_id = $1 AND k.id = $2 AND k.revoked_at IS NULL AND k.expires_at > now()",
        workspace.0,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(Row::read).transpose()
}

/// Notes that a key is used.
pub(super) async fn touch(tx: &mut SystemTx, workspace: WorkspaceId, id: Uuid, ip: Option<&str>) -> Result<()> {
    sqlx::query!(
        "UPDATE api_keys SET last_used_at = now(), last_used_ip = COALESCE($3, last_used_ip) WHERE workspace_id = $1 AND id = $2",
        workspace.0,
        id,
        ip,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends all keys of a person.
pub(super) async fn revoke_all_of(tx: &mut SystemTx, user: UserId) -> Result<()> {
    sqlx::query!("UPDATE api_keys SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL", user.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
