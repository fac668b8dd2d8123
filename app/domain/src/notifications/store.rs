//! SQL of notifications, as far as people have to do with them.

use serde_json::Value;
use uuid::Uuid;

use super::{Kind, service::To};
use crate::{
    Error, PageRequest, Result, Timestamp,
    db::{SystemTx, TenantTx},
    ids::{NotificationId, UserId, WorkspaceId},
};

/// More unread ones are not counted.
pub(super) const COUNTED: i64 = 100;

/// What is told.
pub(super) struct New<'a> {
    pub(super) kind: Kind,
    pub(super) cause: &'a str,
    pub(super) subject_kind: &'a str,
    pub(super) subject_id: Option<Uuid>,
    pub(super) by: Option<UserId>,
    pub(super) facts: &'a Value,
}

/// Tells it to those who belong here and have not been told of its cause, except to whoever did it; answers how many these are.
/// In an order that is always the same: of two who tell the same people at once, one waits for the other.
pub(super) async fn insert(tx: &mut TenantTx, to: To, new: &New<'_>) -> Result<u64> {
    let workspace = tx.workspace().0;
    let only = match to {
        To::Person(user) => Some(user.0),
        To::Deciders => None,
    };
    let done = sqlx::query!(
        "INSERT INTO notifications (workspace_id, id, recipient_id, kind, cause, subject_kind, subject_id, by_id, facts)
         SELECT $1, gen_random_uuid(), user_id, $2, $3, $4, $5, $6, $7 FROM workspace_members
         WHERE workspace_id = $1 AND (user_id = $8 OR ($8::uuid IS NULL AND role IN ('owner', 'admin')))
           AND user_id IS DISTINCT FROM $6::uuid
         ORDER BY user_id ON CONFLICT DO NOTHING",
        workspace,
        new.kind.as_str(),
        new.cause,
        new.subject_kind,
        new.subject_id,
        new.by.map(|user| user.0),
        new.facts,
        only,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// One as it is kept.
pub(super) struct Row {
    pub(super) id: NotificationId,
    pub(super) kind: Kind,
    pub(super) by: Option<String>,
    pub(super) subject_kind: String,
    pub(super) subject_id: Option<Uuid>,
    pub(super) facts: Value,
    pub(super) created_at: Timestamp,
    pub(super) read_at: Option<Timestamp>,
}

pub(super) fn kind(word: &str) -> Result<Kind> {
    Kind::parse(word).ok_or_else(|| Error::internal("a notification of an unknown kind"))
}

/// A page of a person's notifications of these kinds that are not kept out of the list, the newest first, and how many there are.
pub(super) async fn list(
    tx: &mut TenantTx,
    user: UserId,
    kinds: &[String],
    unread: bool,
    page: PageRequest,
) -> Result<(Vec<Row>, i64)> {
    let workspace = tx.workspace().0;
    let total = sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM notifications n
           LEFT JOIN notification_settings s ON s.workspace_id = n.workspace_id AND s.user_id = n.recipient_id
           WHERE n.workspace_id = $1 AND n.recipient_id = $2 AND n.kind = ANY ($3) AND (NOT $4 OR n.read_at IS NULL)
             AND (s.channels -> n.kind ->> 'inApp') IS DISTINCT FROM 'false'"#,
        workspace,
        user.0,
        kinds,
        unread,
    )
    .fetch_one(tx.conn())
    .await?;
    let rows = sqlx::query!(
        r#"SELECT n.id, n.kind, n.subject_kind, n.subject_id, n.facts, n.created_at, n.read_at, b.name AS "by?"
           FROM notifications n
           LEFT JOIN notification_settings s ON s.workspace_id = n.workspace_id AND s.user_id = n.recipient_id
           LEFT JOIN users b ON b.id = n.by_id
           WHERE n.workspace_id = $1 AND n.recipient_id = $2 AND n.kind = ANY ($3) AND (NOT $4 OR n.read_at IS NULL)
             AND (s.channels -> n.kind ->> 'inApp') IS DISTINCT FROM 'false'
           ORDER BY n.created_at DESC, n.id DESC LIMIT $5 OFFSET $6"#,
        workspace,
        user.0,
        kinds,
        unread,
        page.size,
        page.offset(),
    )
    .fetch_all(tx.conn())
    .await?;
    let rows = rows.into_iter().map(|r| {
        Ok(Row {
            id: NotificationId(r.id),
            kind: kind(&r.kind)?,
            by: r.by,
            subject_kind: r.subject_kind,
            subject_id: r.subject_id,
            facts: r.facts,
            created_at: Timestamp(r.created_at),
            read_at: r.read_at.map(Timestamp),
        })
    });
    Ok((rows.collect::<Result<_>>()?, total))
}

/// How many of these kinds the person has not read, of those that are in the list; at most [`COUNTED`].
pub(super) async fn unread(tx: &mut TenantTx, user: UserId, kinds: &[String]) -> Result<i64> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM (
             SELECT 1 FROM notifications n
             LEFT JOIN notification_settings s ON s.workspace_id = n.workspace_id AND s.user_id = n.recipient_id
             WHERE n.workspace_id = $1 AND n.recipient_id = $2 AND n.read_at IS NULL AND n.kind = ANY ($3)
               AND (s.channels -> n.kind ->> 'inApp') IS DISTINCT FROM 'false' LIMIT $4) counted"#,
        workspace,
        user.0,
        kinds,
        COUNTED,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Marks one as read, or all that the person's list shows; answers how many were not. What is kept out of the list, nobody has seen
/// there: a letter that is to tell of it still does.
pub(super) async fn mark(tx: &mut TenantTx, user: UserId, only: Option<NotificationId>) -> Result<u64> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "UPDATE notifications n SET read_at = now()
         WHERE n.workspace_id = $1 AND n.recipient_id = $2 AND n.read_at IS NULL
           AND (n.id = $3 OR ($3::uuid IS NULL AND NOT EXISTS (
             SELECT 1 FROM notification_settings s
             WHERE s.workspace_id = n.workspace_id AND s.user_id = n.recipient_id AND (s.channels -> n.kind ->> 'inApp') = 'false')))",
        workspace,
        user.0,
        only.map(|id| id.0),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Whether it is the person's.
pub(super) async fn is_there(tx: &mut TenantTx, user: UserId, id: NotificationId) -> Result<bool> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM notifications WHERE workspace_id = $1 AND recipient_id = $2 AND id = $3) AS "there!""#,
        workspace,
        user.0,
        id.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// What no list shows any more counts as read, where its ways are settled and no digest is to name it. A person's webhook is told of
