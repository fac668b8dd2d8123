//! SQL of the workspace's own prices.

use super::{ModelPrice, Price};
use crate::{
    Result, Timestamp,
    db::TenantTx,
    ids::{ProviderId, UserId},
};

/// What holds now: the newest version of each, where that is a price.
pub(super) async fn current(tx: &mut TenantTx) -> Result<Vec<ModelPrice>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (provider_id, model) provider_id, model, version, input, output, cache_read, cache_write, created_at
         FROM model_prices WHERE workspace_id = $1 ORDER BY provider_id, model, version DESC",
        workspace,
    )
    .fetch_all(tx.conn())
    .await?;
    let price = |input: Option<i64>, output: Option<i64>, cache_read: Option<i64>, cache_write: Option<i64>| {
        Some(Price { input: input?, output: output?, cache_read: cache_read?, cache_write: cache_write? })
    };
    Ok(rows
        .into_iter()
        .filter_map(|r| {
            Some(ModelPrice {
                provider_id: ProviderId(r.provider_id),
                model: r.model,
                price: price(r.input, r.output, r.cache_read, r.cache_write)?,
                version: r.version,
                created_at: Timestamp(r.created_at),
            })
        })
        .collect())
}

/// Lets nobody else change them until the transaction ends, nor read them for that.
pub(super) async fn lock(tx: &mut TenantTx) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('prices ' || $1::text, 0))", workspace.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Adds a version. The transaction has locked them.
pub(super) async fn add(
    tx: &mut TenantTx,
    provider: ProviderId,
    model: &str,
    price: Option<Price>,
    by: Option<UserId>,
) -> Result<i32> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_scalar!(
        "INSERT INTO model_prices (workspace_id, version, provider_id, model, input, output, cache_read, cache_write, created_by)
         SELECT $1, COALESCE(max(version), 0) + 1, $2, $3, $4, $5, $6, $7, $8 FROM model_prices WHERE workspace_id = $1
         RETURNING version",
        workspace,
        provider.0,
        model,
        price.map(|p| p.input),
        price.map(|p| p.output),
        price.map(|p| p.cache_read),
        price.map(|p| p.cache_write),
        by.map(|user| user.0),
    )
    .fetch_one(tx.conn())
    .await?)
}
