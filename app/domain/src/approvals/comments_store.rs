//! SQL of comments.

use super::Comment;
use crate::{
    Result, Timestamp,
    db::TenantTx,
    ids::{ApprovalId, CommentId, UserId},
};

/// The newest that are shown.
const SHOWN: i64 = 200;

/// Adds one.
pub(super) async fn insert(tx: &mut TenantTx, item: ApprovalId, author: UserId, body: &str) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO approval_comments (workspace_id, id, approval_id, author_id, body) VALUES ($1, $2, $3, $4, $5)",
        workspace,
        CommentId::new().0,
        item.0,
        author.0,
        body,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was said about an item, oldest first; of very many, the newest.
pub(super) async fn of(tx: &mut TenantTx, item: ApprovalId) -> Result<Vec<Comment>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT u.name AS "by?", c.body, c.created_at FROM approval_comments c LEFT JOIN users u ON u.id = c.author_id
           WHERE c.workspace_id = $1 AND c.approval_id = $2 ORDER BY c.created_at DESC, c.id DESC LIMIT $3"#,
        workspace,
        item.0,
        SHOWN,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().rev().map(|r| Comment { by: r.by, body: r.body, at: Timestamp(r.created_at) }).collect())
}