/// what is read as well.
pub(super) async fn read_unlisted(tx: &mut TenantTx, user: UserId, kinds: &[String]) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE notifications SET read_at = now()
         WHERE workspace_id = $1 AND recipient_id = $2 AND kind = ANY ($3) AND read_at IS NULL
           AND routed_at IS NOT NULL AND digest_at IS NULL",
        workspace,
        user.0,
        kinds,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whoever tells that approvals wait holds this until that commits, together with others who do: see [`nobody_tells`].
pub(super) async fn telling(tx: &mut TenantTx) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended('waiting ' || $1::text, 0))",
        workspace.to_string()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether nobody is about to tell that approvals wait; if so, whoever does waits until this transaction ends. It never waits itself.
/// Only then may a row of that count as read: somebody may have found it unread and tell nothing, of an item that nobody sees yet.
pub(super) async fn nobody_tells(tx: &mut TenantTx) -> Result<bool> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended('waiting ' || $1::text, 0)) AS "free!""#,
        workspace.to_string()
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Marks as read, for everybody, that approvals wait: none does any more.
pub(super) async fn nothing_waits(tx: &mut TenantTx) -> Result<u64> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "UPDATE notifications SET read_at = now() WHERE workspace_id = $1 AND kind = 'approval_waiting' AND read_at IS NULL",
        workspace,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Workspaces in which somebody has not read that approvals wait, and none does.
pub(super) async fn told_to_decide(tx: &mut SystemTx) -> Result<Vec<WorkspaceId>> {
    let ids = sqlx::query_scalar!(
        "SELECT DISTINCT n.workspace_id FROM notifications n JOIN workspaces w ON w.id = n.workspace_id AND w.deleted_at IS NULL
         WHERE n.kind = 'approval_waiting' AND n.read_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM approval_items i WHERE i.workspace_id = n.workspace_id AND i.status = 'pending')",
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(WorkspaceId).collect())
}

/// Removes what belonged to people who have left; answers how many rows.
pub(super) async fn forget_those_who_left(tx: &mut SystemTx) -> Result<u64> {
    let told = sqlx::query!(
        "DELETE FROM notifications n WHERE NOT EXISTS (
           SELECT 1 FROM workspace_members m WHERE m.workspace_id = n.workspace_id AND m.user_id = n.recipient_id)",
    )
    .execute(tx.conn())
    .await?;
    let chosen = sqlx::query!(
        "DELETE FROM notification_settings s WHERE NOT EXISTS (
           SELECT 1 FROM workspace_members m WHERE m.workspace_id = s.workspace_id AND m.user_id = s.user_id)",
    )
    .execute(tx.conn())
    .await?;
    Ok(told.rows_affected() + chosen.rows_affected())
}

/// Removes what is older than it is kept; answers how many.
pub(super) async fn purge(tx: &mut SystemTx, before: Timestamp) -> Result<u64> {
    let done = sqlx::query!("DELETE FROM notifications WHERE created_at < $1", before.0).execute(tx.conn()).await?;
    Ok(done.rows_affected())
}
