//! SQL of invitations.

use uuid::Uuid;

use super::{Invitation, InvitationStatus, members_store::role};
use crate::{
    Error, Result, Role, Timestamp,
    actor::SOMEBODY_GONE,
    auth::sessions::TokenHash,
    db::{SystemTx, TenantTx, violated},
    ids::{InvitationId, UserId, WorkspaceId},
};

/// A row as the queries below name it.
struct Row {
    id: Uuid,
    workspace_id: Uuid,
    workspace_name: String,
    email: Option<String>,
    role: String,
    status: String,
    invited_by: Uuid,
    inviter_name: String,
    expires_at: time::OffsetDateTime,
    created_at: time::OffsetDateTime,
}

impl Row {
    fn read(self) -> Result<Invitation> {
        Ok(Invitation {
            id: InvitationId(self.id),
            workspace_id: WorkspaceId(self.workspace_id),
            workspace_name: self.workspace_name,
            email: self.email,
            role: role(&self.role)?,
            status: status(&self.status)?,
            inviter_id: UserId(self.invited_by),
            inviter_name: self.inviter_name,
            expires_at: Timestamp(self.expires_at),
            created_at: Timestamp(self.created_at),
        })
    }
}

fn status(word: &str) -> Result<InvitationStatus> {
    match word {
        "pending" => Ok(InvitationStatus::Pending),
        "accepted" => Ok(InvitationStatus::Accepted),
        "rejected" => Ok(InvitationStatus::Rejected),
        "canceled" => Ok(InvitationStatus::Canceled),
        _ => Err(Error::internal(format!("unknown status of an invitation: {word}"))),
    }
}

/// The workspace's invitations that wait, or one of any status; newest first.
pub(super) async fn of_workspace(tx: &mut TenantTx, only: Option<InvitationId>) -> Result<Vec<Invitation>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT i.id, i.workspace_id, w.name AS workspace_name, i.email, i.role, i.status, i.invited_by,
                  COALESCE(u.name, $3) AS "inviter_name!", i.expires_at, i.created_at
           FROM invitations i JOIN workspaces w ON w.id = i.workspace_id LEFT JOIN users u ON u.id = i.invited_by
           WHERE i.workspace_id = $1 AND (i.id = $2 OR ($2::uuid IS NULL AND i.status = 'pending'))
           ORDER BY i.created_at DESC, i.id DESC"#,
        workspace,
        only.map(|id| id.0),
        SOMEBODY_GONE,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::read).collect()
}

/// How an invitation that no member asks for is named.
pub(super) enum By<'a> {
    /// By the secret in its link.
    Token(TokenHash),
    /// By its id, which is no secret.
    Id(InvitationId),
    /// All that wait for this address.
    Email(&'a str),
}

/// Invitations of any workspace that is still there.
pub(super) async fn find(tx: &mut SystemTx, by: By<'_>) -> Result<Vec<Invitation>> {
    let (hash, id, email) = match by {
        By::Token(hash) => (Some(hash.0.to_vec()), None, None),
        By::Id(id) => (None, Some(id.0), None),
        By::Email(email) => (None, None, Some(email)),
    };
    let rows = sqlx::query_as!(
        Row,
        "SELECT i.id, i.workspace_id, w.name AS workspace_name, i.email, i.role, i.status, i.invited_by, u.name AS inviter_name,
                i.expires_at, i.created_at
         FROM invitations i JOIN workspaces w ON w.id = i.workspace_id JOIN users u ON u.id = i.invited_by
         WHERE w.deleted_at IS NULL
           AND (i.token_hash = $1 OR i.id = $2 OR (i.email = $3 AND i.status = 'pending' AND i.expires_at > now()))
         ORDER BY i.created_at DESC",
        hash,
        id,
        email,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::read).collect()
}

/// How many wait, whether or not their time is over.
pub(super) async fn pending(tx: &mut TenantTx) -> Result<i64> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM invitations WHERE workspace_id = $1 AND status = 'pending'"#,
        workspace,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The one that waits for this address, locked.
pub(super) async fn waiting_for(tx: &mut TenantTx, email: &str) -> Result<Option<(InvitationId, bool)>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        r#"SELECT id, expires_at <= now() AS "over!" FROM invitations
           WHERE workspace_id = $1 AND email = $2 AND status = 'pending' FOR UPDATE"#,
        workspace,
        email,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| (InvitationId(r.id), r.over)))
}

/// Whether somebody with this address is a member.
pub(super) async fn is_member(tx: &mut TenantTx, email: &str) -> Result<bool> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM workspace_members m JOIN users u ON u.id = m.user_id
                          WHERE m.workspace_id = $1 AND u.email = $2) AS "is!""#,
        workspace,
        email,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The link that opens an invitation.
