//! SQL of endpoints.

use super::{Because, Changes, Endpoint, Format};
use crate::{
    Error, Result, Timestamp,
    db::{SystemTx, TenantTx},
    ids::{WebhookId, WorkspaceId},
};

/// An endpoint that is to be written.
pub(super) struct New<'a> {
    pub(super) id: WebhookId,
    pub(super) url: &'a str,
    pub(super) description: &'a str,
    pub(super) events: &'a [String],
    pub(super) secret: &'a [u8],
    /// The address, where `url` has only some of it.
    pub(super) address: Option<&'a [u8]>,
}

/// How many endpoints there are. Whoever counts at the same time waits until this transaction ends.
pub(super) async fn lock_count(tx: &mut TenantTx) -> Result<i64> {
    let workspace = tx.workspace().0;
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('webhooks ' || $1::text, 0))", workspace.to_string())
        .execute(tx.conn())
        .await?;
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM webhook_endpoints WHERE workspace_id = $1"#, workspace)
        .fetch_one(tx.conn())
        .await?)
}

/// Adds an endpoint, which hears of what happens from now on.
pub(super) async fn insert(tx: &mut TenantTx, new: New<'_>) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO webhook_endpoints (workspace_id, id, url, description, events, secret, address, format, told_seq)
         SELECT workspace_id, $2, $3, $4, $5, $6, $7, CASE WHEN $7::bytea IS NULL THEN 'events' ELSE 'slack' END, event_seq FROM workspace_heads WHERE workspace_id = $1",
        workspace,
        new.id.0,
        new.url,
        new.description,
        new.events,
        new.secret,
        new.address,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The workspace's endpoints, or one of them; oldest first.
pub(super) async fn list(tx: &mut TenantTx, only: Option<WebhookId>) -> Result<Vec<Endpoint>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT id, url, format, description, events, disabled_at, disabled_because, last_success_at, failing_since,
                signing_secret IS NOT NULL AS "takes_answers!", CASE WHEN old_secret_until > now() THEN old_secret_until END AS old_secret_until, created_at, updated_at
         FROM webhook_endpoints WHERE workspace_id = $1 AND (id = $2 OR $2::uuid IS NULL) ORDER BY created_at, id"#,
        workspace,
        only.map(|id| id.0),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Endpoint {
                id: WebhookId(r.id),
                url: r.url,
                format: format(&r.format)?,
                takes_answers: r.takes_answers,
                description: r.description,
                events: r.events,
                enabled: r.disabled_at.is_none(),
                disabled_because: r.disabled_because.as_deref().map(because).transpose()?,
                disabled_at: r.disabled_at.map(Timestamp),
                last_success_at: r.last_success_at.map(Timestamp),
                failing_since: r.failing_since.map(Timestamp),
                old_secret_until: r.old_secret_until.map(Timestamp),
                created_at: Timestamp(r.created_at),
                updated_at: Timestamp(r.updated_at),
            })
        })
        .collect()
}

pub(super) fn format(word: &str) -> Result<Format> {
    Format::parse(word).ok_or_else(|| Error::internal("an endpoint of an unknown format"))
}

fn because(word: &str) -> Result<Because> {
    let known = [Because::ByHand, Because::Gone, Because::Failing].into_iter().find(|because| because.as_str() == word);
    known.ok_or_else(|| Error::internal("an endpoint is disabled for no known reason"))
}

/// Locks an endpoint until the transaction ends; whether it is there. Whoever locks deliveries as well locks it first.
pub(super) async fn lock(tx: &mut TenantTx, id: WebhookId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let found = sqlx::query_scalar!(
        r#"SELECT true AS "found!" FROM webhook_endpoints WHERE workspace_id = $1 AND id = $2 FOR NO KEY UPDATE"#,
        workspace,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.is_some())
}

