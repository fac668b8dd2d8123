//! SQL of users, accounts and sessions, as `hyvve_system`.

use super::{Origin, Session, User, service::Shown, sessions::TokenHash};
use crate::{
    Result, Timestamp,
    db::SystemTx,
    ids::{SessionId, UserId, WorkspaceId},
};

/// Adds a person with a password. Answers `None` when the address is taken.
pub(super) async fn insert_user(
    tx: &mut SystemTx,
    id: UserId,
    email: &str,
    name: &str,
    phc: &str,
) -> Result<Option<User>> {
    let inserted = sqlx::query!(
        "INSERT INTO users (id, email, name) VALUES ($1, $2, $3) ON CONFLICT (email) DO NOTHING RETURNING created_at",
        id.0,
        email,
        name,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = inserted else { return Ok(None) };
    sqlx::query!(
        "INSERT INTO accounts (user_id, provider, subject, password_hash) VALUES ($1, 'credential', $2, $3)",
        id.0,
        id.to_string(),
        phc,
    )
    .execute(tx.conn())
    .await?;
    let at = Timestamp(row.created_at);
    Ok(Some(User {
        id,
        email: email.into(),
        email_verified: false,
        name: name.into(),
        image: None,
        created_at: at,
        updated_at: at,
    }))
}

/// The person with this address and the PHC string of the password.
pub(super) async fn credential(tx: &mut SystemTx, email: &str) -> Result<Option<(User, Option<String>)>> {
    let row = sqlx::query!(
        r#"SELECT u.id, u.email, u.email_verified, u.name, u.image, u.created_at, u.updated_at, a.password_hash AS "phc?"
           FROM users u LEFT JOIN accounts a ON a.user_id = u.id AND a.provider = 'credential' WHERE u.email = $1"#,
        email,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| {
        let user = User {
            id: UserId(r.id),
            email: r.email,
            email_verified: r.email_verified,
            name: r.name,
            image: r.image,
            created_at: Timestamp(r.created_at),
            updated_at: Timestamp(r.updated_at),
        };
        (user, r.phc)
    }))
}

