//! SQL of the ways that notifications go besides the list.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Digest, Kind, store::kind};
use crate::{
    Result, Role, Timestamp,
    db::{SystemTx, TenantTx},
    ids::{NotificationId, UserId, WorkspaceId},
};

/// A notification on its way, with what is known of its recipient now.
pub(super) struct Parcel {
    pub(super) id: NotificationId,
    pub(super) recipient: UserId,
    pub(super) kind: Kind,
    pub(super) by: Option<String>,
    pub(super) subject_id: Option<Uuid>,
    pub(super) facts: Value,
    pub(super) created_at: Timestamp,
    pub(super) read: bool,
    /// Name, address and role; `None`: he or she belongs here no more.
    pub(super) person: Option<Person>,
    /// What the person has chosen.
    pub(super) channels: Value,
    pub(super) digest: Digest,
    pub(super) digest_hour: i16,
    pub(super) has_hook: bool,
}

/// A recipient.
pub(super) struct Person {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) role: Role,
}

/// The letter in which one is told of later.
#[derive(Clone, Copy)]
pub(super) enum Later {
    /// The next digest, of this hour if it is daily.
    Digest(Digest, i16),
    /// One with whatever comes until then.
    At(Timestamp),
}

struct Found {
    id: Uuid,
    recipient: Uuid,
    kind: String,
    by: Option<String>,
    subject_id: Option<Uuid>,
    facts: Value,
    created_at: OffsetDateTime,
    read: bool,
    name: Option<String>,
    email: Option<String>,
    role: Option<String>,
    channels: Option<Value>,
    digest: Option<String>,
    digest_hour: Option<i16>,
    has_hook: bool,
}

impl TryFrom<Found> for Parcel {
    type Error = crate::Error;

    fn try_from(r: Found) -> Result<Self> {
        let role = r.role.and_then(|role| role.parse().ok());
        let person = r.name.zip(r.email).zip(role).map(|((name, email), role)| Person { name, email, role });
        Ok(Self {
            id: NotificationId(r.id),
            recipient: UserId(r.recipient),
            kind: kind(&r.kind)?,
            by: r.by,
            subject_id: r.subject_id,
            facts: r.facts,
            created_at: Timestamp(r.created_at),
            read: r.read,
            person,
            channels: r.channels.unwrap_or_default(),
            digest: r.digest.as_deref().and_then(Digest::parse).unwrap_or(Digest::Daily),
            digest_hour: r.digest_hour.unwrap_or(8),
            has_hook: r.has_hook,
        })
    }
}

/// Workspaces in which something was told that nobody has settled the ways of.
pub(super) async fn unsettled(tx: &mut SystemTx) -> Result<Vec<WorkspaceId>> {
    let ids = sqlx::query_scalar!(
        "SELECT DISTINCT n.workspace_id FROM notifications n JOIN workspaces w ON w.id = n.workspace_id AND w.deleted_at IS NULL
         WHERE n.routed_at IS NULL LIMIT 100",
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(WorkspaceId).collect())
}

