//! SQL of idempotency keys.

use sqlx::PgConnection;

use super::{Claim, Digest};
use crate::{Error, Result, db::SystemTx, ids::UserId};

/// A key that was taken before.
pub(super) struct Found {
    pub(super) request: Digest,
    /// Sealed.
    pub(super) reply: Option<Vec<u8>>,
    /// Something was committed, and nobody is there any more to keep the reply.
    pub(super) is_abandoned: bool,
}

/// Takes a key that nobody has, whose time is over, or that was abandoned before anything was committed; false when it is taken.
pub(super) async fn claim(tx: &mut SystemTx, user: UserId, claim: &Claim, request: &Digest) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO idempotency_keys (name, user_id, request, claim) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE
         SET request = EXCLUDED.request, claim = EXCLUDED.claim, committed = false, reply = NULL, created_at = now(), claimed_at = now()
         WHERE idempotency_keys.created_at < now() - interval '24 hours'
           OR (idempotency_keys.request = EXCLUDED.request AND NOT idempotency_keys.committed
               AND idempotency_keys.reply IS NULL AND idempotency_keys.claimed_at < now() - interval '60 seconds')",
        claim.name(),
        user.0,
        request,
        claim.token(),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a key was sent with, and the reply.
pub(super) async fn find(tx: &mut SystemTx, name: &Digest) -> Result<Option<Found>> {
    let row = sqlx::query!(
        r#"SELECT request, reply, committed AND claimed_at < now() - interval '60 seconds' AS "is_abandoned!"
           FROM idempotency_keys WHERE name = $1"#,
        name,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let request = row.request.try_into().map_err(|_| Error::internal("a digest of another length"))?;
    Ok(Some(Found { request, reply: row.reply, is_abandoned: row.is_abandoned }))
}

/// Notes that something of the request is committed; false when the claim is somebody else's.
pub(super) async fn mark(conn: &mut PgConnection, claim: &Claim) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE idempotency_keys SET committed = true WHERE name = $1 AND claim = $2",
        claim.name(),
        claim.token(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the reply.
pub(super) async fn keep(tx: &mut SystemTx, claim: &Claim, sealed: &[u8]) -> Result<()> {
    sqlx::query!(
        "UPDATE idempotency_keys SET reply = $3 WHERE name = $1 AND claim = $2",
        claim.name(),
        claim.token(),
        sealed,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a key that nothing was committed under; answers whether it is gone.
pub(super) async fn give_back(tx: &mut SystemTx, claim: &Claim) -> Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM idempotency_keys WHERE name = $1 AND claim = $2 AND NOT committed",
        claim.name(),
        claim.token(),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes what is older than 24 hours.
pub(super) async fn purge(tx: &mut SystemTx) -> Result<u64> {
    let done = sqlx::query!("DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'")
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}

/// A hundred replies that another master key sealed than the one whose values begin with `prefix`.
pub(super) async fn stale(tx: &mut SystemTx, prefix: &[u8], after: Option<&Digest>) -> Result<Vec<(Digest, Vec<u8>)>> {
    let rows = sqlx::query!(
        r#"SELECT name, reply AS "reply!" FROM idempotency_keys
           WHERE reply IS NOT NULL AND substring(reply FROM 1 FOR 5) <> $1 AND ($2::bytea IS NULL OR name > $2)
           ORDER BY name LIMIT 100 FOR UPDATE"#,
        prefix,
        after.map(<[u8; 32]>::as_slice),
    )
    .fetch_all(tx.conn())
    .await?;
    let digest = |name: Vec<u8>| name.try_into().map_err(|_| Error::internal("a digest of another length"));
    rows.into_iter().map(|row| Ok((digest(row.name)?, row.reply))).collect()
}

/// Keeps a reply as it is sealed anew.
pub(super) async fn reseal(tx: &mut SystemTx, name: &Digest, sealed: &[u8]) -> Result<()> {
    sqlx::query!("UPDATE idempotency_keys SET reply = $2 WHERE name = $1", name, sealed).execute(tx.conn()).await?;
    Ok(())
}
