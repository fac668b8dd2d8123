//! SQL of passkeys.

use serde_json::Value;

use super::passkeys::{Known, Passkey};
use crate::{
    Error, Result, Timestamp,
    db::{SystemTx, violated},
    ids::{PasskeyId, UserId},
};

/// Adds one. Answers false when some account has it already.
pub(super) async fn insert(
    tx: &mut SystemTx,
    passkey: &Passkey,
    credential_id: &[u8],
    credential: &Value,
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO passkeys (id, user_id, name, credential_id, credential, sign_count, backed_up)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        passkey.id.0,
        passkey.user_id.0,
        passkey.name,
        credential_id,
        credential,
        passkey.counter,
        passkey.backed_up,
    )
    .execute(tx.conn())
    .await;
    match done {
        Ok(_) => Ok(true),
        Err(e) if violated(&e) == Some("passkeys_credential_key") => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// A person's passkeys, the oldest first.
pub(super) async fn all(tx: &mut SystemTx, user: UserId) -> Result<Vec<Passkey>> {
    let rows = sqlx::query!(
        "SELECT id, name, credential_id, sign_count, backed_up, created_at, last_used_at FROM passkeys
         WHERE user_id = $1 ORDER BY created_at, id",
        user.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Passkey {
            id: PasskeyId(r.id),
            user_id: user,
            name: r.name,
            credential_id: r.credential_id,
            counter: r.sign_count,
            backed_up: r.backed_up,
            created_at: Timestamp(r.created_at),
            last_used_at: r.last_used_at.map(Timestamp),
        })
        .collect())
}

/// What a person's passkeys are checked with.
pub(super) async fn credentials(tx: &mut SystemTx, user: UserId) -> Result<Vec<webauthn_rs::prelude::Passkey>> {
    let rows =
        sqlx::query_scalar!("SELECT credential FROM passkeys WHERE user_id = $1 ORDER BY created_at, id", user.0)
            .fetch_all(tx.conn())
            .await?;
    rows.into_iter().map(|row| serde_json::from_value(row).map_err(Error::internal)).collect()
}

/// The passkey that an authenticator knows by this id.
pub(super) async fn by_credential(tx: &mut SystemTx, credential_id: &[u8]) -> Result<Option<Known>> {
    let row = sqlx::query!("SELECT id, user_id, credential FROM passkeys WHERE credential_id = $1", credential_id)
        .fetch_optional(tx.conn())
        .await?;
    row.map(|r| {
        Ok(Known {
            id: PasskeyId(r.id),
            user: UserId(r.user_id),
            credential: serde_json::from_value(r.credential).map_err(Error::internal)?,
        })
    })
    .transpose()
}

/// It has signed. Answers false when it is gone, or has counted as far before: then there are two of it.
pub(super) async fn used(
    tx: &mut SystemTx,
    id: PasskeyId,
    credential: &Value,
    counter: i64,
    backed_up: bool,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE passkeys SET credential = $2, sign_count = $3, backed_up = $4, last_used_at = now()
         WHERE id = $1 AND (sign_count < $3 OR (sign_count = 0 AND $3 = 0))",
        id.0,
        credential,
        counter,
        backed_up,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Calls one of a person's passkeys something else. Answers false when there is no such one.
pub(super) async fn rename(tx: &mut SystemTx, user: UserId, id: PasskeyId, name: &str) -> Result<bool> {
    let done = sqlx::query!("UPDATE passkeys SET name = $3 WHERE id = $2 AND user_id = $1", user.0, id.0, name)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes one of a person's passkeys; answers its name.
pub(super) async fn remove(tx: &mut SystemTx, user: UserId, id: PasskeyId) -> Result<Option<String>> {
    let name = sqlx::query_scalar!("DELETE FROM passkeys WHERE id = $2 AND user_id = $1 RETURNING name", user.0, id.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(name)
}
