//! SQL of master keys, of who knows them, and of data keys.

use sqlx::PgConnection;
use uuid::Uuid;

use super::data_rotation::Holder;
use crate::{Result, Timestamp, db::SystemTx, ids::WorkspaceId, seal::Print};

/// A master key that seals or has sealed.
pub(super) struct Row {
    pub(super) id: u32,
    pub(super) print: Vec<u8>,
    pub(super) seals_since: Timestamp,
    pub(super) retired_at: Option<Timestamp>,
}

/// Whoever reads or changes which key seals waits here until nobody else does.
pub(super) async fn lock(tx: &mut SystemTx) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('master keys', 0))").execute(tx.conn()).await?;
    Ok(())
}

/// All of them; the first is the one that seals.
pub(super) async fn all(tx: &mut SystemTx) -> Result<Vec<Row>> {
    let rows = sqlx::query!("SELECT id, print, seals_since, retired_at FROM master_keys ORDER BY seals_since DESC")
        .fetch_all(tx.conn())
        .await?;
    Ok(rows
        .into_iter()
        .map(|r| Row {
            id: r.id as u32,
            print: r.print,
            seals_since: Timestamp(r.seals_since),
            retired_at: r.retired_at.map(Timestamp),
        })
        .collect())
}

/// From now on this key seals, also where it had before.
pub(super) async fn begin(tx: &mut SystemTx, id: u32, print: &Print) -> Result<()> {
    sqlx::query!(
        "INSERT INTO master_keys (id, print) VALUES ($1, $2)
         ON CONFLICT (id) DO UPDATE SET seals_since = clock_timestamp(), retired_at = NULL",
        i64::from(id),
        print,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Retires every key but this one, if it has sealed for so long and no server that runs seals with another. Answers which.
pub(super) async fn retire_others(tx: &mut SystemTx, id: u32, after: f64, alive: f64) -> Result<Vec<u32>> {
    let gone = sqlx::query_scalar!(
        "UPDATE master_keys SET retired_at = now()
         WHERE id <> $1 AND retired_at IS NULL
           AND (SELECT m.seals_since FROM master_keys m WHERE m.id = $1) < now() - make_interval(secs => $2)
           AND NOT EXISTS (SELECT 1 FROM key_holders h WHERE h.seals <> $1 AND h.seen_at > now() - make_interval(secs => $3))
         RETURNING id",
        i64::from(id),
        after,
        alive,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(gone.into_iter().map(|id| id as u32).collect())
}

/// This server runs, and knows these keys.
pub(super) async fn report(tx: &mut SystemTx, node: Uuid, prints: &[Vec<u8>], seals: u32) -> Result<()> {
    sqlx::query!(
        "INSERT INTO key_holders (node, prints, seals) VALUES ($1, $2, $3)
         ON CONFLICT (node) DO UPDATE SET prints = excluded.prints, seals = excluded.seals, seen_at = now()",
        node,
        prints,
        i64::from(seals),
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("DELETE FROM key_holders WHERE seen_at < now() - interval '1 hour'").execute(tx.conn()).await?;
    Ok(())
}

/// Whether another server has said within so many seconds that it runs.
pub(super) async fn has_others(tx: &mut SystemTx, node: Uuid, within: f64) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM key_holders WHERE node <> $1 AND seen_at > now() - make_interval(secs => $2)) AS "there!""#,
        node,
        within,
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// This server runs no more.
pub(super) async fn leave(tx: &mut SystemTx, node: Uuid) -> Result<()> {
    sqlx::query!("DELETE FROM key_holders WHERE node = $1", node).execute(tx.conn()).await?;
    Ok(())
}

/// How many servers were seen lately, and how many of them do not know this key.
pub(super) async fn holders(tx: &mut SystemTx, print: &Print, alive: f64) -> Result<(usize, usize)> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "all!", count(*) FILTER (WHERE NOT prints @> ARRAY[$1::bytea]) AS "without!"
           FROM key_holders WHERE seen_at > now() - make_interval(secs => $2)"#,
        print,
        alive,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.all as usize, row.without as usize))
}

