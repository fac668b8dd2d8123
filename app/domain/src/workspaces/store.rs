//! SQL of workspaces, and of a person's way into one.

use time::PrimitiveDateTime;
use uuid::Uuid;

use super::{
    DeletedWorkspace, Membership, RECOVERABLE_DAYS, Workspace, members_store::role, openness::Openness,
    service::Standing,
};
use crate::{
    Error, Result, Timestamp,
    db::{SystemTx, TenantTx, UserTx, violated},
    ids::{UserId, WorkspaceId},
    outward::AllowedHosts,
};

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
         WHERE m.user_id = $1 AND w.deleted_at IS NULL ORDER BY m.created_at, w.id",
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

/// How a person stands in a workspace, named by id or by slug.
pub(super) async fn membership(
    tx: &mut UserTx,
    id: Option<Uuid>,
    slug: Option<&str>,
) -> Result<Option<(WorkspaceId, Standing)>> {
    let user = tx.user().0;
    let row = sqlx::query!(
        "SELECT m.workspace_id, m.role, w.second_factor_required FROM workspace_members m JOIN workspaces w ON w.id = m.workspace_id
         WHERE m.user_id = $1 AND (w.id = $2 OR w.slug = $3) AND w.deleted_at IS NULL",
        user,
        id,
        slug,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        let standing = Standing { role: role(&r.role)?, needs_second_factor: r.second_factor_required };
        Ok((WorkspaceId(r.workspace_id), standing))
    })
    .transpose()
}

