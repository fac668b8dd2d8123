//! SQL of the bus: cursors, dead letters that are tried again, and what the publisher reads.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Error, Result,
    db::{SystemTx, TenantTx},
    events::Event,
    ids::{DeadLetterId, WorkspaceId},
};

/// A consumer begins to exist, if it does not yet: it hears of what happens from now on.
pub(super) async fn register(tx: &mut SystemTx, consumer: &str) -> Result<()> {
    let new = sqlx::query!("INSERT INTO event_groups (name) VALUES ($1) ON CONFLICT DO NOTHING", consumer)
        .execute(tx.conn())
        .await?;
    if new.rows_affected() == 1 {
        sqlx::query!(
            "INSERT INTO event_consumers (workspace_id, consumer, done_seq) SELECT workspace_id, $1, event_seq FROM workspace_heads",
            consumer,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Workspaces in which a consumer has something to do.
pub(super) async fn behind(tx: &mut SystemTx, consumer: &str, limit: i64) -> Result<Vec<WorkspaceId>> {
    let ids = sqlx::query_scalar!(
        r#"SELECT h.workspace_id AS "id!" FROM workspace_heads h
           JOIN workspaces w ON w.id = h.workspace_id AND w.deleted_at IS NULL
           LEFT JOIN event_consumers c ON c.workspace_id = h.workspace_id AND c.consumer = $1
           WHERE h.event_seq > coalesce(c.done_seq, 0) AND (c.due_at IS NULL OR c.due_at <= now())
           UNION SELECT d.workspace_id FROM event_dead_letters d
           JOIN workspaces w ON w.id = d.workspace_id AND w.deleted_at IS NULL
           WHERE d.consumer = $1 AND d.due_at <= now() LIMIT $2"#,
        consumer,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(WorkspaceId).collect())
}

/// Where a consumer stands in a workspace.
#[derive(Clone, Copy)]
pub(super) struct At {
    /// Events up to this one are done.
    pub(super) done: i64,
    /// How often the next one was tried.
    pub(super) tries: i32,
    /// How long it is not to be tried.
    pub(super) rests: Option<Duration>,
    /// A dead letter is due.
    pub(super) letters: bool,
}

/// Whether a consumer's cursor could be locked until the transaction ends.
pub(super) enum Lock {
    Ours(At),
    /// Somebody else has it.
    Busy,
    /// The workspace is deleted, or never was.
    Nobodys,
}

/// Locks a consumer's cursor, and makes it where there is none.
pub(super) async fn lock(tx: &mut TenantTx, consumer: &str) -> Result<Lock> {
    let workspace = tx.workspace().0;
    let found = sqlx::query!(
        r#"SELECT c.done_seq, c.tries,
                  CASE WHEN c.due_at > now() THEN extract(epoch FROM c.due_at - now())::float8 END AS rests,
                  EXISTS (SELECT 1 FROM event_dead_letters d
                          WHERE d.workspace_id = $1 AND d.consumer = $2 AND d.due_at <= now()) AS "letters!",
                  EXISTS (SELECT 1 FROM workspaces w WHERE w.id = $1 AND w.deleted_at IS NULL) AS "lives!"
           FROM event_consumers c WHERE c.workspace_id = $1 AND c.consumer = $2 FOR UPDATE OF c SKIP LOCKED"#,
        workspace,
        consumer,
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(row) = found {
        let rests = row.rests.map(|seconds| Duration::from_secs_f64(seconds.max(0.0)));
        let at = At { done: row.done_seq, tries: row.tries, rests, letters: row.letters };
        return Ok(if row.lives { Lock::Ours(at) } else { Lock::Nobodys });
    }
    let row = sqlx::query!(
        r#"WITH made AS (
             INSERT INTO event_consumers (workspace_id, consumer, done_seq)
             SELECT id, $2, 0 FROM workspaces WHERE id = $1 AND deleted_at IS NULL ON CONFLICT DO NOTHING RETURNING 1)
           SELECT EXISTS (SELECT 1 FROM made) AS "made!",
                  EXISTS (SELECT 1 FROM workspaces WHERE id = $1 AND deleted_at IS NULL) AS "lives!""#,
        workspace,
        consumer,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(match (row.made, row.lives) {
        (true, _) => Lock::Ours(At { done: 0, tries: 0, rests: None, letters: false }),
        (false, true) => Lock::Busy,
        (false, false) => Lock::Nobodys,
    })
}

/// Events up to this one are done.
pub(super) async fn done(tx: &mut TenantTx, consumer: &str, up_to: i64) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE event_consumers SET done_seq = $3, tries = 0, due_at = NULL WHERE workspace_id = $1 AND consumer = $2",
        workspace,
        consumer,
        up_to,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The next event was tried in vain, and is tried again after a pause.
pub(super) async fn failed(tx: &mut TenantTx, consumer: &str, tries: i32, pause: Duration) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE event_consumers SET tries = $3, due_at = now() + make_interval(secs => $4)
         WHERE workspace_id = $1 AND consumer = $2",
        workspace,
        consumer,
        tries,
        pause.as_secs_f64(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The next event is a dead letter from now on.
pub(super) async fn bury(tx: &mut TenantTx, consumer: &str, event: &Event, error: &str, tries: i32) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO event_dead_letters (workspace_id, id, consumer, event_id, event, error, tries) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT ON CONSTRAINT event_dead_letters_once
         DO UPDATE SET error = excluded.error, tries = excluded.tries, died_at = now(), due_at = NULL",
        workspace,
        DeadLetterId::new().0,
        consumer,
        event.id,
        serde_json::to_value(event).map_err(Error::internal)?,
        error,
        tries,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A dead letter that is tried again.
pub(super) struct Letter {
    pub(super) id: DeadLetterId,
    /// `None`: it does not read as an event any more.
    pub(super) event: Option<Event>,
    pub(super) tries: i32,
}

/// The dead letter that is due first, locked.
pub(super) async fn due_letter(tx: &mut TenantTx, consumer: &str) -> Result<Option<Letter>> {
    let workspace = tx.workspace().0;
    let found = sqlx::query!(
        "SELECT id, event, tries FROM event_dead_letters WHERE workspace_id = $1 AND consumer = $2 AND due_at <= now()
         ORDER BY due_at LIMIT 1 FOR UPDATE",
        workspace,
        consumer,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = found else { return Ok(None) };
    let event = serde_json::from_value(row.event).ok();
    Ok(Some(Letter { id: DeadLetterId(row.id), event, tries: row.tries }))
}

/// A dead letter was dealt with after all.
pub(super) async fn revived(tx: &mut TenantTx, id: DeadLetterId) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!("DELETE FROM event_dead_letters WHERE workspace_id = $1 AND id = $2", workspace, id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A dead letter was tried in vain: again after a pause, or it rests once more.
pub(super) async fn failed_again(
    tx: &mut TenantTx,
    id: DeadLetterId,
    tries: i32,
    error: &str,
    pause: Option<Duration>,
) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE event_dead_letters SET tries = $3, error = $4, due_at = now() + make_interval(secs => $5),
           died_at = CASE WHEN $5::float8 IS NULL THEN now() ELSE died_at END
         WHERE workspace_id = $1 AND id = $2 AND due_at IS NOT NULL",
        workspace,
        id.0,
        tries,
        error,
        pause.map(|pause| pause.as_secs_f64()),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets PostgreSQL notice within seconds that the machine at the other end has vanished, and not when TCP gives up.
pub(super) async fn keep_alive(conn: &mut PgConnection) -> Result<()> {
    let settings = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3";
    sqlx::raw_sql(settings).execute(conn).await?;
    Ok(())
}

/// Takes the lock of whoever publishes, for as long as the connection stands; whether it was free.
pub(super) async fn lead(conn: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock(hashtextextended('events are published', 0)) AS "free!""#)
        .fetch_one(conn)
        .await?)
}

/// The number of the newest event of every workspace that has any.
pub(super) async fn heads(conn: &mut PgConnection) -> Result<Vec<(WorkspaceId, i64)>> {
    let rows =
        sqlx::query!("SELECT workspace_id, event_seq FROM workspace_heads WHERE event_seq > 0").fetch_all(conn).await?;
    Ok(rows.into_iter().map(|r| (WorkspaceId(r.workspace_id), r.event_seq)).collect())
}

/// Up to which number all consumers are done, by workspace.
pub(super) async fn floors(conn: &mut PgConnection, workspaces: &[Uuid], consumers: &[String]) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT CASE WHEN count(c.consumer) < cardinality($2::text[]) THEN 0 ELSE coalesce(min(c.done_seq), 0) END AS "floor!"
           FROM unnest($1::uuid[]) WITH ORDINALITY AS w (id, n)
           LEFT JOIN event_consumers c ON c.workspace_id = w.id AND c.consumer = ANY ($2)
           GROUP BY w.n ORDER BY w.n"#,
        workspaces,
        consumers,
    )
    .fetch_all(conn)
    .await?)
}

/// An event, without what it says.
pub(super) struct Number {
    pub(super) workspace: WorkspaceId,
    pub(super) seq: i64,
    pub(super) id: Uuid,
}

/// The next events of several workspaces, each after a number of its own, in order; so many of each at most.
pub(super) async fn after(
    conn: &mut PgConnection,
    workspaces: &[Uuid],
    numbers: &[i64],
    limit: i64,
) -> Result<Vec<Number>> {
    let rows = sqlx::query!(
        r#"SELECT w.id AS "workspace!", e.seq AS "seq!", e.id AS "id!"
           FROM unnest($1::uuid[], $2::bigint[]) AS w (id, after)
           CROSS JOIN LATERAL (SELECT seq, id FROM events WHERE workspace_id = w.id AND seq > w.after ORDER BY seq LIMIT $3) e
           ORDER BY w.id, e.seq"#,
        workspaces,
        numbers,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| Number { workspace: WorkspaceId(r.workspace), seq: r.seq, id: r.id }).collect())
}
