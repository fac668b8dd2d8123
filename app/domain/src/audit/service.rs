//! Reading the audit log, and finding out whether it is whole.

use super::{Flaw, Row, Verdict, chain, store};
use crate::{Actor, Error, Result, Role, audit::anchor::Anchored, ids::WorkspaceId, services::Services};

/// Rows that verification reads at a time.
const BATCH: i64 = 1_000;

/// Rows before a number (or the newest), newest first, at most `limit`.
pub async fn list(s: &Services, actor: &Actor, before: Option<i64>, limit: i64) -> Result<Vec<Row>> {
    actor.require(Role::can_audit, "read the audit log")?;
    let anchored = s.anchor.newest(actor.workspace);
    let mut tx = s.db.tenant(actor).await?;
    let rows = store::before(&mut tx, before.unwrap_or(i64::MAX), limit.clamp(1, 200)).await?;
    Ok(rows
        .into_iter()
        .map(|r| Row {
            seq: r.seq,
            at: r.at,
            actor_kind: r.actor_kind,
            actor_id: r.actor_id,
            actor_name: r.actor_name,
            action: r.action,
            subject_kind: r.subject_kind,
            subject_id: r.subject_id,
            details: r.details,
            personal: r.personal,
            hash: hex::encode(r.hash),
            anchored: r.seq <= anchored,
        })
        .collect())
}

/// Checks the actor's workspace's chain from the first row to the last, and against its anchors.
pub async fn verify(s: &Services, actor: &Actor) -> Result<Verdict> {
    actor.require(Role::can_audit, "verify the audit log")?;
    check(s, actor.workspace).await
}

/// Checks every workspace: its slug and what was found. For the command line.
pub async fn verify_all(s: &Services) -> Result<Vec<(String, Verdict)>> {
    let mut tx = s.db.system("audit logs to verify").await?;
    let heads = store::heads(&mut tx).await?;
    drop(tx);
    let mut verdicts = Vec::with_capacity(heads.len());
    for head in heads {
        verdicts.push((head.slug, check(s, head.workspace).await?));
    }
    Ok(verdicts)
}

async fn check(s: &Services, workspace: WorkspaceId) -> Result<Verdict> {
    let flaw = |seq: i64, what: &str| Some(Flaw { seq, what: what.to_owned() });
    let anchors: Vec<Anchored> = match s.anchor.of(workspace) {
        Ok(anchors) => anchors,
        Err(what) => return Ok(Verdict { rows: 0, anchored: 0, first_bad: flaw(0, &what) }),
    };
    let anchored = anchors.iter().map(|a| a.seq).max().unwrap_or(0);
    let (mut seq, mut prev) = (0_i64, vec![0_u8; 32]);
    loop {
        let mut tx = s.db.system("an audit log to verify").await?;
        let rows = store::after(&mut tx, workspace, seq, BATCH).await?;
        drop(tx);
        if rows.is_empty() {
            break;
        }
        for row in rows {
            if let Some(what) = row_flaw(workspace, &row, seq, &prev)? {
                return Ok(Verdict { rows: seq, anchored, first_bad: flaw(seq + 1, what) });
            }
            (seq, prev) = (row.seq, row.hash);
            let promised = anchors.iter().filter(|a| a.seq == seq).any(|a| a.hash != hex::encode(&prev));
            if promised {
                return Ok(Verdict {
                    rows: seq,
                    anchored,
                    first_bad: flaw(seq, "its hash is not the one that was anchored outside the database"),
                });
            }
        }
    }
    let mut tx = s.db.system("an audit head to verify").await?;
    let head = store::heads(&mut tx).await?.into_iter().find(|h| h.workspace == workspace);
    let head = head.ok_or_else(|| Error::internal("a workspace without a head"))?;
    let first_bad = if seq < anchored {
        flaw(seq + 1, "it was anchored outside the database and is gone: the end of the log was cut off")
    } else if seq < head.seq {
        flaw(seq + 1, "the workspace's head says that it was written, and it is gone")
    } else if seq == head.seq && prev != head.hash {
        flaw(seq, "its hash is not the one of the workspace's head")
    } else {
        None
    };
    Ok(Verdict { rows: seq, anchored, first_bad })
}

/// What is wrong with a row that should follow number `seq` with hash `prev`.
fn row_flaw(workspace: WorkspaceId, row: &store::Stored, seq: i64, prev: &[u8]) -> Result<Option<&'static str>> {
    if row.seq != seq + 1 {
        return Ok(Some("this row is missing"));
    }
    if row.prev_hash != prev {
        return Ok(Some("it does not follow the row before it: something was removed, added or reordered"));
    }
    let covered = chain::Covered {
        workspace: workspace.0,
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
    if covered.hash()?.as_slice() != row.hash {
        return Ok(Some("its content was changed after it was written"));
    }
    if let (Some(hash), Some(salt), Some(personal)) = (&row.personal_hash, &row.salt, &row.personal)
        && chain::personal_hash(salt, personal)?.as_slice() != hash
    {
        return Ok(Some("its personal data was changed after it was written"));
    }
    Ok(None)
}