#[derive(Clone, Copy)]
pub(super) struct Link {
    /// What is kept of its secret.
    pub(super) token: TokenHash,
    /// Until when it opens anything.
    pub(super) expires_at: Timestamp,
    /// Whether only a mail to the invited address holds it, so that following it proves the address.
    pub(super) mail_alone: bool,
}

/// Makes one.
pub(super) async fn insert(
    tx: &mut TenantTx,
    id: InvitationId,
    email: Option<&str>,
    role: Role,
    by: UserId,
    link: Link,
) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO invitations (workspace_id, id, email, role, token_hash, invited_by, expires_at, mail_alone)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        workspace,
        id.0,
        email,
        role.as_str(),
        link.token.0.as_slice(),
        by.0,
        link.expires_at.0,
        link.mail_alone,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives one that waits another link, role and time; whoever does so has invited from then on. The old link opens nothing any
/// more. False when it waits no more.
pub(super) async fn renew(tx: &mut TenantTx, id: InvitationId, role: Role, by: UserId, link: Link) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "UPDATE invitations SET token_hash = $3, expires_at = $4, role = $5, mail_alone = $6, invited_by = $7
         WHERE workspace_id = $1 AND id = $2 AND status = 'pending'",
        workspace,
        id.0,
        link.token.0.as_slice(),
        link.expires_at.0,
        role.as_str(),
        link.mail_alone,
        by.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// For whom the link of an invitation is from now on.
pub(super) enum Kept {
    /// For this address, and no other.
    Now,
    /// This address is invited, by this invitation or by another of the workspace.
    Already,
    /// For an address that was faster, or for nobody any more.
    ForAnother,
}

/// Keeps one that whoever is first may accept for an address.
pub(super) async fn keep_for(tx: &mut TenantTx, id: InvitationId, email: &str) -> Result<Kept> {
    let workspace = tx.workspace().0;
    let is_invited = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM invitations WHERE workspace_id = $1 AND email = $2 AND status = 'pending' AND expires_at > now())
                  AS "is!""#,
        workspace,
        email,
    )
    .fetch_one(tx.conn())
    .await?;
    if is_invited {
        return Ok(Kept::Already);
    }
    let done = sqlx::query!(
        "UPDATE invitations SET email = $3
         WHERE workspace_id = $1 AND id = $2 AND email IS NULL AND status = 'pending' AND expires_at > now()",
        workspace,
        id.0,
        email,
    )
    .execute(tx.conn())
    .await;
    match done {
        Ok(done) if done.rows_affected() == 1 => Ok(Kept::Now),
        Ok(_) => Ok(Kept::ForAnother),
        // Invited by mail, just now or so long ago that the time is over.
        Err(e) if violated(&e) == Some("invitations_pending") => Ok(Kept::ForAnother),
        Err(e) => Err(e.into()),
    }
}

/// Takes back what somebody has invited to one of these roles, and still waits. Answers which.
pub(super) async fn end_those_of(tx: &mut TenantTx, inviter: UserId, roles: &[Role]) -> Result<Vec<InvitationId>> {
    let workspace = tx.workspace().0;
    let roles: Vec<String> = roles.iter().map(|role| role.as_str().to_owned()).collect();
    let ids = sqlx::query_scalar!(
        "UPDATE invitations SET status = 'canceled', ended_at = now()
         WHERE workspace_id = $1 AND invited_by = $2 AND role = ANY($3) AND status = 'pending' RETURNING id",
        workspace,
        inviter.0,
        &roles,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(InvitationId).collect())
}

/// Whether only a mail to the invited address has held its link.
pub(super) async fn is_mail_alone(tx: &mut TenantTx, id: InvitationId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let found =
        sqlx::query_scalar!("SELECT mail_alone FROM invitations WHERE workspace_id = $1 AND id = $2", workspace, id.0)
            .fetch_one(tx.conn())
            .await?;
    Ok(found)
}

/// Ends one that waits; an acceptance only within its time. False when somebody was faster.
pub(super) async fn end(
    tx: &mut TenantTx,
    id: InvitationId,
    status: InvitationStatus,
    by: Option<UserId>,
) -> Result<bool> {
    let workspace = tx.workspace().0;
    let word = match status {
        InvitationStatus::Pending => "pending",
        InvitationStatus::Accepted => "accepted",
        InvitationStatus::Rejected => "rejected",
        InvitationStatus::Canceled => "canceled",
    };
    let done = sqlx::query!(
        "UPDATE invitations SET status = $3, accepted_by = $4, ended_at = now()
         WHERE workspace_id = $1 AND id = $2 AND status = 'pending' AND ($3 <> 'accepted' OR expires_at > now())",
        workspace,
        id.0,
        word,
        by.map(|u| u.0),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes some that ended a month ago, or expired then.
pub(super) async fn purge(tx: &mut SystemTx, some: i64) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM invitations WHERE (workspace_id, id) IN
           (SELECT workspace_id, id FROM invitations WHERE coalesce(ended_at, expires_at) < now() - interval '30 days' LIMIT $1)",
        some,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