/// Writes what changes of address, description and filter. `address`: the whole one, where the other is what is shown of it. What did
/// not get through to another address says nothing of this one.
pub(super) async fn change(tx: &mut TenantTx, id: WebhookId, changes: &Changes, address: Option<&[u8]>) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE webhook_endpoints SET url = coalesce($3, url), description = coalesce($4, description),
           events = coalesce($5, events), address = coalesce($6, address),
           failing_since = CASE WHEN $6::bytea IS NULL AND coalesce($3, url) = url THEN failing_since END, updated_at = now()
         WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
        changes.url,
        changes.description,
        changes.events.as_deref(),
        address,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps what a channel's buttons are signed with, sealed; `None`: its messages have none any more. Whoever was connected has to
/// connect again.
pub(super) async fn set_signing(tx: &mut TenantTx, id: WebhookId, sealed: Option<&[u8]>) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE webhook_endpoints SET signing_secret = $3, signing_since = CASE WHEN $3::bytea IS NULL THEN NULL ELSE now() END,
           updated_at = now() WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
        sealed,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Enables an endpoint, which hears of what happens from now on.
pub(super) async fn enable(tx: &mut TenantTx, id: WebhookId) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE webhook_endpoints e SET disabled_at = NULL, disabled_because = NULL, failing_since = NULL, updated_at = now(),
           told_seq = h.event_seq
         FROM workspace_heads h WHERE h.workspace_id = $1 AND e.workspace_id = $1 AND e.id = $2",
        workspace,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Disables an endpoint, and gives up what waits for it. Answers since when it is, or `None` where it was already.
