//! SQL of authenticator apps, recovery codes and pending sign-ins.

use uuid::Uuid;

use super::Method;
use crate::{
    Result, Timestamp,
    auth::sessions::TokenHash,
    db::SystemTx,
    ids::{SessionId, UserId},
};

/// Until `tx` ends, the person's factors are nobody else's to use or change.
pub(super) async fn lock(tx: &mut SystemTx, user: UserId) -> Result<()> {
    sqlx::query!("SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE", user.0).fetch_one(tx.conn()).await?;
    Ok(())
}

/// Until `tx` ends, the person's factors stay as they are.
pub(super) async fn hold(tx: &mut SystemTx, user: UserId) -> Result<()> {
    sqlx::query!("SELECT id FROM users WHERE id = $1 FOR SHARE", user.0).fetch_one(tx.conn()).await?;
    Ok(())
}

/// What the person's second factor can be.
pub(super) async fn methods(tx: &mut SystemTx, user: UserId) -> Result<Vec<Method>> {
    let row = sqlx::query!(
        r#"SELECT EXISTS (SELECT 1 FROM authenticators WHERE user_id = $1 AND enabled_at IS NOT NULL) AS "totp!",
                  EXISTS (SELECT 1 FROM passkeys WHERE user_id = $1) AS "passkey!""#,
        user.0,
    )
    .fetch_one(tx.conn())
    .await?;
    let found = [(row.totp, Method::Totp), (row.passkey, Method::Passkey)];
    Ok(found.into_iter().filter_map(|(there, method)| there.then_some(method)).collect())
}

/// Those of these people who have none.
pub(super) async fn without(tx: &mut SystemTx, people: &[UserId]) -> Result<Vec<UserId>> {
    let people: Vec<Uuid> = people.iter().map(|id| id.0).collect();
    let ids = sqlx::query_scalar!(
        "SELECT u.id FROM users u WHERE u.id = ANY($1)
           AND NOT EXISTS (SELECT 1 FROM authenticators a WHERE a.user_id = u.id AND a.enabled_at IS NOT NULL)
           AND NOT EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = u.id)",
        &people,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(UserId).collect())
}

