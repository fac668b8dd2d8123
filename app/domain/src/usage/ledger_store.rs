//! SQL of the ledger.

use time::OffsetDateTime;
use uuid::Uuid;

use super::ledger::Entry;
use crate::{Error, Result, db::TenantTx, ids::RunId};

/// Writes a call down, or settles it; false where somebody has given it up meanwhile.
pub(super) async fn put(tx: &mut TenantTx, entry: &Entry) -> Result<bool> {
    let entry = serde_json::to_value(entry).map_err(Error::internal)?;
    Ok(sqlx::query_scalar!(r#"SELECT ledger_put($1) AS "put!""#, entry).fetch_one(tx.conn()).await?)
}

/// A call that was given up.
pub(super) struct Lost {
    pub(super) at: OffsetDateTime,
    pub(super) agent: Uuid,
    pub(super) user: Uuid,
    pub(super) amount: i64,
}

/// Gives up the calls of a run that are under way.
pub(super) async fn give_up(tx: &mut TenantTx, run: RunId) -> Result<Vec<Lost>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_as!(
        Lost,
        r#"UPDATE usage_ledger SET outcome = 'lost' WHERE workspace_id = $1 AND run_id = $2 AND outcome = 'reserved'
           RETURNING at, agent_id AS "agent!", user_id AS "user!", cost_micros AS "amount!""#,
        workspace,
        run.0,
    )
    .fetch_all(tx.conn())
    .await?)
}