pub(super) async fn disable(tx: &mut TenantTx, id: WebhookId, because: Because) -> Result<Option<Timestamp>> {
    let workspace = tx.workspace().0;
    let at = sqlx::query_scalar!(
        r#"UPDATE webhook_endpoints SET disabled_at = now(), disabled_because = $3, updated_at = now()
           WHERE workspace_id = $1 AND id = $2 AND disabled_at IS NULL RETURNING disabled_at AS "at!""#,
        workspace,
        id.0,
        because.as_str(),
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(at) = at else { return Ok(None) };
    sqlx::query!(
        "UPDATE webhook_deliveries SET state = 'cancelled' WHERE workspace_id = $1 AND endpoint_id = $2 AND state = 'waiting'",
        workspace,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(Some(Timestamp(at)))
}

/// Removes an endpoint with its log; whether it was there.
pub(super) async fn delete(tx: &mut TenantTx, id: WebhookId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!("DELETE FROM webhook_endpoints WHERE workspace_id = $1 AND id = $2", workspace, id.0)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Signs with another secret from now on, and until then with the one of before as well.
pub(super) async fn rotate(tx: &mut TenantTx, id: WebhookId, secret: &[u8], until: Timestamp) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE webhook_endpoints SET old_secret = secret, old_secret_until = $4, secret = $3, updated_at = now()
         WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
        secret,
        until.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Tells events again from the first one of that time on, those that pass `only`; answers which types there are, and how many of
/// each. A replay that is under way goes on with this one: what either of them asks for is told.
pub(super) async fn turn_back(
    tx: &mut TenantTx,
    id: WebhookId,
    since: Timestamp,
    only: &[String],
) -> Result<Vec<(String, i64)>> {
    let workspace = tx.workspace().0;
    let rows = sqlx::query!(
        r#"SELECT type AS name, count(*) AS "n!", min(seq) AS "first!" FROM events
           WHERE workspace_id = $1 AND created_at >= $2 GROUP BY type"#,
        workspace,
        since.0,
    )
    .fetch_all(tx.conn())
    .await?;
    if let Some(first) = rows.iter().map(|r| r.first).min() {
        sqlx::query!(
            "UPDATE webhook_endpoints SET told_seq = least(told_seq, $3::bigint - 1), replay_until = greatest(told_seq, replay_until),
               replay_events = CASE WHEN told_seq >= replay_until THEN $4::text[]
                 WHEN replay_events = '{}' OR $4::text[] = '{}' THEN '{}' ELSE replay_events || $4::text[] END
             WHERE workspace_id = $1 AND id = $2",
            workspace,
            id.0,
            first,
            only,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(rows.into_iter().map(|r| (r.name, r.n)).collect())
}

/// Something got through.
pub(super) async fn succeeded(tx: &mut TenantTx, id: WebhookId) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE webhook_endpoints SET last_success_at = now(), failing_since = NULL WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Something that was to get through from `begun` on did not; answers since when nothing does.
pub(super) async fn failed(tx: &mut TenantTx, id: WebhookId, begun: Timestamp) -> Result<Timestamp> {
    let workspace = tx.workspace().0;
    let since = sqlx::query_scalar!(
        r#"UPDATE webhook_endpoints SET failing_since = coalesce(failing_since, greatest($3, last_success_at))
           WHERE workspace_id = $1 AND id = $2 RETURNING failing_since AS "since!""#,
        workspace,
        id.0,
        begun.0,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Timestamp(since))
}

/// Endpoints of all workspaces that have not been told of the newest events.
pub(super) async fn behind(tx: &mut SystemTx, limit: i64) -> Result<Vec<(WorkspaceId, WebhookId)>> {
    let rows = sqlx::query!(
        "SELECT e.workspace_id, e.id FROM webhook_endpoints e
         JOIN workspace_heads h ON h.workspace_id = e.workspace_id AND h.event_seq > e.told_seq
         JOIN workspaces w ON w.id = e.workspace_id AND w.deleted_at IS NULL
         WHERE e.disabled_at IS NULL LIMIT $1",
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (WorkspaceId(r.workspace_id), WebhookId(r.id))).collect())
}

/// Forgets secrets of before a rotation that sign no more.
pub(super) async fn forget_old_secrets(tx: &mut SystemTx) -> Result<()> {
    sqlx::query!(
        "UPDATE webhook_endpoints SET old_secret = NULL, old_secret_until = NULL WHERE old_secret_until < now()"
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What of an endpoint is sealed.
pub(super) struct Sealed {
    pub(super) id: WebhookId,
    pub(super) secret: Vec<u8>,
    pub(super) old_secret: Option<Vec<u8>>,
    pub(super) address: Option<Vec<u8>>,
    pub(super) signing_secret: Option<Vec<u8>>,
}

impl Sealed {
    /// All of it.
    pub(super) fn values(&self) -> impl Iterator<Item = &[u8]> {
        let others = [&self.old_secret, &self.address, &self.signing_secret];
        std::iter::once(&self.secret).chain(others.into_iter().flatten()).map(Vec::as_slice)
    }
}

/// What of the workspace's endpoints is sealed, locked until the transaction ends.
pub(super) async fn sealed(tx: &mut TenantTx) -> Result<Vec<Sealed>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_as!(
        Sealed,
        r#"SELECT id AS "id: WebhookId", secret, old_secret, address, signing_secret FROM webhook_endpoints WHERE workspace_id = $1 ORDER BY id FOR UPDATE"#,
        workspace,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The same, sealed anew.
pub(super) async fn set_sealed(tx: &mut TenantTx, again: &Sealed) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE webhook_endpoints SET secret = $3, old_secret = $4, address = $5, signing_secret = $6 WHERE workspace_id = $1 AND id = $2",
        workspace,
        again.id.0,
        again.secret,
        again.old_secret,
        again.address,
        again.signing_secret,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The versions of a workspace's data key that its endpoints' secrets need.
pub(super) async fn versions(tx: &mut SystemTx, workspace: WorkspaceId) -> Result<Vec<i32>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT secret_version AS "version!" FROM webhook_endpoints WHERE workspace_id = $1
           UNION SELECT old_secret_version FROM webhook_endpoints WHERE workspace_id = $1 AND old_secret_version IS NOT NULL
           UNION SELECT address_version FROM webhook_endpoints WHERE workspace_id = $1 AND address_version IS NOT NULL
           UNION SELECT signing_version FROM webhook_endpoints WHERE workspace_id = $1 AND signing_version IS NOT NULL"#,
        workspace.0,
    )
    .fetch_all(tx.conn())
    .await?)
}