/// The person with this id.
pub(super) async fn person(tx: &mut SystemTx, id: UserId) -> Result<User> {
    let r = sqlx::query!(
        "SELECT email, email_verified, name, image, created_at, updated_at FROM users WHERE id = $1",
        id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(User {
        id,
        email: r.email,
        email_verified: r.email_verified,
        name: r.name,
        image: r.image,
        created_at: Timestamp(r.created_at),
        updated_at: Timestamp(r.updated_at),
    })
}

/// Begins a session.
pub(super) async fn insert_session(
    tx: &mut SystemTx,
    user: UserId,
    hash: TokenHash,
    workspace: Option<WorkspaceId>,
    origin: &Origin,
    expires_at: Timestamp,
    shown: Shown,
) -> Result<Session> {
    let id = SessionId::new();
    let row = sqlx::query!(
        "INSERT INTO sessions (id, user_id, token_hash, active_organization_id, ip, user_agent, expires_at, second_factor_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $8 THEN now() END) RETURNING created_at, second_factor_at",
        id.0,
        user.0,
        hash.0.as_slice(),
        workspace.map(|w| w.0),
        origin.ip,
        origin.user_agent,
        expires_at.0,
        shown == Shown::Second,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Session {
        id,
        user_id: user,
        active_organization_id: workspace,
        expires_at,
        created_at: Timestamp(row.created_at),
        updated_at: Timestamp(row.created_at),
        ip_address: origin.ip.clone(),
        user_agent: origin.user_agent.clone(),
        second_factor_at: row.second_factor_at.map(Timestamp),
    })
}

/// The live session of a secret, with its person.
pub(super) async fn find_session(tx: &mut SystemTx, hash: TokenHash) -> Result<Option<super::SignedIn>> {
    let row = sqlx::query!(
        "SELECT s.id, s.user_id, s.active_organization_id, s.ip, s.user_agent, s.created_at, s.last_used_at, s.expires_at, s.second_factor_at,
                u.email, u.email_verified, u.name, u.image, u.created_at AS user_created_at, u.updated_at AS user_updated_at
         FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1 AND s.expires_at > now()",
        hash.0.as_slice(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| super::SignedIn {
        user: User {
            id: UserId(r.user_id),
            email: r.email,
            email_verified: r.email_verified,
            name: r.name,
            image: r.image,
            created_at: Timestamp(r.user_created_at),
            updated_at: Timestamp(r.user_updated_at),
        },
        session: Session {
            id: SessionId(r.id),
            user_id: UserId(r.user_id),
            active_organization_id: r.active_organization_id.map(WorkspaceId),
            expires_at: Timestamp(r.expires_at),
            created_at: Timestamp(r.created_at),
            updated_at: Timestamp(r.last_used_at),
            ip_address: r.ip,
            user_agent: r.user_agent,
            second_factor_at: r.second_factor_at.map(Timestamp),
        },
    }))
}

/// By which hash a session is known.
pub(super) async fn session_hash(tx: &mut SystemTx, id: SessionId) -> Result<Option<TokenHash>> {
    let hash =
        sqlx::query_scalar!("SELECT token_hash FROM sessions WHERE id = $1", id.0).fetch_optional(tx.conn()).await?;
    Ok(hash.and_then(|hash| Some(TokenHash(hash.try_into().ok()?))))
}

/// Whether a session has not been ended.
pub(super) async fn stands(tx: &mut SystemTx, id: SessionId) -> Result<bool> {
    let found = sqlx::query_scalar!("SELECT 1 AS there FROM sessions WHERE id = $1 AND expires_at > now()", id.0);
    Ok(found.fetch_optional(tx.conn()).await?.is_some())
}

/// A session has shown a second factor just now.
pub(super) async fn mark_second_factor(tx: &mut SystemTx, id: SessionId) -> Result<()> {
    sqlx::query!("UPDATE sessions SET second_factor_at = now() WHERE id = $1", id.0).execute(tx.conn()).await?;
    Ok(())
}

/// No session of this person counts as one that has shown a second factor: there is none any more.
pub(super) async fn unmark_second_factor(tx: &mut SystemTx, user: UserId) -> Result<()> {
    sqlx::query!("UPDATE sessions SET second_factor_at = NULL WHERE user_id = $1", user.0).execute(tx.conn()).await?;
    Ok(())
}

/// Moves a session's end.
pub(super) async fn renew_session(tx: &mut SystemTx, id: SessionId, expires_at: Timestamp) -> Result<()> {
    sqlx::query!("UPDATE sessions SET expires_at = $2, last_used_at = now() WHERE id = $1", id.0, expires_at.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Remembers the workspace used last; answers what the session is known by.
pub(super) async fn set_active(tx: &mut SystemTx, id: SessionId, workspace: WorkspaceId) -> Result<Option<TokenHash>> {
    let hash = sqlx::query_scalar!(
        "UPDATE sessions SET active_organization_id = $2 WHERE id = $1 RETURNING token_hash",
        id.0,
        workspace.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(hash.and_then(|hash| Some(TokenHash(hash.try_into().ok()?))))
}

/// Sessions that used this workspace last use none from now on; answers what they are known by.
pub(super) async fn forget_active(
    tx: &mut SystemTx,
    workspace: WorkspaceId,
    user: Option<UserId>,
) -> Result<Vec<TokenHash>> {
    let hashes = sqlx::query_scalar!(
        "UPDATE sessions SET active_organization_id = NULL WHERE active_organization_id = $1 AND ($2::uuid IS NULL OR user_id = $2)
         RETURNING token_hash",
        workspace.0,
        user.map(|u| u.0),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(hashes.into_iter().filter_map(|hash| Some(TokenHash(hash.try_into().ok()?))).collect())
}

/// Ends a session.
pub(super) async fn delete_session(tx: &mut SystemTx, hash: TokenHash) -> Result<()> {
    sqlx::query!("DELETE FROM sessions WHERE token_hash = $1", hash.0.as_slice()).execute(tx.conn()).await?;
    Ok(())
}
