//! SQL of members.

use super::{Member, members::Decider};
use crate::{
    Error, Result, Role, Timestamp,
    db::{SystemTx, TenantTx},
    ids::{UserId, WorkspaceId},
};

/// A role, from the database's word.
pub(super) fn role(text: &str) -> Result<Role> {
    text.parse().map_err(Error::internal)
}

/// The workspace's people, oldest member first.
pub(super) async fn all(tx: &mut TenantTx) -> Result<Vec<Member>> {
    let id = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT m.user_id, u.name, u.email, u.image, m.role, m.created_at
         FROM workspace_members m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = $1 ORDER BY m.created_at, m.user_id",
        id,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Member {
                user_id: UserId(r.user_id),
                name: r.name,
                email: r.email,
                image: r.image,
                role: role(&r.role)?,
                created_at: Timestamp(r.created_at),
            })
        })
        .collect()
}

/// Everybody who may decide in the workspace, by their ids.
pub(super) async fn deciders(tx: &mut TenantTx) -> Result<Vec<Decider>> {
    let id = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT u.id, m.role AS "role: Role", u.name, u.email, u.reminded, m.created_at
           FROM workspace_members m JOIN users u ON u.id = m.user_id
           WHERE m.workspace_id = $1 AND m.role IN ('owner', 'admin') ORDER BY u.id"#,
        id,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Decider {
            id: UserId(r.id),
            role: r.role,
            name: r.name,
            email: r.email,
            reminded: r.reminded,
            since: Timestamp(r.created_at),
        })
        .collect())
}

/// A person's role in the transaction's workspace; `None` for a stranger, and in a workspace that was deleted.
pub(super) async fn role_of(tx: &mut TenantTx, user: UserId) -> Result<Option<Role>> {
    let id = tx.workspace().0;
    let row = sqlx::query_scalar!(
        "SELECT m.role FROM workspace_members m JOIN workspaces w ON w.id = m.workspace_id
         WHERE m.workspace_id = $1 AND m.user_id = $2 AND w.deleted_at IS NULL",
        id,
        user.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.as_deref().map(role).transpose()
}

/// All roles, locked until the transaction ends: two people who leave at once must not both believe that another owner stays.
pub(super) async fn lock(tx: &mut TenantTx) -> Result<Vec<(UserId, Role)>> {
    let id = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT user_id, role FROM workspace_members WHERE workspace_id = $1 ORDER BY user_id FOR UPDATE",
        id,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|r| Ok((UserId(r.user_id), role(&r.role)?))).collect()
}

/// Adds a member, or answers false when the person is one.
pub(super) async fn add(tx: &mut TenantTx, user: UserId, role: Role) -> Result<bool> {
    let id = tx.workspace().0;
    let added = sqlx::query!(
        "INSERT INTO workspace_members (workspace_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        id,
        user.0,
        role.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Gives a member another role.
pub(super) async fn set_role(tx: &mut TenantTx, user: UserId, role: Role) -> Result<()> {
    let id = tx.workspace().0;
    sqlx::query!(
        "UPDATE workspace_members SET role = $3 WHERE workspace_id = $1 AND user_id = $2",
        id,
        user.0,
        role.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a member.
pub(super) async fn remove(tx: &mut TenantTx, user: UserId) -> Result<()> {
    let id = tx.workspace().0;
    sqlx::query!("DELETE FROM workspace_members WHERE workspace_id = $1 AND user_id = $2", id, user.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// How many workspaces a person owns. Whoever asks at the same time waits until this transaction ends.
pub(super) async fn lock_owned(tx: &mut SystemTx, user: UserId) -> Result<i64> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('owned ' || $1::text, 0))", user.to_string())
        .execute(tx.conn())
        .await?;
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM workspace_members m JOIN workspaces w ON w.id = m.workspace_id
           WHERE m.user_id = $1 AND m.role = 'owner' AND w.deleted_at IS NULL"#,
        user.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A workspace that the person belongs to, and as what: this one if it is among them, else the first.
pub(super) async fn standing(
    tx: &mut SystemTx,
    user: UserId,
    workspace: Option<WorkspaceId>,
) -> Result<Option<(WorkspaceId, Role)>> {
    let row = sqlx::query!(
        "SELECT m.workspace_id, m.role FROM workspace_members m JOIN workspaces w ON w.id = m.workspace_id
         WHERE m.user_id = $1 AND w.deleted_at IS NULL
         ORDER BY (m.workspace_id = $2) DESC NULLS LAST, m.created_at, m.workspace_id LIMIT 1",
        user.0,
        workspace.map(|id| id.0),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| Ok((WorkspaceId(row.workspace_id), role(&row.role)?))).transpose()
}

/// All workspaces that the person belongs to, and as what.
pub(super) async fn standings(tx: &mut SystemTx, user: UserId) -> Result<Vec<(WorkspaceId, Role)>> {
    let rows = sqlx::query!(
        "SELECT m.workspace_id, m.role FROM workspace_members m JOIN workspaces w ON w.id = m.workspace_id
         WHERE m.user_id = $1 AND w.deleted_at IS NULL ORDER BY m.workspace_id",
        user.0,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| Ok((WorkspaceId(row.workspace_id), role(&row.role)?))).collect()
}
