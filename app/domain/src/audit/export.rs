//! The whole log as JSON Lines that anybody can check without HYVVE. `docs/audit-export.md` says how.

use serde_json::{Value, json};

use super::{chain::Covered, store};
use crate::{Actor, Result, Role, Timestamp, canonical, db::TenantTx, services::Services};

/// The first line's word for what follows.
const FORMAT: &str = "hyvve.audit-export/1";
/// Rows that are read at a time.
const BATCH: i64 = 500;

/// An export that is under way: which row came last, and which one ends it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    written: i64,
    last: i64,
}

impl Progress {
    /// Whether every row was written that the first line counts.
    pub const fn is_done(self) -> bool {
        self.written >= self.last
    }
}

/// The first line, which says how far the log went at that moment, and where the rows begin.
pub async fn begin(s: &Services, actor: &Actor) -> Result<(Vec<u8>, Progress)> {
    let mut tx = auditor(s, actor).await?;
    let (seq, hash) = store::head(&mut tx).await?;
    let head = json!({
        "format": FORMAT,
        "workspace": actor.workspace,
        "range": { "from": 1, "to": seq },
        "head": { "seq": seq, "hash": hex::encode(hash) },
        "exported_at": Timestamp::now(),
    });
    Ok((line(&head)?, Progress { written: 0, last: seq }))
}

/// The next rows, oldest first. What the log does not have any more is left out; whoever checks finds that.
pub async fn next(s: &Services, actor: &Actor, progress: Progress) -> Result<(Vec<u8>, Progress)> {
    let mut tx = auditor(s, actor).await?;
    let rows = store::between(&mut tx, progress.written, progress.last, BATCH).await?;
    drop(tx);
    let written = rows.last().map_or(progress.last, |row| row.seq);
    let mut lines = Vec::new();
    for row in rows {
        lines.extend(row_line(actor, &row)?);
    }
    Ok((lines, Progress { written, ..progress }))
}

async fn auditor(s: &Services, actor: &Actor) -> Result<TenantTx> {
    actor.require(Role::can_audit, "export the audit log")?;
    s.db.tenant(actor).await
}

/// `entry` holds, byte for byte, what `hash` is the SHA-256 of. Personal data comes with the salt that it was hashed with,
/// unless it was erased.
fn row_line(actor: &Actor, row: &store::Stored) -> Result<Vec<u8>> {
    let covered = Covered {
        workspace: actor.workspace.0,
        seq: row.seq,
        at: row.at,
        actor_kind: &row.actor_kind,
        actor_id: row.actor_id,
        action: &row.action,
        subject_kind: &row.subject_kind,
        subject_id: row.subject_id,
        details: &row.details,
        personal_hash: row.personal_hash.as_deref(),
        prev_hash: &row.prev_hash,
    };
    let mut whole = json!({ "entry": covered.fields(), "hash": hex::encode(&row.hash) });
    if let (Some(salt), Some(personal)) = (&row.salt, &row.personal) {
        whole["personal"] = personal.clone();
        whole["salt"] = json!(hex::encode(salt));
    }
    line(&whole)
}

/// Canonical JSON and the end of the line: what is hashed stands in it as it was hashed.
fn line(value: &Value) -> Result<Vec<u8>> {
    let mut bytes = canonical::to_vec(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
