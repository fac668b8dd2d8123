//! SQL of standing grants.

use super::{Grant, GrantState, NewGrant};
use crate::{
    Result, Timestamp,
    db::TenantTx,
    ids::{AgentId, ApprovalId, GrantId, UserId},
};

/// Adds a grant.
pub(super) async fn insert(tx: &mut TenantTx, id: GrantId, new: &NewGrant, by: UserId) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO approval_grants (workspace_id, id, agent_id, tool, covers, max_uses, expires_at, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        workspace,
        id.0,
        new.agent_id.0,
        new.tool,
        new.when,
        new.max_uses,
        new.expires_at.0,
        by.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// All grants, or one; the newest first.
pub(super) async fn list(tx: &mut TenantTx, only: Option<GrantId>) -> Result<Vec<Grant>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT g.id, g.agent_id, a.name AS agent, g.tool, g.covers, g.max_uses, g.used, g.expires_at, g.created_at, g.revoked_at,
                  u.name AS "by?", r.name AS "revoked_by?", g.expires_at <= now() AS "expired!", m.user_id IS NOT NULL AS "decides!"
           FROM approval_grants g
           JOIN agents a ON a.workspace_id = g.workspace_id AND a.id = g.agent_id
           LEFT JOIN users u ON u.id = g.created_by
           LEFT JOIN users r ON r.id = g.revoked_by
           LEFT JOIN workspace_members m ON m.workspace_id = g.workspace_id AND m.user_id = g.created_by AND m.role IN ('owner', 'admin')
           WHERE g.workspace_id = $1 AND ($2::uuid IS NULL OR g.id = $2) ORDER BY g.created_at DESC, g.id DESC"#,
        workspace,
        only.map(|id| id.0),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Grant {
            id: GrantId(r.id),
            agent_id: AgentId(r.agent_id),
            agent: r.agent,
            tool: r.tool,
            when: r.covers,
            max_uses: r.max_uses,
            used: r.used,
            expires_at: Timestamp(r.expires_at),
            by: r.by,
            created_at: Timestamp(r.created_at),
            revoked_by: r.revoked_by,
            revoked_at: r.revoked_at.map(Timestamp),
            state: match () {
                () if r.revoked_at.is_some() => GrantState::Revoked,
                () if r.used >= r.max_uses => GrantState::UsedUp,
                () if r.expired => GrantState::Expired,
                () if !r.decides => GrantState::MakerGone,
                () => GrantState::Live,
            },
        })
        .collect())
}

/// The name of an agent of the workspace.
pub(super) async fn agent_name(tx: &mut TenantTx, agent: AgentId) -> Result<Option<String>> {
    let workspace = tx.workspace().0;
    let found = sqlx::query_scalar!("SELECT name FROM agents WHERE workspace_id = $1 AND id = $2", workspace, agent.0);
    Ok(found.fetch_optional(tx.conn()).await?)
}

/// Ends a grant; false when that was done before.
pub(super) async fn revoke(tx: &mut TenantTx, id: GrantId, by: UserId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "UPDATE approval_grants SET revoked_at = now(), revoked_by = $3
         WHERE workspace_id = $1 AND id = $2 AND revoked_at IS NULL",
        workspace,
        id.0,
        by.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Locks the grant that let an item through, if one did.
pub(super) async fn lock_of(tx: &mut TenantTx, item: ApprovalId) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "SELECT g.id FROM approval_grants g JOIN approval_items i ON i.workspace_id = g.workspace_id AND i.grant_id = g.id
         WHERE g.workspace_id = $1 AND i.id = $2 FOR UPDATE OF g",
        workspace,
        item.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(())
}

/// Lets what a grant has covered, and what has not gone on yet, wait for a glance; answers what that is. It is locked in the order
/// in which whoever ends a run locks what waits of it.
pub(super) async fn hold_back(tx: &mut TenantTx, id: GrantId, why: &str) -> Result<Vec<ApprovalId>> {
    let workspace = tx.workspace().0;
    let held = sqlx::query_scalar!(
        "WITH held AS (
           SELECT id FROM approval_items
           WHERE workspace_id = $1 AND grant_id = $2 AND status = 'pending' AND review = 'auto' ORDER BY id FOR UPDATE)
         UPDATE approval_items i SET review = 'quick', routed_because = $3 FROM held
         WHERE i.workspace_id = $1 AND i.id = held.id RETURNING i.id",
        workspace,
        id.0,
        why,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(held.into_iter().map(ApprovalId).collect())
}

/// Grants of an agent for a tool that may be used now, made by somebody else than `not_of`, and what they cover; those that end
/// first come first.
pub(super) async fn live(
    tx: &mut TenantTx,
    agent: AgentId,
    tool: &str,
    not_of: Option<UserId>,
) -> Result<Vec<(GrantId, String)>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT g.id, g.covers FROM approval_grants g
           JOIN workspace_members m ON m.workspace_id = g.workspace_id AND m.user_id = g.created_by AND m.role IN ('owner', 'admin')
           WHERE g.workspace_id = $1 AND g.agent_id = $2 AND g.tool = $3 AND g.revoked_at IS NULL AND g.expires_at > now() AND g.used < g.max_uses
             AND g.created_by IS DISTINCT FROM $4
           ORDER BY g.expires_at, g.id",
        workspace,
        agent.0,
        tool,
        not_of.map(|user| user.0),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (GrantId(r.id), r.covers)).collect())
}

/// A use that was counted.
pub(super) struct Use {
    pub(super) used: i32,
    pub(super) max_uses: i32,
    pub(super) by: Option<String>,
}

/// Counts a use. Whoever asks at the same time waits here and counts on; `None` when nothing is left, or it has ended.
pub(super) async fn use_once(tx: &mut TenantTx, id: GrantId) -> Result<Option<Use>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_as!(
        Use,
        "UPDATE approval_grants g SET used = used + 1
           WHERE g.workspace_id = $1 AND g.id = $2 AND g.revoked_at IS NULL AND g.expires_at > clock_timestamp() AND g.used < g.max_uses
           RETURNING g.used, g.max_uses, (SELECT u.name FROM users u WHERE u.id = g.created_by) AS by",
        workspace,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Counts a use less, of the grant that let this item through.
pub(super) async fn give_back(tx: &mut TenantTx, item: ApprovalId) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE approval_grants g SET used = g.used - 1 FROM approval_items i
         WHERE g.workspace_id = $1 AND i.workspace_id = $1 AND i.id = $2 AND g.id = i.grant_id AND g.used > 0",
        workspace,
        item.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
