//! SQL of sign-ins on their way, and of accounts with providers, as `hyvve_system`.

use uuid::Uuid;

use super::{
    Registration,
    flow::{Flow, Then},
    linked::Account,
    provider::Identity,
};
use crate::{
    Result, Timestamp,
    auth::{User, sessions::TokenHash},
    db::SystemTx,
    ids::{SessionId, UserId},
};

/// Keeps a sign-in that leaves. Those that were never finished go.
pub(super) async fn keep(
    tx: &mut SystemTx,
    state: TokenHash,
    browser: TokenHash,
    flow: &Flow,
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "WITH gone AS (DELETE FROM openid_flows WHERE expires_at < now())
         INSERT INTO openid_flows (state_hash, browser_hash, provider, session_id, next, welcome, on_error, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        state.0.as_slice(),
        browser.0.as_slice(),
        flow.provider,
        flow.session.map(|id| id.0),
        flow.then.next,
        flow.then.welcome,
        flow.then.on_error,
        expires_at.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes one that comes back, in the browser that it left from. Whoever comes second waits here until the first has committed,
/// and then finds nothing.
pub(super) async fn take(tx: &mut SystemTx, state: TokenHash, browser: TokenHash) -> Result<Option<Flow>> {
    let row = sqlx::query!(
        "DELETE FROM openid_flows WHERE state_hash = $1 AND browser_hash = $2 AND expires_at > now()
         RETURNING provider, session_id, next, welcome, on_error",
        state.0.as_slice(),
        browser.0.as_slice(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| Flow {
        provider: r.provider,
        session: r.session_id.map(SessionId),
        then: Then { next: r.next, welcome: r.welcome, on_error: r.on_error },
    }))
}

/// Whose account with the provider it is.
pub(super) async fn owner(tx: &mut SystemTx, by: &Registration, subject: &str) -> Result<Option<UserId>> {
    let id = sqlx::query_scalar!(
        "SELECT user_id FROM accounts WHERE provider = $1 AND issuer = $2 AND subject = $3",
        by.id,
        by.issuer.as_str(),
        subject,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(UserId))
}

/// Adds a person without a password. Answers nothing when the address is taken.
pub(super) async fn insert_person(
    tx: &mut SystemTx,
    email: &str,
    email_verified: bool,
    name: &str,
) -> Result<Option<User>> {
    let id = UserId::new();
    let row = sqlx::query!(
        "INSERT INTO users (id, email, email_verified, name) VALUES ($1, $2, $3, $4)
         ON CONFLICT (email) DO NOTHING RETURNING created_at",
        id.0,
        email,
        email_verified,
        name,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| {
        let at = Timestamp(r.created_at);
        let (email, name) = (email.to_owned(), name.to_owned());
        User { id, email, email_verified, name, image: None, created_at: at, updated_at: at }
    }))
}

/// Links an account with a provider to a person. Answers false when it is somebody's, or the person has one with it.
pub(super) async fn link(tx: &mut SystemTx, user: UserId, by: &Registration, identity: &Identity) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO accounts (user_id, provider, issuer, subject, email) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
        user.0,
        by.id,
        by.issuer.as_str(),
        identity.subject,
        identity.email,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Waits until no other request changes how this person signs in, and answers the address and whether it is proved.
pub(super) async fn lock(tx: &mut SystemTx, user: UserId) -> Result<Option<(String, bool)>> {
    let row = sqlx::query!("SELECT email, email_verified FROM users WHERE id = $1 FOR NO KEY UPDATE", user.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.map(|r| (r.email, r.email_verified)))
}

/// All that a person can sign in with, the oldest first.
pub(super) async fn accounts(tx: &mut SystemTx, user: UserId) -> Result<Vec<Account>> {
    let rows = sqlx::query!(
        "SELECT id, provider, subject, issuer, email, created_at, updated_at FROM accounts
         WHERE user_id = $1 ORDER BY created_at, id",
        user.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Account {
            id: r.id,
            provider_id: r.provider,
            account_id: r.subject,
            user_id: user,
            scopes: Vec::new(),
            created_at: Timestamp(r.created_at),
            updated_at: Timestamp(r.updated_at),
            issuer: r.issuer,
            email: r.email,
        })
        .collect())
}

/// Takes one of them away.
pub(super) async fn unlink(tx: &mut SystemTx, user: UserId, id: Uuid) -> Result<()> {
    sqlx::query!("DELETE FROM accounts WHERE user_id = $1 AND id = $2", user.0, id).execute(tx.conn()).await?;
    Ok(())
}

/// Takes away what was linked to an account whose address nobody had proved.
pub(super) async fn unlink_unproved(tx: &mut SystemTx, user: UserId) -> Result<()> {
    sqlx::query!(
        "DELETE FROM accounts a USING users u
         WHERE a.user_id = $1 AND u.id = a.user_id AND NOT u.email_verified AND a.provider <> 'credential'",
        user.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