/// The oldest whose ways nobody has settled, locked; what another server has in hand is left out.
pub(super) async fn to_settle(tx: &mut TenantTx, limit: i64) -> Result<Vec<Parcel>> {
    let workspace = tx.workspace().0;
    let ids = sqlx::query_scalar!(
        "SELECT id FROM notifications WHERE workspace_id = $1 AND routed_at IS NULL ORDER BY created_at, id LIMIT $2
         FOR UPDATE SKIP LOCKED",
        workspace,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    parcels(tx, &ids).await
}

/// Some of them, each person's oldest first. Person by person, because a person's jobs are locked by whoever puts them in place.
async fn parcels(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Parcel>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query_as!(
        Found,
        r#"SELECT n.id, n.recipient_id AS recipient, n.kind, b.name AS "by?", n.subject_id, n.facts, n.created_at, n.read_at IS NOT NULL AS "read!",
                  u.name AS "name?", u.email AS "email?", m.role AS "role?", s.channels AS "channels?", s.digest AS "digest?",
                  s.digest_hour AS "digest_hour?", s.hook IS NOT NULL AS "has_hook!"
           FROM notifications n
           LEFT JOIN workspace_members m ON m.workspace_id = n.workspace_id AND m.user_id = n.recipient_id
           LEFT JOIN users u ON u.id = m.user_id
           LEFT JOIN users b ON b.id = n.by_id
           LEFT JOIN notification_settings s ON s.workspace_id = n.workspace_id AND s.user_id = n.recipient_id
           WHERE n.workspace_id = $1 AND n.id = ANY ($2) ORDER BY n.recipient_id, n.created_at, n.id"#,
        workspace,
        ids,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Parcel::try_from).collect()
}

/// Whoever writes to a person of what comes in bursts, or takes something out of what is collected for one, holds this until that commits:
/// the next one sees when it was.
pub(super) async fn lock_letters(tx: &mut TenantTx, user: UserId) -> Result<()> {
    let whose = format!("{} {user}", tx.workspace());
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('letters ' || $1::text, 0))", whose)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// When a person can be written to of these kinds again; `None`: now. Either a letter is planned, with which it goes, or the last one left
/// less than a minute ago. What a letter tells of is no older than a daily digest lets it become.
pub(super) async fn next_letter(tx: &mut TenantTx, user: UserId, kinds: &[String]) -> Result<Option<Timestamp>> {
    let workspace = tx.workspace().0;
    let at = sqlx::query_scalar!(
        "SELECT COALESCE(
           (SELECT min(digest_at) FROM notifications WHERE workspace_id = $1 AND recipient_id = $2 AND kind = ANY ($3)
              AND digest_at <= now() + interval '1 minute'),
           (SELECT max(routed_at) + interval '1 minute' FROM notifications WHERE workspace_id = $1 AND recipient_id = $2
              AND kind = ANY ($3) AND digest_at IS NULL AND routed_at > now() - interval '1 minute'
              AND created_at > now() - interval '2 days')) AS at",
        workspace,
        user.0,
        kinds,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(at.map(Timestamp))
}

/// Writes down which ways it goes: with which letter that is to come, and whether to the person's webhook; and, where nothing else will
/// ever show it, that it counts as read.
pub(super) async fn settled(
    tx: &mut TenantTx,
    id: NotificationId,
    later: Option<Later>,
    hook: bool,
    read: bool,
) -> Result<()> {
    let workspace = tx.workspace().0;
    let (when, hour, at) = match later {
        Some(Later::Digest(digest, hour)) => (Some(digest.as_str()), i32::from(hour), None),
        Some(Later::At(at)) => (Some("at"), 0, Some(at.0)),
        None => (None, 0, None),
    };
    sqlx::query!(
        "UPDATE notifications SET routed_at = now(), hook_at = CASE WHEN $5 THEN now() END,
           read_at = CASE WHEN $6 THEN coalesce(read_at, now()) ELSE read_at END,
           digest_at = CASE $3::text
             WHEN 'hourly' THEN date_trunc('hour', now()) + interval '1 hour'
             WHEN 'daily' THEN (
               SELECT min(at) FROM (
                 SELECT (date_trunc('day', now() AT TIME ZONE w.timezone) + make_interval(days => d.n, hours => $4)) AT TIME ZONE w.timezone AS at
                 FROM workspaces w, generate_series(0, 2) AS d (n) WHERE w.id = $1) possible
               WHERE at > now())
             WHEN 'at' THEN $7::timestamptz END
         WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
        when,
        hour,
        hook,
        read,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets a person have the next job when the next digest is due.
pub(super) async fn digest_again(tx: &mut SystemTx, workspace: WorkspaceId, user: UserId) -> Result<()> {
    sqlx::query!(
        "SELECT job_at('digest', $1, $2, min(digest_at), true) FROM notifications
         WHERE workspace_id = $1 AND recipient_id = $2 AND digest_at IS NOT NULL HAVING min(digest_at) IS NOT NULL",
        workspace.0,
        user.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets a person have the next job when the next message to the person's webhook is due, behind those who have not had a turn yet.
pub(super) async fn hook_again(tx: &mut SystemTx, workspace: WorkspaceId, user: UserId) -> Result<()> {
    sqlx::query!(
        "SELECT job_at('hook', $1, $2, greatest(min(hook_at), now()), true) FROM notifications
         WHERE workspace_id = $1 AND recipient_id = $2 AND hook_at IS NOT NULL HAVING min(hook_at) IS NOT NULL",
        workspace.0,
        user.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes what is due out of a person's digest, oldest first. Of several servers that do so, the later ones wait and find nothing.
pub(super) async fn take_digest(tx: &mut TenantTx, user: UserId) -> Result<Vec<Parcel>> {
    let workspace = tx.workspace().0;
    let ids = sqlx::query_scalar!(
        "SELECT id FROM notifications WHERE workspace_id = $1 AND recipient_id = $2 AND digest_at <= now() ORDER BY id FOR UPDATE",
        workspace,
        user.0,
    )
    .fetch_all(tx.conn())
    .await?;
    sqlx::query!(
        "UPDATE notifications SET digest_at = NULL WHERE workspace_id = $1 AND id = ANY ($2)",
        workspace,
        &ids
    )
    .execute(tx.conn())
    .await?;
    parcels(tx, &ids).await
}

/// A letter has told of them now.
pub(super) async fn told(tx: &mut TenantTx, ids: &[Uuid]) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE notifications SET routed_at = now() WHERE workspace_id = $1 AND id = ANY ($2)",
        workspace,
        ids
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Some that a letter has told of, and that no list shows, count as read.
pub(super) async fn read(tx: &mut TenantTx, ids: &[Uuid]) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE notifications SET read_at = now() WHERE workspace_id = $1 AND id = ANY ($2) AND read_at IS NULL",
        workspace,
        ids
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Claims what is due longest for a person's webhook: until `given_up` it is this server's. Answers how often it was tried with this
/// time.
pub(super) async fn claim_for_hook(
    tx: &mut TenantTx,
    user: UserId,
    given_up: Timestamp,
) -> Result<Option<(Parcel, i32)>> {
    let workspace = tx.workspace().0;
    let claimed = sqlx::query!(
        "UPDATE notifications SET hook_at = $3, hook_tries = hook_tries + 1
         WHERE workspace_id = $1 AND id = (
           SELECT id FROM notifications WHERE workspace_id = $1 AND recipient_id = $2 AND hook_at <= now()
           ORDER BY hook_at, created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING id, hook_tries",
        workspace,
        user.0,
        given_up.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(claimed) = claimed else { return Ok(None) };
    Ok(parcels(tx, &[claimed.id]).await?.pop().map(|parcel| (parcel, claimed.hook_tries)))
}

/// When it is tried next, or that it is not any more; unless somebody else has it by now.
pub(super) async fn hook_settled(
    tx: &mut TenantTx,
    id: NotificationId,
    tries: i32,
    next: Option<Timestamp>,
) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE notifications SET hook_at = $4 WHERE workspace_id = $1 AND id = $2 AND hook_tries = $3",
        workspace,
        id.0,
        tries,
        next.map(|at| at.0),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
