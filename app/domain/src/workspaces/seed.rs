//! What a new workspace starts with: the Sandbox provider, an agent, two collections, and sample data where wanted.

use crate::{Result, agents, db::TenantTx, ids::UserId, providers, records, services::Services};

/// Fills the transaction's new workspace.
pub(super) async fn fill(tx: &mut TenantTx, s: &Services, owner: UserId) -> Result<()> {
    providers::service::seed_sandbox(tx).await?;
    agents::service::seed(tx).await?;
    records::seed::fill(tx, owner, s.settings.sample_data).await
}
