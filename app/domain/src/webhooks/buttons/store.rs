//! SQL of who decides from channels.

use super::{Asking, Connected};
use crate::{
    Result, Timestamp,
    db::{SystemTx, TenantTx},
    ids::{UserId, WebhookId, WorkspaceId},
};

/// The workspace of an endpoint that is enabled, and not in a deleted one.
pub(super) async fn workspace_of(tx: &mut SystemTx, id: WebhookId) -> Result<Option<WorkspaceId>> {
    let found = sqlx::query_scalar!(
        "SELECT e.workspace_id FROM webhook_endpoints e JOIN workspaces w ON w.id = e.workspace_id AND w.deleted_at IS NULL
         WHERE e.id = $1 AND e.disabled_at IS NULL",
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(WorkspaceId))
}

/// What a channel's buttons are signed with, sealed.
pub(super) async fn signing_secret(tx: &mut TenantTx, id: WebhookId) -> Result<Option<Vec<u8>>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_scalar!(
        "SELECT signing_secret FROM webhook_endpoints WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?
    .flatten())
}

/// Whom a user of Slack is connected with, since the present secret signs.
pub(super) async fn person(tx: &mut TenantTx, id: WebhookId, slack_user: &str) -> Result<Option<UserId>> {
    let workspace = tx.workspace().0;
    let found = sqlx::query_scalar!(
        "SELECT p.user_id FROM channel_people p
         JOIN webhook_endpoints e ON e.workspace_id = p.workspace_id AND e.id = p.endpoint_id AND p.created_at >= e.signing_since
         WHERE p.workspace_id = $1 AND p.endpoint_id = $2 AND p.slack_user = $3",
        workspace,
        id.0,
        slack_user,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(UserId))
}

/// Adds a link that connects a user of Slack; those of before are of no use any more.
pub(super) async fn insert_link(
    tx: &mut TenantTx,
    id: WebhookId,
    who: &Asking,
    token_hash: &[u8],
    until: Timestamp,
) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "DELETE FROM channel_links WHERE workspace_id = $1 AND endpoint_id = $2 AND slack_user = $3",
        workspace,
        id.0,
        who.slack_user,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO channel_links (workspace_id, token_hash, endpoint_id, slack_user, slack_name, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        workspace,
        token_hash,
        id.0,
        who.slack_user,
        who.slack_name,
        until.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whom a link connects, as long as it does.
pub(super) async fn link(tx: &mut TenantTx, token_hash: &[u8]) -> Result<Option<Asking>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_as!(
        Asking,
        "SELECT slack_user, slack_name FROM channel_links WHERE workspace_id = $1 AND token_hash = $2 AND expires_at > now()",
        workspace,
        token_hash,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Uses a link up: connects its user of Slack with a person.
pub(super) async fn connect(tx: &mut TenantTx, token_hash: &[u8], user: UserId) -> Result<Option<(WebhookId, Asking)>> {
    let workspace = tx.workspace().0;
    let used = sqlx::query!(
        "DELETE FROM channel_links WHERE workspace_id = $1 AND token_hash = $2 AND expires_at > now()
         RETURNING endpoint_id, slack_user, slack_name",
        workspace,
        token_hash,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(used) = used else { return Ok(None) };
    sqlx::query!(
        "INSERT INTO channel_people (workspace_id, endpoint_id, slack_user, slack_name, user_id) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (workspace_id, endpoint_id, slack_user) DO UPDATE SET user_id = $5, slack_name = $4, created_at = now()",
        workspace,
        used.endpoint_id,
        used.slack_user,
        used.slack_name,
        user.0,
    )
    .execute(tx.conn())
    .await?;
    let who = Asking { slack_user: used.slack_user, slack_name: used.slack_name };
    Ok(Some((WebhookId(used.endpoint_id), who)))
}

/// The users of Slack who decide as a person.
pub(super) async fn connected(tx: &mut TenantTx, user: UserId) -> Result<Vec<Connected>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT p.endpoint_id, p.slack_user, p.slack_name, p.created_at FROM channel_people p
         JOIN webhook_endpoints e ON e.workspace_id = p.workspace_id AND e.id = p.endpoint_id AND p.created_at >= e.signing_since
         WHERE p.workspace_id = $1 AND p.user_id = $2 ORDER BY p.created_at, p.slack_user",
        workspace,
        user.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let connected = rows.into_iter().map(|r| Connected {
        webhook_id: WebhookId(r.endpoint_id),
        slack_user: r.slack_user,
        slack_name: r.slack_name,
        since: Timestamp(r.created_at),
    });
    Ok(connected.collect())
}

/// Ends one of a person's; whether it was there.
pub(super) async fn disconnect(tx: &mut TenantTx, user: UserId, id: WebhookId, slack_user: &str) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "DELETE FROM channel_people WHERE workspace_id = $1 AND endpoint_id = $2 AND slack_user = $3 AND user_id = $4",
        workspace,
        id.0,
        slack_user,
        user.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes links that connect nobody any more, and what people had who have left.
pub(super) async fn purge(tx: &mut SystemTx) -> Result<()> {
    sqlx::query!("DELETE FROM channel_links WHERE expires_at < now()").execute(tx.conn()).await?;
    sqlx::query!(
        "DELETE FROM channel_people p WHERE NOT EXISTS (
           SELECT 1 FROM workspace_members m WHERE m.workspace_id = p.workspace_id AND m.user_id = p.user_id)",
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
