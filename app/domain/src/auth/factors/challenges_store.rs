//! SQL of the challenges that passkeys are to sign.

use serde_json::Value;

use crate::{Result, Timestamp, auth::sessions::TokenHash, db::SystemTx, ids::UserId};

/// Keeps one, in the place of those whose time is over: anybody can ask for one.
pub(super) async fn insert(
    tx: &mut SystemTx,
    hash: TokenHash,
    user: Option<UserId>,
    state: &Value,
    expires_at: Timestamp,
) -> Result<()> {
    purge(tx).await?;
    sqlx::query!(
        "INSERT INTO passkey_challenges (token_hash, user_id, state, expires_at) VALUES ($1, $2, $3, $4)",
        hash.0.as_slice(),
        user.map(|user| user.0),
        state,
        expires_at.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes one away: whoever comes second finds none. Answers whose passkey has to sign, and what.
pub(super) async fn take(tx: &mut SystemTx, hash: TokenHash) -> Result<Option<(Option<UserId>, Value)>> {
    let row = sqlx::query!(
        "DELETE FROM passkey_challenges WHERE token_hash = $1 AND expires_at > now() RETURNING user_id, state",
        hash.0.as_slice(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.user_id.map(UserId), row.state)))
}

/// Removes those whose time is over. Answers how many.
pub(super) async fn purge(tx: &mut SystemTx) -> Result<u64> {
    let done = sqlx::query!("DELETE FROM passkey_challenges WHERE expires_at < now()").execute(tx.conn()).await?;
    Ok(done.rows_affected())
}
