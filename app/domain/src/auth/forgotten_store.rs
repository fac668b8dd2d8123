//! SQL of what is forgotten.

use crate::{Result, db::SystemTx, ids::UserId};

/// Removes some sessions that are over.
pub(super) async fn sessions(tx: &mut SystemTx, some: i64) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM sessions WHERE id IN
           (SELECT id FROM sessions WHERE expires_at < now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)",
        some,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Removes some links that expired, or were used and have expired since: until then they count as asked for.
pub(super) async fn links(tx: &mut SystemTx, some: i64) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM one_time_tokens WHERE id IN
           (SELECT id FROM one_time_tokens WHERE expires_at < now() - interval '1 day' ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)",
        some,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Removes some devices that nobody has used for a year. The one that a person used last stays: without any, the next one would
/// count as the first, and nobody would be told of it.
pub(super) async fn devices(tx: &mut SystemTx, some: i64) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM known_devices WHERE (user_id, fingerprint) IN
           (SELECT d.user_id, d.fingerprint FROM known_devices d
            WHERE d.last_used_at < now() - interval '365 days'
              AND EXISTS (SELECT 1 FROM known_devices later WHERE later.user_id = d.user_id
                            AND (later.last_used_at, later.fingerprint) > (d.last_used_at, d.fingerprint))
            ORDER BY d.last_used_at LIMIT $1 FOR UPDATE OF d SKIP LOCKED)",
        some,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Accounts that ended within a day: no request of theirs takes as long.
pub(super) async fn ended(tx: &mut SystemTx) -> Result<Vec<UserId>> {
    let rows = sqlx::query_scalar!(
        "SELECT id FROM users WHERE email NOT LIKE '%@%' AND updated_at > now() - interval '1 day'",
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(UserId).collect())
}