/// Changes what is given. False when the slug is taken.
pub(super) async fn update(
    tx: &mut TenantTx,
    name: Option<&str>,
    slug: Option<&str>,
    image: Option<&str>,
    timezone: Option<&str>,
) -> Result<bool> {
    let id = tx.workspace().0;
    let done = sqlx::query!(
        "UPDATE workspaces SET name = COALESCE($2, name), slug = COALESCE($3, slug), image = NULLIF(COALESCE($4, image), ''),
                timezone = COALESCE($5, timezone), updated_at = now() WHERE id = $1",
        id,
        name,
        slug,
        image,
        timezone,
    )
    .execute(tx.conn())
    .await;
    match done {
        Ok(_) => Ok(true),
        Err(e) if violated(&e) == Some("workspaces_slug_key") => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Whether PostgreSQL, and so every view that groups by days, knows this time zone.
pub(super) async fn knows_timezone(tx: &mut TenantTx, name: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"SELECT EXISTS (SELECT 1 FROM pg_timezone_names WHERE name = $1) AS "known!""#, name)
        .fetch_one(tx.conn())
        .await?)
}

/// The time zone, and what its clocks show at an instant, to the minute.
pub(super) async fn shown(tx: &mut TenantTx, at: Option<Timestamp>) -> Result<(String, Option<String>)> {
    let id = tx.workspace().0;
    let r = sqlx::query!(
        r#"SELECT timezone, to_char($2::timestamptz AT TIME ZONE timezone, 'YYYY-MM-DD"T"HH24:MI') AS "shown?"
           FROM workspaces WHERE id = $1"#,
        id,
        at.map(|at| at.0),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((r.timezone, r.shown))
}

/// When clocks in the time zone show this.
pub(super) async fn instant(tx: &mut TenantTx, shown: PrimitiveDateTime) -> Result<Timestamp> {
    let id = tx.workspace().0;
    let found = sqlx::query_scalar!(
        r#"SELECT $2::timestamp AT TIME ZONE timezone AS "at!" FROM workspaces WHERE id = $1"#,
        id,
        shown,
    );
    Ok(Timestamp(found.fetch_one(tx.conn()).await?))
}

/// Whether a workspace is there and has not been deleted.
pub(super) async fn is_open(tx: &mut SystemTx, id: WorkspaceId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM workspaces WHERE id = $1 AND deleted_at IS NULL) AS "found!""#,
        id.0,
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Whether the transaction's workspace has not been deleted.
pub(super) async fn is_there(tx: &mut TenantTx) -> Result<bool> {
    let id = tx.workspace().0;
    let found = sqlx::query_scalar!(r#"SELECT deleted_at IS NULL AS "there!" FROM workspaces WHERE id = $1"#, id);
    Ok(found.fetch_optional(tx.conn()).await?.unwrap_or(false))
}

/// Whether a slug is free, in all of HYVVE.
pub(super) async fn is_free(tx: &mut SystemTx, slug: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"SELECT NOT EXISTS (SELECT 1 FROM workspaces WHERE slug = $1) AS "free!""#, slug)
        .fetch_one(tx.conn())
        .await?)
}

/// Whether the transaction's workspace asks for a second factor. Until it ends, nobody else changes that.
pub(super) async fn lock_second_factor(tx: &mut TenantTx) -> Result<bool> {
    let id = tx.workspace().0;
    Ok(sqlx::query_scalar!("SELECT second_factor_required FROM workspaces WHERE id = $1 FOR NO KEY UPDATE", id)
        .fetch_one(tx.conn())
        .await?)
}

/// The same, only to be looked at.
pub(super) async fn second_factor(tx: &mut TenantTx) -> Result<bool> {
    let id = tx.workspace().0;
    Ok(sqlx::query_scalar!("SELECT second_factor_required FROM workspaces WHERE id = $1", id)
        .fetch_one(tx.conn())
        .await?)
}

/// Lets the transaction's workspace ask for a second factor, or not any more.
pub(super) async fn set_second_factor(tx: &mut TenantTx, required: bool) -> Result<()> {
    let id = tx.workspace().0;
    sqlx::query!("UPDATE workspaces SET second_factor_required = $2, updated_at = now() WHERE id = $1", id, required)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// How open the transaction's workspace is.
pub(super) async fn openness(tx: &mut TenantTx) -> Result<Openness> {
    let id = tx.workspace().0;
    let row = sqlx::query!("SELECT request_hosts, content_in_traces FROM workspaces WHERE id = $1", id)
        .fetch_one(tx.conn())
        .await?;
    opened(&row.request_hosts, row.content_in_traces)
}

/// The same; until the transaction ends, nobody else changes that.
pub(super) async fn lock_openness(tx: &mut TenantTx) -> Result<Openness> {
    let id = tx.workspace().0;
    let row =
        sqlx::query!("SELECT request_hosts, content_in_traces FROM workspaces WHERE id = $1 FOR NO KEY UPDATE", id)
            .fetch_one(tx.conn())
            .await?;
    opened(&row.request_hosts, row.content_in_traces)
}

fn opened(request_hosts: &[String], content_in_traces: bool) -> Result<Openness> {
    Ok(Openness { request_hosts: AllowedHosts::of(request_hosts).map_err(Error::internal)?, content_in_traces })
}

/// Opens the transaction's workspace as far as that, and no further.
pub(super) async fn set_openness(tx: &mut TenantTx, to: &Openness) -> Result<()> {
    let id = tx.workspace().0;
    let hosts = to.request_hosts.entries();
    sqlx::query!(
        "UPDATE workspaces SET request_hosts = $2, content_in_traces = $3, updated_at = now() WHERE id = $1",
        id,
        &hosts,
        to.content_in_traces,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts the transaction's workspace out of reach. False when it is already.
pub(super) async fn delete(tx: &mut TenantTx) -> Result<bool> {
    let id = tx.workspace().0;
    let done = sqlx::query!("UPDATE workspaces SET deleted_at = now() WHERE id = $1 AND deleted_at IS NULL", id)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Has it back. False when it is there.
pub(super) async fn restore(tx: &mut TenantTx) -> Result<bool> {
    let id = tx.workspace().0;
    let done = sqlx::query!("UPDATE workspaces SET deleted_at = NULL WHERE id = $1 AND deleted_at IS NOT NULL", id)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Deleted workspaces of an owner that are not purged yet.
pub(super) async fn deleted(tx: &mut SystemTx, owner: UserId) -> Result<Vec<DeletedWorkspace>> {
    let rows = sqlx::query!(
        r#"SELECT w.id, w.name, w.deleted_at AS "deleted_at!" FROM workspace_members m JOIN workspaces w ON w.id = m.workspace_id
           WHERE m.user_id = $1 AND m.role = 'owner' AND w.deleted_at IS NOT NULL ORDER BY w.deleted_at DESC"#,
        owner.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let days = std::time::Duration::from_hours(24 * RECOVERABLE_DAYS);
    Ok(rows
        .into_iter()
        .map(|r| DeletedWorkspace {
            id: WorkspaceId(r.id),
            name: r.name,
            deleted_at: Timestamp(r.deleted_at),
            purged_at: Timestamp(r.deleted_at).plus(days),
        })
        .collect())
}

/// Removes what nobody can have back any more, with everything in it.
pub(super) async fn purge(tx: &mut SystemTx) -> Result<Vec<WorkspaceId>> {
    let ids = sqlx::query_scalar!("DELETE FROM workspaces WHERE deleted_at < now() - interval '30 days' RETURNING id")
        .fetch_all(tx.conn())
        .await?;
    Ok(ids.into_iter().map(WorkspaceId).collect())
}