/// A workspace's newest data key, with its version.
pub(super) async fn newest(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<Option<(u32, Vec<u8>)>> {
    let row = sqlx::query!(
        "SELECT version, sealed FROM workspace_keys WHERE workspace_id = $1 ORDER BY version DESC LIMIT 1",
        workspace.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|r| (r.version as u32, r.sealed)))
}

/// A workspace's data key of that version.
pub(super) async fn of_version(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    version: u32,
) -> Result<Option<Vec<u8>>> {
    let sealed = sqlx::query_scalar!(
        "SELECT sealed FROM workspace_keys WHERE workspace_id = $1 AND version = $2",
        workspace.0,
        i32::try_from(version).unwrap_or(0),
    );
    Ok(sealed.fetch_optional(conn).await?)
}

/// Adds a data key, unless there is one of that version.
pub(super) async fn add(conn: &mut PgConnection, workspace: WorkspaceId, version: u32, sealed: &[u8]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO workspace_keys (workspace_id, version, sealed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        workspace.0,
        i32::try_from(version).unwrap_or(0),
        sealed,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Some data keys after one, in order, that begin otherwise, as they are kept; they are locked until the transaction ends.
pub(super) async fn stale(
    tx: &mut SystemTx,
    prefix: &[u8],
    after: Option<(WorkspaceId, u32)>,
) -> Result<Vec<(WorkspaceId, u32, Vec<u8>)>> {
    let rows = sqlx::query!(
        "SELECT workspace_id, version, sealed FROM workspace_keys
         WHERE substring(sealed FROM 1 FOR 5) <> $1 AND ($2::uuid IS NULL OR (workspace_id, version) > ($2, $3))
         ORDER BY workspace_id, version LIMIT 100 FOR UPDATE",
        prefix,
        after.map(|(workspace, _)| workspace.0),
        after.and_then(|(_, version)| i32::try_from(version).ok()),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (WorkspaceId(r.workspace_id), r.version as u32, r.sealed)).collect())
}

/// Keeps a data key as it is sealed anew.
pub(super) async fn reseal(tx: &mut SystemTx, workspace: WorkspaceId, version: u32, sealed: &[u8]) -> Result<()> {
    sqlx::query!(
        "UPDATE workspace_keys SET sealed = $3 WHERE workspace_id = $1 AND version = $2",
        workspace.0,
        i32::try_from(version).unwrap_or(0),
        sealed,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whoever seals goes on with the key that is the newest now: nobody makes another until the transaction ends.
pub(super) async fn hold_data_keys(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<()> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended('data keys ' || $1::text, 0))",
        workspace.to_string(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whoever makes or removes a data key waits here until nobody seals with one.
pub(super) async fn lock_data_keys(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('data keys ' || $1::text, 0))", workspace.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// All workspaces that have a data key, or the one of that slug.
pub(super) async fn holders_of_data_keys(tx: &mut SystemTx, slug: Option<&str>) -> Result<Vec<Holder>> {
    Ok(sqlx::query_as!(
        Holder,
        r#"SELECT id AS "workspace: WorkspaceId", slug, has_key AS "has_key!"
           FROM (SELECT w.id, w.slug, EXISTS (SELECT 1 FROM workspace_keys k WHERE k.workspace_id = w.id) AS has_key FROM workspaces w) all_of_them
           WHERE ($1::text IS NULL AND has_key) OR slug = $1 ORDER BY id"#,
        slug,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Removes the data keys before a version that are not needed; answers which.
pub(super) async fn remove_others(
    tx: &mut SystemTx,
    workspace: WorkspaceId,
    before: u32,
    needed: &[u32],
) -> Result<Vec<u32>> {
    let needed: Vec<i32> = needed.iter().filter_map(|version| i32::try_from(*version).ok()).collect();
    let removed = sqlx::query_scalar!(
        "DELETE FROM workspace_keys WHERE workspace_id = $1 AND version < $2 AND version <> ALL ($3) RETURNING version",
        workspace.0,
        i32::try_from(before).unwrap_or(0),
        &needed,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(removed.into_iter().map(|version| version as u32).collect())
}
