//! SQL of saved filters.

use super::SavedFilter;
use crate::{
    Error, Result, Timestamp,
    approvals::filter::Query,
    db::{TenantTx, violated},
    ids::{FilterId, UserId},
};

/// A person's, by their names, or one of them.
pub(super) async fn list(tx: &mut TenantTx, user: UserId, only: Option<FilterId>) -> Result<Vec<SavedFilter>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT id, name, query, created_at FROM approval_filters
         WHERE workspace_id = $1 AND user_id = $2 AND ($3::uuid IS NULL OR id = $3) ORDER BY name, id",
        workspace,
        user.0,
        only.map(|id| id.0),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let filter = serde_json::from_value(r.query).map_err(Error::internal)?;
            Ok(SavedFilter { id: FilterId(r.id), name: r.name, filter, created_at: Timestamp(r.created_at) })
        })
        .collect()
}

/// How many a person has. Until the transaction ends nobody else counts them: two that count at once would both add one.
pub(super) async fn lock_count(tx: &mut TenantTx, user: UserId) -> Result<usize> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('filters ' || $1::text || ' ' || $2::text, 0))",
        workspace.to_string(),
        user.to_string()
    )
    .execute(tx.conn())
    .await?;
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM approval_filters WHERE workspace_id = $1 AND user_id = $2"#,
        workspace,
        user.0,
    );
    Ok(usize::try_from(count.fetch_one(tx.conn()).await?).unwrap_or(usize::MAX))
}

/// Adds one; false where the person has one of that name.
pub(super) async fn insert(tx: &mut TenantTx, user: UserId, id: FilterId, name: &str, query: &Query) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "INSERT INTO approval_filters (workspace_id, id, user_id, name, query) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (workspace_id, user_id, name) DO NOTHING",
        workspace,
        id.0,
        user.0,
        name,
        serde_json::to_value(query).map_err(Error::internal)?,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Changes one; false where the person has another one of that name.
pub(super) async fn update(
    tx: &mut TenantTx,
    user: UserId,
    id: FilterId,
    name: Option<&str>,
    query: Option<&Query>,
) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "UPDATE approval_filters SET name = COALESCE($4, name), query = COALESCE($5, query)
         WHERE workspace_id = $1 AND user_id = $2 AND id = $3",
        workspace,
        user.0,
        id.0,
        name,
        query.map(serde_json::to_value).transpose().map_err(Error::internal)?,
    )
    .execute(tx.conn())
    .await;
    match done {
        Ok(done) => Ok(done.rows_affected() == 1),
        Err(e) if violated(&e) == Some("approval_filters_name_key") => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Removes one; false where there is none.
pub(super) async fn delete(tx: &mut TenantTx, user: UserId, id: FilterId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "DELETE FROM approval_filters WHERE workspace_id = $1 AND user_id = $2 AND id = $3",
        workspace,
        user.0,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}
