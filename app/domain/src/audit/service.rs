//! Reading the audit log, and finding out whether it is whole.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{
    Flaw, Row, Verdict,
    anchor::{self, Compared},
    chain,
    store::{self, Head},
    tombstones::Tombstone,
};
use crate::{
    Actor, Error, Result, Role,
    db::SystemTx,
    ids::{UserId, WorkspaceId},
    services::Services,
};

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
    let head = heads(s).await?.into_iter().find(|head| head.workspace == actor.workspace);
    let head = head.ok_or_else(|| Error::internal("a workspace without a head"))?;
    match anchor::compare(s, Some(head.workspace)).await? {
        Ok(compared) => check(s, &head, compared.get(&head.workspace).cloned().unwrap_or_default()).await,
        Err(fault) => Ok(no_anchors(fault)),
    }
}

/// What was found in all workspaces.
pub struct Verified {
    /// Each workspace's slug, or its id where it is gone, and what was found.
    pub verdicts: Vec<(String, Verdict)>,
    /// How many that were anchored are gone because HYVVE purged them, as it has signed.
    pub purged: usize,
}

/// Checks every workspace. For the command line.
pub async fn verify_all(s: &Services) -> Result<Verified> {
    let mut lost = s.anchor.known();
    let heads = heads(s).await?;
    let compared = anchor::compare(s, None).await?;
    let mut found = Vec::with_capacity(heads.len());
    for head in heads {
        lost.remove(&head.workspace);
        let verdict = match &compared {
            Ok(all) => check(s, &head, all.get(&head.workspace).cloned().unwrap_or_default()).await?,
            Err(fault) => no_anchors(fault.clone()),
        };
        found.push((head.workspace, head.slug, verdict));
    }
    let gone = |anchored| {
        let what = "it was anchored outside the database, and the whole workspace is gone".to_owned();
        Verdict { rows: 0, anchored, first_bad: Some(Flaw { seq: 1, what }) }
    };
    found.extend(lost.into_iter().map(|(workspace, anchored)| (workspace, workspace.to_string(), gone(anchored))));
    let buried = buried(s, compared.as_ref().ok()).await?;
    let all = found.len();
    found.retain(|(workspace, _, verdict)| verdict.first_bad.is_none() || !buried.contains(workspace));
    let purged = all - found.len();
    Ok(Verified { verdicts: found.into_iter().map(|(_, slug, verdict)| (slug, verdict)).collect(), purged })
}

/// The workspaces that HYVVE purged, with all that was anchored of them. Asked for last: what is purged while logs are read has its
/// tombstone by then. A workspace that is there again has none that counts.
async fn buried(s: &Services, compared: Option<&HashMap<WorkspaceId, Compared>>) -> Result<HashSet<WorkspaceId>> {
    let mut tx = s.db.system("tombstones of purged workspaces").await?;
    let tombstones = store::tombstones(&mut tx).await?;
    let there: HashSet<WorkspaceId> = store::heads(&mut tx).await?.into_iter().map(|head| head.workspace).collect();
    drop(tx);
    let known = s.anchor.known();
    let mut buried = HashSet::new();
    for of in tombstones {
        let anchored = known.get(&of.workspace).copied().unwrap_or(0);
        let last = compared.and_then(|all| all.get(&of.workspace)).filter(|last| last.newest == anchored);
        if !there.contains(&of.workspace) && of.covers(&s.anchor, anchored, last.map(|last| last.hash.as_str()))? {
            buried.insert(of.workspace);
        }
    }
    Ok(buried)
}

/// Erases what is personal of somebody whose account has ended, in the logs of all workspaces: the acts stay, under no name, and the
/// chains hold. `address` was proved to be the person's; of one that was not, rows may be about somebody else.
pub(crate) async fn erase(tx: &mut SystemTx, person: UserId, address: Option<&str>) -> Result<u64> {
    store::erase(tx, person, address).await
}

/// Signs where the logs of workspaces end that `tx` purges. Nobody may write in them any more: their rows are locked.
pub(crate) async fn bury(s: &Services, tx: &mut SystemTx, workspaces: &[WorkspaceId]) -> Result<()> {
    let workspaces: Vec<Uuid> = workspaces.iter().map(|id| id.0).collect();
    for head in store::heads_of(tx, &workspaces).await? {
        store::bury(tx, &Tombstone::sign(&s.anchor, head)?).await?;
    }
    Ok(())
}

async fn heads(s: &Services) -> Result<Vec<Head>> {
    let mut tx = s.db.system("audit heads to verify").await?;
    store::heads(&mut tx).await
}

/// Nothing can be said of a log where the anchors cannot be read.
fn no_anchors(what: String) -> Verdict {
    Verdict { rows: 0, anchored: 0, first_bad: Some(Flaw { seq: 0, what }) }
}

/// `head` and the anchors were read before the rows: all that they count has to be there, while others go on writing.
async fn check(s: &Services, head: &Head, anchors: Compared) -> Result<Verdict> {
    let workspace = head.workspace;
    let flaw = |seq: i64, what: &str| Some(Flaw { seq, what: what.to_owned() });
    let anchored = anchors.newest;
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
            let what = if anchors.differs == Some(seq) || (seq == anchored && hex::encode(&prev) != anchors.hash) {
                "its hash is not the one that was anchored outside the database"
            } else if seq == head.seq && prev != head.hash {
                "its hash is not the one of the workspace's head"
            } else {
                continue;
            };
            return Ok(Verdict { rows: seq, anchored, first_bad: flaw(seq, what) });
        }
    }
    let first_bad = if seq < anchored {
        flaw(seq + 1, "it was anchored outside the database and is gone: the end of the log was cut off")
    } else if seq < head.seq {
        flaw(seq + 1, "the workspace's head says that it was written, and it is gone")
    } else {
        added(s, workspace, seq, head.seq).await?
    };
    Ok(Verdict { rows: seq, anchored, first_bad })
}

/// Rows beyond the head that was read first: written since, or by somebody who went around it.
async fn added(s: &Services, workspace: WorkspaceId, rows: i64, counted: i64) -> Result<Option<Flaw>> {
    if rows == counted {
        return Ok(None);
    }
    let now = heads(s).await?.into_iter().find(|head| head.workspace == workspace).map_or(counted, |head| head.seq);
    let what = || "the workspace's head does not know of it: it was added".to_owned();
    Ok((rows > now).then(|| Flaw { seq: now + 1, what: what() }))
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
    // Erased data is no flaw; data that the hash does not cover is.
    if let (Some(salt), Some(personal)) = (&row.salt, &row.personal)
        && Some(chain::personal_hash(salt, personal)?.as_slice()) != row.personal_hash.as_deref()
    {
        return Ok(Some("its personal data was changed after it was written"));
    }
    Ok(None)
}
