//! SQL of signing keys, as `hyvve_system`.

use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use sqlx::types::Json;

use crate::{Result, Timestamp, db::SystemTx};

/// A key as it is kept.
pub(super) struct Row {
    pub(super) kid: String,
    pub(super) public_jwk: Json<Jwk>,
    /// Sealed.
    pub(super) private_key: Vec<u8>,
    pub(super) not_before: Timestamp,
    pub(super) retire_at: Option<Timestamp>,
}

/// Whoever adds a key waits here until nobody else does.
pub(super) async fn lock(tx: &mut SystemTx) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('signing keys', 0))").execute(tx.conn()).await?;
    Ok(())
}

/// All keys, the first to sign first.
pub(super) async fn all(tx: &mut SystemTx) -> Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT kid, public_jwk AS "public_jwk: Json<Jwk>", private_key, not_before AS "not_before: Timestamp",
                  retire_at AS "retire_at: Timestamp"
           FROM signing_keys ORDER BY not_before"#,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows)
}

/// Adds a key that signs after `lead`, and after every other key has begun to. Answers when.
pub(super) async fn insert(
    tx: &mut SystemTx,
    kid: &str,
    public: &Jwk,
    private: &[u8],
    lead: Duration,
) -> Result<Timestamp> {
    let not_before = sqlx::query_scalar!(
        r#"INSERT INTO signing_keys (kid, public_jwk, private_key, not_before)
           VALUES ($1, $2, $3,
                   GREATEST(now() + make_interval(secs => $4), (SELECT max(not_before) + interval '1 microsecond' FROM signing_keys)))
           RETURNING not_before AS "not_before: Timestamp""#,
        kid,
        Json(public) as _,
        private,
        lead.as_secs_f64(),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(not_before)
}

/// Says from when the tokens of all other keys are not accepted, where nothing said so yet.
pub(super) async fn retire_others(tx: &mut SystemTx, kid: &str, at: Timestamp) -> Result<()> {
    sqlx::query!("UPDATE signing_keys SET retire_at = $2 WHERE kid <> $1 AND retire_at IS NULL", kid, at.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Removes keys whose time is over; answers which.
pub(super) async fn delete_retired(tx: &mut SystemTx) -> Result<Vec<String>> {
    let gone = sqlx::query_scalar!("DELETE FROM signing_keys WHERE retire_at <= now() RETURNING kid");
    Ok(gone.fetch_all(tx.conn()).await?)
}

/// Removes all of them; answers which.
pub(super) async fn delete_all(tx: &mut SystemTx) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!("DELETE FROM signing_keys RETURNING kid").fetch_all(tx.conn()).await?)
}

/// Some private halves after one, in order, that begin otherwise; they are locked until the transaction ends.
pub(super) async fn stale(tx: &mut SystemTx, prefix: &[u8], after: Option<&str>) -> Result<Vec<(String, Vec<u8>)>> {
    let rows = sqlx::query!(
        "SELECT kid, private_key FROM signing_keys
         WHERE substring(private_key FROM 1 FOR 5) <> $1 AND ($2::text IS NULL OR kid > $2) ORDER BY kid LIMIT 100 FOR UPDATE",
        prefix,
        after,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (r.kid, r.private_key)).collect())
}

/// Keeps a private half as it is sealed anew.
pub(super) async fn reseal(tx: &mut SystemTx, kid: &str, sealed: &[u8]) -> Result<()> {
    sqlx::query!("UPDATE signing_keys SET private_key = $2 WHERE kid = $1", kid, sealed).execute(tx.conn()).await?;
    Ok(())
}
