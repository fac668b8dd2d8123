//! SQL of the models that providers list.

use super::{Listed, Prices};
use crate::{Result, Timestamp, db::TenantTx, ids::ProviderId};

/// A provider's models in its order, and when they were read; nothing where they were not.
pub(super) async fn list(tx: &mut TenantTx, provider: ProviderId) -> Result<(Vec<Listed>, Option<Timestamp>)> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        "SELECT model, name, context_length, input_price, output_price, cache_read_price, cache_write_price FROM provider_models
         WHERE workspace_id = $1 AND provider_id = $2 ORDER BY position",
        workspace,
        provider.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let read_at = sqlx::query_scalar!(
        "SELECT models_read_at FROM ai_providers WHERE workspace_id = $1 AND id = $2",
        workspace,
        provider.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let models = rows
        .into_iter()
        .map(|r| Listed {
            id: r.model,
            name: r.name,
            context_length: r.context_length.map(|tokens| tokens as u64),
            prices: r.input_price.zip(r.output_price).map(|(input, output)| Prices {
                input: input as u64,
                output: output as u64,
                cache_read: r.cache_read_price.map(|price| price as u64),
                cache_write: r.cache_write_price.map(|price| price as u64),
            }),
        })
        .collect();
    Ok((models, read_at.flatten().map(Timestamp)))
}

/// Keeps what a provider lists now in the place of what it listed before. The transaction holds the provider's row already, so
/// nobody else keeps a list of it meanwhile.
pub(super) async fn keep(tx: &mut TenantTx, provider: ProviderId, models: &[Listed]) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE ai_providers SET models_read_at = now() WHERE workspace_id = $1 AND id = $2",
        workspace,
        provider.0,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("DELETE FROM provider_models WHERE workspace_id = $1 AND provider_id = $2", workspace, provider.0)
        .execute(tx.conn())
        .await?;
    let ids: Vec<String> = models.iter().map(|model| model.id.clone()).collect();
    let names: Vec<Option<String>> = models.iter().map(|model| model.name.clone()).collect();
    let contexts: Vec<Option<i64>> = models.iter().map(|m| m.context_length.and_then(|n| n.try_into().ok())).collect();
    let price = |of: fn(Prices) -> Option<u64>| -> Vec<Option<i64>> {
        let price = |model: &Listed| model.prices.and_then(of).map(|price| i64::try_from(price).unwrap_or(i64::MAX));
        models.iter().map(price).collect()
    };
    sqlx::query!(
        "INSERT INTO provider_models (workspace_id, provider_id, model, position, name, context_length, input_price, output_price,
                                      cache_read_price, cache_write_price)
         SELECT $1, $2, m.model, m.position - 1, m.name, m.context_length, m.input_price, m.output_price, m.cache_read_price,
                m.cache_write_price
         FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
           WITH ORDINALITY AS m (model, name, context_length, input_price, output_price, cache_read_price, cache_write_price, position)",
        workspace,
        provider.0,
        &ids,
        &names as &[Option<String>],
        &contexts as &[Option<i64>],
        &price(|prices| Some(prices.input)) as &[Option<i64>],
        &price(|prices| Some(prices.output)) as &[Option<i64>],
        &price(|prices| prices.cache_read) as &[Option<i64>],
        &price(|prices| prices.cache_write) as &[Option<i64>],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a provider lists for a model.
pub(super) struct PricedModel {
    pub(super) provider: ProviderId,
    pub(super) model: String,
    pub(super) input: i64,
    pub(super) output: i64,
    pub(super) cache_read: Option<i64>,
    pub(super) cache_write: Option<i64>,
    pub(super) read_at: Timestamp,
}

/// All prices that some providers list.
pub(super) async fn prices(tx: &mut TenantTx, providers: &[ProviderId]) -> Result<Vec<PricedModel>> {
    let workspace = tx.workspace().0;
    let providers: Vec<uuid::Uuid> = providers.iter().map(|provider| provider.0).collect();
    Ok(sqlx::query_as!(
        PricedModel,
        r#"SELECT m.provider_id AS "provider: ProviderId", m.model, m.input_price AS "input!", m.output_price AS "output!",
                  m.cache_read_price AS cache_read, m.cache_write_price AS cache_write, p.models_read_at AS "read_at!: Timestamp"
           FROM provider_models m JOIN ai_providers p ON p.workspace_id = m.workspace_id AND p.id = m.provider_id
           WHERE m.workspace_id = $1 AND m.provider_id = ANY ($2) AND m.input_price IS NOT NULL AND p.models_read_at IS NOT NULL"#,
        workspace,
        &providers,
    )
    .fetch_all(tx.conn())
    .await?)
}
