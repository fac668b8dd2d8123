//! SQL of reading the audit log, and of erasing what is personal in it. Writing is in `heads.rs`.

use serde_json::Value;
use uuid::Uuid;

use super::{anchors_file::Anchored, tombstones::Tombstone};
use crate::{
    Result, Timestamp,
    db::{SystemTx, TenantTx},
    ids::{UserId, WorkspaceId},
};

/// A row as it is stored.
pub(super) struct Stored {
    pub(super) seq: i64,
    pub(super) at: Timestamp,
    pub(super) actor_kind: String,
    pub(super) actor_id: Option<Uuid>,
    pub(super) actor_name: Option<String>,
    pub(super) action: String,
    pub(super) subject_kind: String,
    pub(super) subject_id: Option<Uuid>,
    pub(super) details: Value,
    pub(super) personal_hash: Option<Vec<u8>>,
    pub(super) prev_hash: Vec<u8>,
    pub(super) hash: Vec<u8>,
    pub(super) salt: Option<Vec<u8>>,
    pub(super) personal: Option<Value>,
}

/// Rows before a number, newest first.
pub(super) async fn before(tx: &mut TenantTx, seq: i64, limit: i64) -> Result<Vec<Stored>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_as!(
        Stored,
        r#"SELECT l.seq, l.at AS "at: Timestamp", l.actor_kind, l.actor_id, COALESCE(u.name, a.name) AS actor_name, l.action, l.subject_kind, l.subject_id,
                  l.details, l.personal_hash, l.prev_hash, l.hash, p.salt AS "salt?", p.data AS "personal?"
           FROM audit_log l
           LEFT JOIN audit_personal p ON p.workspace_id = l.workspace_id AND p.seq = l.seq
           LEFT JOIN users u ON l.actor_kind = 'user' AND u.id = l.actor_id
           LEFT JOIN agents a ON l.actor_kind = 'agent' AND a.workspace_id = l.workspace_id AND a.id = l.actor_id
           WHERE l.workspace_id = $1 AND l.seq < $2 ORDER BY l.seq DESC LIMIT $3"#,
        workspace,
        seq,
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Rows after a number, oldest first, for verification; names are not read.
pub(super) async fn after(tx: &mut SystemTx, workspace: WorkspaceId, seq: i64, limit: i64) -> Result<Vec<Stored>> {
    Ok(sqlx::query_as!(
        Stored,
        r#"SELECT l.seq, l.at AS "at: Timestamp", l.actor_kind, l.actor_id, NULL::text AS actor_name, l.action, l.subject_kind, l.subject_id,
                  l.details, l.personal_hash, l.prev_hash, l.hash, p.salt AS "salt?", p.data AS "personal?"
           FROM audit_log l LEFT JOIN audit_personal p ON p.workspace_id = l.workspace_id AND p.seq = l.seq
           WHERE l.workspace_id = $1 AND l.seq > $2 ORDER BY l.seq LIMIT $3"#,
        workspace.0,
        seq,
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Rows of the actor's workspace after a number and up to another, oldest first, for an export; names are not read.
pub(super) async fn between(tx: &mut TenantTx, after: i64, to: i64, limit: i64) -> Result<Vec<Stored>> {
    let workspace = tx.workspace().0;
    Ok(sqlx::query_as!(
        Stored,
        r#"SELECT l.seq, l.at AS "at: Timestamp", l.actor_kind, l.actor_id, NULL::text AS actor_name, l.action, l.subject_kind, l.subject_id,
                  l.details, l.personal_hash, l.prev_hash, l.hash, p.salt AS "salt?", p.data AS "personal?"
           FROM audit_log l LEFT JOIN audit_personal p ON p.workspace_id = l.workspace_id AND p.seq = l.seq
           WHERE l.workspace_id = $1 AND l.seq > $2 AND l.seq <= $3 ORDER BY l.seq LIMIT $4"#,
        workspace,
        after,
        to,
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The number and the hash of the newest row of the actor's workspace.
pub(super) async fn head(tx: &mut TenantTx) -> Result<(i64, Vec<u8>)> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!("SELECT audit_seq, audit_hash FROM workspace_heads WHERE workspace_id = $1", workspace)
        .fetch_one(tx.conn())
        .await?;
    Ok((row.audit_seq, row.audit_hash))
}

/// Of anchored heads, those whose row has another hash: the workspace and the row's number.
pub(super) async fn differing(tx: &mut SystemTx, anchors: &[Anchored]) -> Result<Vec<(WorkspaceId, i64)>> {
    let workspaces: Vec<Uuid> = anchors.iter().map(|anchor| anchor.workspace.0).collect();
    let numbers: Vec<i64> = anchors.iter().map(|anchor| anchor.seq).collect();
    let hashes: Vec<String> = anchors.iter().map(|anchor| anchor.hash.clone()).collect();
    let rows = sqlx::query!(
        "SELECT l.workspace_id, l.seq FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS a (workspace, seq, hash)
           JOIN audit_log l ON l.workspace_id = a.workspace AND l.seq = a.seq WHERE encode(l.hash, 'hex') <> a.hash",
        &workspaces,
        &numbers,
        &hashes,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (WorkspaceId(r.workspace_id), r.seq)).collect())
}

/// A workspace's head.
pub(super) struct Head {
    pub(super) workspace: WorkspaceId,
    pub(super) slug: String,
    pub(super) seq: i64,
    pub(super) hash: Vec<u8>,
}

/// The heads of all workspaces.
pub(super) async fn heads(tx: &mut SystemTx) -> Result<Vec<Head>> {
    let rows = sqlx::query!(
        "SELECT h.workspace_id, w.slug, h.audit_seq, h.audit_hash FROM workspace_heads h JOIN workspaces w ON w.id = h.workspace_id ORDER BY w.slug"
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Head { workspace: WorkspaceId(r.workspace_id), slug: r.slug, seq: r.audit_seq, hash: r.audit_hash })
        .collect())
}

/// The heads of some workspaces that nobody writes in any more.
pub(super) async fn heads_of(tx: &mut SystemTx, workspaces: &[Uuid]) -> Result<Vec<Head>> {
    let rows = sqlx::query!(
        "SELECT workspace_id, audit_seq, audit_hash FROM workspace_heads WHERE workspace_id = ANY($1)",
        workspaces,
    )
    .fetch_all(tx.conn())
    .await?;
    let head = |workspace, seq, hash| Head { workspace: WorkspaceId(workspace), slug: String::new(), seq, hash };
    Ok(rows.into_iter().map(|r| head(r.workspace_id, r.audit_seq, r.audit_hash)).collect())
}

/// Erases what the logs of all workspaces hold of a person besides the acts: with what the person did, with what befell the account
/// at the hands of nobody known, and with invitations that the person came by, or that went to `address`. Policies let it go only of
/// accounts that have ended. Answers of how many rows.
pub(super) async fn erase(tx: &mut SystemTx, person: UserId, address: Option<&str>) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM audit_personal WHERE (workspace_id, seq) IN (
           SELECT l.workspace_id, l.seq FROM audit_log l WHERE l.actor_kind = 'user' AND l.actor_id = $1
           UNION ALL
           SELECT l.workspace_id, l.seq FROM audit_log l
           WHERE l.actor_kind = 'system' AND l.subject_kind = 'user' AND l.subject_id = $1
           UNION ALL
           SELECT l.workspace_id, l.seq FROM audit_log j
           JOIN audit_log l ON l.workspace_id = j.workspace_id AND l.subject_kind = 'invitation' AND l.subject_id::text = j.details->>'invitation'
           WHERE j.actor_kind = 'user' AND j.actor_id = $1 AND j.action = 'workspace.member.joined'
           UNION ALL
           SELECT l.workspace_id, l.seq FROM audit_log l
           JOIN audit_personal p ON p.workspace_id = l.workspace_id AND p.seq = l.seq
           WHERE l.subject_kind = 'invitation' AND p.data->>'email' = $2)",
        person.0,
        address,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Keeps a tombstone.
pub(super) async fn bury(tx: &mut SystemTx, of: &Tombstone) -> Result<()> {
    sqlx::query!(
        "INSERT INTO audit_tombstones (workspace, seq, hash, purged_at, signature) VALUES ($1, $2, $3, $4, $5)",
        of.workspace.0,
        of.seq,
        of.hash.as_slice(),
        of.at.0,
        of.signature.as_slice(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// All tombstones.
pub(super) async fn tombstones(tx: &mut SystemTx) -> Result<Vec<Tombstone>> {
    let rows = sqlx::query!(
        r#"SELECT workspace, seq, hash, purged_at AS "at: Timestamp", signature FROM audit_tombstones ORDER BY workspace"#
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Tombstone {
            workspace: WorkspaceId(r.workspace),
            seq: r.seq,
            hash: r.hash,
            at: r.at,
            signature: r.signature,
        })
        .collect())
}
