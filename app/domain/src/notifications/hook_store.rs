//! SQL of people's webhooks.

use crate::{
    Result,
    db::{SystemTx, TenantTx},
    ids::{UserId, WorkspaceId},
};

/// Keeps a person's address, sealed.
pub(super) async fn put(tx: &mut TenantTx, user: UserId, sealed: &[u8], shown: &str) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO notification_settings (workspace_id, user_id, hook, hook_shown) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, user_id) DO UPDATE SET hook = $3, hook_shown = $4, hook_problem = NULL, updated_at = now()",
        workspace,
        user.0,
        sealed,
        shown,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets it; answers what was shown of it, if there was one.
pub(super) async fn remove(tx: &mut TenantTx, user: UserId) -> Result<Option<String>> {
    let workspace = tx.workspace().0;
    let shown = sqlx::query_scalar!(
        r#"SELECT hook_shown AS "shown!" FROM notification_settings
           WHERE workspace_id = $1 AND user_id = $2 AND hook IS NOT NULL FOR UPDATE"#,
        workspace,
        user.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    sqlx::query!(
        "UPDATE notification_settings SET hook = NULL, hook_shown = NULL, hook_problem = NULL, updated_at = now()
         WHERE workspace_id = $1 AND user_id = $2",
        workspace,
        user.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(shown)
}

/// A person's address as it is sealed.
pub(super) async fn sealed(tx: &mut TenantTx, user: UserId) -> Result<Option<Vec<u8>>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_scalar!(
        "SELECT hook FROM notification_settings WHERE workspace_id = $1 AND user_id = $2",
        workspace,
        user.0,
    )
    .fetch_optional(tx.conn())
    .await?
    .flatten())
}

/// Writes down what was wrong with it the last time, if something was. Of an address that the person has changed meanwhile nothing is
/// known.
pub(super) async fn set_problem(tx: &mut TenantTx, user: UserId, sealed: &[u8], problem: Option<&str>) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE notification_settings SET hook_problem = $3
         WHERE workspace_id = $1 AND user_id = $2 AND hook = $4 AND hook_problem IS DISTINCT FROM $3",
        workspace,
        user.0,
        problem,
        sealed,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// All of the workspace, locked until the transaction ends.
pub(super) async fn all_sealed(tx: &mut TenantTx) -> Result<Vec<(UserId, Vec<u8>)>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT user_id, hook AS "hook!" FROM notification_settings
           WHERE workspace_id = $1 AND hook IS NOT NULL ORDER BY user_id FOR UPDATE"#,
        workspace,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (UserId(r.user_id), r.hook)).collect())
}

/// The same address, sealed anew.
pub(super) async fn reseal(tx: &mut TenantTx, user: UserId, sealed: &[u8]) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE notification_settings SET hook = $3 WHERE workspace_id = $1 AND user_id = $2",
        workspace,
        user.0,
        sealed,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The versions of a workspace's data key that these addresses need.
pub(super) async fn versions(tx: &mut SystemTx, workspace: WorkspaceId) -> Result<Vec<i32>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT DISTINCT hook_version AS "version!" FROM notification_settings
           WHERE workspace_id = $1 AND hook_version IS NOT NULL"#,
        workspace.0,
    )
    .fetch_all(tx.conn())
    .await?)
}
