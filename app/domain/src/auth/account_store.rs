//! SQL of changes of an account and of its sessions, as `hyvve_system`.

use super::{Session, sessions::TokenHash};
use crate::{
    Result, Timestamp,
    db::{SystemTx, violated},
    ids::{SessionId, UserId, WorkspaceId},
};

/// Changes name and picture, as far as they are given; an empty picture is none.
pub(super) async fn set_profile(
    tx: &mut SystemTx,
    user: UserId,
    name: Option<&str>,
    image: Option<&str>,
) -> Result<Timestamp> {
    let at = sqlx::query_scalar!(
        "UPDATE users SET name = COALESCE($2, name), image = NULLIF(COALESCE($3, image), ''), updated_at = now()
         WHERE id = $1 RETURNING updated_at",
        user.0,
        name,
        image,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Timestamp(at))
}

/// Whether the person gets letters about what waits for a decision.
pub(super) async fn reminded(tx: &mut SystemTx, user: UserId) -> Result<bool> {
    Ok(sqlx::query_scalar!("SELECT reminded FROM users WHERE id = $1", user.0).fetch_one(tx.conn()).await?)
}

/// Says whether.
pub(super) async fn set_reminded(tx: &mut SystemTx, user: UserId, reminded: bool) -> Result<()> {
    sqlx::query!("UPDATE users SET reminded = $2 WHERE id = $1", user.0, reminded).execute(tx.conn()).await?;
    Ok(())
}