/// Since when the person has an authenticator app that works.
pub(super) async fn enabled_since(tx: &mut SystemTx, user: UserId) -> Result<Option<Timestamp>> {
    let at = sqlx::query_scalar!("SELECT enabled_at FROM authenticators WHERE user_id = $1", user.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(at.flatten().map(Timestamp))
}

/// Keeps the secret of an app that is to show a right code. Answers false when there is one that works.
pub(super) async fn begin_authenticator(
    tx: &mut SystemTx,
    user: UserId,
    session: SessionId,
    sealed: &[u8],
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO authenticators (user_id, sealed, begun_by) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, begun_by = excluded.begun_by, begun_at = now(), last_step = 0
         WHERE authenticators.enabled_at IS NULL",
        user.0,
        sealed,
        session.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The sealed secret that this session is setting up, if it has begun within a quarter of an hour.
pub(super) async fn begun_authenticator(
    tx: &mut SystemTx,
    user: UserId,
    session: SessionId,
) -> Result<Option<Vec<u8>>> {
    let row = sqlx::query_scalar!(
        "SELECT sealed FROM authenticators WHERE user_id = $1 AND begun_by = $2 AND enabled_at IS NULL
           AND begun_at > now() - interval '15 minutes'",
        user.0,
        session.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// The sealed secret of the app that works.
pub(super) async fn authenticator(tx: &mut SystemTx, user: UserId) -> Result<Option<Vec<u8>>> {
    let row =
        sqlx::query_scalar!("SELECT sealed FROM authenticators WHERE user_id = $1 AND enabled_at IS NOT NULL", user.0)
            .fetch_optional(tx.conn())
            .await?;
    Ok(row)
}

/// The app has shown a right code, that of `step`.
pub(super) async fn enable_authenticator(tx: &mut SystemTx, user: UserId, step: i64) -> Result<()> {
    sqlx::query!(
        "UPDATE authenticators SET enabled_at = now(), last_step = $2, begun_by = NULL WHERE user_id = $1",
        user.0,
        step,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the code of a step. Answers false when it, or a newer one, was taken before.
pub(super) async fn take_step(tx: &mut SystemTx, user: UserId, step: i64) -> Result<bool> {
    let done =
        sqlx::query!("UPDATE authenticators SET last_step = $2 WHERE user_id = $1 AND last_step < $2", user.0, step)
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes the app. Answers false when there was none that works.
pub(super) async fn remove_authenticator(tx: &mut SystemTx, user: UserId) -> Result<bool> {
    let done = sqlx::query!("DELETE FROM authenticators WHERE user_id = $1 AND enabled_at IS NOT NULL", user.0)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces the recovery codes by others.
pub(super) async fn set_codes(tx: &mut SystemTx, user: UserId, hashes: &[[u8; 32]]) -> Result<()> {
    let hashes: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.to_vec()).collect();
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", user.0).execute(tx.conn()).await?;
    sqlx::query!("INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])", user.0, &hashes,)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Uses a recovery code up. Answers false when there is no such one, or it was used.
pub(super) async fn take_code(tx: &mut SystemTx, user: UserId, hash: [u8; 32]) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE recovery_codes SET used_at = now() WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL",
        user.0,
        hash.as_slice(),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many of them were not used yet.
pub(super) async fn codes_left(tx: &mut SystemTx, user: UserId) -> Result<i64> {
    let left = sqlx::query_scalar!(
        r#"SELECT count(*) AS "left!" FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL"#,
        user.0,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(left)
}

/// Keeps a sign-in that waits for the second factor.
pub(super) async fn insert_pending(
    tx: &mut SystemTx,
    user: UserId,
    hash: TokenHash,
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO pending_sign_ins (token_hash, user_id, expires_at) VALUES ($1, $2, $3)",
        hash.0.as_slice(),
        user.0,
        expires_at.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whose sign-in it is, if it still waits.
pub(super) async fn pending(tx: &mut SystemTx, hash: TokenHash, tries: i16) -> Result<Option<UserId>> {
    let user = sqlx::query_scalar!(
        "SELECT user_id FROM pending_sign_ins WHERE token_hash = $1 AND expires_at > now() AND tries < $2",
        hash.0.as_slice(),
        tries,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(user.map(UserId))
}

/// Counts a try. Answers which it was, or nothing when the sign-in waits no more.
pub(super) async fn count_try(tx: &mut SystemTx, hash: TokenHash, tries: i16) -> Result<Option<i16>> {
    let row = sqlx::query_scalar!(
        "UPDATE pending_sign_ins SET tries = tries + 1 WHERE token_hash = $1 AND expires_at > now() AND tries < $2
         RETURNING tries",
        hash.0.as_slice(),
        tries,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row)
}

/// All of a person's sign-ins that wait are over.
pub(super) async fn end_pending(tx: &mut SystemTx, user: UserId) -> Result<()> {
    sqlx::query!("DELETE FROM pending_sign_ins WHERE user_id = $1", user.0).execute(tx.conn()).await?;
    Ok(())
}

/// Counts a code that may be wrong, and answers how many there were within a quarter of an hour; nothing when there were `most`.
pub(super) async fn count_wrong(tx: &mut SystemTx, user: UserId, most: i32) -> Result<Option<i32>> {
    let counted = sqlx::query_scalar!(
        "INSERT INTO wrong_codes AS w (user_id, count) VALUES ($1, 1)
         ON CONFLICT (user_id) DO UPDATE SET
           count = CASE WHEN w.since > now() - interval '15 minutes' THEN w.count + 1 ELSE 1 END,
           since = CASE WHEN w.since > now() - interval '15 minutes' THEN w.since ELSE now() END
         WHERE w.count < $2 OR w.since <= now() - interval '15 minutes'
         RETURNING count",
        user.0,
        most,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(counted)
}

/// A right code makes up for the wrong ones.
pub(super) async fn forgive(tx: &mut SystemTx, user: UserId) -> Result<()> {
    sqlx::query!("DELETE FROM wrong_codes WHERE user_id = $1", user.0).execute(tx.conn()).await?;
    Ok(())
}

/// Erases everything of a person.
pub(super) async fn forget(tx: &mut SystemTx, user: UserId) -> Result<()> {
    sqlx::query!("DELETE FROM authenticators WHERE user_id = $1", user.0).execute(tx.conn()).await?;
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", user.0).execute(tx.conn()).await?;
    sqlx::query!("DELETE FROM passkeys WHERE user_id = $1", user.0).execute(tx.conn()).await?;
    sqlx::query!("DELETE FROM passkey_challenges WHERE user_id = $1", user.0).execute(tx.conn()).await?;
    sqlx::query!("DELETE FROM pending_sign_ins WHERE user_id = $1", user.0).execute(tx.conn()).await?;
    sqlx::query!("DELETE FROM wrong_codes WHERE user_id = $1", user.0).execute(tx.conn()).await?;
    Ok(())
}

/// Removes sign-ins whose time is over. Answers how many.
pub(super) async fn purge(tx: &mut SystemTx) -> Result<u64> {
    let done = sqlx::query!("DELETE FROM pending_sign_ins WHERE expires_at < now()").execute(tx.conn()).await?;
    Ok(done.rows_affected())
}

/// Some secrets of apps after one, in order, that begin otherwise; they are locked until the transaction ends.
pub(super) async fn stale_authenticators(
    tx: &mut SystemTx,
    prefix: &[u8],
    after: Option<UserId>,
) -> Result<Vec<(UserId, Vec<u8>)>> {
    let rows = sqlx::query!(
        "SELECT user_id, sealed FROM authenticators
         WHERE substring(sealed FROM 1 FOR 5) <> $1 AND ($2::uuid IS NULL OR user_id > $2) ORDER BY user_id LIMIT 100 FOR UPDATE",
        prefix,
        after.map(|user| user.0),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (UserId(r.user_id), r.sealed)).collect())
}

/// Keeps an app's secret as it is sealed anew.
pub(super) async fn reseal_authenticator(tx: &mut SystemTx, user: UserId, sealed: &[u8]) -> Result<()> {
    sqlx::query!("UPDATE authenticators SET sealed = $2 WHERE user_id = $1", user.0, sealed).execute(tx.conn()).await?;
    Ok(())
}
