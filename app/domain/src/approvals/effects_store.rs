//! SQL of the effect ledger.

use serde_json::Value;
use uuid::Uuid;

use super::{Effect, EffectState, Settled};
use crate::{
    Error, Result, Timestamp,
    db::{SystemTx, TenantTx},
    ids::{ApprovalId, EffectId, UserId, WorkspaceId},
    tools::Repeat,
};

/// A state, from the database's word.
pub(super) fn state(word: &str) -> Result<EffectState> {
    EffectState::parse(word).ok_or_else(|| Error::internal(format!("unknown effect state {word}")))
}

/// Intends an effect of what has this hash.
pub(super) async fn intend(
    tx: &mut TenantTx,
    item: ApprovalId,
    hash: &[u8],
    tool: &str,
    repeat: Repeat,
    not_before: Timestamp,
) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "INSERT INTO effects (workspace_id, id, approval_id, hash, state, tool, repeat, not_before) VALUES ($1, $2, $3, $4, 'intended', $5, $6, $7)",
        workspace,
        EffectId::new().0,
        item.0,
        hash,
        tool,
        repeat.as_str(),
        not_before.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The newest effect of an item.
pub(super) async fn newest(tx: &mut TenantTx, item: ApprovalId) -> Result<Option<Effect>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        r#"SELECT e.state, e.not_before, e.result, e.error, e.ended_at, e.settled_at, e.settled_note, u.name AS "settled_by?"
           FROM effects e LEFT JOIN users u ON u.id = e.settled_by
           WHERE e.workspace_id = $1 AND e.approval_id = $2 ORDER BY e.created_at DESC LIMIT 1"#,
        workspace,
        item.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        Ok(Effect {
            state: state(&r.state)?,
            not_before: Timestamp(r.not_before),
            result: r.result,
            error: r.error,
            ended_at: r.ended_at.map(Timestamp),
            settled: r.settled_at.map(|at| Settled { by: r.settled_by, note: r.settled_note, at: Timestamp(at) }),
        })
    })
    .transpose()
}

/// Withdraws an intent that has not begun; false when it has. Whoever withdraws holds the item, so the executor has not got it.
pub(super) async fn withdraw(tx: &mut TenantTx, item: ApprovalId) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "UPDATE effects SET state = 'withdrawn', ended_at = now()
         WHERE workspace_id = $1 AND approval_id = $2 AND state = 'intended' AND not_before > now()",
        workspace,
        item.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes down what a person found out about an effect of unknown outcome; false when its outcome is known.
pub(super) async fn settle(
    tx: &mut TenantTx,
    item: ApprovalId,
    to: EffectState,
    by: UserId,
    note: Option<&str>,
) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "UPDATE effects SET state = $3, settled_by = $4, settled_at = now(), settled_note = $5
         WHERE workspace_id = $1 AND approval_id = $2 AND state = 'unknown'",
        workspace,
        item.0,
        to.as_str(),
        by.0,
        note,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes down what somebody who does it elsewhere says about it; false when it is not theirs to do, or its outcome is known.
pub(super) async fn report(
    tx: &mut TenantTx,
    item: ApprovalId,
    to: EffectState,
    result: Option<&Value>,
    error: Option<&str>,
) -> Result<bool> {
    let workspace = tx.workspace().0;
    let done = sqlx::query!(
        "UPDATE effects SET state = $3, ended_at = now(), result = $4, error = $5, lease_owner = NULL, lease_until = NULL
         WHERE workspace_id = $1 AND approval_id = $2 AND state IN ('executing', 'unknown')",
        workspace,
        item.0,
        to.as_str(),
        result,
        error,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Effects whose time has come, of any workspace, oldest first; and those whose executor died.
pub(super) async fn due(tx: &mut SystemTx, limit: i64) -> Result<Vec<(WorkspaceId, EffectId)>> {
    let rows = sqlx::query!(
        r#"(SELECT workspace_id AS "workspace_id!", id AS "id!" FROM effects WHERE state = 'intended' AND not_before <= now()
              AND workspace_id NOT IN (SELECT id FROM workspaces WHERE deleted_at IS NOT NULL) ORDER BY not_before LIMIT $1)
           UNION ALL
           (SELECT workspace_id, id FROM effects WHERE state = 'executing' AND lease_until < now()
              AND workspace_id NOT IN (SELECT id FROM workspaces WHERE deleted_at IS NOT NULL) LIMIT $1)"#,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (WorkspaceId(r.workspace_id), EffectId(r.id))).collect())
}

/// Milliseconds until the next intended effect is due; `None` when there is none.
pub(super) async fn next_due(tx: &mut SystemTx) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "SELECT ceil(extract(epoch FROM min(not_before) - now()) * 1000)::bigint FROM effects WHERE state = 'intended'
           AND workspace_id NOT IN (SELECT id FROM workspaces WHERE deleted_at IS NOT NULL)"
    )
    .fetch_one(tx.conn())
    .await?)
}

/// An effect in the hands of the executor, locked until the transaction ends.
pub(super) struct Claimed {
    pub(super) item: ApprovalId,
    pub(super) state: EffectState,
    pub(super) repeat: String,
    pub(super) lease_over: bool,
}

/// Locks an effect that is due, and its item; `None` when another node, or whoever decides or reports, has either of them. It never
/// waits: others lock the item first and then the effect, and would wait for each other with whoever does it the other way round.
pub(super) async fn lock(tx: &mut TenantTx, id: EffectId) -> Result<Option<Claimed>> {
    let workspace = tx.workspace().0;
    let row = sqlx::query!(
        r#"SELECT e.approval_id, e.state, e.repeat, COALESCE(e.lease_until < now(), true) AS "lease_over!"
           FROM effects e JOIN approval_items i ON i.workspace_id = e.workspace_id AND i.id = e.approval_id
           WHERE e.workspace_id = $1 AND e.id = $2 AND e.not_before <= now() FOR UPDATE SKIP LOCKED"#,
        workspace,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        Ok(Claimed {
            item: ApprovalId(r.approval_id),
            state: state(&r.state)?,
            repeat: r.repeat,
            lease_over: r.lease_over,
        })
    })
    .transpose()
}

/// `intended → executing`, with a lease.
pub(super) async fn begin(tx: &mut TenantTx, id: EffectId, node: Uuid, until: Timestamp) -> Result<()> {
    let workspace = tx.workspace().0;
    sqlx::query!(
        "UPDATE effects SET state = 'executing', started_at = now(), lease_owner = $3, lease_until = $4 WHERE workspace_id = $1 AND id = $2",
        workspace,
        id.0,
        node,
        until.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends an effect that has not ended; false when it has, and whoever comes late changes nothing.
pub(super) async fn end(
    tx: &mut TenantTx,
    id: EffectId,
    state: EffectState,
    result: Option<&Value>,
    error: Option<&str>,
) -> Result<bool> {
    let workspace = tx.workspace().0;
    let ended = sqlx::query!(
        "UPDATE effects SET state = $3, started_at = COALESCE(started_at, now()), ended_at = now(), result = $4, error = $5, lease_owner = NULL, lease_until = NULL
         WHERE workspace_id = $1 AND id = $2 AND state IN ('intended', 'executing')",
        workspace,
        id.0,
        state.as_str(),
        result,
        error,
    )
    .execute(tx.conn())
    .await?;
    Ok(ended.rows_affected() == 1)
}
