//! SQL of workspaces and their members.

use uuid::Uuid;

use super::{Member, Membership, Workspace};
use crate::{
    Error, Result, Role, Timestamp,
    db::{TenantTx, UserTx},
    ids::{UserId, WorkspaceId},
};

fn role(text: &str) -> Result<Role> {
    text.parse().map_err(Error::internal)
}

/// Makes the transaction's workspace, with its owner and its head row. Answers false when the slug is taken.
pub(super) async fn insert(tx: &mut TenantTx, slug: &str, name: &str, owner: UserId) -> Result<bool> {
    let id = tx.workspace().0;
    let inserted = sqlx::query!(
        "INSERT INTO workspaces (id, slug, name, created_by) VALUES ($1, $2, $3, $4) ON CONFLICT (slug) DO NOTHING",
        id,
        slug,
        name,
        owner.0,
    )
    .execute(tx.conn())
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!("INSERT INTO workspace_heads (workspace_id) VALUES ($1)", id).execute(tx.conn()).await?;
    sqlx::query!("INSERT INTO workspace_members (workspace_id, user_id, role) VALUES ($1, $2, 'owner')", id, owner.0,)
        .execute(tx.conn())
        .await?;
    Ok(true)
}

/// The transaction's own workspace.
pub(super) async fn get(tx: &mut TenantTx) -> Result<Workspace> {
    let id = tx.workspace().0;
    let r = sqlx::query!(
        "SELECT id, slug, name, image, timezone, created_at, updated_at FROM workspaces WHERE id = $1",
        id,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Workspace {
        id: WorkspaceId(r.id),
        slug: r.slug,
        name: r.name,
        image: r.image,
        timezone: r.timezone,
        created_at: Timestamp(r.created_at),
        updated_at: Timestamp(r.updated_at),
    })
}

/// All of a person's memberships, oldest first.
pub(super) async fn memberships(tx: &mut UserTx) -> Result<Vec<Membership>> {
    let user = tx.user().0;
    let rows = sqlx::query!(
        "SELECT w.id, w.slug, w.name, w.image, w.timezone, w.created_at, w.updated_at, m.role
         FROM workspace_members m JOIN workspaces w ON w.id = m.workspace_id
         WHERE m.user_id = $1 ORDER BY m.created_at, w.id",
        user,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Membership {
                workspace: Workspace {
                    id: WorkspaceId(r.id),
                    slug: r.slug,
                    name: r.name,
                    image: r.image,
                    timezone: r.timezone,
                    created_at: Timestamp(r.created_at),
                    updated_at: Timestamp(r.updated_at),
                },
                role: role(&r.role)?,
            })
        })
        .collect()
}

/// A person's role in a workspace, named by id or by slug.
pub(super) async fn membership(
    tx: &mut UserTx,
    id: Option<Uuid>,
    slug: Option<&str>,
) -> Result<Option<(WorkspaceId, Role)>> {
    let user = tx.user().0;
    let row = sqlx::query!(
        "SELECT m.workspace_id, m.role FROM workspace_members m JOIN workspaces w ON w.id = m.workspace_id
         WHERE m.user_id = $1 AND (w.id = $2 OR w.slug = $3)",
        user,
        id,
        slug,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| Ok((WorkspaceId(r.workspace_id), role(&r.role)?))).transpose()
}

/// The workspace's people.
pub(super) async fn members(tx: &mut TenantTx) -> Result<Vec<Member>> {
    let id = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT m.user_id, u.name, u.email, m.role, m.created_at
         FROM workspace_members m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = $1 ORDER BY m.created_at",
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
                role: role(&r.role)?,
                created_at: Timestamp(r.created_at),
            })
        })
        .collect()
}

/// A person's role in the transaction's workspace; `None` for a stranger.
pub(super) async fn role_of(tx: &mut TenantTx, user: UserId) -> Result<Option<Role>> {
    let id = tx.workspace().0;
    let row =
        sqlx::query_scalar!("SELECT role FROM workspace_members WHERE workspace_id = $1 AND user_id = $2", id, user.0,)
            .fetch_optional(tx.conn())
            .await?;
    row.as_deref().map(role).transpose()
}
