//! SQL of pictures.

use bytes::Bytes;

use super::{Kind, Picture, service::Viewer};
use crate::{
    Error, Result, Role,
    db::{SystemTx, TenantTx},
    ids::{PictureId, UserId},
};

/// A person's picture, in the place of the one until now.
pub(super) async fn put_of_person(tx: &mut SystemTx, user: UserId, picture: &Picture) -> Result<()> {
    sqlx::query!(
        "INSERT INTO user_pictures (user_id, id, kind, bytes) VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_id) DO UPDATE SET id = excluded.id, kind = excluded.kind, bytes = excluded.bytes, created_at = now()",
        user.0,
        picture.id.0,
        picture.kind.as_str(),
        picture.bytes.as_ref(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A person has none any more.
pub(super) async fn delete_of_person(tx: &mut SystemTx, user: UserId) -> Result<()> {
    sqlx::query!("DELETE FROM user_pictures WHERE user_id = $1", user.0).execute(tx.conn()).await?;
    Ok(())
}

/// The picture of the transaction's workspace, in the place of the one until now.
pub(super) async fn put_of_workspace(tx: &mut TenantTx, picture: &Picture) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO workspace_pictures (workspace_id, id, kind, bytes) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id) DO UPDATE SET id = excluded.id, kind = excluded.kind, bytes = excluded.bytes, created_at = now()",
        workspace,
        picture.id.0,
        picture.kind.as_str(),
        picture.bytes.as_ref(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The transaction's workspace has none any more.
pub(super) async fn delete_of_workspace(tx: &mut TenantTx) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!("DELETE FROM workspace_pictures WHERE workspace_id = $1", workspace).execute(tx.conn()).await?;
    Ok(())
}

/// A picture, if this viewer may see it: one's own; a person's with whom one shares a workspace in which one sees the others;
/// a workspace's of one's own. Nobody enters a deleted workspace.
///
/// A workspace that asks for a second factor shows its people to nobody who has shown none. Its own picture stands beside its
/// name, which its members see everywhere.
pub(super) async fn seen_by(tx: &mut SystemTx, viewer: &Viewer, id: PictureId) -> Result<Option<Picture>> {
    let roles: Vec<String> = Role::ALL.into_iter().filter(|role| role.sees_members()).map(|r| r.to_string()).collect();
    let row = sqlx::query!(
        r#"SELECT p.kind AS "kind!", p.bytes AS "bytes!" FROM user_pictures p
           WHERE p.id = $1 AND (p.user_id = $2 OR EXISTS (
             SELECT 1 FROM workspace_members own JOIN workspaces w ON w.id = own.workspace_id
             JOIN workspace_members other ON other.workspace_id = own.workspace_id
             WHERE own.user_id = $2 AND own.role = ANY ($3) AND other.user_id = p.user_id AND w.deleted_at IS NULL
               AND (w.id = $4 OR $4::uuid IS NULL) AND ($5 OR NOT w.second_factor_required)))
           UNION ALL
           SELECT p.kind, p.bytes FROM workspace_pictures p JOIN workspaces w ON w.id = p.workspace_id
           JOIN workspace_members own ON own.workspace_id = w.id AND own.user_id = $2
           WHERE p.id = $1 AND w.deleted_at IS NULL AND (w.id = $4 OR $4::uuid IS NULL)"#,
        id.0,
        viewer.user.0,
        &roles,
        viewer.only.map(|workspace| workspace.0),
        viewer.has_second_factor,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| Ok(Picture { id, kind: kind(&r.kind)?, bytes: Bytes::from(r.bytes) })).transpose()
}

fn kind(word: &str) -> Result<Kind> {
    [Kind::Jpeg, Kind::Png]
        .into_iter()
        .find(|kind| kind.as_str() == word)
        .ok_or_else(|| Error::internal(format!("unknown kind of a picture: {word}")))
}
