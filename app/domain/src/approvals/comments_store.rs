//! SQL of comments.

use super::{Comment, Mention};
use crate::{
    Error, Result, Timestamp,
    db::TenantTx,
    ids::{ApprovalId, CommentId, UserId},
};

/// The newest that are shown.
const SHOWN: i64 = 200;

/// Adds one; answers its id.
pub(super) async fn insert(
    tx: &mut TenantTx,
    item: ApprovalId,
    author: UserId,
    body: &str,
    mentions: &[Mention],
) -> Result<CommentId> {
    let (workspace, id) = (tx.workspace().0, CommentId::new());
    let mentions = serde_json::to_value(mentions).map_err(Error::internal)?;
    sqlx::query!(
        "INSERT INTO approval_comments (workspace_id, id, approval_id, author_id, body, mentions) VALUES ($1, $2, $3, $4, $5, $6)",
        workspace,
        id.0,
        item.0,
        author.0,
        body,
        mentions,
    )
    .execute(tx.conn())
    .await?;
    Ok(id)
}

/// What was said about an item, oldest first; of very many, the newest.
pub(super) async fn of(tx: &mut TenantTx, item: ApprovalId) -> Result<Vec<Comment>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT u.name AS "by?", c.body, c.mentions, c.created_at FROM approval_comments c LEFT JOIN users u ON u.id = c.author_id
           WHERE c.workspace_id = $1 AND c.approval_id = $2 ORDER BY c.created_at DESC, c.id DESC LIMIT $3"#,
        workspace,
        item.0,
        SHOWN,
    )
    .fetch_all(tx.conn())
    .await?;
    let read = |mentions| serde_json::from_value(mentions).map_err(Error::internal);
    rows.into_iter()
        .rev()
        .map(|r| Ok(Comment { by: r.by, body: r.body, mentions: read(r.mentions)?, at: Timestamp(r.created_at) }))
        .collect()
}
