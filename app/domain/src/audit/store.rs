//! SQL of reading the audit log. Writing is in `heads.rs`.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    Result, Timestamp,
    db::{SystemTx, TenantTx},
    ids::WorkspaceId,
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
