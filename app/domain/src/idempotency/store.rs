//! SQL of idempotency keys.

use crate::{
    Error, Result,
    db::{SystemTx, TenantTx},
    ids::UserId,
};

fn user(tx: &TenantTx) -> Result<UserId> {
    tx.actor().user_id().ok_or_else(|| Error::internal("HYVVE itself sends no keys"))
}

/// Takes a key that nobody has, or whose time is over; false when it is taken. Waits for a transaction that has just taken it.
pub(super) async fn claim(tx: &mut TenantTx, key: &str, request: &[u8; 32]) -> Result<bool> {
    let (workspace, user) = (tx.workspace().0, user(tx)?.0);
    let done = sqlx::query!(
        "INSERT INTO idempotency_keys (workspace_id, user_id, key, request, reply) VALUES ($1, $2, $3, $4, '')
         ON CONFLICT (workspace_id, user_id, key) DO UPDATE SET request = EXCLUDED.request, reply = '', created_at = now()
         WHERE idempotency_keys.created_at < now() - interval '24 hours'",
        workspace,
        user,
        key,
        request.as_slice(),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a taken key was sent with, and the reply.
pub(super) async fn find(tx: &mut TenantTx, key: &str) -> Result<(Vec<u8>, String)> {
    let (workspace, user) = (tx.workspace().0, user(tx)?.0);
    let row = sqlx::query!(
        "SELECT request, reply FROM idempotency_keys WHERE workspace_id = $1 AND user_id = $2 AND key = $3",
        workspace,
        user,
        key,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.request, row.reply))
}

/// Keeps the reply.
pub(super) async fn keep(tx: &mut TenantTx, key: &str, reply: &str) -> Result<()> {
    let (workspace, user) = (tx.workspace().0, user(tx)?.0);
    sqlx::query!(
        "UPDATE idempotency_keys SET reply = $4 WHERE workspace_id = $1 AND user_id = $2 AND key = $3",
        workspace,
        user,
        key,
        reply,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes what is older than 24 hours.
pub(super) async fn purge(tx: &mut SystemTx) -> Result<u64> {
    let done = sqlx::query!("DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'")
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}