/// Gives the account a password, also where it had none.
pub(super) async fn set_password(tx: &mut SystemTx, user: UserId, phc: &str) -> Result<()> {
    sqlx::query!(
        "INSERT INTO accounts (user_id, provider, subject, password_hash) VALUES ($1, 'credential', $2, $3)
         ON CONFLICT (provider, subject) DO UPDATE SET password_hash = excluded.password_hash, updated_at = now()",
        user.0,
        user.to_string(),
        phc,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The account has no password any more. Answers whether it had one.
pub(super) async fn forget_password(tx: &mut SystemTx, user: UserId) -> Result<bool> {
    let done = sqlx::query!("DELETE FROM accounts WHERE user_id = $1 AND provider = 'credential'", user.0)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The PHC string of the account's password.
pub(super) async fn password(tx: &mut SystemTx, user: UserId) -> Result<Option<String>> {
    let row = sqlx::query_scalar!(
        "SELECT password_hash FROM accounts WHERE user_id = $1 AND provider = 'credential'",
        user.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.flatten())
}

/// The account's address is proved.
pub(super) async fn set_verified(tx: &mut SystemTx, user: UserId) -> Result<()> {
    sqlx::query!(
        "UPDATE users SET email_verified = true, updated_at = now() WHERE id = $1 AND NOT email_verified",
        user.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the account another, proved address. Answers false when it is taken.
pub(super) async fn set_email(tx: &mut SystemTx, user: UserId, email: &str) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE users SET email = $2, email_verified = true, updated_at = now() WHERE id = $1",
        user.0,
        email,
    )
    .execute(tx.conn())
    .await;
    match done {
        Ok(_) => Ok(true),
        Err(e) if violated(&e) == Some("users_email_key") => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// The account's address, if it is proved.
pub(super) async fn proved_address(tx: &mut SystemTx, user: UserId) -> Result<Option<String>> {
    let row = sqlx::query_scalar!("SELECT email FROM users WHERE id = $1 AND email_verified", user.0);
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// What is left of a deleted account: a row that records and logs can point to, and that says nothing about anybody.
pub(super) async fn anonymise(tx: &mut SystemTx, user: UserId, name: &str, email: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE users SET name = $2, email = $3, email_verified = false, image = NULL, updated_at = now() WHERE id = $1",
        user.0,
        name,
        email,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("DELETE FROM accounts WHERE user_id = $1", user.0).execute(tx.conn()).await?;
    sqlx::query!("DELETE FROM one_time_tokens WHERE user_id = $1", user.0).execute(tx.conn()).await?;
    sqlx::query!("DELETE FROM known_devices WHERE user_id = $1", user.0).execute(tx.conn()).await?;
    Ok(())
}

/// A person's live sessions, the one used last first.
pub(super) async fn sessions(tx: &mut SystemTx, user: UserId) -> Result<Vec<Session>> {
    let rows = sqlx::query!(
        "SELECT id, active_organization_id, ip, user_agent, created_at, last_used_at, expires_at, second_factor_at
         FROM sessions WHERE user_id = $1 AND expires_at > now() ORDER BY last_used_at DESC, id DESC",
        user.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Session {
            id: SessionId(r.id),
            user_id: user,
            active_organization_id: r.active_organization_id.map(WorkspaceId),
            expires_at: Timestamp(r.expires_at),
            created_at: Timestamp(r.created_at),
            updated_at: Timestamp(r.last_used_at),
            ip_address: r.ip,
            user_agent: r.user_agent,
            second_factor_at: r.second_factor_at.map(Timestamp),
        })
        .collect())
}

/// The secrets' hashes of a person's sessions: what the cache knows them by.
pub(super) async fn session_hashes(tx: &mut SystemTx, user: UserId) -> Result<Vec<TokenHash>> {
    let rows =
        sqlx::query_scalar!("SELECT token_hash FROM sessions WHERE user_id = $1", user.0).fetch_all(tx.conn()).await?;
    Ok(hashes(rows))
}

/// Ends one of a person's sessions. Answers nothing when there is no such one, or it is somebody else's.
pub(super) async fn end_session(tx: &mut SystemTx, user: UserId, id: SessionId) -> Result<Option<TokenHash>> {
    let row =
        sqlx::query_scalar!("DELETE FROM sessions WHERE id = $2 AND user_id = $1 RETURNING token_hash", user.0, id.0,)
            .fetch_optional(tx.conn())
            .await?;
    Ok(hashes(row.into_iter().collect()).pop())
}

/// Ends a person's sessions but one.
pub(super) async fn end_sessions(tx: &mut SystemTx, user: UserId, but: Option<SessionId>) -> Result<Vec<TokenHash>> {
    let rows = sqlx::query_scalar!(
        "DELETE FROM sessions WHERE user_id = $1 AND ($2::uuid IS NULL OR id <> $2) RETURNING token_hash",
        user.0,
        but.map(|id| id.0),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(hashes(rows))
}

fn hashes(rows: Vec<Vec<u8>>) -> Vec<TokenHash> {
    rows.into_iter().filter_map(|bytes| bytes.try_into().ok().map(TokenHash)).collect()
}

/// A session was used just now.
pub(super) async fn touch(tx: &mut SystemTx, id: SessionId) -> Result<()> {
    sqlx::query!("UPDATE sessions SET last_used_at = now() WHERE id = $1", id.0).execute(tx.conn()).await?;
    Ok(())
}

/// Remembers a device. Answers whether it is a new one of somebody who has others.
pub(super) async fn remember_device(tx: &mut SystemTx, user: UserId, fingerprint: [u8; 32]) -> Result<bool> {
    let others =
        sqlx::query_scalar!(r#"SELECT EXISTS (SELECT 1 FROM known_devices WHERE user_id = $1) AS "others!""#, user.0,)
            .fetch_one(tx.conn())
            .await?;
    // xmax is 0 in a row that this statement has made, and not in one that it found.
    let is_new = sqlx::query_scalar!(
        r#"INSERT INTO known_devices (user_id, fingerprint) VALUES ($1, $2)
           ON CONFLICT (user_id, fingerprint) DO UPDATE SET last_used_at = now() RETURNING (xmax = 0) AS "new!""#,
        user.0,
        fingerprint.as_slice(),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(others && is_new)
}
